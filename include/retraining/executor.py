"""RetrainingExecutor: prepare, train, validate, store. Not to be confused with Airflow's executors."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import datetime
from functools import partial
from typing import Any

import pandas as pd

from include.data.profile import Possible
from include.data.reference.profiles import ReferenceProfiles, make_reference
from include.data.rows.declared import declared
from include.data.tables import ModelTables, feature_names, table_hash
from include.errors import TrainingError
from include.records.entries import EventStatus, Outcome, ShadowNeeds, TrainingDetails, Version
from include.registry.loader import config_hash
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion as Champion
from include.retraining.answering import as_stored, load_version, smoke_test
from include.retraining.artifacts import Artifacts, StoredModel
from include.retraining.contest.contest import Contest
from include.retraining.contest.predictions import judged_rows, shared_moments
from include.retraining.elsewhere import TrainedElsewhere, rows_held_out
from include.retraining.expected_predictions import predictions_to_come
from include.retraining.first_again import FirstAgain
from include.retraining.gate.champion import judge_beside
from include.retraining.gate.first import require_rows, try_first
from include.retraining.gate.former_champions import Anchor
from include.retraining.gate.gate import GateResult, GateVerdict, PromotionGate
from include.retraining.gate.limits import serving_cost_of, within_limits
from include.retraining.gate.shadow_needs import shadow_needs, untrained_rows
from include.retraining.importances import mean_loss, permutation_importances
from include.retraining.prepare import Columns, TrainingRows, first_moment, just_after, labels_of, prepare
from include.retraining.resources import ResourceMeter
from include.retraining.trainers.choose import trainer_of
from include.retraining.trainers.trainer import GoingOn, Start, Trainer, reported_metrics
from include.retraining.training_rows import RowChoice, Trained, fit_on, row_choices, train_best
from include.scoring import METRICS, Baseline, LabelledRows

STATUS = {
    GateVerdict.PROMOTE: EventStatus.PROMOTED,
    GateVerdict.HOLD: EventStatus.HELD,
    GateVerdict.REJECT: EventStatus.REJECTED,
}


@dataclass(frozen=True, kw_only=True)
class _Judged:
    """A challenger after the gate, not yet stored."""

    columns: Columns
    rows: TrainingRows
    trained: Trained
    result: GateResult
    reference: ReferenceProfiles
    data_from: datetime | None
    data_until: datetime | None
    holdout: LabelledRows
    recent_hash: str = ""
    shadow: ShadowNeeds | None = None  # what its shadow will need, if it passes


@dataclass(frozen=True, kw_only=True)
class RetrainingExecutor:
    """Makes a challenger and finds out whether it deserves to be champion. Publishes nothing: that is the store's.

    Parameters
    ----------
    spec : ModelSpec
    artifacts : Artifacts
    hyperparameters : mapping
        Requested for this retraining; they override those of the model file.
    possible : mapping of str to Possible
        What recent rows have told of which numbers are values: earlier versions predict without the others, too.
    elsewhere : TrainedElsewhere or None
        The version, where it was trained elsewhere: nothing is trained, all else is the same.
    """

    spec: ModelSpec
    artifacts: Artifacts
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    possible: Mapping[str, Possible] = field(default_factory=dict)
    elsewhere: TrainedElsewhere | None = None

    def retrain(
        self, tables: ModelTables, champion: Champion | None, version: int, former: Sequence[Version] = ()
    ) -> Outcome:
        """Train a challenger on rows up to the holdout, and judge it on the holdout.

        Parameters
        ----------
        tables : ModelTables
            The model's rows; those that the champion was trained or accepted on are not among the recent.
        champion : Champion or None
            None for a first version, which is trained on the reference rows.
        version : int
            Number of the version to be made.
        former : sequence of Version
            Champions before, which the challenger must not be proven worse than.
        """
        with ResourceMeter() as meter:
            judged = self._first(tables) if champion is None else self._beside(tables, champion, former)
            outcome = judged if isinstance(judged, Outcome) else self._store(judged, version)
        details = outcome.details.beside(meter.details)
        return replace(outcome, details=details if self.elsewhere is None else self.elsewhere.tell(details))

    def _beside(self, tables: ModelTables, champion: Champion, former: Sequence[Version]) -> _Judged | Outcome:
        """A challenger for `champion`; a version as a first one where that does not answer."""
        again = FirstAgain.of(self.spec, self.load, champion, tables) if self.elsewhere is None else None
        if again is None:
            return self._challenge(tables, champion, former)
        return again.train(self._first)

    def _first(self, tables: ModelTables) -> _Judged:
        """A first version: scored on the last of the reference rows, then trained on all of them."""
        require_rows(self.spec, tables.reference)
        names = feature_names(self.spec, tables.reference, tables.kinds)
        reference = self.reference(tables, tables.reference, names, self.spec.categorical, declared(self.spec))
        trial = try_first(self.spec, self.gate, self.trainer, tables, columns := Columns.of(reference.profile, names))
        rows, holdout = trial.rows, trial.holdout
        if self.elsewhere is not None:
            self.elsewhere.require_unseen(first_moment(self.spec, tables.reference.iloc[rows.origin[trial.cut :]]))
        final = fit_on(self.trainer, rows, columns, 0, len(rows))
        every = RowChoice(name="reference")
        trained = Trained(predictor=final, choice=every, start=0, stop=len(rows), validation_losses={})
        until = self.spec.reference.end if self.spec.reference is not None else None
        return _Judged(
            columns=columns, rows=rows, trained=trained, result=trial.result, data_until=until, holdout=holdout,
            data_from=first_moment(self.spec, tables.reference.iloc[rows.origin]),
            reference=reference.with_outputs(
                labels_of(self.spec, tables.reference),
                predictions_to_come(final, trial.predictor, rows, 0, trial.cut),
            ),
        )  # fmt: skip

    def _challenge(self, tables: ModelTables, champion: Champion, former: Sequence[Version]) -> _Judged | Outcome:
        """A challenger for `champion`; at once an outcome where nothing could be proven."""
        columns = Columns.of_challenger(self.spec, champion.reference, tables.history, tables.kinds)
        rows = prepare(self.spec, [tables.history], columns, tables.quarantined, copies=tables.copies)
        recent = int((rows.origin >= len(tables.history) - len(tables.recent)).sum())
        last = rows_held_out(self.spec, self.elsewhere, rows, tables.history, recent)
        if last == 0:
            reason = "no labelled rows that the champion has not seen: nothing can be proven"
            return Outcome(
                status=EventStatus.HELD, reason=reason, details=TrainingDetails(dropped_rows=dict(rows.dropped))
            )
        stop = len(rows) - last
        choices = row_choices(
            self.spec.training.rows, reference_rows=len(tables.reference), recent_rows=recent,
            least=self.spec.minimum_rows,
        )  # fmt: skip
        trainer, choices = self._way(champion, columns, stop, recent - last) or (self.trainer, choices)
        trained = train_best(
            trainer, rows, columns, choices, partial(mean_loss, self.spec), stop=stop, validation=min(last, stop // 2)
        )
        features, actual = rows.slice(stop, len(rows))
        held_out = tables.history.iloc[rows.origin[stop:]]
        weight, moment = rows.weights(stop, len(rows)), shared_moments(self.spec, held_out)
        holdout = judged_rows(self.spec, trained.predictor, features, actual, held_out, weight, moment)
        contest = replace(self.contest, there=tables.recent.columns)
        result = judge_beside(self.gate, contest, champion.version, holdout, held_out)
        result = Anchor(contest=self.contest, former=former).judge(result, holdout, held_out)
        trial, first = trained.predictor, trained.start
        if result.verdict is GateVerdict.PROMOTE and self.spec.gate.refit and self.elsewhere is None:
            trained = trained.again(trainer, rows, columns)
        used = tables.history.iloc[rows.origin[trained.start :]]
        reference = self.reference(tables, used, columns.features, columns.categorical, columns.possible)
        until = just_after(used[self.spec.timestamp]) if self.spec.timestamp is not None else None
        return _Judged(
            columns=columns, rows=rows, trained=trained, result=result, data_until=until, holdout=holdout,
            data_from=first_moment(self.spec, used),
            reference=reference.with_outputs(
                labels_of(self.spec, used), predictions_to_come(trained.predictor, trial, rows, first, stop)
            ),
            shadow=shadow_needs(self.spec, champion.version, used) if result.champion_scores else None,
            recent_hash="" if self.spec.source.timed else self._hash_as_read(tables),
        )  # fmt: skip

    def _hash_as_read(self, tables: ModelTables) -> str:
        """The hash that the next run will find: the model's own measures are no columns of its files."""
        return tables.recent_hash or table_hash(tables.recent.drop(columns=list(self.spec.measures)))

    def load(self, version: Version) -> StoredModel:
        """Load a version; see `include.retraining.answering.load_version`."""
        return load_version(self.artifacts, version, self.spec, {**self.possible, **declared(self.spec)})

    @property
    def contest(self) -> Contest:
        """What compares versions of this model on the same rows."""
        return Contest(spec=self.spec, load=self.load)

    @property
    def trainer(self) -> Trainer:
        """What trains this model's versions from scratch."""
        return trainer_of(self.spec, self.hyperparameters) if self.elsewhere is None else self.elsewhere

    def _way(
        self, champion: Champion, columns: Columns, stop: int, recent: int
    ) -> tuple[Trainer, list[RowChoice]] | None:
        """In incremental training: what goes on from the champion, and the rows it was not trained on; else None.

        Those are the `recent` rows before those held out, and those that the champion itself was judged on and not
        trained on (`untrained_rows`).
        """
        if self.elsewhere is not None or self.spec.training.strategy == "full":
            return None if self.elsewhere is None else (self.elsewhere, [RowChoice(name="elsewhere")])
        if not champion.version.artifact_path:
            raise TrainingError(
                f"{champion.version.label} was not trained here: nothing to go on from; write `strategy: full` once"
            )
        stored = self.load(champion.version)
        if not columns.same(stored.columns):
            raise TrainingError(
                f"model {self.spec.name}: fields features, categorical: {champion.version.label} was trained on other "
                "columns, so there is nothing to go on from; write `strategy: full` until a version with these is "
                "champion"
            )
        start = Start(predictor=as_stored(stored.predictor), folder=stored.folder)
        unseen = recent + untrained_rows(champion.version)
        return GoingOn(trainer=self.trainer, start=start), [RowChoice(name="unseen", first=max(0, stop - unseen))]

    @property
    def gate(self) -> PromotionGate:
        """What a challenger has to pass."""
        return PromotionGate.of(self.spec)

    def reference(
        self, tables: ModelTables, used: pd.DataFrame, inputs: Sequence[str], categorical: Sequence[str],
        possible: Mapping[str, Possible],
    ) -> ReferenceProfiles:  # fmt: skip
        """What later checks compare with, but for target and predictions."""
        return make_reference(
            used, inputs, categorical=categorical, kinds=tables.kinds, measures=list(self.spec.measures),
            window=self.spec.window, window_rows=self._window_rows(tables), timestamp=self.spec.timestamp,
            possible=possible,
        )  # fmt: skip

    def _window_rows(self, tables: ModelTables) -> int:
        """Rows of a usual recent window."""
        if self.spec.timestamp is None:
            return len(tables.recent) or len(tables.reference)
        times = tables.history[self.spec.timestamp]
        return int((times > times.iloc[-1] - pd.Timedelta(self.spec.window)).sum())

    def _store(self, judged: _Judged, version: int) -> Outcome:
        """Keep the challenger's artifact, also of one that is not promoted: the record refers to it."""
        result, trained = judged.result, judged.trained
        path, sha256 = self.artifacts.save(self.spec.name, version, trained.predictor, judged.columns)
        features = judged.rows.features.iloc[-len(judged.holdout) :]
        stored = smoke_test(self.artifacts, self.spec, (path, sha256), trained.predictor, features)
        cost = serving_cost_of(stored, features, self.spec.gate)
        result = within_limits(result, cost, self.spec.gate)
        shadow = judged.shadow if result.verdict is GateVerdict.PROMOTE else None
        details = replace(
            self._details(judged, result), serving=asdict(cost), shadow=shadow,
            importances=self._importances(judged, features) if result.verdict is GateVerdict.PROMOTE else None,
        )  # fmt: skip
        return Outcome(
            status=STATUS[result.verdict] if shadow is None else EventStatus.HELD,
            reason=result.reason if shadow is None else f"in shadow for {shadow.checks} checks: {result.reason}",
            scores=result.scores, champion_scores=result.champion_scores, artifact_path=path, artifact_sha256=sha256,
            baseline=Baseline.of_version(METRICS[self.spec.metric], judged.holdout),
            data_until=judged.data_until,
            recent_hash=judged.recent_hash,
            reference=judged.reference,
            details=details,
            shadow_checks=None if shadow is None else shadow.checks,
        )  # fmt: skip

    def _importances(self, judged: _Judged, features: pd.DataFrame) -> Mapping[str, float] | None:
        holdout = judged.holdout
        return permutation_importances(self.spec, judged.trained.predictor, features, holdout.actual, holdout.weight)

    def _details(self, judged: _Judged, result: GateResult) -> TrainingDetails:
        rows, trained = judged.rows, judged.trained
        return TrainingDetails(
            features=judged.columns.features,
            config_hash=config_hash(self.spec),
            training_data_size=trained.stop - trained.start,
            row_choice=trained.choice.name,
            refit=trained.stop == len(rows),
            validation_losses=dict(trained.validation_losses),
            untrainable_choices=dict(trained.untrainable),
            dropped_rows=dict(rows.dropped),
            emptied_cells=dict(rows.emptied),
            training_data_hash=rows.hash_of(trained.start, trained.stop, self.spec.target),
            prepared_data_hash=rows.sha256,
            training_data_from=None if judged.data_from is None else judged.data_from.isoformat(),
            training_data_path=self.spec.source.place,
            estimator=self.spec.training.trained_by,
            strategy=self.spec.training.strategy,
            hyperparameters={**self.spec.training.hyperparameters, **self.hyperparameters},
            reported_metrics=dict(reported_metrics(trained.predictor)),
            gate=result.details,
        )
