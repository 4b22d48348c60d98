"""Triggers of a `RetrainingTriggerManager` as configuration: read from YAML, JSON or a mapping, and written back.

::

    preset: balanced              # conservative, balanced, aggressive: drift, performance, time and volume
    metric_name: val_loss         # of the preset's performance trigger
    triggers:                     # besides those of the preset, or alone
      - drift: {threshold: 0.2, metric_name: brightness, severity: HIGH}
      - performance: {threshold: 3%, metric_name: val_accuracy}
      - time: {interval: 7d}
      - data_volume: {samples: 5000, percentage: 20%}
      - composite: {logic: AND, name: production_policy, triggers: [drift, time]}
      - own: {trigger: my_rules:QueueTrigger, settings: {most: 10}}
      - any: [drift, {model_age: 7d}]        # what stands under `when` in model files, too
        severity: HIGH

Triggers of policies are read as in model files (`include.decision.policy.catalogue`), but for the names above, which
are rules on the caller's own metrics; a number that one leaves out is that of the preset, if one is named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from include.decision.decision import Severity
from include.decision.evidence import Trigger
from include.decision.policy.catalogue import TRIGGERS, entry_of, filled
from include.decision.policy.durations import write_period
from include.decision.policy.preset_names import PRESET_NAMES, PresetName
from include.decision.policy.presets import PRESETS
from include.decision.policy.trigger_entries import Nested
from include.decision.triggers.own import OWN, OwnTrigger
from include.errors import ConfigurationError, did_you_mean
from include.orchestrator.metric_triggers import (
    CompositeTrigger,
    DataVolumeTrigger,
    DriftTrigger,
    PerformanceTrigger,
    TimeTrigger,
)

Registered = tuple[Trigger, Severity | None]
_SHARES = ("threshold", "percentage")
_MOST_DEEP = 20


@dataclass(frozen=True, kw_only=True)
class NamedTrigger:
    """A trigger under a name of its own, for those that have none."""

    trigger: Trigger
    name: str

    def decide(self, evidence: Any) -> Any:
        """Ask it."""
        return self.trigger.decide(evidence)


_KINDS: Mapping[str, Callable[..., Any]] = {
    "drift": DriftTrigger,
    "performance": PerformanceTrigger,
    "time": TimeTrigger,
    "data_volume": DataVolumeTrigger,
    "composite": CompositeTrigger,
    OWN: OwnTrigger,
}


_ALL = tuple(dict.fromkeys((*_KINDS, *TRIGGERS)))


def preset_triggers(preset: PresetName, metric_name: str = "val_loss") -> list[Registered]:
    """The four triggers of a preset: drift (Jensen-Shannon divergence), performance, time and volume."""
    if preset not in PRESETS:
        near = did_you_mean(str(preset), PRESET_NAMES)
        raise ConfigurationError("preset", f"found {preset!r}{near}; known: {', '.join(PRESET_NAMES)}")
    numbers = PRESETS[preset]
    assert numbers.js_divergence is not None  # every preset has them
    assert numbers.model_age is not None
    made: list[Trigger] = [
        DriftTrigger(threshold=numbers.js_divergence),
        PerformanceTrigger(threshold=numbers.performance_threshold, metric_name=metric_name),
        TimeTrigger(interval=numbers.model_age),
        DataVolumeTrigger(percentage=numbers.data_volume),
    ]
    return [(trigger, None) for trigger in made]


def read_triggers(config: Mapping[str, Any] | Path | str) -> list[Registered]:
    """Read a mapping, or the YAML or JSON file at a path; a `ConfigurationError` names the place and what is known."""
    where, found = ("triggers", config) if isinstance(config, Mapping) else (str(config), _load(Path(config)))
    if not isinstance(found, Mapping):
        raise ConfigurationError(where, f"found {type(found).__name__}; write `triggers: [...]`, or `preset: balanced`")
    known = ("preset", "metric_name", "triggers")
    for name in found:
        if name not in known:
            near = did_you_mean(str(name), known)
            raise ConfigurationError(where, f"{name}: unknown field{near}; known: {', '.join(known)}")
    made: list[Registered] = []
    if found.get("preset") is not None:
        made += preset_triggers(found["preset"], found.get("metric_name", "val_loss"))
    listed = found.get("triggers") or []
    if not isinstance(listed, list):
        raise ConfigurationError(where, f"triggers: found {type(listed).__name__}; a list is needed")
    read = [_read(each, f"{where}: triggers[{place}]", 0) for place, each in enumerate(listed)]
    usual = PRESETS.get(found.get("preset") or "")
    return made + [(each if usual is None else filled(each, usual), severity) for each, severity in read]


def write_trigger(trigger: Trigger, severity: Severity | None = None) -> dict[str, Any]:
    """The entry that `read_triggers` reads the same trigger from; a `ConfigurationError` for one of the caller's own.

    >>> write_trigger(TimeTrigger(interval="7d"))
    {'time': {'interval': '7d', 'name': 'time'}}
    """
    own = {"severity": str(severity)} if severity is not None else {}
    named = {"name": trigger.name} if isinstance(trigger, NamedTrigger) else {}
    inner = trigger.trigger if isinstance(trigger, NamedTrigger) else trigger
    if isinstance(inner, OwnTrigger):
        return {OWN: {"trigger": inner.place, "settings": dict(inner.settings), **named, **own}}
    kind = next((kind for kind, made in _KINDS.items() if type(trigger) is made), None)
    entry = entry_of(trigger)
    if kind is None and entry is not None:
        written = entry.write(trigger, lambda each: write_trigger(each))
        name = written if isinstance(written, str) else next(iter(written))
        if name not in _KINDS:
            return {**({name: None} if isinstance(written, str) else written), **own}
    if kind is None:
        raise ConfigurationError(
            "triggers", f"a {type(trigger).__name__} cannot be written; name it as own: {{trigger: module:Class}}"
        )
    settings = {each.name: getattr(trigger, each.name) for each in fields(trigger)}  # type: ignore[arg-type]  # all are
    given = {name: _written(value) for name, value in settings.items() if value is not None}
    return {kind: {**given, **own}}


def _written(value: Any) -> Any:
    if isinstance(value, timedelta):
        return write_period(value)
    return [write_trigger(each) for each in value] if isinstance(value, tuple) else value


def _load(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error.strerror or error}") from error
    except (UnicodeDecodeError, yaml.YAMLError) as error:
        raise ConfigurationError(path, f"is no YAML: {' '.join(str(error).split())}") from error


def _read(written: Any, where: str, depth: int) -> Registered:
    if depth > _MOST_DEEP:
        raise ConfigurationError(where, f"more than {_MOST_DEEP} triggers inside one another")
    entry = {written: None} if isinstance(written, str) else written
    names = [name for name in entry if name != "severity"] if isinstance(entry, Mapping) else []
    if len(names) != 1:
        raise ConfigurationError(where, f"found {written!r}; write a trigger's name, or one name and its settings")
    kind, given, beside = names[0], entry[names[0]], entry.get("severity")
    if kind not in _ALL:
        near = did_you_mean(str(kind), list(_ALL))
        raise ConfigurationError(where, f"unknown trigger {kind!r}{near}; known: {', '.join(_ALL)}")
    if kind not in _KINDS:
        return _of_policies(kind, given, where, depth), _severity(beside, where)
    if not isinstance(given or {}, Mapping):
        raise ConfigurationError(where, f"{kind}: found {given!r}; write its settings as {{name: value}}")
    settings = {**(given or {})}
    severity = settings.pop("severity", beside)
    return _made(kind, settings, where, depth), _severity(severity, where)


def _severity(given: object, where: str) -> Severity | None:
    if given is not None and given not in tuple(Severity):
        raise ConfigurationError(where, f"severity: found {given!r}; known: {', '.join(Severity)}")
    return None if given is None else Severity(str(given))


def _of_policies(kind: str, given: Any, where: str, depth: int) -> Trigger:
    """A trigger that model files know; what is inside it may be one of these or of those."""

    def several(listed: Any, place: str) -> tuple[Trigger, ...]:
        if not isinstance(listed, list) or not listed:
            raise ConfigurationError(where, f"{place}: a list of triggers is needed")
        return tuple(inside(each, f"{place}[{number}]") for number, each in enumerate(listed))

    def inside(written: Any, place: str) -> Trigger:
        return _read(written, f"{where}.{place}", depth + 1)[0]

    try:
        return TRIGGERS[kind].read(given, kind, Nested(read=inside, several=several))
    except ValueError as error:
        raise ConfigurationError(where, f"{kind}: {error}") from error


def _made(kind: str, settings: dict[str, Any], where: str, depth: int) -> Trigger:
    made = _KINDS[kind]
    known = [each.name for each in fields(made)]  # type: ignore[arg-type]  # all are dataclasses
    if kind == OWN:
        known = ["trigger", "settings", "name"]
    for name in settings:
        if name not in known:
            near = did_you_mean(str(name), known)
            raise ConfigurationError(where, f"{kind}.{name}: unknown setting{near}; known: {', '.join(known)}")
    shares = {name: _share(settings[name], f"{where}: {kind}.{name}") for name in _SHARES if name in settings}
    if kind == "composite":
        inside = settings.get("triggers") or []
        if not isinstance(inside, list):
            raise ConfigurationError(where, "composite.triggers: a list is needed")
        settings["triggers"] = [_read(each, f"{where}.triggers[{n}]", depth + 1)[0] for n, each in enumerate(inside)]
    try:
        if kind == OWN:
            own = OwnTrigger(place=str(settings.get("trigger", "")), settings=settings.get("settings") or {})
            return NamedTrigger(trigger=own, name=str(settings["name"])) if "name" in settings else own
        trigger: Trigger = made(**{**settings, **shares})
    except ConfigurationError as error:
        raise ConfigurationError(where, *error.problems) from error
    except (TypeError, ValueError) as error:
        raise ConfigurationError(where, f"{kind}: {error}") from error
    return trigger


def _share(value: Any, where: str) -> Any:
    """A number, also as ``20%``."""
    if not isinstance(value, str):
        return value
    try:
        return float(value.strip().removesuffix("%")) / 100.0 if value.strip().endswith("%") else float(value)
    except ValueError as error:
        raise ConfigurationError(where, f"found {value!r}; write a number, or for example 20%") from error
