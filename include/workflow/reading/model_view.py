"""One model: its metric in time, drift, versions, what was decided and what happened."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from include.data.reference.distributions import Distribution
from include.errors import NotOnRecord
from include.records.entries import HistoryKind, HistoryQuery
from include.records.entries.model_view import (
    Heatmap,
    ModelFileChange,
    ModelFileInForce,
    ModelView,
    QuadrantPoint,
    Quadrants,
)
from include.records.entries.overview import MOST_ROWS, FleetRow
from include.records.json_values import storable, to_utc
from include.records.rows.columns import Row
from include.workflow.advice import recommend
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.reading.fleet import QUARTER, hushed_now, row_of
from include.workflow.reading.given import check_period, known_model, overview_of, removed_sentence
from include.workflow.reading.history import decisions_page, events_page

MOST_POINTS = 2_000  # of the metric: more than a screen has pixels
MOST_CHECKS, MOST_FEATURES = 60, 40  # of the heatmap
MOST_VERSIONS, MOST_FILES, MOST_REQUESTS = 50, 20, 50
ADVISED_ON = 60  # checks that the recommendations look at

NO_IMPORTANCES = "the importances of its columns are not on record: they are measured when a version is accepted"
NO_CHAMPION = "there is no champion yet"


def model_view(
    deployment: Deployment, model_name: str, *, start: datetime | None = None, end: datetime | None = None
) -> ModelView:
    """Everything that the page of a model shows; by default of the last 90 days.

    Raises
    ------
    NotOnRecord
        For a model that nothing is on record of and that has no file.
    ConfigurationError
        For a period that is empty.
    """
    at = now()
    check_period(start, end)
    end = end or max(at, start + QUARTER if start is not None else at) + timedelta(microseconds=1)
    start = start or end - QUARTER
    hushed = hushed_now(deployment, at)
    with overview_of(deployment.store).moment() as reading:
        known_model(reading, deployment, model_name)
        row = row_of(deployment, reading, model_name, hushed, at) or FleetRow(model_name=model_name)
        decisions = decisions_page(reading, HistoryQuery(model_name=model_name, start=start, end=end))
        events = events_page(
            reading, HistoryQuery(kind=HistoryKind.EVENTS, model_name=model_name, start=start, end=end, limit=MOST_ROWS)
        ).rows
        seen = min(end, max(start, to_come(at)))  # of a time to come nothing is known
        heatmap = reading.heatmap(model_name, start, seen, checks=MOST_CHECKS, features=MOST_FEATURES)
        last = row.last_decision
        course = reading.course(model_name, start, end, MOST_POINTS)
        slices = reading.slices(model_name, last.run_id, last.as_of) if last is not None else []
        versions = reading.versions(model_name, MOST_VERSIONS)
        requests = reading.requests(model_name, MOST_REQUESTS)
        files = reading.model_files(model_name, MOST_FILES)
        removed = removed_sentence(reading.dropped(start, end))
        kept = None if last is None else reading.distributions(model_name, last.run_id)
        quadrants = quadrants_of(heatmap, reading.importances(model_name))
    store = deployment.store
    return ModelView(
        row=row, start=to_utc(start), end=to_utc(end), course=course, decisions=decisions, events=events,
        changes=[each for each in store.champion_changes(model_name) if start <= each.deployed_at < end],
        quarantines=store.quarantines(model_name), heatmap=heatmap, quadrants=quadrants, versions=versions,
        annotations=[each for each in store.people.annotations(model_name) if start <= each.at < end],
        marks=store.people.marks(model_name, since=start, until=end),
        slices=slices, requests=requests, distributions=_names(kept),
        hours=sum(event.seconds or 0.0 for event in events) / 3600.0,
        recommendations=[
            advice.to_json() for advice in recommend(store.history(model_name, until=to_come(at), most=ADVISED_ON))
        ],
        model_file=_model_file(files), cost=_cost(files, sum(event.seconds is not None for event in events)),
        removed=removed,
    )  # fmt: skip


def distribution_at(deployment: Deployment, model_name: str, run_id: str, feature: str) -> Distribution:
    """Reference and recent rows of a column side by side, as a check saw them.

    Raises
    ------
    NotOnRecord
        For a model or a check that is not on record, and for a column that the check did not keep: it keeps those that
        changed most, which the message names.
    """
    with overview_of(deployment.store).moment() as reading:
        known_model(reading, deployment, model_name)
        row = reading.distributions(model_name, storable(run_id))
    if row is None:
        raise NotOnRecord(f"model {model_name}: no check of run {run_id} is on record")
    if row["distributions"] is None:
        told = f"model {model_name}: what run {run_id} saw was removed"
        when = "" if row["removed_at"] is None else f" by retention on {row['removed_at']:%Y-%m-%d}"
        raise NotOnRecord(f"{told}{when}, with all of {row['as_of']:%Y-%m}")
    for stored in row["distributions"]:
        if stored["name"] == feature:
            return Distribution.from_json(stored)
    kept = ", ".join(_names(row)) or "none, as nothing had changed"
    raise NotOnRecord(
        f"model {model_name}: run {run_id} kept no distribution of {feature}; it kept those that changed most: {kept}"
    )


def quadrants_of(heatmap: Heatmap, known: tuple[int, Mapping[str, float] | None] | None) -> Quadrants:
    """Drift at the last check against what the champion's errors hang on; without importances it says why."""
    if known is None:
        return Quadrants(told=NO_CHAMPION)
    version, importances = known
    drift = {name: cells[-1] for name, cells in heatmap.cells.items() if cells}
    names = sorted({*drift, *(importances or {})})
    points = []
    for name in names:
        cell = drift.get(name)
        importance = None if importances is None else importances.get(name)
        points.append(
            QuadrantPoint(
                feature=name, drift=None if cell is None else cell.size, importance=importance,
                changed=cell is not None and cell.verdict == "changed",
            )
        )  # fmt: skip
    run_id = heatmap.checks[-1].run_id if heatmap.checks else ""
    return Quadrants(points=points, version=version, run_id=run_id, told="" if importances else NO_IMPORTANCES)


