"""The health of a model in one word: is it watched, does something fail, is something near?"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from include.decision.signals import SignalKind

NEAR = 0.7  # of its threshold: from there on a trigger that measures harm or drift puts the model at risk
MISSED = 2  # intervals without a check, after which nobody watches the model
GRACE = timedelta(hours=1)  # a check takes its time, too

_MEASURED = frozenset(str(kind) for kind in SignalKind)  # a model that grows old by its calendar is at no risk


class ModelHealth(StrEnum):
    """What is the matter with a model; the most pressing first."""

    UNWATCHED = "unwatched"  # never checked, or not for twice its interval: nothing is known of it
    FAILING = "failing"  # its last retrain failed, its performance fell, or its rows are broken
    AT_RISK = "at_risk"  # a trigger is near, or a version is new or on trial
    PAUSED = "paused"  # somebody stopped it on purpose
    PASSING = "passing"


@dataclass(frozen=True, kw_only=True)
class ModelState:
    """What the health of a model follows from, as its last check and its last event left it.

    Parameters
    ----------
    registered : bool
        Whether it has a model file.
    enabled : bool
        What its model file says.
    paused : str
        By whom, since when and why somebody paused it; empty for not paused.
    checked_at : datetime or None
        When the last check was decided; None before the first.
    check_every : timedelta or None
        The interval that its model file names; None where that is not on record.
    broken : bool
        Whether the last check found rows so broken, or so old, that nothing is to be trained on them.
    harmed : bool
        Whether the trigger on performance fired at the last check.
    last_event : str
        How the last retrain ended, dry runs aside; empty for none.
    nearest_trigger, nearness
        As in `include.decision.decision.Decision`.
    new_champion : bool
        Whether no check has looked at its champion yet: what the last one said was of another.
    on_probation, in_shadow : bool
    """

    registered: bool = True
    enabled: bool = True
    paused: str = ""
    checked_at: datetime | None = None
    check_every: timedelta | None = None
    broken: bool = False
    harmed: bool = False
    last_event: str = ""
    nearest_trigger: str = ""
    nearness: float | None = None
    new_champion: bool = False
    on_probation: bool = False
    in_shadow: bool = False


def health(state: ModelState, now: datetime) -> tuple[ModelHealth, str]:
    """The health, and why, in a few words; empty for a model that passes.

    >>> from datetime import UTC
    >>> health(ModelState(), datetime(2026, 5, 3, tzinfo=UTC))
    (<ModelHealth.UNWATCHED: 'unwatched'>, 'never checked')
    """
    if state.paused:
        return ModelHealth.PAUSED, state.paused
    if not state.registered:
        return ModelHealth.UNWATCHED, "it has no model file any more"
    if not state.enabled:
        return ModelHealth.PAUSED, "`enabled: false` in its model file"
    for found, why in ((ModelHealth.UNWATCHED, _unwatched(state, now)), (ModelHealth.FAILING, _failing(state))):
        if why:
            return found, why
    why = _at_risk(state)
    return (ModelHealth.AT_RISK, why) if why else (ModelHealth.PASSING, "")


def _unwatched(state: ModelState, now: datetime) -> str:
    if state.checked_at is None:
        return "never checked"
    if state.check_every is None or now - state.checked_at <= MISSED * state.check_every + GRACE:
        return ""
    return f"not checked since {state.checked_at:%Y-%m-%d %H:%M} UTC"


def _failing(state: ModelState) -> str:
    if state.broken:
        return "its rows are broken"
    if state.harmed:
        return "its performance fell"
    return f"its last retrain {_ENDED[state.last_event]}" if state.last_event in _ENDED else ""


_ENDED = {"failed": "failed", "abandoned": "was abandoned"}


def _at_risk(state: ModelState) -> str:
    if state.nearness is not None and state.nearness >= NEAR and state.nearest_trigger in _MEASURED:
        if state.nearness >= 1.0:
            return f"{state.nearest_trigger} is beyond its threshold"
        return f"{state.nearest_trigger} is at {state.nearness:.0%} of its threshold"
    if state.in_shadow:
        return "a version is in shadow"
    if state.new_champion:
        return "its champion is new: no check has looked at it yet"
    return "its champion is on probation" if state.on_probation else ""
