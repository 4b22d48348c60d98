"""Log: close what a run left open, and return what is on record, whatever happened upstream."""

from __future__ import annotations

from include.decision.decision import Decision
from include.errors import ClaimLost
from include.records.entries import Event, FailedStep, Run
from include.workflow.deployment import Deployment, now
from include.workflow.failing import on_record
from include.workflow.failure_record import note_silence


@on_record(FailedStep.LOG)
def log_completion(
    deployment: Deployment, model_name: str, run: Run, *, checks: bool = True
) -> tuple[Decision, Event | None] | None:
    """Close what the run left open for this model, and return what is on record.

    None when there is no decision: `include.workflow.failure_record.why_nothing` says why. A process that died without
    a result is on record as a failure from then on.

    Parameters
    ----------
    checks : bool
        Whether the run was to look at the model; one that only rolls back was not.
    """
    store = deployment.store
    found = store.decision(model_name, run.run_id)
    if found is None:
        if checks:
            note_silence(deployment, model_name, run)
        return None
    decision, event = found
    if event is not None and not event.status.closed:
        event = store.close_failed(
            event.id, at=now(), error_type="ProcessDied", error="the executing process ended without recording a result"
        )
        if not event.status.closed:
            raise ClaimLost(f"model {model_name}: event {event.id} is still being executed by another process")
    return decision, event
