"""The end of a shadow: the gate once more, on the labelled rows that arrived since the challenger was made."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import pandas as pd

from include.data.reference.profiles import ReferenceProfiles
from include.data.tables import ModelTables
from include.errors import ArtifactError, CannotPredict, TrainingError
from include.records.entries import EventStatus, Outcome, ShadowNeeds, Version
from include.retraining.contest.contest import Pair, labelled_among
from include.retraining.executor import STATUS, Champion, RetrainingExecutor
from include.retraining.gate.former_champions import Anchor
from include.retraining.gate.gate import GateResult, GateVerdict
from include.retraining.gate.limits import ServingCost, serving_cost_of, within_limits
from include.retraining.gate.shadow_needs import untrained_rows
from include.retraining.prepare import Columns, just_after, labels_of, prepare
from include.scoring import METRICS, Baseline

#: What its training left on record, and the event that judges a version in shadow repeats.
_KEPT = ("estimator", "strategy", "row_choice", "hyperparameters", "training_data_path", "training_data_hash",
         "training_data_size")  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class ShadowEnd:
    """Judges a version at the end of its shadow. Trains nothing.

    Parameters
    ----------
    executor : RetrainingExecutor
    champion : Champion
        The version that it was in shadow beside.
    version : Version
        The one in shadow.
    former : sequence of Version
        Champions before, which it must not be proven worse than.
    """

    executor: RetrainingExecutor
    champion: Champion
    version: Version
    former: Sequence[Version] = ()

    def judge(self, tables: ModelTables) -> Outcome:
        """Promoted, held or rejected, by the rows since its last; held where too few of them have a label.

        A version that does not answer is rejected. What is wrong with the champion or with the rows is an error, as in
        a retraining: the version stays in shadow, and the next check ends it.
        """
        spec, version = self.executor.spec, self.version
        rows, needed = self.executor.contest.since(version, tables), self._needs.rows
        labelled = labelled_among(spec, rows)
        if labelled < needed:
            reason = f"{labelled} labelled rows arrived while it was in shadow, {needed} needed: nothing can be proven"
            return self._outcome(EventStatus.HELD, reason)
        try:
            stored = self.executor.load(version)
            ready = prepare(spec, [rows], stored.columns)
            stored.predictor.predict(ready.features)
            cost = serving_cost_of(stored, ready.features, spec.gate)
        except (ArtifactError, TrainingError) as error:
            return self._outcome(EventStatus.REJECTED, f"{version.label} does not answer: {error}")
        try:
            pair = self.executor.contest.between(self.champion.version, version, rows)
        except CannotPredict as error:
            return self._outcome(EventStatus.HELD, f"{error}; the next retrain is judged without it")
        result = self._judge(pair, cost)
        outcome = self._outcome(STATUS[result.verdict], result.reason, result)
        if result.verdict is not GateVerdict.PROMOTE:
            return outcome
        return self._published(outcome, tables, pair, stored.columns)

    @property
    def _needs(self) -> ShadowNeeds:
        assert self.version.details.shadow is not None  # it is in shadow
        return self.version.details.shadow

    def _judge(self, pair: Pair, cost: ServingCost) -> GateResult:
        result = self.executor.gate.judge(pair.before, pair.after)
        result = Anchor(contest=self.executor.contest, former=self.former).judge(result, pair.after, pair.rows)
        return within_limits(result, cost, self.executor.spec.gate)

    def _outcome(self, status: EventStatus, reason: str, result: GateResult | None = None) -> Outcome:
        details = replace(
            self.version.details.only(*_KEPT), shadow=self._needs, gate=None if result is None else result.details
        )
        scores = {} if result is None else result.scores
        return Outcome(
            status=status, reason=f"after its shadow: {reason}", details=details, scores=scores,
            champion_scores={} if result is None else result.champion_scores,
        )  # fmt: skip

    def _published(self, outcome: Outcome, tables: ModelTables, pair: Pair, columns: Columns) -> Outcome:
        """With what a champion is watched by: it was accepted on the rows of its shadow, too."""
        spec = self.executor.spec
        assert spec.timestamp is not None  # no shadow without
        return replace(
            outcome,
            baseline=Baseline.of_version(METRICS[spec.metric], pair.after),
            data_until=just_after(pair.rows[spec.timestamp]),
            reference=self._reference(tables, pair, columns),
            details=replace(outcome.details, untrained_rows=untrained_rows(self.version) + len(pair.after)),
        )

    def _reference(self, tables: ModelTables, pair: Pair, columns: Columns) -> ReferenceProfiles:
        """Of the rows that it was trained and judged on, up to the last of its shadow."""
        spec = self.executor.spec
        ready = prepare(spec, [tables.history], columns, tables.quarantined)
        used = tables.history.iloc[ready.origin]
        times, since = used[spec.timestamp], pd.Timestamp(self._needs.trained_since)
        used = used[(times >= since) & (times <= pair.rows[spec.timestamp].iloc[-1])]
        made = self.executor.reference(tables, used, columns.features, columns.categorical, columns.possible)
        return made.with_outputs(labels_of(spec, used), pair.after.predicted)
