"""Execute: train a challenger for an event, judge it, publish it or leave the champion alone."""

from __future__ import annotations

import logging
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from include.data.tables import ModelTables
from include.decision.signals import SignalKind
from include.errors import ClaimLost, DataError
from include.records.entries import Event, EventStatus, FailedStep, Outcome, Version
from include.records.store import Claim, Requests, Store
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.retraining.elsewhere import TrainedElsewhere
from include.retraining.executor import RetrainingExecutor
from include.retraining.shadow_end import ShadowEnd
from include.workflow.analysis.former_champions import former_champions
from include.workflow.analysis.quarantine import with_impossible_cells
from include.workflow.deployment import WAIT, Deployment, champion_of, now
from include.workflow.failing import on_record
from include.workflow.identity import leave_mark, own, require_home
from include.workflow.people import pause_of
from include.workflow.publication import highest_number
from include.workflow.requested_rows import with_requested_rows
from include.workflow.seen_rows import tables_seen_by

log = logging.getLogger(__name__)


@on_record(FailedStep.EXECUTE)
def execute(
    deployment: Deployment, event_id: int, *, wait: timedelta = WAIT, approved_by: str = "",
    trained: TrainedElsewhere | None = None, as_of: datetime | None = None,
) -> Event:  # fmt: skip
    """Retrain for an event: train a challenger, judge it, publish it or leave the champion alone.

    At the end of a shadow nothing is trained: the version in shadow is judged once more.
    A second process that executes the same event waits for the first and returns what that one achieved. Who approved
    it, if it needed approval, is kept with the event before anything is trained. A version that was `trained`
    elsewhere is judged on the rows up to `as_of`; an event that waits for one is refused without it.
    """
    store = deployment.store
    require_home(store, deployment.artifacts)
    with store.claim(event_id, at=now(), wait=wait) as claim:
        if claim.event.status.closed:
            return claim.event
        if approved_by:
            claim.note_approval(approved_by, at=now())
        try:
            outcome = outcome_of(deployment, claim, trained, as_of)
        except ClaimLost:
            raise
        except Exception as error:
            claim.note_error(type(error).__name__, str(error))
            raise
        return claim.finish(outcome, at=now())


def outcome_of(
    deployment: Deployment, claim: Claim, trained: TrainedElsewhere | None = None, as_of: datetime | None = None
) -> Outcome:
    """What the claimed event comes to: its challenger trained and judged, or the version in shadow judged once more."""
    event = claim.event
    if (pause := pause_of(deployment, event.model_name)) is not None:  # since this was decided
        return Outcome(status=EventStatus.FAILED, reason=pause.sentence, error_type="ModelPaused")
    if event.run.elsewhere and trained is None:
        raise DataError(f"event {event.id} is trained elsewhere: complete retraining {event.retraining_id} instead")
    spec = deployment.spec(event.model_name)
    champion = champion_of(deployment.store, event.model_name, force=event.run.force)
    tables = tables_seen_by(deployment, spec, replace(event.run, as_of=as_of or event.run.as_of), champion)
    if champion is not None:
        champion = with_impossible_cells(spec, champion, tables)
    brought = event.wish.training_data_path if trained is None else ""
    if brought:
        tables = with_requested_rows(deployment, spec, tables, event.run, champion, brought)
    executor = deployment.executor(spec, champion, hyperparameters=_requested(deployment.store, event))
    executor = replace(executor, elsewhere=trained)
    former = _former(deployment.store, spec, champion)
    shadow = deployment.store.shadow(spec.name)
    if event.trigger_type == SignalKind.SHADOW and shadow is None:
        return Outcome(status=EventStatus.HELD, reason="no version is in shadow any more: there is nothing to judge")
    if event.trigger_type == SignalKind.SHADOW:
        return _end_shadow(claim, executor, champion, tables, former)
    if shadow is not None:  # it began after this was decided
        reason = f"{shadow.label} is in shadow since; nothing else is trained until that has ended"
        return Outcome(status=EventStatus.FAILED, reason=reason, error_type="InShadow")
    above = 0
    if deployment.trial is None:
        own(deployment.store, deployment.artifacts)
        leave_mark(deployment.store, deployment.artifacts)
        above = highest_number(deployment.artifacts, spec.name)
    version = claim.begin_version(at=now(), above=above)
    log.info("%s: training %s for event %d", event.model_name, version.label, event.id)
    outcome = executor.retrain(tables, champion, version.version, former=former)
    log.info("%s: %s %s: %s", event.model_name, version.label, outcome.status, outcome.reason)
    if brought:
        path = f"{spec.source.place} + {brought}"
        outcome = replace(outcome, details=replace(outcome.details, training_data_path=path))
    return outcome


def _former(store: Store, spec: ModelSpec, champion: Champion | None) -> list[Version]:
    """The former champions that a challenger is compared with, too."""
    if champion is None:
        return []
    changes, versions = store.champion_changes(spec.name), store.versions(spec.name)
    return former_champions(changes, versions, champion.version)[: spec.probation.former]


def _end_shadow(
    claim: Claim, executor: RetrainingExecutor, champion: Champion | None, tables: ModelTables, former: list[Version]
) -> Outcome:
    assert champion is not None  # whatever replaces a champion ends the shadow beside it
    version = claim.take_shadow()
    log.info("%s: judging %s at the end of its shadow, event %d", executor.spec.name, version.label, claim.event.id)
    outcome = ShadowEnd(executor=executor, champion=champion, version=version, former=former).judge(tables)
    log.info("%s: %s %s: %s", executor.spec.name, version.label, outcome.status, outcome.reason)
    return outcome


def _requested(store: Requests, event: Event) -> dict[str, Any]:
    """Hyperparameters of the requests that the event's decision consumed; of two that differ the later counts."""
    seen = store.requests(model_name=event.model_name, run_id=event.run.run_id)
    consumed = (kept.request.hyperparameters for kept in seen if kept.consumed is not None)
    return {name: value for asked in consumed for name, value in asked.items()}
