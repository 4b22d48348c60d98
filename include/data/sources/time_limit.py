"""A reading ends in time, whatever its source does: a server that stalls holds no other model and no next run."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import Future
from contextvars import copy_context
from datetime import timedelta
from functools import partial, wraps
from threading import Thread
from typing import Concatenate, ParamSpec, TypeVar, cast

from include.decision.policy.durations import format_duration
from include.errors import SourceUnavailable
from include.registry.spec import ModelSpec

Given = ParamSpec("Given")
Result = TypeVar("Result")


def in_time(
    read: Callable[Concatenate[ModelSpec, Given], Result],
) -> Callable[Concatenate[ModelSpec, Given], Result]:
    """Let a reading of a model's rows end within the model's `timeout`, in a `SourceUnavailable` if need be."""

    @wraps(read)
    def limited(spec: ModelSpec, /, *args: Given.args, **kwargs: Given.kwargs) -> Result:
        return within(spec.timeout, f"model {spec.name}: {spec.source.place}", partial(read, spec, *args, **kwargs))

    return cast("Callable[Concatenate[ModelSpec, Given], Result]", limited)


def within(limit: timedelta, where: str, work: Callable[[], Result]) -> Result:
    """What `work` returns or raises.

    It is done by a thread of its own, for nothing else ends a wait inside of a driver. One that does not end is left
    behind and ends with the process.

    Raises
    ------
    SourceUnavailable
        After the limit.
    """
    outcome: Future[Result] = Future()
    context = copy_context()

    def run() -> None:
        try:
            outcome.set_result(context.run(work))
        except BaseException as error:  # for who waits
            outcome.set_exception(error)

    Thread(target=run, name=f"reading {where}", daemon=True).start()
    try:
        return outcome.result(limit.total_seconds())
    except TimeoutError as error:
        if outcome.done():
            raise
        raise SourceUnavailable(
            f"{where}: not read after {format_duration(limit)}: the source has stalled or needs longer; see whether it "
            "answers, or raise the field timeout"
        ) from error
