"""Every trigger under the name that it has in model files: its class, how it is read, written, told, what it looks at.

A new trigger is a module of its own in `include.decision.triggers`, such as `model_age` (a frozen dataclass with a
`label` and `decide(evidence)`), and an entry here. One on a kind of signal that is there already is a line in
`SIGNALS`. docs/extending.md says the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace

from include.decision.evidence import Evidence, Trigger
from include.decision.policy.durations import write_period
from include.decision.policy.fields import duration, named, number
from include.decision.policy.presets import PolicySettings
from include.decision.policy.trigger_entries import (
    TriggerEntry,
    bare_entry,
    holding_entry,
    probe_entry,
    read_at_least,
    read_new_data,
    read_own,
    read_persistence,
    read_schedule,
    read_volume,
    several_entry,
    signal_entry,
    write_own,
    write_volume,
)
from include.decision.policy.words import volume_words
from include.decision.signals import SignalKind
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.data_volume import DATA_VOLUME, DataVolumeTrigger
from include.decision.triggers.holding import Cooldown, WarmUp
from include.decision.triggers.model_age import MODEL_AGE, ModelAgeTrigger
from include.decision.triggers.new_data import NEW_DATA, NewDataTrigger
from include.decision.triggers.own import OWN, OwnTrigger
from include.decision.triggers.performance_below import PERFORMANCE_BELOW, PerformanceBelowTrigger
from include.decision.triggers.persistence import Persistence
from include.decision.triggers.probe import INFERENCE_LATENCY, MODEL_SIZE, TRAINING_COST
from include.decision.triggers.requests import (
    FIRST_VERSION,
    MANUAL,
    RED_TEAM,
    FirstVersionTrigger,
    ManualTrigger,
    RedTeamTrigger,
)
from include.decision.triggers.schedule import SCHEDULE, ScheduleTrigger

#: Kinds of signals that a trigger may fire on, and when it does.
SIGNALS: Mapping[SignalKind, str] = {
    SignalKind.RETRAIN_GAIN: "a correction learnt from recent rows wins on later ones",
    SignalKind.PERFORMANCE: "the metric is worse than when the champion was accepted",
    SignalKind.CONCEPT_DRIFT: "errors grow within the window",
    SignalKind.DATA_DRIFT: "inputs differ from the reference's",
    SignalKind.OUTLIERS: "more values lie far outside",
    SignalKind.DATA_QUALITY: "rows are worse, but not so broken that they block",
}

_MEASURED = "a function of yours, which `probes` names, measures so much; also `below`"

#: In the order in which their names are told.
TRIGGERS: Mapping[str, TriggerEntry] = {
    **{str(kind): signal_entry(kind, fires) for kind, fires in SIGNALS.items()},
    PERFORMANCE_BELOW: TriggerEntry(
        made=PerformanceBelowTrigger, evidence=("signals",), example={PERFORMANCE_BELOW: 0.8},
        read=lambda given, at, _: PerformanceBelowTrigger(least=None if given is None else float(number(given, at))),
        write=lambda t, _: PERFORMANCE_BELOW if t.least is None else {PERFORMANCE_BELOW: t.least},
        fires="the metric, one where large is good, lies below a value with its whole 90 % interval; without a number "
        "that of the `model_type`",
        words=lambda t, _: f"its metric is below {'some value' if t.least is None else t.least} (performance_below)",
        fill=lambda t, settings: t if t.least is not None else replace(t, least=settings.performance_below),
    ),
    MODEL_AGE: TriggerEntry(
        made=ModelAgeTrigger, evidence=("champion_since", "last_retrained_at"), example={MODEL_AGE: "7d"},
        read=lambda given, where, _: ModelAgeTrigger(age=None if given is None else duration(given, where)),
        write=lambda t, _: MODEL_AGE if t.age is None else {MODEL_AGE: write_period(t.age)},
        fires="so much time has passed since the last training; without a number that of the preset",
        words=lambda t, _: "it is old" if t.age is None
        else f"{write_period(t.age)} have passed since it was trained or tried (model_age)",
        fill=lambda t, settings: t if t.age is not None else replace(t, age=settings.model_age),
    ),
    SCHEDULE: TriggerEntry(
        made=ScheduleTrigger, read=read_schedule, evidence=("champion_since", "last_retrained_at"),
        example={SCHEDULE: "0 2 * * *"}, write=lambda t, _: SCHEDULE if t.cron is None else {SCHEDULE: t.cron},
        fires="a moment of a cron schedule, in UTC, has passed since the last training; without one that of the "
        "`model_type`",
        words=lambda t, _: f"a moment of the schedule {t.cron or ''} (UTC) has come (schedule)",
        fill=lambda t, settings: t if t.cron is not None else replace(t, cron=settings.schedule),
    ),
    DATA_VOLUME: TriggerEntry(
        made=DataVolumeTrigger, read=read_volume, write=write_volume, evidence=("trained_rows", "new_rows"),
        example={DATA_VOLUME: {"rows": 5000, "share": "20%"}},
        fires="so many rows are new, or such a share of those trained on, whichever comes first; also "
        "`data_volume: 20%`, `data_volume: 5000`; without a number the share of the preset",
        words=lambda t, _: volume_words(t),
        fill=lambda t, settings: t if t.rows or t.share else replace(t, share=settings.data_volume),
    ),
    NEW_DATA: TriggerEntry(
        made=NewDataTrigger, read=read_new_data, evidence=("requests", "data_hash", "trained_data_hash"),
        example=NEW_DATA, write=lambda t, _: named(NEW_DATA, requests_only=t.requests_only or None),
        fires="somebody reports new data, or the rows are not those of the last training; with "
        "`new_data: {requests_only: true}` only on reports",
        words=lambda t, _: "somebody reports new data (new_data)" if t.requests_only
        else "its rows are not those of the last retraining (new_data)",
    ),
    MODEL_SIZE: probe_entry(MODEL_SIZE, "the stored version has so many MiB; also `below`"),
    INFERENCE_LATENCY: probe_entry(INFERENCE_LATENCY, _MEASURED),
    TRAINING_COST: probe_entry(TRAINING_COST, _MEASURED),
    "probe": probe_entry("", _MEASURED),
    OWN: TriggerEntry(
        made=OwnTrigger, read=read_own, write=write_own,
        evidence=tuple(each.name for each in fields(Evidence) if each.name != "now"),
        example={OWN: {"trigger": "my_rules:QueueTrigger", "settings": {"most": 10}}},
        fires="a rule of yours says so: a class with `decide(evidence)`; also `own: my_rules:QueueTrigger`",
        words=lambda t, _: f"your own rule says so ({t.label})",
    ),
    MANUAL: bare_entry(
        MANUAL, ManualTrigger, ("requested", "requests"), "somebody requests a retrain",
        "somebody asks for it: by `request`, or with a forced run (manual)",
    ),
    RED_TEAM: bare_entry(
        RED_TEAM, RedTeamTrigger, ("requests",), "a security or quality suite reports failures",
        "a security or quality suite reports that it fails (red_team)",
    ),
    FIRST_VERSION: bare_entry(
        FIRST_VERSION, FirstVersionTrigger, ("has_champion", "declined", "patience"), "there is no version yet",
        "there is no version in production yet (first_version); one that was held is tried again after {window}, then "
        "after twice that, and at once when somebody asks",
    ),
    "any": several_entry("any", AnyOf, "one of them fires"),
    "all": several_entry("all", AllOf, "all of them fire"),
    "at_least": TriggerEntry(
        made=AtLeast, read=read_at_least, evidence=(), fires="so many of them fire",
        example={"at_least": {"count": 2, "of": ["performance", "outliers"]}},
        write=lambda t, write: {"at_least": {"count": t.count, "of": [write(each) for each in t.triggers]}},
    ),
    "cooldown": holding_entry(
        "cooldown", Cooldown, ("last_retrained_at", "rolled_back_at"),
        "it fires, and the last retrain is so long ago",
    ),
    "warm_up": holding_entry("warm_up", WarmUp, ("champion_since",), "it fires, and the promotion is so long ago"),
    "persistence": TriggerEntry(
        made=Persistence, read=read_persistence, evidence=("champion_since", "past"),
        example={"persistence": {"count": 2, "checks": 3, "of": "performance"}},
        fires="it fired in so many of the last checks",
        write=lambda t, write: {
            "persistence": {"count": t.count, "checks": t.checks, "of": write(t.trigger)}
        },
    ),
}  # fmt: skip


def entry_of(trigger: Trigger) -> TriggerEntry | None:
    """The entry of a trigger's class; None for a class that is in no model file."""
    return next((entry for entry in TRIGGERS.values() if type(trigger) is entry.made), None)


def filled(trigger: Trigger, settings: PolicySettings) -> Trigger:
    """A single trigger, with the settings' number where it has none of its own."""
    entry = entry_of(trigger)
    return trigger if entry is None or entry.fill is None else entry.fill(trigger, settings)
