"""Rows that no check ever looks at, because the window is shorter than the time between two checks."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from include.decision.policy.durations import format_duration
from include.registry.spec import ModelSpec

NONE = timedelta(0)


def unseen_share(window: timedelta, every: timedelta, label_delay: timedelta = NONE) -> float:
    """Share of the rows, in [0, 1), that arrive and are in no check's window.

    With `label_delay`: share of the rows that no check ever sees with their label, which has arrived only for the
    first ``window - label_delay`` of a window.

    >>> unseen_share(timedelta(days=1), timedelta(days=7))
    0.857...
    >>> unseen_share(timedelta(days=28), timedelta(hours=6)), unseen_share(timedelta(days=7), timedelta(days=7))
    (0.0, 0.0)
    """
    return max(0.0, 1.0 - max(window - label_delay, NONE) / every)


def unchecked_note(spec: ModelSpec, every: timedelta) -> str:
    """What a check each `every` never looks at, and what to do about it, in a sentence; empty where it sees all rows.

    A model without timestamps is given all of its recent rows at each check.
    """
    if not spec.source.timed:
        return ""
    rows, labels = unseen_share(spec.window, every), unseen_share(spec.window, every, spec.label_delay)
    if not labels:
        return ""
    least = format_duration(every + (spec.label_delay if not rows else NONE))
    if rows:
        return (
            f"{rows:.0%} of the rows are never looked at: the window is {format_duration(spec.window)}, and there is a "
            f"check every {format_duration(every)}; make `window` {least} or longer, or check more often"
        )
    return (
        f"{labels:.0%} of the rows are never looked at with their label: the window is {format_duration(spec.window)}, "
        f"labels take {format_duration(spec.label_delay)}, and there is a check every {format_duration(every)}; make "
        f"`window` {least} or longer, or check more often"
    )


def unchecked_note_of(spec: ModelSpec, moments: Sequence[datetime]) -> str:
    """The same for checks at these moments, ascending, the longest time between two of them counting."""
    steps = [end - start for start, end in pairwise(moments)]
    return unchecked_note(spec, max(steps)) if steps else ""


def coverage(spec: ModelSpec) -> dict[str, Any]:
    """Window and time between checks as the model file has them, and the shares that no check sees; JSON-ready."""
    timed = spec.source.timed
    return {
        "window": format_duration(spec.window),
        "check_every": format_duration(spec.check_every),
        "unseen_share": unseen_share(spec.window, spec.check_every) if timed else 0.0,
        "unseen_labels_share": unseen_share(spec.window, spec.check_every, spec.label_delay) if timed else 0.0,
        "note": unchecked_note(spec, spec.check_every),
    }
