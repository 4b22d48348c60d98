"""The steps of a run for a batch of models, in one process: what goes wrong with one of them stops no other.

A batch of one model fails as its model does. In a larger one a model that fails is on record (`retraining_failures`)
and has tasks of its own, as has one that needs more than to be looked at.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from functools import wraps
from typing import TYPE_CHECKING, Any, TypeVar

from include.decision.decision import Decision
from include.errors import NothingToDo, PermanentError, SetAside, SourceUnavailable, TransientError
from include.records.entries import Analysis, Event, FailedStep, Failure, Run
from include.workflow import publication, rollback
from include.workflow.deployment import Deployment
from include.workflow.failure_record import failures, why_nothing
from include.workflow.people import pause_of
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide

if TYPE_CHECKING:
    from include.registry.spec import ModelSpec

Tables = TypeVar("Tables")

LONGEST_READING = timedelta(minutes=5)  # beside other models; alone a model has the `timeout` of its file
_CHECKING = (FailedStep.ANALYZE, FailedStep.DECIDE)

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What the first step came to for one model of a batch.

    Parameters
    ----------
    analysis : Analysis or None
        None where there is none of this try.
    why : str
        Why there is none.
    nothing : bool
        Whether there was nothing to do, so that its being None is no failure.
    """

    model_name: str
    analysis: Analysis | None = None
    why: str = ""
    nothing: bool = False


@dataclass(frozen=True, kw_only=True)
class Settled:
    """How far a run has come with one model.

    Parameters
    ----------
    found : tuple of Decision and Event or None, or None
        The decision on record, with the event if it fired; None for none.
    why : str
        Why there is none.
    goes_on : bool
        Whether it needs tasks of its own; if not, the run has done with it.
    """

    model_name: str
    found: tuple[Decision, Event | None] | None
    why: str = ""
    goes_on: bool


def analyze_batch(deployment: Deployment, model_names: Sequence[str], run: Run, *, before: int = 0) -> Iterator[Looked]:
    """Look at the models one after the other.

    Parameters
    ----------
    before : int
        How many processes have begun with this batch before. What they came to is not repeated. Where two of them have
        ended, the first model that they did not come to an end with may be what they died of: that one is set aside.

    Raises
    ------
    Exception
        Whatever a model fails with that is alone in its batch; and whatever it is when the records do not answer.
    """
    if len(model_names) == 1:
        yield Looked(model_name=model_names[0], analysis=analyze(deployment, model_names[0], run))
        return
    deployment = _beside_others(deployment)
    known = _known(deployment, model_names, run) if before else {}
    suspect = next((name for name in model_names if name not in known), None) if before > 1 else None
    for name in model_names:
        if name in known:
            yield Looked(model_name=name, why=known[name], nothing=True)
        elif name == suspect:
            yield Looked(model_name=name, why="processes ended that were to look at it: it has a task of its own")
        else:
            yield _look(deployment, name, run)


def decide_batch(deployment: Deployment, model_names: Sequence[str], run: Run) -> Iterator[Settled]:
    """Decide about the models that were looked at, and find out which of them need more than that.

    Raises as `analyze_batch`.
    """
    deployment = _beside_others(deployment)
    looked_at, untold = _state(deployment, model_names, run)
    for name in model_names:
        if name not in looked_at:
            yield _without_analysis(deployment, name, run, untold)
            continue
        try:
            found = decide(deployment, name, run)
        except Exception as error:
            if len(model_names) == 1 or not _records_answer(deployment):
                raise
            log.exception("%s: not decided", name)
            yield Settled(model_name=name, found=None, why=f"{type(error).__name__}: {error}", goes_on=True)
            continue
        yield _settled(deployment, name, run, found, untold)


def settle_rest(
    deployment: Deployment, model_names: Sequence[str], run: Run, alone: Sequence[str]
) -> Iterator[Settled]:
    """What a run has come to with models whose batch did not say.

    Parameters
    ----------
    alone : sequence of str
        Those that are alone in their batch: their own task has told what they failed with.
    """
    _, untold = _state(deployment, model_names, run)
    mine = set(alone)
    for name in model_names:
        if (found := deployment.store.decision(name, run.run_id)) is not None:
            yield _settled(deployment, name, run, found, untold)
        elif name in mine:
            log_completion(deployment, name, run)
            due = _is_due(deployment, name, run, untold)
            yield Settled(model_name=name, found=None, why=why_nothing(deployment, name, run.run_id), goes_on=due)
        else:
            yield _without_analysis(deployment, name, run, untold)


