"""Trees of triggers as `include.decision.policy.read` reads them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import Any

from include.decision.evidence import Trigger
from include.decision.policy.durations import format_duration
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.data_volume import DATA_VOLUME, DataVolumeTrigger
from include.decision.triggers.holding import Cooldown, WarmUp
from include.decision.triggers.model_age import MODEL_AGE, ModelAgeTrigger
from include.decision.triggers.new_data import NEW_DATA, NewDataTrigger
from include.decision.triggers.persistence import Persistence
from include.decision.triggers.probe import PROBES, ProbeTrigger
from include.decision.triggers.requests import (
    FIRST_VERSION,
    MANUAL,
    RED_TEAM,
    FirstVersionTrigger,
    ManualTrigger,
    RedTeamTrigger,
)
from include.decision.triggers.schedule import SCHEDULE, ScheduleTrigger
from include.decision.triggers.signal_trigger import SignalTrigger


def write_tree(trigger: Trigger | None) -> Any:
    """Write a tree so that `read_tree` reads the same one; None as None.

    >>> from include.decision.policy.read import read_tree
    >>> write_tree(read_tree({"all": ["performance", {"data_volume": "20%"}]}))
    {'all': ['performance', {'data_volume': '20%'}]}
    """
    if trigger is None:
        return None
    for kind, write in _WRITERS:
        if isinstance(trigger, kind):
            return write(trigger)
    raise ValueError(f"a {type(trigger).__name__} cannot be written in a model file")


def _named(name: str, /, **settings: Any) -> Any:
    given = {key: value for key, value in settings.items() if value is not None}
    return {name: given} if given else name


def write_period(value: timedelta) -> str:
    """As `format_duration`, but in days rather than weeks, as most people write it."""
    days = value / timedelta(days=1)
    return f"{days:.0f}d" if days >= 1 and days.is_integer() else format_duration(value)


def _share(value: float) -> str | float:
    percent = f"{value * 100:.10g}%"
    return percent if float(percent[:-1]) / 100.0 == value else value


def _plain_number(value: float | None) -> float | None:
    return int(value) if value is not None and value.is_integer() else value


def _write_volume(trigger: DataVolumeTrigger) -> Any:
    share = None if trigger.share is None else _share(trigger.share)
    if trigger.rows is not None and share is None:
        return {DATA_VOLUME: trigger.rows}
    if trigger.rows is None and isinstance(share, str):
        return {DATA_VOLUME: share}
    return _named(DATA_VOLUME, rows=trigger.rows, share=share)


def _write_probe(trigger: ProbeTrigger) -> Any:
    bounds = {"above": _plain_number(trigger.above), "below": _plain_number(trigger.below)}
    if trigger.probe in PROBES:
        return _named(trigger.probe, **bounds)
    return _named("probe", name=trigger.probe, **bounds)


_WRITERS: Sequence[tuple[type, Callable[[Any], Any]]] = (
    (SignalTrigger, lambda t: _named(
        str(t.kind), without_labels=t.only_without_labels or None, without_gain=t.only_without_gain or None,
        strength=None if t.strength == 1.0 else _plain_number(t.strength),
    )),
    (ModelAgeTrigger, lambda t: MODEL_AGE if t.age is None else {MODEL_AGE: write_period(t.age)}),
    (ScheduleTrigger, lambda t: SCHEDULE if t.cron is None else {SCHEDULE: t.cron}),
    (DataVolumeTrigger, _write_volume),
    (NewDataTrigger, lambda t: _named(NEW_DATA, requests_only=t.requests_only or None)),
    (ProbeTrigger, _write_probe),
    (ManualTrigger, lambda _: MANUAL),
    (RedTeamTrigger, lambda _: RED_TEAM),
    (FirstVersionTrigger, lambda _: FIRST_VERSION),
    (AnyOf, lambda t: {"any": [write_tree(each) for each in t.triggers]}),
    (AllOf, lambda t: {"all": [write_tree(each) for each in t.triggers]}),
    (AtLeast, lambda t: {"at_least": {"count": t.count, "of": [write_tree(each) for each in t.triggers]}}),
    (Cooldown, lambda t: {"cooldown": {"period": write_period(t.period), "of": write_tree(t.trigger)}}),
    (WarmUp, lambda t: {"warm_up": {"period": write_period(t.period), "of": write_tree(t.trigger)}}),
    (Persistence, lambda t: {
        "persistence": {"count": t.count, "checks": t.checks, "of": write_tree(t.trigger)}
    }),
)  # fmt: skip
