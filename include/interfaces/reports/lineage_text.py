"""The family tree of a model as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from include.interfaces.reports.escaping import shorten
from include.interfaces.reports.numbers import moment, number
from include.records.entries import Lineage, VersionHistory
from include.records.json_values import clean_json, clean_scores

LENGTH = 100  # characters of an outcome that a line shows
HEAD = ("version", "status", "trained", "parent", "trigger", "score", "rows", "data", "seconds", "champion")


def tree(lineage: Lineage) -> Iterator[str]:
    """One line a version, children below their parents."""
    champion = lineage.champion
    yield (
        f"{lineage.model_name}: {len(lineage.versions)} versions, "
        f"{'no champion' if champion is None else f'champion {champion.label}'}"
    )
    by_number = {each.version: each for each in lineage.versions}
    for root in (each for each in lineage.versions if each.parent is None):
        yield from _branch(root, by_number, lineage.metric, "", "")


def table(lineage: Lineage) -> Iterator[str]:
    """One line a version with its figures, columns aligned."""
    named = lineage.metric or HEAD[5]
    yield from aligned([(*HEAD[:5], named, *HEAD[6:]), *(_cells(each, lineage.metric) for each in lineage.versions)])


def aligned(rows: Sequence[Sequence[str]]) -> Iterator[str]:
    """Rows of the same length as lines, each column as wide as its widest cell."""
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        yield "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()


def version_json(version: VersionHistory) -> dict[str, Any]:
    """A version as JSON, under the names of the view ``model_lineage``; versions as people call them."""
    made = {
        "model_id": f"{version.model_name}_{version.label}",
        "model_name": version.model_name,
        "version": version.label,
        "status": str(version.status),
        "parent_versions": [] if version.parent is None else [f"v{version.parent}"],
        "children_versions": [f"v{child}" for child in version.children],
        "creation_time": version.created_at,
        "last_updated": version.changed_at,
        "total_retraining_count": version.retrainings,
        "event_id": version.event_id,
        "retraining_id": version.retraining_id,
        "trigger": version.trigger,
        "trigger_reason": version.trigger_reason,
        "outcome": version.outcome,
        "metrics": clean_scores(version.scores),
        "training_data_path": version.data_path or None,
        "training_data_hash": version.data_hash or None,
        "training_data_size": version.data_rows,
        "training_duration": version.seconds,
        "champion": [{"since": since, "until": until} for since, until in version.reign],
        "performance_history": version.performance,
        "deployment_history": version.deployments,
    }
    cleaned: dict[str, Any] = clean_json(made)
    return cleaned


def _branch(
    version: VersionHistory, by_number: Mapping[int, VersionHistory], metric: str, first: str, rest: str
) -> Iterator[str]:
    score = f"  {metric} {number(version.scores[metric])}" if metric in version.scores else ""
    reign = f"  champion {_reign(version)}" if version.reign else ""
    outcome = shorten(version.outcome or version.trigger_reason, LENGTH)
    yield f"{first}{version.label}  {version.status}  {moment(version.created_at)}{score}{reign}  {outcome}".rstrip()
    for child in version.children:
        last = child == version.children[-1]
        below = rest + ("   " if last else "│  ")
        yield from _branch(by_number[child], by_number, metric, f"{rest}{'└─' if last else '├─'} ", below)


def _cells(version: VersionHistory, metric: str) -> Sequence[str]:
    return (
        version.label,
        str(version.status),
        moment(version.created_at),
        "-" if version.parent is None else f"v{version.parent}",
        version.trigger or "-",
        number(version.scores.get(metric)),
        "-" if version.data_rows is None else f"{version.data_rows:,}",
        version.data_hash[:12] or "-",
        number(version.seconds),
        _reign(version) or "-",
    )


def _reign(version: VersionHistory) -> str:
    return ", ".join(f"{moment(since)} to {_end(until)}" for since, until in version.reign)


def _end(until: datetime | None) -> str:
    return "now" if until is None else moment(until)
