"""Log: close what a run left open, and return what is on record, whatever happened upstream."""

from __future__ import annotations

from include.decision.decision import Decision
from include.errors import ClaimLost
from include.records.entries import Event, Run
from include.workflow.deployment import Deployment, now


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
            event.id, at=now(), error_type="ProcessDied", error="the executing process ended without recording a result"
        )
        if not event.status.closed:
            raise ClaimLost(f"model {model_name}: event {event.id} is still being executed by another process")
    return decision, event
