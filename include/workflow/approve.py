"""Approval by a person: the question about an event, and what a no comes to."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from include.decision.signals import SignalKind
from include.records.entries import Event, EventStatus, FailedStep, Outcome
from include.workflow.deployment import WAIT, Deployment, now
from include.workflow.failing import on_record


@dataclass(frozen=True, kw_only=True)
class Question:
    """The question to a person before an event is executed.

    Parameters
    ----------
    event : Event
    severity : str
        At which somebody has to approve; at the end of a shadow that of the retraining.
    shadow : str
        Label of the version in shadow that would be published; empty where one would be trained.
    within : timedelta
        How long the answer may take.
    """

    event: Event
    severity: str
    shadow: str
    within: timedelta


@on_record(FailedStep.APPROVE)
def question(deployment: Deployment, event_id: int) -> Question | None:
    """What to ask before this event is executed; None when its model file wants no approval at this severity.

    The end of a shadow needs approval where the retraining did, at the severity that this had.
    """
    store = deployment.store
    event = store.event(event_id)
    approval, severity, label = deployment.spec(event.model_name).approval, event.decision.severity, ""
    if event.trigger_type == SignalKind.SHADOW and (shadow := store.shadow(event.model_name)) is not None:
        severity, label = store.event(shadow.event_id).decision.severity, shadow.label
    if event.status.closed or approval is None or severity not in approval.severities:
        return None
    return Question(event=event, severity=severity, shadow=label, within=approval.within)


@on_record(FailedStep.APPROVE)
def hold(deployment: Deployment, event_id: int, answered_by: str) -> Event:
    """Close an event that was not approved as held; `answered_by` is empty when nobody answered in time.

    Like any retrain that the gate held, it begins a cooldown, so that the question does not come at each check. A no at
    the end of a shadow rejects the version that was in it.
    """
    reason = f"not approved: rejected by {answered_by}" if answered_by else "not approved: nobody answered in time"
    with deployment.store.claim(event_id, at=now(), wait=WAIT) as claim:
        if claim.event.status.closed:
            return claim.event
        if claim.event.trigger_type == SignalKind.SHADOW and deployment.store.shadow(claim.event.model_name):
            claim.take_shadow()
        return claim.finish(Outcome(status=EventStatus.HELD, reason=reason), at=now())
