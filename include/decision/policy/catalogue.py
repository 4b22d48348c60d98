"""Every trigger under the name that it has in model files: its class, how it is read, written, told, what it looks at.

A new trigger is a module of its own in `include.decision.triggers` and an entry here.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from typing import Any

from include.decision.evidence import Evidence, Trigger
from include.decision.policy.durations import write_period
from include.decision.policy.fields import (
    at,
    boolean,
    duration,
    fields_of,
    named,
    number,
    plain_number,
    share_of,
    write_share,
)
from include.decision.policy.problems import refuse
from include.decision.policy.words import Subject, signal_words, volume_words
from include.decision.signals import SignalKind
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.data_volume import DATA_VOLUME, DataVolumeTrigger
from include.decision.triggers.holding import Cooldown, WarmUp
from include.decision.triggers.model_age import MODEL_AGE, ModelAgeTrigger
from include.decision.triggers.new_data import NEW_DATA, NewDataTrigger
from include.decision.triggers.own import OWN, OwnTrigger
from include.decision.triggers.performance_below import PERFORMANCE_BELOW, PerformanceBelowTrigger
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


@dataclass(frozen=True)
class Nested:
    """How what is inside a combination is read: given what is written and where, the one trigger; those of a list."""

    read: Callable[[Any, str], Trigger]
    several: Callable[[Any, str], tuple[Trigger, ...]]


@dataclass(frozen=True, kw_only=True)
class TriggerEntry:
    """What the catalogue says of one trigger.

    Parameters
    ----------
    made : type
        Its class; several names may stand for one.
    read : callable
        Given its settings (None for a bare name), where they stand, and how to read what is inside them: the trigger.
    write : callable
        The way back; given how to write what is inside it, too.
    evidence : tuple of str
        Names of the fields of `Evidence` that it looks at besides `now`: what a recorded backtest has to know.
    example : object
        As it is written in a model file.
    words : callable, optional
        When it fires, in plain words; combinations are told by what they are made of.
    """

    made: type
    read: Callable[[Any, str, Nested], Trigger]
    write: Callable[[Any, Callable[[Trigger], Any]], Any]
    evidence: tuple[str, ...]
    example: Any
    words: Callable[[Any, Subject], str] | None = None


def _signal(kind: SignalKind) -> TriggerEntry:
    def read(settings: Any, where: str, _nested: Nested) -> Trigger:
        given = fields_of(settings, where, also=("without_labels", "without_gain", "strength"))
        return SignalTrigger(
            kind=kind,
            only_without_labels=boolean(given.get("without_labels", False), at(where, "without_labels")),
            only_without_gain=boolean(given.get("without_gain", False), at(where, "without_gain")),
            strength=float(number(given.get("strength", 1.0), at(where, "strength"))),
        )

    return TriggerEntry(
        made=SignalTrigger, read=read, write=_write_signal, evidence=("signals", "declined", "patience"),
        example=str(kind), words=signal_words,
    )  # fmt: skip


def _write_signal(trigger: SignalTrigger, _write: object) -> Any:
    return named(
        str(trigger.kind), without_labels=trigger.only_without_labels or None,
        without_gain=trigger.only_without_gain or None,
        strength=None if trigger.strength == 1.0 else plain_number(trigger.strength),
    )  # fmt: skip


def _probe(name: str) -> TriggerEntry:
    def read(settings: Any, where: str, _nested: Nested) -> Trigger:
        given = fields_of(settings, where, needed=() if name else ("name",), also=("above", "below"))
        own = name or given.pop("name")
        if not isinstance(own, str) or not own:
            refuse(at(where, "name"), own, "the name of a probe is needed")
        return ProbeTrigger(probe=own, **{side: float(number(v, at(where, side))) for side, v in given.items()})

    return TriggerEntry(
        made=ProbeTrigger, read=read, write=_write_probe, evidence=("probes",),
        example={name: {"above": 200}} if name else {"probe": {"name": "queue", "above": 10}},
        words=lambda t, _: f"{t.label}: a value that you measure (a probe)",
    )  # fmt: skip


def _write_probe(trigger: ProbeTrigger, _write: object) -> Any:
    bounds = {"above": plain_number(trigger.above), "below": plain_number(trigger.below)}
    if trigger.probe in PROBES:
        return named(trigger.probe, **bounds)
    return named("probe", name=trigger.probe, **bounds)


def _bare(name: str, made: Callable[[], Trigger], evidence: tuple[str, ...], words: str) -> TriggerEntry:
    def read(settings: Any, where: str, _nested: Nested) -> Trigger:
        if settings is not None:
            refuse(where, settings, "it has no settings")
        return made()

    assert isinstance(made, type)
    return TriggerEntry(
        made=made, read=read, write=lambda *_: name, evidence=evidence, example=name,
        words=lambda _, subject: words.format(window=write_period(subject.window)),
    )  # fmt: skip


def _new_data(settings: Any, where: str, _nested: Nested) -> Trigger:
    given = fields_of(settings, where, also=("requests_only",))
    return NewDataTrigger(requests_only=boolean(given.get("requests_only", False), at(where, "requests_only")))


def _schedule(settings: Any, where: str, _nested: Nested) -> Trigger:
    if settings is not None and not isinstance(settings, str):
        refuse(where, settings, "a cron expression is needed, for example 0 2 * * *")
    return ScheduleTrigger(cron=settings)


def _volume(settings: Any, where: str, _nested: Nested) -> Trigger:
    if isinstance(settings, str):
        return DataVolumeTrigger(share=share_of(settings, where))
    if settings is not None and not isinstance(settings, Mapping):
        return DataVolumeTrigger(rows=number(settings, where, whole=True))
    given = fields_of(settings, where, also=("rows", "share"))
    rows = None if "rows" not in given else number(given["rows"], at(where, "rows"), whole=True)
    share = None if "share" not in given else share_of(given["share"], at(where, "share"))
    return DataVolumeTrigger(rows=rows, share=share)


def _write_volume(trigger: DataVolumeTrigger, _write: object) -> Any:
    share = None if trigger.share is None else write_share(trigger.share)
    if trigger.rows is not None and share is None:
        return {DATA_VOLUME: trigger.rows}
    if trigger.rows is None and isinstance(share, str):
        return {DATA_VOLUME: share}
    return named(DATA_VOLUME, rows=trigger.rows, share=share)


def _own(settings: Any, where: str, _nested: Nested) -> Trigger:
    if isinstance(settings, str):
        return OwnTrigger(place=settings)
    given = fields_of(settings, where, needed=("trigger",), also=("settings",))
    place, more = given["trigger"], given.get("settings") or {}
    if not isinstance(place, str) or not isinstance(more, Mapping):
        refuse(where, settings, "write {trigger: module:Class, settings: {name: value}}")
    return OwnTrigger(place=place, settings={str(name): value for name, value in more.items()})


def _write_own(trigger: OwnTrigger, _write: object) -> Any:
    return {OWN: {"trigger": trigger.place, "settings": dict(trigger.settings)} if trigger.settings else trigger.place}


def _several(name: str, made: type[AnyOf] | type[AllOf]) -> TriggerEntry:
    return TriggerEntry(
        made=made, read=lambda settings, where, nested: made(nested.several(settings, where)),
        write=lambda t, write: {name: [write(each) for each in t.triggers]}, evidence=(),
        example={name: ["performance", {"model_age": "7d"}]},
    )  # fmt: skip


def _at_least(settings: Any, where: str, nested: Nested) -> Trigger:
    given = fields_of(settings, where, needed=("count", "of"))
    count = number(given["count"], at(where, "count"), whole=True)
    return AtLeast(count, nested.several(given["of"], at(where, "of")))


def _holding(name: str, made: type[Cooldown] | type[WarmUp], evidence: tuple[str, ...]) -> TriggerEntry:
    def read(settings: Any, where: str, nested: Nested) -> Trigger:
        given = fields_of(settings, where, needed=("period", "of"))
        period = duration(given["period"], at(where, "period"))
        return made(trigger=nested.read(given["of"], at(where, "of")), period=period)

    return TriggerEntry(
        made=made, read=read, evidence=evidence, example={name: {"period": "7d", "of": "performance"}},
        write=lambda t, write: {name: {"period": write_period(t.period), "of": write(t.trigger)}},
    )  # fmt: skip


def _persistence(settings: Any, where: str, nested: Nested) -> Trigger:
    given = fields_of(settings, where, needed=("count", "checks", "of"))
    count, checks = (number(given[name], at(where, name), whole=True) for name in ("count", "checks"))
    return Persistence(trigger=nested.read(given["of"], at(where, "of")), count=count, checks=checks)


#: In the order in which their names are told.
TRIGGERS: Mapping[str, TriggerEntry] = {
    **{str(kind): _signal(kind) for kind in SIGNALS},
    PERFORMANCE_BELOW: TriggerEntry(
        made=PerformanceBelowTrigger, evidence=("signals",), example={PERFORMANCE_BELOW: 0.8},
        read=lambda given, at, _: PerformanceBelowTrigger(least=None if given is None else float(number(given, at))),
        write=lambda t, _: PERFORMANCE_BELOW if t.least is None else {PERFORMANCE_BELOW: t.least},
        words=lambda t, _: f"its metric is below {'some value' if t.least is None else t.least} (performance_below)",
    ),
    MODEL_AGE: TriggerEntry(
        made=ModelAgeTrigger, evidence=("champion_since", "last_retrained_at"), example={MODEL_AGE: "7d"},
        read=lambda given, where, _: ModelAgeTrigger(age=None if given is None else duration(given, where)),
        write=lambda t, _: MODEL_AGE if t.age is None else {MODEL_AGE: write_period(t.age)},
        words=lambda t, _: "it is old" if t.age is None
        else f"{write_period(t.age)} have passed since it was trained or tried (model_age)",
    ),
    SCHEDULE: TriggerEntry(
        made=ScheduleTrigger, read=_schedule, evidence=("champion_since", "last_retrained_at"),
        example={SCHEDULE: "0 2 * * *"}, write=lambda t, _: SCHEDULE if t.cron is None else {SCHEDULE: t.cron},
        words=lambda t, _: f"a moment of the schedule {t.cron or ''} (UTC) has come (schedule)",
    ),
    DATA_VOLUME: TriggerEntry(
        made=DataVolumeTrigger, read=_volume, write=_write_volume, evidence=("trained_rows", "new_rows"),
        example={DATA_VOLUME: {"rows": 5000, "share": "20%"}}, words=lambda t, _: volume_words(t),
    ),
    NEW_DATA: TriggerEntry(
        made=NewDataTrigger, read=_new_data, evidence=("requests", "data_hash", "trained_data_hash"),
        example=NEW_DATA, write=lambda t, _: named(NEW_DATA, requests_only=t.requests_only or None),
        words=lambda t, _: "somebody reports new data (new_data)" if t.requests_only
        else "its rows are not those of the last retraining (new_data)",
    ),
    **{name: _probe(name) for name in PROBES},
    "probe": _probe(""),
    OWN: TriggerEntry(
        made=OwnTrigger, read=_own, write=_write_own,
        evidence=tuple(each.name for each in fields(Evidence) if each.name != "now"),
        example={OWN: {"trigger": "my_rules:QueueTrigger", "settings": {"most": 10}}},
        words=lambda t, _: f"your own rule says so ({t.label})",
    ),
    MANUAL: _bare(
        MANUAL, ManualTrigger, ("requested", "requests"),
        "somebody asks for it: by `request`, or with a forced run (manual)",
    ),
    RED_TEAM: _bare(
        RED_TEAM, RedTeamTrigger, ("requests",), "a security or quality suite reports that it fails (red_team)"
    ),
    FIRST_VERSION: _bare(
        FIRST_VERSION, FirstVersionTrigger, ("has_champion", "declined", "patience"),
        "there is no version in production yet (first_version); one that was held is tried again after {window}, then "
        "after twice that, and at once when somebody asks",
    ),
    "any": _several("any", AnyOf),
    "all": _several("all", AllOf),
    "at_least": TriggerEntry(
        made=AtLeast, read=_at_least, evidence=(),
        example={"at_least": {"count": 2, "of": ["performance", "outliers"]}},
        write=lambda t, write: {"at_least": {"count": t.count, "of": [write(each) for each in t.triggers]}},
    ),
    "cooldown": _holding("cooldown", Cooldown, ("last_retrained_at", "rolled_back_at")),
    "warm_up": _holding("warm_up", WarmUp, ("champion_since",)),
    "persistence": TriggerEntry(
        made=Persistence, read=_persistence, evidence=("champion_since", "past"),
        example={"persistence": {"count": 2, "checks": 3, "of": "performance"}},
        write=lambda t, write: {
            "persistence": {"count": t.count, "checks": t.checks, "of": write(t.trigger)}
        },
    ),
}  # fmt: skip


def entry_of(trigger: Trigger) -> TriggerEntry | None:
    """The entry of a trigger's class; None for a class that is in no model file."""
    return next((entry for entry in TRIGGERS.values() if type(trigger) is entry.made), None)
