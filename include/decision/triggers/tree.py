"""Walks through trees of triggers, whatever combinations they are made of."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from include.decision.evidence import Trigger


def members(trigger: Trigger) -> tuple[Trigger, ...]:
    """The triggers that this one is made of: none for a single trigger."""
    several = getattr(trigger, "triggers", None)
    if several is not None:
        return tuple(several)
    inner = getattr(trigger, "trigger", None)
    return () if inner is None else (inner,)


def walk(trigger: Trigger) -> Iterator[Trigger]:
    """The trigger and all below it."""
    yield trigger
    for member in members(trigger):
        yield from walk(member)


def exchange(trigger: Trigger, change: Callable[[Trigger], Trigger]) -> Trigger:
    """The same tree with every single trigger replaced by what `change` makes of it."""
    inner = members(trigger)
    if not inner:
        return change(trigger)
    made: Any = trigger  # every combination is a dataclass
    changed = tuple(exchange(member, change) for member in inner)
    if hasattr(made, "triggers"):
        return replace(made, triggers=changed)  # type: ignore[no-any-return]  # a combination stays one
    return replace(made, trigger=changed[0])  # type: ignore[no-any-return]  # a combination stays one
