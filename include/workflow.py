"""analyze · decide · execute · log: the four steps for one model, as plain functions.

The DAG, the command line and the replay all call these. What a step finds is in the store; a step that is repeated
after a crash, or run twice at once, changes nothing more.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from include.analysis import compare
from include.data.class_columns import in_one_coding
from include.data.label_values import without_impossible_labels, without_impossible_predictions
from include.data.measures import with_measures
from include.data.profile import Possible
from include.data.tables import ModelTables, read_tables
from include.decision.costs import Worth
from include.decision.decide import decide as weigh
from include.decision.decision import Cause, Decision
from include.detectors.faults import Fault
from include.errors import ClaimLost, DataError, RequestsTaken, SourceUnavailable
from include.evidence import gather, learn_facts
from include.former_champions import former_champions
from include.known_columns import known_columns
from include.publication import own
from include.quarantine import inspect_feed, inspect_reference, quarantined_spans, with_impossible_cells
from include.records.entries import Analysis, Event, EventStatus, Outcome, Run, Version
from include.records.store import Claim, Store
from include.registry.effective import effective_settings
from include.registry.loader import config_hash, load_model
from include.registry.spec import ModelSpec
from include.reports.files import PAGE
from include.reports.files import write_report as save_report
from include.reports.report import RetrainingReport, make_report
from include.retraining.artifacts import Artifacts
from include.retraining.executor import Champion, RetrainingExecutor
from include.retraining.prepare import Columns
from include.retraining.shadow import ShadowEnd
from include.signals import SignalKind
from include.triggers.policy import standard_policy

log = logging.getLogger(__name__)

IDLE = timedelta(hours=6)  # a decided event that nobody began to execute for so long is abandoned
WAIT = timedelta(hours=2)  # how long to wait for another process that retrains the same model


@dataclass(frozen=True, kw_only=True)
class Deployment:
    """Where this deployment keeps its model files, rows, artifacts and records."""

    store: Store
    models_dir: Path
    data_dir: Path
    artifacts: Artifacts
    read: Callable[..., ModelTables] = read_tables  # a replay reads its rows once for all windows

    def spec(self, model_name: str) -> ModelSpec:
        """The registered model of that name."""
        return load_model(self.models_dir, model_name)


def analyze(deployment: Deployment, model_name: str, run: Run) -> Analysis:
    """Compare the recent rows with what the champion was accepted on; keep signals and measurements."""
    store, spec = deployment.store, deployment.spec(model_name)
    store.register_model(model_name, config_hash(spec), _config(spec), at=_now())
    for event in store.close_unfinished(model_name, at=_now(), idle=IDLE, keep_run=run.run_id):
        log.warning("%s: event %d of run %s was left unfinished: abandoned", model_name, event.id, event.run.run_id)
    champion = _champion(store, model_name)
    faults: tuple[Fault, ...] = ()
    tables = _tables(deployment, spec, run, champion)
    if champion is None:
        analysis = Analysis(
            model_name=model_name, run=run, window_start=tables.window_start, window_end=run.as_of,
            rows=len(tables.recent), labelled_rows=0, champion_version=None,
            signals=inspect_reference(spec, tables),
        )  # fmt: skip
    else:
        champion = with_impossible_cells(spec, champion, tables)
        feed = inspect_feed(spec, run, champion, tables, store.quarantines(model_name))
        tables, faults = feed.tables, feed.faults
        analysis = compare(deployment.store, deployment.artifacts, spec, run, champion, feed)
    facts = learn_facts(spec, run, tables, None if champion is None else champion.version, deployment.artifacts)
    return store.save_analysis(replace(analysis, facts=replace(facts, faults=faults)), at=_now())


def decide(deployment: Deployment, model_name: str, run: Run) -> tuple[Decision, Event | None]:
    """Decide from the recorded analysis; keep the decision, and open an event if it fired."""
    store, spec = deployment.store, deployment.spec(model_name)
    analysis = store.analysis(model_name, run.run_id)
    if analysis is None:
        raise DataError(f"model {model_name}: run {run.run_id} has no analysis to decide from; run that step first")
    evidence = gather(store, spec, analysis)
    decision = weigh(standard_policy(spec.settings(run.preset)), evidence, worth_of(spec, analysis))
    if decision.cause is Cause.DATA_QUALITY:
        log.warning("%s: %s: %s", model_name, decision.root_cause, decision.recommendation)
    ends_shadow = decision.trigger_type == SignalKind.SHADOW  # trains nothing: what was asked for goes on waiting
    requests = () if ends_shadow else evidence.requests
    try:
        return store.save_decision(analysis, decision, requests=requests, at=_now())
    except RequestsTaken:  # every time that this happens there are fewer of them
        return decide(deployment, model_name, run)


def execute(deployment: Deployment, event_id: int, *, wait: timedelta = WAIT, approved_by: str = "") -> Event:
    """Retrain for an event: train a challenger, judge it, publish it or leave the champion alone.

    At the end of a shadow nothing is trained: the version in shadow is judged once more.
    A second process that executes the same event waits for the first and returns what that one achieved. Who approved
    it, if anybody was asked, is kept with the event before anything is trained.
    """
    store = deployment.store
    with store.claim(event_id, at=_now(), wait=wait) as claim:
        if claim.event.status.closed:
            return claim.event
        if approved_by:
            claim.note_approval(approved_by, at=_now())
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


def tables_of(deployment: Deployment, spec: ModelSpec, run: Run) -> ModelTables:
    """The rows that a run sees of the model, as it is now."""
    return _tables(deployment, spec, run, _champion(deployment.store, spec.name))


def report_of(deployment: Deployment, model_name: str, run_id: str) -> RetrainingReport:
    """What that run saw of the model, decided and did, and the picture of the model's last backtest."""
    drawn = deployment.artifacts.read(f"backtests/{model_name}.svg") or ""
    metric = deployment.spec(model_name).metric
    return make_report(deployment.store, model_name, run_id, metric=metric, backtest=drawn)


