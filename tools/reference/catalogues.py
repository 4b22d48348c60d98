"""Tables of what there is: metrics, presets, triggers, detectors, trainers, sources, and the rooms of ``include/``."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

import yaml

from include.decision.policy.catalogue import TRIGGERS
from include.decision.policy.durations import write_period
from include.decision.policy.presets import PRESETS, PolicySettings
from include.detectors.catalogue import DETECTORS
from include.interfaces.metrics.families import FAMILIES
from include.registry.source import SOURCES
from include.registry.training import TRAINERS
from include.scoring import METRICS, Metric
from include.scoring.metric import Harm
from tools.layout import PROJECT_ROOT
from tools.reference.tables import table

_HARM = {
    Harm.RELATIVE_RISE: "relative rise", Harm.RELATIVE_DROP: "relative drop",
    Harm.ABSOLUTE_DROP: "drop in points", Harm.ABSOLUTE_RISE: "rise in points",
}  # fmt: skip
_PRESET_ROWS: Mapping[str, tuple[str, Callable[[PolicySettings], object]]] = {
    "performance_threshold": ("worsening of the metric that matters", lambda s: s.performance_threshold),
    "concept_drift_threshold": ("rise of the mean error that matters", lambda s: s.concept_drift_threshold),
    "outlier_share": ("share of outlying values that matters", lambda s: s.outlier_share),
    "cooldown": ("least time between two retrains", lambda s: s.cooldown),
    "false_retrains_per_quarter": ("budget", lambda s: f"{s.false_retrains_per_quarter:g}"),
    "model_age": ("where a tree names it without a number", lambda s: s.model_age),
    "data_volume": ("where a tree names it without a number", lambda s: s.data_volume),
    "js_divergence": ("with `drift_tests: preset`", lambda s: f"{s.js_divergence:.2f}"),
}


def metrics() -> str:
    """All metrics: of what, how a worsening is counted, and from where on it matters."""
    head = ("metric", "of", "good is", "worsening is counted as", "matters from", "may decide")
    return table(head, [_metric(each) for each in METRICS.values()])


def _metric(metric: Metric) -> tuple[str, ...]:
    relative = metric.harm in (Harm.RELATIVE_RISE, Harm.RELATIVE_DROP)
    return (
        f"`{metric.name}`",
        _of(metric),
        "large" if metric.larger_is_better else "small",
        _HARM[metric.harm],
        f"{metric.threshold:.0%}" if relative else f"{metric.threshold:g}",
        "no, a floor only" if metric.losses is None else "yes",
    )


def scraped() -> str:
    """What a scraper of metrics is told: families, their types and labels."""
    rows = [
        (f"`{family.name}`", str(family.kind), ", ".join(f"`{each}`" for each in family.labels), family.told)
        for family in FAMILIES.values()
    ]
    return table(("metric", "type", "labels", "what it says"), rows)


def presets() -> str:
    """The numbers of each preset."""
    rows = [
        (f"`{name}`: {told}", *(_shown(value(PRESETS[preset])) for preset in PRESETS))
        for name, (told, value) in _PRESET_ROWS.items()
    ]
    return table(("", *PRESETS), rows)


def triggers() -> str:
    """All triggers and combinations: as each is written, and when it fires."""
    return table(("trigger", "fires when"), [(f"`{_written(each.example)}`", each.fires) for each in TRIGGERS.values()])


def _written(example: Any) -> str:
    """In one line, as it may stand in a model file."""
    text = yaml.safe_dump(example, default_flow_style=True, sort_keys=False, width=1000).removesuffix("...\n").strip()
    return text[1:-1] if text.startswith("{") else text


def detectors() -> str:
    """All detectors: name, file, what each looks for, and the kinds of its signals."""
    fixed = PRESETS["balanced"].replace(drift_thresholds={"psi": 0.2})
    rows = []
    for name, entry in DETECTORS.items():
        made = entry.make(PRESETS["balanced"], "rmse") or entry.make(fixed, "rmse")
        file = type(made).__module__.replace(".", "/") + ".py"
        what = (type(made).__doc__ or "").splitlines()[0]
        rows.append((f"`{name}`", f"`{file}`", what, ", ".join(f"`{kind}`" for kind in entry.kinds)))
    return table(("detector", "file", "what it looks for", "kinds of signals"), rows)


def trainers() -> str:
    """All ways to train: the field of `training` with an example, and the file."""
    rows = [(f"`{_written({way: each.example})}`", _file(each.made_by)) for way, each in TRAINERS.items()]
    return table(("`training`", "file"), rows)


def sources() -> str:
    """All kinds of sources, the file of what reads each, and what a folder's files end in."""
    rows = [
        (f"`{kind}`", _file(each.batches or each.rows), ", ".join(f"`{ending}`" for ending in each.endings))
        for kind, each in SOURCES.items()
    ]
    return table(("`kind`", "file", "files of a folder"), rows)


def _file(place: str) -> str:
    return f"`{place.partition(':')[0].replace('.', '/')}.py`"


def rooms() -> str:
    """The rooms of ``include/``, from the top floor down, each with the first line of its docstring."""
    contracts = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["importlinter"]
    floors = next(each["layers"] for each in contracts["contracts"] if each["type"] == "layers")
    names = [name.strip() for floor in floors for name in floor.split("|")]
    return table(("room", "what is in it"), [(_room(name), _first_line(name)) for name in names])


def _room(name: str) -> str:
    folder = PROJECT_ROOT / "include" / name
    return f"`include/{name}/`" if folder.is_dir() else f"`include/{name}.py`"


def _first_line(name: str) -> str:
    folder = PROJECT_ROOT / "include" / name
    file = folder / "__init__.py" if folder.is_dir() else Path(f"{folder}.py")
    return (ast.get_docstring(ast.parse(file.read_text(encoding="utf-8"))) or "").splitlines()[0].replace("``", "`")


def _of(metric: Metric) -> str:
    if metric.for_trading:
        return "returns (`trading`)"
    return "probabilities" if metric.needs_probability else {"regression": "numbers"}.get(metric.task, "classes")


def _shown(value: object) -> str:
    if isinstance(value, timedelta):
        return write_period(value)
    return f"{value:.0%}" if isinstance(value, float) else str(value)
