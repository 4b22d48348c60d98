"""analyze · decide · execute · log: the four steps for one model, as plain functions.

The DAG, the command line and the replay all call these. What a step finds is in the store; a step that is repeated
after a crash, or run twice at once, changes nothing more.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd

from include.data.measures import with_measures
from include.data.profile import Profile, profile_table
from include.data.reference import PREDICTION, TARGET, ReferenceProfiles
from include.data.tables import ModelTables, new_features, read_tables
from include.decision.decide import decide as weigh
from include.decision.decision import Decision
from include.detectors import Comparison
from include.errors import ClaimLost, DataError
from include.orchestrator import detect, standard_detectors
from include.records.entries import Analysis, Event, Measurement, Outcome, Run
from include.records.store import Claim, Store
from include.registry.loader import config_hash, load_model
from include.registry.spec import ModelSpec
from include.retraining.artifacts import ArtifactFolder
from include.retraining.executor import Champion, RetrainingExecutor
from include.retraining.labelled import RecentRows, recent_rows
from include.retraining.prepare import Columns
from include.retraining.running import count_recent
from include.scoring import METRICS, LabelledRows, interval, score_all
from include.triggers.policy import standard_policy
from include.triggers.trigger import Evidence

log = logging.getLogger(__name__)

IDLE = timedelta(hours=6)  # a decided event that nobody began to execute for so long is abandoned
WAIT = timedelta(hours=2)  # how long to wait for another process that retrains the same model


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where this deployment keeps its model files, rows, artifacts and records."""

    store: Store
    models_dir: Path
    data_dir: Path
    artifacts: ArtifactFolder

    def spec(self, model_name: str) -> ModelSpec:
        """The registered model of that name."""
        return load_model(self.models_dir, model_name)


def analyze(deployment: Deployment, model_name: str, run: Run) -> Analysis:
    """Compare the recent rows with what the champion was accepted on; keep signals and measurements."""
    store, spec = deployment.store, deployment.spec(model_name)
    store.register_model(model_name, config_hash(spec), spec.model_dump(mode="json"), at=_now())
    for event in store.close_unfinished(model_name, at=_now(), idle=IDLE, keep_run=run.run_id):
        log.warning("%s: event %d of run %s was left unfinished: abandoned", model_name, event.id, event.run.run_id)
    champion = _champion(store, model_name)
    tables = _tables(deployment, spec, run, champion)
    if champion is None:
        analysis = Analysis(
            model_name=model_name, run=run, window_start=tables.window_start, window_end=run.as_of,
            rows=len(tables.recent), labelled_rows=0, champion_version=None, signals=(),
        )  # fmt: skip
    else:
        analysis = _compare(deployment, spec, run, champion, tables)
    return store.save_analysis(analysis, at=_now())


def decide(deployment: Deployment, model_name: str, run: Run) -> tuple[Decision, Event | None]:
    """Decide from the recorded analysis; keep the decision, and open an event if it fired."""
    store, spec = deployment.store, deployment.spec(model_name)
    analysis = store.analysis(model_name, run.run_id)
    if analysis is None:
        raise DataError(f"model {model_name}: run {run.run_id} has no analysis to decide from; run that step first")
    evidence = Evidence(
        now=run.as_of,
        signals=analysis.signals,
        has_champion=analysis.champion_version is not None,
        last_retrained_at=store.last_retrained_at(model_name),
        requested=(run.reason or "asked for without a reason") if run.force else "",
    )
    decision = weigh(standard_policy(spec.settings(run.preset)), evidence)
    return store.save_decision(analysis, decision, at=_now())


def execute(deployment: Deployment, event_id: int, *, wait: timedelta = WAIT) -> Event:
    """Retrain for an event: train a challenger, judge it, publish it or leave the champion alone.

    A second process that executes the same event waits for the first and returns what that one achieved.
    """
    store = deployment.store
    with store.claim(event_id, at=_now(), wait=wait) as claim:
        if claim.event.status.closed:
            return claim.event
        try:
            outcome = _retrain(deployment, claim)
        except ClaimLost:
            raise
        except Exception as error:
            claim.note_error(type(error).__name__, str(error))
            raise
        return claim.finish(outcome, at=_now())


def log_completion(deployment: Deployment, model_name: str, run: Run) -> tuple[Decision, Event | None] | None:
    """Close what the run left open for this model, and return what is on record.

    None when there is no decision: the analysis failed, and its own task says why.
    """
    store = deployment.store
    found = store.decision(model_name, run.run_id)
    if found is None:
        return None
    decision, event = found
    if event is not None and not event.status.closed:
        event = store.close_failed(
            event.id, at=_now(), error_type="ProcessDied", error="the executing process ended without a word"
        )
        if not event.status.closed:
            raise ClaimLost(f"model {model_name}: event {event.id} is still being executed by another process")
    return decision, event


