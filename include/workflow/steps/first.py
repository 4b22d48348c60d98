"""A first champion for a rehearsal: what is tried beside it must not depend on whether the gate lets it through."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from include.records.entries import EventStatus, Outcome, Run
from include.records.store import Claim
from include.workflow.deployment import Deployment, now
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import outcome_of


def begin_with(
    deployment: Deployment, model_name: str, run: Run, make: Callable[[Deployment, Claim], Outcome] = outcome_of
) -> Outcome:
    """Take the steps up to the first champion, which becomes champion whatever the gate says; the gate's outcome.

    Parameters
    ----------
    deployment : Deployment
        A rehearsal, with empty records.
    make : callable, optional
        What the event of the first version comes to; by default a version is trained and judged, as in production.
    """
    analyze(deployment, model_name, run)
    event = decide(deployment, model_name, run)[1]
    assert event is not None  # there is no champion
    with deployment.store.claim(event.id, at=now()) as claim:
        outcome = make(deployment, claim)
        claim.finish(replace(outcome, status=EventStatus.PROMOTED), at=now())
    return outcome
