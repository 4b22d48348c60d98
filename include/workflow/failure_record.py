"""What failed, from the records; and why a run came to nothing for a model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from uuid import uuid4

from include.records.entries import FailedStep, Failure, Run
from include.workflow.deployment import Deployment, now
from include.workflow.failing import bring_in, failure_of, keep
from include.workflow.people import pause_of

DIED = "ProcessDied"


def failures(
    deployment: Deployment,
    model_name: str = "",
    *,
    run_id: str = "",
    since: datetime | None = None,
    until: datetime | None = None,
    most: int = 100,
) -> Sequence[Failure]:
    """The latest failures of steps, newest first; those that waited for the records on this machine are among them.

    Parameters
    ----------
    model_name, run_id : str
        Of all models, or runs, where empty.
    since, until : datetime, optional
        From when on, and before when.
    """
    bring_in(deployment.store, deployment.artifacts)
    return deployment.store.failures.find(
        model_name=model_name or None, run_id=run_id or None, since=since, until=until, most=most
    )


def note_failure(
    deployment: Deployment, model_name: str, run_id: str, step: str, error: BaseException, *,
    at: datetime | None = None, by: str = "",
) -> Failure:  # fmt: skip
    """Write down that a step failed outside of the steps themselves; it never raises.

    Parameters
    ----------
    model_name, run_id : str
        Empty where it failed for all models, or outside of a run.
    step : str
        A `FailedStep`, for example ``choose``.
    at : datetime, optional
        Now by default.
    """
    failure = failure_of(model_name, run_id, FailedStep(step), error, at=at, by=by)
    keep(deployment.store, deployment.artifacts, failure)
    return failure


@contextmanager
def noting(deployment: Deployment, run_id: str, *, step: str, model_name: str = "") -> Iterator[None]:
    """Write down that what is done meanwhile failed, and let it fail; for what is done before any step."""
    try:
        yield
    except Exception as error:
        note_failure(deployment, model_name, run_id, step, error)
        raise


def note_silence(deployment: Deployment, model_name: str, run: Run) -> None:
    """Write down that a run ended without looking at a model although no step of it said why: its process died."""
    if pause_of(deployment, model_name) is None and not failures(deployment, model_name, run_id=run.run_id, most=1):
        died = Failure(
            failure_id=str(uuid4()), model_name=model_name, run_id=run.run_id, step=FailedStep.ANALYZE,
            error_type=DIED, error="the process ended without recording a result or an error", permanent=False,
            at=now(), by=run.requested_by,
        )  # fmt: skip
        keep(deployment.store, deployment.artifacts, died)


def why_nothing(deployment: Deployment, model_name: str, run_id: str) -> str:
    """Why a run came to nothing for a model: it is paused, or a step failed; empty where neither is on record."""
    failed = failures(deployment, model_name, run_id=run_id, most=1)
    if failed:
        return failed[0].sentence
    pause = pause_of(deployment, model_name)
    return "" if pause is None else pause.sentence