def _names(row: Row | None) -> list[str]:
    return [] if row is None else [stored["name"] for stored in row["distributions"] or ()]


def _model_file(rows: Sequence[Row]) -> ModelFileInForce | None:
    if not rows:
        return None
    texts = [[*_fields(row["config"])] for row in rows]
    differences = [_difference(before, after) for after, before in pairwise(texts)]
    history = [
        ModelFileChange(config_hash=row["config_hash"], since=to_utc(row["seen_at"]), difference=difference)
        for row, difference in zip(rows, [*differences, ""], strict=True)
    ]
    return ModelFileInForce(
        config_hash=rows[0]["config_hash"], changed_at=to_utc(rows[0]["seen_at"]),
        last_seen_at=to_utc(rows[0]["last_seen_at"]), config=rows[0]["config"], history=history,
    )  # fmt: skip


def _fields(config: Mapping[str, Any], within: str = "") -> Iterator[str]:
    """The fields of a model file, a line each, such as ``policy.cooldown: "7d"``; without what follows from them."""
    for name, value in sorted(config.items()):
        if isinstance(value, dict) and value:
            yield from _fields(value, f"{within}{name}.") if within or name != "effective" else ()
        else:
            yield f"{within}{name}: {json.dumps(value, ensure_ascii=False)}"


def _difference(before: list[str], after: list[str]) -> str:
    return "\n".join(difflib.unified_diff(before, after, "before", "after", lineterm="", n=1))


def _cost(files: Sequence[Row], trained: int) -> float | None:
    """What the trainings cost, by the model file in force; None where that does not say."""
    policy = files[0]["config"].get("policy") if files else None
    costs = policy.get("costs") if isinstance(policy, dict) else None
    return None if not isinstance(costs, dict) else trained * float(costs["training"])
