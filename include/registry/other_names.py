"""Names that other systems give to fields of a model file: read as ours, so that a configuration goes on working."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.decision.policy.presets import PRESETS
from include.decision.policy.write import write_tree

_SECONDS = 60  # in a minute
_KINDS = {".parquet": "parquet", ".pq": "parquet"}

Change = Callable[[dict[str, Any], Any], None]


def in_our_names(given: Mapping[Any, Any]) -> dict[Any, Any]:
    """The fields with ours in place of other names; a ValueError where one is given under both.

    ==========================  ==========================================================
    theirs                      ours
    ==========================  ==========================================================
    ``model_name``              the file's name, which it has to be
    ``data_path``               ``source.path``, a CSV or Parquet file
    ``check_interval``          ``check_every``; in seconds, whole minutes
    ``min_data_size``           ``minimum_rows``
    ``max_model_age_hours``     the trigger ``model_age`` beside ``policy.when``
    ``performance_threshold``   ``policy.performance_threshold``
    ``enable_auto_retraining``  ``enabled``
    ==========================  ==========================================================

    >>> in_our_names({"check_interval": 300, "enable_auto_retraining": False})
    {'check_every': '5min', 'enabled': False}
    """
    if not any(name in given for name in OTHER_NAMES):
        return dict(given)
    made = {name: value for name, value in given.items() if name not in OTHER_NAMES}
    for name, change in OTHER_NAMES.items():
        if name in given:
            change(made, given[name])
    return made


def _put(made: dict[str, Any], theirs: str, ours: str, value: Any) -> None:
    if ours in made:
        raise ValueError(f"{theirs} is another name of {ours}: give one of them")
    made[ours] = value


def _section(made: dict[str, Any], name: str) -> dict[str, Any]:
    """A copy of a section, to be changed."""
    section = made.get(name) or {}
    if not isinstance(section, Mapping):
        raise ValueError(f"{name}: fields and their values are needed")
    made[name] = dict(section)
    found: dict[str, Any] = made[name]
    return found


def _whole(theirs: str, value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise ValueError(f"{theirs}: found {value!r}; a whole number is needed, 1 or more")
    return value


def _interval(made: dict[str, Any], value: object) -> None:
    minutes, rest = divmod(_whole("check_interval", value), _SECONDS)
    if rest:
        raise ValueError(f"check_interval: found {value!r} seconds; whole minutes are needed, for example 300")
    _put(made, "check_interval", "check_every", f"{minutes}min")


def _name(made: dict[str, Any], value: object) -> None:
    if value != made.get("name"):
        raise ValueError(f"model_name: found {value!r}; the file's name is the model's name: {made.get('name')!r}")


def _path(made: dict[str, Any], value: object) -> None:
    kind = next((kind for end, kind in _KINDS.items() if str(value).lower().endswith(end)), "csv")
    _put(made, "data_path", "source", {"kind": kind, "path": value})


def _age(made: dict[str, Any], value: object) -> None:
    policy, age = _section(made, "policy"), {"model_age": f"{_whole('max_model_age_hours', value)}h"}
    tree = policy.get("when")
    policy["when"] = {"any": [write_tree(PRESETS["balanced"].when) if tree is None else tree, age]}


def _threshold(made: dict[str, Any], value: object) -> None:
    policy = _section(made, "policy")
    if "performance_threshold" in policy:
        raise ValueError("performance_threshold is another name of policy.performance_threshold: give one of them")
    policy["performance_threshold"] = value


OTHER_NAMES: Mapping[str, Change] = {
    "model_name": _name,
    "data_path": _path,
    "check_interval": _interval,
    "min_data_size": lambda made, value: _put(made, "min_data_size", "minimum_rows", value),
    "max_model_age_hours": _age,
    "performance_threshold": _threshold,
    "enable_auto_retraining": lambda made, value: _put(made, "enable_auto_retraining", "enabled", value),
}
