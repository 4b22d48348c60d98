"""What is said of a trigger in the catalogue, and how triggers of a family are read, written and told."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from include.decision.evidence import Trigger
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
from include.decision.policy.presets import PolicySettings
from include.decision.policy.problems import refuse
from include.decision.policy.words import Subject, signal_words
from include.decision.signals import SignalKind
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.data_volume import DATA_VOLUME, DataVolumeTrigger
from include.decision.triggers.holding import Cooldown, WarmUp
from include.decision.triggers.new_data import NewDataTrigger
from include.decision.triggers.own import OWN, OwnTrigger
from include.decision.triggers.persistence import Persistence
from include.decision.triggers.probe import MODEL_SIZE, PROBES, ProbeTrigger
from include.decision.triggers.schedule import ScheduleTrigger
from include.decision.triggers.signal_trigger import SignalTrigger


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
    fires : str
        When it fires, for the table of all triggers; other ways to write it, too.
    words : callable, optional
        When one with its settings fires for a model; combinations are told by what they are made of.
    fill : callable, optional
        Given a trigger and the settings of a policy: the trigger with the policy's number where it has none.
    """

    made: type
    read: Callable[[Any, str, Nested], Trigger]
    write: Callable[[Any, Callable[[Trigger], Any]], Any]
    evidence: tuple[str, ...]
    example: Any
    fires: str
    words: Callable[[Any, Subject], str] | None = None
    fill: Callable[[Any, PolicySettings], Trigger] | None = None


def signal_entry(kind: SignalKind, fires: str) -> TriggerEntry:
    """One that fires on signals of a kind."""

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
        example=str(kind), fires=fires, words=signal_words,
    )  # fmt: skip


def _write_signal(trigger: SignalTrigger, _write: object) -> Any:
    return named(
        str(trigger.kind), without_labels=trigger.only_without_labels or None,
        without_gain=trigger.only_without_gain or None,
        strength=None if trigger.strength == 1.0 else plain_number(trigger.strength),
    )  # fmt: skip


def probe_entry(name: str, fires: str) -> TriggerEntry:
    """One that compares a value that the owner measures; without a name that of any probe."""

    def read(settings: Any, where: str, _nested: Nested) -> Trigger:
        given = fields_of(settings, where, needed=() if name else ("name",), also=("above", "below"))
        own = name or given.pop("name")
        if not isinstance(own, str) or not own:
            refuse(at(where, "name"), own, "the name of a probe is needed")
        return ProbeTrigger(probe=own, **{side: float(number(v, at(where, side))) for side, v in given.items()})

    return TriggerEntry(
        made=ProbeTrigger, read=read, write=_write_probe, evidence=("probes",),
        example={name: {"above": 200}} if name else {"probe": {"name": "queue", "above": 10}},
        fires=fires, words=_words_of_probe,
    )  # fmt: skip


def _words_of_probe(trigger: ProbeTrigger, _subject: Subject) -> str:
    stored = trigger.probe == MODEL_SIZE
    return f"{trigger.label}: {'MiB of the stored version' if stored else 'a value that you measure (a probe)'}"


def _write_probe(trigger: ProbeTrigger, _write: object) -> Any:
    bounds = {"above": plain_number(trigger.above), "below": plain_number(trigger.below)}
    if trigger.probe in PROBES:
        return named(trigger.probe, **bounds)
    return named("probe", name=trigger.probe, **bounds)


def bare_entry(
    name: str, made: Callable[[], Trigger], evidence: tuple[str, ...], fires: str, words: str
) -> TriggerEntry:  # fmt: skip
    """One without settings; `words` may name the ``{window}``."""

    def read(settings: Any, where: str, _nested: Nested) -> Trigger:
        if settings is not None:
            refuse(where, settings, "it has no settings")
        return made()

    assert isinstance(made, type)
    return TriggerEntry(
        made=made, read=read, write=lambda *_: name, evidence=evidence, example=name, fires=fires,
        words=lambda _, subject: words.format(window=write_period(subject.window)),
    )  # fmt: skip


def read_new_data(settings: Any, where: str, _nested: Nested) -> Trigger:
    """``new_data``, or with ``{requests_only: true}``."""
    given = fields_of(settings, where, also=("requests_only",))
    return NewDataTrigger(requests_only=boolean(given.get("requests_only", False), at(where, "requests_only")))