def _now() -> datetime:
    return datetime.now(UTC)


def _champion(store: Store, model_name: str) -> Champion | None:
    version = store.champion(model_name)
    if version is None:
        return None
    reference = store.reference(model_name, version.version)
    if reference is None:
        raise DataError(f"model {model_name}: no reference profile of {version.label} on record")
    return Champion(version=version, reference=reference)


def _tables(deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion | None) -> ModelTables:
    if champion is None:
        if spec.reference is not None and spec.reference.end > run.as_of:
            raise DataError(
                f"model {spec.name}: field reference.end: {spec.reference.end:%Y-%m-%d %H:%M} is later than this run's "
                f"as_of {run.as_of:%Y-%m-%d %H:%M}: the first version's rows have not all been observed"
            )
        return with_measures(spec, read_tables(spec, deployment.data_dir, as_of=run.as_of))
    tables = read_tables(
        spec, deployment.data_dir, as_of=run.as_of, seen_until=champion.version.data_until,
        seen_hash=champion.version.recent_hash,
    )  # fmt: skip
    return with_measures(spec, tables)


def _compare(deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion, tables: ModelTables) -> Analysis:
    metric, reference = METRICS[spec.metric], champion.reference
    executor = RetrainingExecutor(spec=spec, artifacts=deployment.artifacts)
    rows = recent_rows(
        spec, tables.recent, Columns.of(reference.profile, reference.inputs), champion.version.baseline,
        lambda: executor.load(champion.version).predictor,
    )  # fmt: skip
    earlier = deployment.store.running_errors(spec.name, champion.version.version, before=run.as_of)
    known = reference.matching(tables.window_start, run.as_of, spec.measures)
    comparison = Comparison(
        reference=known,
        recent=profile_table(tables.recent, list(known.columns), against=reference.profile),
        outputs=_outputs(reference, rows),
        labelled=rows.labelled,
        unlabelled=rows.unlabelled,
        metric=metric,
        baseline=champion.version.baseline,
        calibration=reference.calibration,
        minimum_rows=spec.minimum_rows,
        running=count_recent(spec, tables.recent, rows.labelled, earlier),
        arrivals=tables.arrivals,
        new_columns=new_features(spec, tables.recent, known.columns),
    )
    number = champion.version.version
    return Analysis(
        model_name=spec.name,
        run=run,
        window_start=tables.window_start,
        window_end=run.as_of,
        rows=len(tables.recent),
        labelled_rows=len(rows.labelled or ()),
        champion_version=number,
        signals=detect(standard_detectors(spec.settings(run.preset), spec.metric), comparison),
        measurements=_measurements(spec, number, rows.labelled) if rows.labelled is not None else (),
        running=comparison.running,
    )


def _outputs(reference: ReferenceProfiles, rows: RecentRows) -> dict[str, tuple[Profile, Profile]]:
    """Profiles of target and predictions, on both sides, where they are known."""
    recent = {PREDICTION: rows.predicted, TARGET: rows.labelled.actual if rows.labelled is not None else ()}
    return {
        name: (known, profile_table(pd.DataFrame({name: recent[name]}), [name], against=known))
        for name, known in reference.outputs.items()
        if len(recent[name])
    }


def _measurements(spec: ModelSpec, version: int, labelled: LabelledRows) -> list[Measurement]:
    """Every metric that the rows allow, each with its interval."""
    found = []
    for name, value in score_all(spec.task, labelled).items():
        low, high = interval(METRICS[name], labelled) or (None, None)
        found.append(Measurement(version=version, metric=name, value=value, rows=len(labelled), low=low, high=high))
    return found


def _retrain(deployment: Deployment, claim: Claim) -> Outcome:
    event = claim.event
    spec = deployment.spec(event.model_name)
    champion = _champion(deployment.store, event.model_name)
    tables = _tables(deployment, spec, event.run, champion)
    version = claim.begin_version(at=_now())
    log.info("%s: training %s for event %d", event.model_name, version.label, event.id)
    outcome = RetrainingExecutor(spec=spec, artifacts=deployment.artifacts).retrain(tables, champion, version.version)
    log.info("%s: %s %s: %s", event.model_name, version.label, outcome.status, outcome.reason)
    return outcome