def write_report(deployment: Deployment, model_name: str, run: Run) -> str | None:
    """Write the report of a run and note its place on record; return its page's address.

    None when there is no decision, or when it cannot be written beside the artifacts: what was decided and done stands.
    """
    if deployment.store.decision(model_name, run.run_id) is None:
        return None
    try:
        path = save_report(report_of(deployment, model_name, run.run_id), deployment.artifacts)
    except (OSError, SourceUnavailable) as error:
        log.warning("%s: no report of run %s could be written: %s", model_name, run.run_id, error)
        return None
    deployment.store.note_report(model_name, run.run_id, path)
    return deployment.artifacts.address(f"{path}/{PAGE}")


def worth_of(spec: ModelSpec, analysis: Analysis) -> Worth | None:
    """What the model's owner says that a worse model costs; None if nothing is said."""
    costs, horizon = spec.policy.costs, spec.policy.horizon
    if costs is None:
        return None
    length = spec.window if analysis.window_start is None else analysis.window_end - analysis.window_start
    rows = analysis.rows * (horizon / length) if length else 0.0
    return Worth(
        training_cost=costs.training, per_unit_of_loss=costs.per_unit_of_loss, rows=rows, horizon=horizon
    )  # fmt: skip


def _config(spec: ModelSpec) -> dict[str, Any]:
    """The model file as read, and what its policy comes to."""
    return {**spec.model_dump(mode="json"), "effective": effective_settings(spec)}


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
        tables = in_one_coding(spec, deployment.read(spec, deployment.data_dir, as_of=run.as_of))
        return with_measures(spec, without_impossible_labels(spec, tables))
    tables = deployment.read(
        spec, deployment.data_dir, as_of=run.as_of, seen_until=champion.version.data_until,
        seen_hash=champion.version.recent_hash, columns=known_columns(deployment.store, spec, champion),
        kinds=champion.reference.kinds,
    )  # fmt: skip
    quarantined = quarantined_spans(deployment.store.quarantines(spec.name))
    tables = without_impossible_labels(spec, in_one_coding(spec, tables, champion.classes))
    tables = without_impossible_predictions(spec, tables)
    return replace(with_measures(spec, tables), quarantined=quarantined)


def _retrain(deployment: Deployment, claim: Claim) -> Outcome:
    event = claim.event
    spec = deployment.spec(event.model_name)
    champion = _champion(deployment.store, event.model_name)
    tables = _tables(deployment, spec, event.run, champion)
    possible: Mapping[str, Possible] = {}
    if champion is not None:
        champion = with_impossible_cells(spec, champion, tables)
        possible = Columns.of(champion.reference.profile, champion.reference.inputs).possible
    executor = RetrainingExecutor(
        spec=spec, artifacts=deployment.artifacts, hyperparameters=_asked_for(deployment.store, event),
        possible=possible,
    )  # fmt: skip
    former = [] if champion is None else former_champions(deployment.store, champion.version)[: spec.probation.former]
    shadow = deployment.store.shadow(event.model_name)
    if event.trigger_type == SignalKind.SHADOW and shadow is None:
        return Outcome(status=EventStatus.HELD, reason="no version is in shadow any more: there is nothing to judge")
    if event.trigger_type == SignalKind.SHADOW:
        return _end_shadow(claim, executor, champion, tables, former)
    if shadow is not None:  # it began after this was decided
        reason = f"{shadow.label} is in shadow since; nothing else is trained until that has ended"
        return Outcome(status=EventStatus.FAILED, reason=reason, error_type="InShadow")
    own(deployment.store, deployment.artifacts)
    version = claim.begin_version(at=_now())
    log.info("%s: training %s for event %d", event.model_name, version.label, event.id)
    outcome = executor.retrain(tables, champion, version.version, former=former)
    log.info("%s: %s %s: %s", event.model_name, version.label, outcome.status, outcome.reason)
    return outcome


def _end_shadow(
    claim: Claim, executor: RetrainingExecutor, champion: Champion | None, tables: ModelTables, former: list[Version]
) -> Outcome:
    assert champion is not None  # whatever replaces a champion ends the shadow beside it
    version = claim.take_shadow()
    log.info("%s: judging %s at the end of its shadow, event %d", executor.spec.name, version.label, claim.event.id)
    outcome = ShadowEnd(executor=executor, champion=champion, version=version, former=former).judge(tables)
    log.info("%s: %s %s: %s", executor.spec.name, version.label, outcome.status, outcome.reason)
    return outcome


def _asked_for(store: Store, event: Event) -> dict[str, Any]:
    """Hyperparameters of the requests that the event's decision consumed; of two that differ the later counts."""
    seen = store.requests(model_name=event.model_name, run_id=event.run.run_id)
    consumed = (kept.request.hyperparameters for kept in seen if kept.consumed is not None)
    return {name: value for asked in consumed for name, value in asked.items()}