def check_again(deployment: Deployment, model_name: str, run: Run, *, first: bool) -> None:
    """Analyze and decide for a model that its batch has not come to an end with.

    Parameters
    ----------
    first : bool
        Whether this is the first try of the model's own task. What the batch failed with counts as that try, so that
        there are as many as for a model that is alone: it is raised again, and nothing is done.

    Raises
    ------
    NothingToDo
        When it is decided already.
    """
    if deployment.store.decision(model_name, run.run_id) is not None:
        raise NothingToDo(f"model {model_name}: its check came to an end beside other models")
    failed = _failed(deployment, model_name, run) if first else None
    if failed is not None:
        raise (PermanentError if failed.permanent else TransientError)(f"model {model_name}: {failed.sentence}")
    analyze(deployment, model_name, run)
    decide(deployment, model_name, run)


def _look(deployment: Deployment, model_name: str, run: Run) -> Looked:
    try:
        return Looked(model_name=model_name, analysis=analyze(deployment, model_name, run))
    except NothingToDo as reason:
        return Looked(model_name=model_name, why=str(reason), nothing=not isinstance(reason, SetAside))
    except Exception as error:
        if not _records_answer(deployment):
            raise
        log.exception("%s: not looked at", model_name)
        return Looked(model_name=model_name, why=f"{type(error).__name__}: {error}")


def _settled(
    deployment: Deployment, model_name: str, run: Run, found: tuple[Decision, Event | None], untold: frozenset[str]
) -> Settled:
    """A model that the run has decided about."""
    acts = found[1] is not None or rollback.is_called_for(deployment, model_name, run)
    return Settled(model_name=model_name, found=found, goes_on=acts or _is_due(deployment, model_name, run, untold))


def _without_analysis(deployment: Deployment, model_name: str, run: Run, untold: frozenset[str]) -> Settled:
    """A model that was not looked at: it is paused, or has to be looked at in a task of its own."""
    pause = pause_of(deployment, model_name)
    due = pause is None or _is_due(deployment, model_name, run, untold)
    return Settled(model_name=model_name, found=None, why="" if pause is None else pause.sentence, goes_on=due)


def _is_due(deployment: Deployment, model_name: str, run: Run, untold: frozenset[str]) -> bool:
    """Whether the model has to be published, or told of; what hinders that is said by the task that does it."""
    if run.dry_run:
        return False
    if model_name in untold:
        return True
    try:
        return not publication.publish_unchanged(deployment, model_name)
    except Exception as error:
        log.warning("%s: %s: %s", model_name, type(error).__name__, error)
        return True


def _state(deployment: Deployment, model_names: Sequence[str], run: Run) -> tuple[frozenset[str], frozenset[str]]:
    """The models that the run has looked at, and those that downstream has to be told of."""
    watch = deployment.store.watch
    return watch.looked_at(run.run_id, model_names), watch.untold(model_names)


def _known(deployment: Deployment, model_names: Sequence[str], run: Run) -> dict[str, str]:
    """The models that a process before has come to an end with, and what it came to."""
    looked_at, paused = deployment.store.watch.looked_at(run.run_id, model_names), deployment.store.people.pauses()
    found = dict.fromkeys(looked_at, "it has been looked at")
    for name in set(model_names) - looked_at:
        if name in paused:
            found[name] = paused[name].sentence
        elif (failed := _failed(deployment, name, run)) is not None:
            found[name] = failed.sentence
    return found


def _failed(deployment: Deployment, model_name: str, run: Run) -> Failure | None:
    """The last failure of the run's check of a model."""
    kept = failures(deployment, model_name, run_id=run.run_id)
    return next((failure for failure in kept if failure.step in _CHECKING), None)


def _records_answer(deployment: Deployment) -> bool:
    """Whether a failure is that of one model: without the records all of them fail."""
    try:
        deployment.store.identity()
    except Exception as error:
        log.warning("the records do not answer: %s: %s", type(error).__name__, error)
        return False
    return True


def _beside_others(deployment: Deployment) -> Deployment:
    """The deployment, in which model files are read once, and no source holds up the others for long."""
    part = deployment.read_part
    return replace(
        deployment, specs={}, read=_in_short(deployment.read), read_part=None if part is None else _in_short(part)
    )


def _in_short(read: Callable[..., Tables]) -> Callable[..., Tables]:
    @wraps(read)
    def limited(spec: ModelSpec, *args: Any, **kwargs: Any) -> Tables:
        if spec.timeout <= LONGEST_READING:
            return read(spec, *args, **kwargs)
        began = time.monotonic()
        try:
            return read(spec.model_copy(update={"timeout": LONGEST_READING}), *args, **kwargs)
        except SourceUnavailable as error:
            if time.monotonic() - began < LONGEST_READING.total_seconds():
                raise
            raise SetAside(f"{error}; it goes on in a task of its own, where it has its whole timeout") from error

    return limited