def read_own(settings: Any, where: str, _nested: Nested) -> Trigger:
    """``module:Class``, or with what it is made with."""
    if isinstance(settings, str):
        return OwnTrigger(place=settings)
    given = fields_of(settings, where, needed=("trigger",), also=("settings",))
    place, more = given["trigger"], given.get("settings") or {}
    if not isinstance(place, str) or not isinstance(more, Mapping):
        refuse(where, settings, "write {trigger: module:Class, settings: {name: value}}")
    return OwnTrigger(place=place, settings={str(name): value for name, value in more.items()})


def write_own(trigger: OwnTrigger, _write: object) -> Any:
    """The shorter of the two ways that `read_own` knows."""
    return {OWN: {"trigger": trigger.place, "settings": dict(trigger.settings)} if trigger.settings else trigger.place}


def read_schedule(settings: Any, where: str, _nested: Nested) -> Trigger:
    """A cron expression, or none for that of the policy."""
    if settings is not None and not isinstance(settings, str):
        refuse(where, settings, "a cron expression is needed, for example 0 2 * * *")
    return ScheduleTrigger(cron=settings)


def read_volume(settings: Any, where: str, _nested: Nested) -> Trigger:
    """Rows, a share, or both."""
    if isinstance(settings, str):
        return DataVolumeTrigger(share=share_of(settings, where))
    if settings is not None and not isinstance(settings, Mapping):
        return DataVolumeTrigger(rows=number(settings, where, whole=True))
    given = fields_of(settings, where, also=("rows", "share"))
    rows = None if "rows" not in given else number(given["rows"], at(where, "rows"), whole=True)
    share = None if "share" not in given else share_of(given["share"], at(where, "share"))
    return DataVolumeTrigger(rows=rows, share=share)


def write_volume(trigger: DataVolumeTrigger, _write: object) -> Any:
    """The shortest of the ways that `read_volume` knows."""
    share = None if trigger.share is None else write_share(trigger.share)
    if trigger.rows is not None and share is None:
        return {DATA_VOLUME: trigger.rows}
    if trigger.rows is None and isinstance(share, str):
        return {DATA_VOLUME: share}
    return named(DATA_VOLUME, rows=trigger.rows, share=share)


def several_entry(name: str, made: type[AnyOf] | type[AllOf], fires: str) -> TriggerEntry:
    """A combination of a list of triggers."""
    return TriggerEntry(
        made=made, read=lambda settings, where, nested: made(nested.several(settings, where)),
        write=lambda t, write: {name: [write(each) for each in t.triggers]}, evidence=(),
        example={name: ["performance", {"model_age": "7d"}]}, fires=fires,
    )  # fmt: skip


def read_at_least(settings: Any, where: str, nested: Nested) -> Trigger:
    """A count, and a list of triggers."""
    given = fields_of(settings, where, needed=("count", "of"))
    count = number(given["count"], at(where, "count"), whole=True)
    return AtLeast(count, nested.several(given["of"], at(where, "of")))


def holding_entry(
    name: str, made: type[Cooldown] | type[WarmUp], evidence: tuple[str, ...], fires: str
) -> TriggerEntry:  # fmt: skip
    """One that holds another one back for some time."""

    def read(settings: Any, where: str, nested: Nested) -> Trigger:
        given = fields_of(settings, where, needed=("period", "of"))
        period = duration(given["period"], at(where, "period"))
        return made(trigger=nested.read(given["of"], at(where, "of")), period=period)

    return TriggerEntry(
        made=made, read=read, evidence=evidence, example={name: {"period": "7d", "of": "performance"}}, fires=fires,
        write=lambda t, write: {name: {"period": write_period(t.period), "of": write(t.trigger)}},
    )  # fmt: skip


def read_persistence(settings: Any, where: str, nested: Nested) -> Trigger:
    """A count, a number of checks, and a trigger."""
    given = fields_of(settings, where, needed=("count", "checks", "of"))
    count, checks = (number(given[name], at(where, name), whole=True) for name in ("count", "checks"))
    return Persistence(trigger=nested.read(given["of"], at(where, "of")), count=count, checks=checks)
