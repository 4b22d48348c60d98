"""Two versions side by side, as a value: what is on record of both, and how they do on the same rows."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from include.records.entries import Check, Event, Version
from include.records.json_values import clean_json, finite
from include.retraining.contest.same_rows import SameRows
from include.scoring import METRICS

DATA = ("training_data_path", "training_data_hash", "training_data_size", "row_choice", "dropped_rows")
_SETTINGS = ("estimator", "strategy")
RESOURCES = ("training_duration", "cpu_usage", "memory_usage", "gpu_usage")
WHEN_ACCEPTED, LAST_CHECK, REPORTED = "when accepted", "at the last check", "reported by the training"


@dataclass(frozen=True, kw_only=True)
class Figure:
    """One figure of both versions; None where a version has none."""

    name: str
    first: float | None
    second: float | None

    @property
    def change(self) -> float | None:
        """The second less the first."""
        return None if self.first is None or self.second is None else self.second - self.first

    @property
    def percent(self) -> float | None:
        """The change in per cent of the first's size; None where that is 0.

        >>> Figure(name="rmse", first=10.0, second=8.0).percent
        -20.0
        """
        return None if self.change is None or not self.first else finite(100.0 * (self.change / abs(self.first)))

    @property
    def better(self) -> str:
        """``first``, ``second`` or ``same`` has the better value of this metric; empty where that is not known."""
        if self.change is None or self.name not in METRICS:
            return ""
        if self.change == 0.0:
            return "same"
        return "second" if (self.change > 0.0) == METRICS[self.name].larger_is_better else "first"

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"first": self.first, "second": self.second, "absolute_change": self.change,
                "percent_change": self.percent, "better": self.better}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class VersionComparison:
    """Two versions of a model.

    Parameters
    ----------
    first, second : Version
    metrics : mapping of str to sequence of Figure
        Every metric on record, by the occasion. Each version was then scored on rows of its own.
    differing : mapping of str to pair
        Hyperparameters and ways of training that differ, and those of one only, with both values.
    data : mapping of str to pair
        Training rows of both: path, hash, number, choice, rows left out, end.
    resources : sequence of Figure
        What the trainings took.
    gate : str
        What the gate found when the one was trained to replace the other; empty for versions not so related.
    on_same_rows : sequence of SameRows
        Both on the same rows: all that were chosen, then those that neither has seen, if that is some of them.
    obstacle : str
        Why they could not be scored on the same rows; empty if they were.
    """

    first: Version
    second: Version
    metrics: Mapping[str, Sequence[Figure]]
    differing: Mapping[str, tuple[Any, Any]]
    data: Mapping[str, tuple[Any, Any]]
    resources: Sequence[Figure]
    gate: str = ""
    on_same_rows: Sequence[SameRows] = ()
    obstacle: str = ""

    @property
    def labels(self) -> tuple[str, str]:
        """How people call the two."""
        return self.first.label, self.second.label

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        made = {
            "model_name": self.first.model_name, "first": self.first.label, "second": self.second.label,
            "metrics": {
                when: {each.name: each.to_json() for each in figures} for when, figures in self.metrics.items()
            },
            "differing": {name: _pair(values) for name, values in self.differing.items()},
            "training_data": {name: _pair(values) for name, values in self.data.items()},
            "resources": {each.name: each.to_json() for each in self.resources},
            "gate": self.gate,
            "same_rows": [_same_rows_json(each) for each in self.on_same_rows],
            "obstacle": self.obstacle,
        }  # fmt: skip
        cleaned: dict[str, Any] = clean_json(made)
        return cleaned


def compare_records(
    first: Version, second: Version, events: tuple[Event, Event], history: Sequence[Check]
) -> VersionComparison:
    """What is on record of two versions.

    Parameters
    ----------
    events : pair of Event
        Those that the versions were trained for.
    history : sequence of Check
        Checks of the model, oldest first; what the versions scored at their last is among the metrics.
    """
    accepted = [event.scores or (version.baseline.scores if version.baseline else {})
                for event, version in zip(events, (first, second), strict=True)]  # fmt: skip
    last = [_last_scores(version, history) for version in (first, second)]
    reported = [version.details.reported_metrics or {} for version in (first, second)]
    groups = {WHEN_ACCEPTED: accepted, LAST_CHECK: last, REPORTED: reported}
    details = (first.details.to_json(), second.details.to_json())
    ways = [{**(each.get("hyperparameters") or {}), **{name: each.get(name) for name in _SETTINGS}} for each in details]
    data = {name: (details[0].get(name), details[1].get(name)) for name in DATA}
    judged = next((event for event, version, rival in ((events[1], second, first), (events[0], first, second))
                   if version.parent == rival.version), None)  # fmt: skip
    return VersionComparison(
        first=first, second=second,
        metrics={when: figures_of(*pair) for when, pair in groups.items() if any(pair)},
        differing={
            name: (ways[0].get(name), ways[1].get(name)) for name in sorted({*ways[0], *ways[1]})
            if ways[0].get(name) != ways[1].get(name) or (name in ways[0]) != (name in ways[1])
        },
        data={**data, "data_until": (first.data_until, second.data_until)},
        resources=figures_of(*({name: value for kind in RESOURCES for name, value in _flat(kind, each)}
                             for each in details)),
        gate="" if judged is None else judged.outcome,
    )  # fmt: skip


def _last_scores(version: Version, history: Sequence[Check]) -> Mapping[str, float]:
    for check in reversed(history):
        found = {each.metric: each.value for each in check.analysis.measurements if each.version == version.version}
        if found:
            return found
    return {}


def figures_of(first: Mapping[str, float], second: Mapping[str, float]) -> list[Figure]:
    """The figures of both, under all names that either has."""
    names = dict.fromkeys((*first, *second))
    return [Figure(name=name, first=finite(first.get(name)), second=finite(second.get(name))) for name in names]


def _flat(name: str, details: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    """A figure of the details, or each of a group of them."""
    value = details.get(name)
    if isinstance(value, Mapping):
        yield from ((f"{name}.{part}", figure) for part, figure in value.items())
    elif value is not None:
        yield name, value


def _same_rows_json(each: SameRows) -> dict[str, Any]:
    return {
        "rows": each.rows, "start": each.start, "end": each.end, "dropped": each.dropped, "fair": each.fair,
        "seen": _pair(each.seen),
        "metrics": {
            figure.name: figure.to_json() if each.gain is not None else {**figure.to_json(), "better": ""}
            for figure in figures_of(*each.scores)
        },
        "metric": each.metric, "gain": each.gain, "low": each.low, "high": each.high, "p_value": each.p_value,
        "level": each.level, "note": each.note,
    }  # fmt: skip


def _pair(values: tuple[Any, Any]) -> dict[str, Any]:
    return {"first": values[0], "second": values[1]}
