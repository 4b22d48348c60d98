"""Trees of triggers as people write them in model files; `include.decision.policy.write` is the way back.

::

    when:
      all:                                   # any, all; they nest
        - any: [data_drift, performance]
        - model_age: 7d

A trigger is written as its name, or as ``name: settings``:

- ``retrain_gain``, ``performance``, ``concept_drift``, ``data_drift``, ``outliers``, ``data_quality``; with
  ``{without_labels: true}`` only while labels are too few, with ``{without_gain: true}`` only where it is not measured
  what a retrain would gain, with ``{strength: 2}`` only from twice the threshold on;
- ``model_age: 7d``, ``schedule: 0 2 * * *`` (UTC), ``data_volume: 20%`` or ``data_volume: 5000`` (rows), or both:
  ``data_volume: {rows: 5000, share: 20%}``; without a number those of the preset, or of the model's type;
- ``new_data``, with ``{requests_only: true}`` only when somebody reports them; ``red_team``, ``manual``,
  ``first_version``;
- ``model_size``, ``inference_latency``, ``training_cost`` with ``{above: 200}`` or ``{below: 50}``; other probes as
  ``probe: {name: queue, above: 10}``.

Combinations: ``any: [...]``, ``all: [...]``, ``at_least: {count: 2, of: [...]}``, ``cooldown: {period: 7d, of: ...}``,
``warm_up: {period: 2d, of: ...}``, ``persistence: {count: 2, checks: 3, of: ...}``.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from pydantic_core import PydanticCustomError

from include.decision.evidence import Trigger
from include.decision.policy.durations import parse_duration
from include.decision.policy.problems import problems_error, refuse
from include.decision.signals import SignalKind
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

SIGNALS = (
    SignalKind.RETRAIN_GAIN, SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT, SignalKind.DATA_DRIFT,
    SignalKind.OUTLIERS, SignalKind.DATA_QUALITY,
)  # fmt: skip
Reader = Callable[[Any, str], Trigger]
_MOST_DEEP = 20


def read_tree(written: object, where: str = "") -> Trigger:
    """Read a tree; a `PydanticCustomError`, which is a ValueError, says where and what is known there.

    Triggers that stand side by side are all read, so that one error names the mistakes in each of them.

    >>> read_tree({"any": ["performance", {"model_age": "7d"}]}).triggers[1].age
    datetime.timedelta(days=7)
    """
    if where.count(".") + where.count("[") > 2 * _MOST_DEEP:
        refuse(where, None, f"more than {_MOST_DEEP} triggers inside one another")
    if isinstance(written, str):
        name, settings = written, None
    elif isinstance(written, Mapping) and len(written) == 1:
        name, settings = next(iter(written.items()))
        if settings is None:
            refuse(_at(where, name), settings, "its settings are missing; leave out the colon, or write them")
    else:
        refuse(where, written, "a trigger is written as its name, or as one name and its settings")
    if name not in _READERS:
        near = difflib.get_close_matches(str(name), _READERS, n=1)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        refuse(where, name, f"unknown trigger{hint}; known: {', '.join(_READERS)}")
    try:
        return _READERS[name](settings, _at(where, name))
    except PydanticCustomError:
        raise
    except ValueError as error:
        refuse(_at(where, name), settings, str(error))


def _at(where: str, name: object) -> str:
    return f"{where}.{name}" if where else str(name)


def _fields(settings: Any, where: str, *, needed: Sequence[str] = (), also: Sequence[str] = ()) -> dict[str, Any]:
    """The settings, which have to be a mapping with these fields."""
    known = [*needed, *also]
    given = {} if settings is None else settings
    if not isinstance(given, Mapping):
        refuse(where, settings, f"write {{{', '.join(f'{name}: ...' for name in known)}}}")
    for name in given:
        if name not in known:
            near = difflib.get_close_matches(str(name), known, n=1)
            hint = f"; did you mean {near[0]!r}?" if near else ""
            refuse(_at(where, name), given[name], f"unknown field{hint}; allowed: {', '.join(known)}")
    for name in needed:
        if name not in given:
            refuse(_at(where, name), None, f"it is missing; needed: {', '.join(needed)}")
    return dict(given)


def _number(value: object, where: str, *, whole: bool = False) -> Any:
    """A number, also one that YAML reads as text, such as ``20%``."""
    match = re.fullmatch(r"\s*(\d+(?:\.\d+)?)\s*%\s*", value) if isinstance(value, str) and not whole else None
    if match:
        return float(match[1]) / 100.0
    if isinstance(value, bool) or not isinstance(value, int if whole else (int, float)):
        refuse(where, value, "a whole number is needed" if whole else "a number is needed")
    return value


def _bool(value: object, where: str) -> bool:
    if not isinstance(value, bool):
        refuse(where, value, "true or false is needed")
    return value


def _duration(value: object, where: str) -> timedelta:
    try:
        return parse_duration(value)
    except ValueError as error:
        refuse(where, value, str(error))


def _several(settings: Any, where: str) -> tuple[Trigger, ...]:
    if not isinstance(settings, list) or not settings:
        refuse(where, settings, "a list of triggers is needed")
    found, problems = [], []
    for place, each in enumerate(settings):
        try:
            found.append(read_tree(each, f"{where}[{place}]"))
        except PydanticCustomError as error:  # the others are read, too: all mistakes at once
            problems += (error.context or {})["problems"]
    if problems:
        raise problems_error(problems)
    return tuple(found)


def _signal(kind: SignalKind) -> Reader:
    def read(settings: Any, where: str) -> Trigger:
        given = _fields(settings, where, also=("without_labels", "without_gain", "strength"))
        return SignalTrigger(
            kind=kind,
            only_without_labels=_bool(given.get("without_labels", False), _at(where, "without_labels")),
            only_without_gain=_bool(given.get("without_gain", False), _at(where, "without_gain")),
            strength=float(_number(given.get("strength", 1.0), _at(where, "strength"))),
        )

    return read


def _probe(name: str) -> Reader:
    def read(settings: Any, where: str) -> Trigger:
        given = _fields(settings, where, needed=() if name else ("name",), also=("above", "below"))
        own = name or given.pop("name")
        if not isinstance(own, str) or not own:
            refuse(_at(where, "name"), own, "the name of a probe is needed")
        return ProbeTrigger(probe=own, **{side: float(_number(v, _at(where, side))) for side, v in given.items()})

    return read


def _plain(make: Callable[[], Trigger]) -> Reader:
    def read(settings: Any, where: str) -> Trigger:
        if settings is not None:
            refuse(where, settings, "it has no settings")
        return make()

    return read


def _new_data(settings: Any, where: str) -> Trigger:
    given = _fields(settings, where, also=("requests_only",))
    return NewDataTrigger(requests_only=_bool(given.get("requests_only", False), _at(where, "requests_only")))


def _schedule(settings: Any, where: str) -> Trigger:
    if settings is not None and not isinstance(settings, str):
        refuse(where, settings, "a cron expression is needed, for example 0 2 * * *")
    return ScheduleTrigger(cron=settings)


def _volume(settings: Any, where: str) -> Trigger:
    if isinstance(settings, str):
        return DataVolumeTrigger(share=_share(settings, where))
    if settings is not None and not isinstance(settings, Mapping):
        return DataVolumeTrigger(rows=_number(settings, where, whole=True))
    given = _fields(settings, where, also=("rows", "share"))
    rows = None if "rows" not in given else _number(given["rows"], _at(where, "rows"), whole=True)
    share = None if "share" not in given else _share(given["share"], _at(where, "share"))
    return DataVolumeTrigger(rows=rows, share=share)


def _share(value: object, where: str) -> float:
    share = float(_number(value, where))
    if not 0.0 < share <= 1.0:
        refuse(where, value, "a share is more than 0 and at most 1: write for example 20% or 0.2")
    return share


def _at_least(settings: Any, where: str) -> Trigger:
    given = _fields(settings, where, needed=("count", "of"))
    return AtLeast(_number(given["count"], _at(where, "count"), whole=True), _several(given["of"], _at(where, "of")))


def _holding(make: type[Cooldown] | type[WarmUp]) -> Reader:
    def read(settings: Any, where: str) -> Trigger:
        given = _fields(settings, where, needed=("period", "of"))
        period = _duration(given["period"], _at(where, "period"))
        return make(trigger=read_tree(given["of"], _at(where, "of")), period=period)

    return read


def _persistence(settings: Any, where: str) -> Trigger:
    given = _fields(settings, where, needed=("count", "checks", "of"))
    count, checks = (_number(given[name], _at(where, name), whole=True) for name in ("count", "checks"))
    return Persistence(trigger=read_tree(given["of"], _at(where, "of")), count=count, checks=checks)


_READERS: Mapping[str, Reader] = {
    **{str(kind): _signal(kind) for kind in SIGNALS},
    MODEL_AGE: lambda settings, where: ModelAgeTrigger(age=None if settings is None else _duration(settings, where)),
    SCHEDULE: _schedule,
    DATA_VOLUME: _volume,
    NEW_DATA: _new_data,
    **{name: _probe(name) for name in PROBES},
    "probe": _probe(""),
    MANUAL: _plain(ManualTrigger),
    RED_TEAM: _plain(RedTeamTrigger),
    FIRST_VERSION: _plain(FirstVersionTrigger),
    "any": lambda settings, where: AnyOf(_several(settings, where)),
    "all": lambda settings, where: AllOf(_several(settings, where)),
    "at_least": _at_least,
    "cooldown": _holding(Cooldown),
    "warm_up": _holding(WarmUp),
    "persistence": _persistence,
}
