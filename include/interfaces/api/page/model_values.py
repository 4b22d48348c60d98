"""What the view of a model shows, from what was looked up."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import yaml

from include.interfaces.api.page import actions
from include.interfaces.api.page.charts import course, heatmap, quadrants, small
from include.records.entries import ChampionChange, ChangeKind, EventStatus, ModelView, Pause

DAY = timedelta(days=1)
KINDS = {ChangeKind.PROMOTION: "promoted"}
FAILED = ("failed", "abandoned")
NO_CHANGE = ("promoted", "decided", "executing", "dry_run")
TABLES = (
    "retraining_decisions", "model_retraining_events", "model_drift_monitoring", "model_performance_tracking",
    "model_version_management", "model_deployment_history", "quarantined_spans", "retraining_requests",
)  # fmt: skip


def values(
    view: ModelView, pause: Pause | None, changes: Sequence[ChampionChange], day: datetime | None
) -> dict[str, Any]:
    """The values of the template: `view` as it was looked up, with its charts and what may be done.

    Parameters
    ----------
    changes : sequence of ChampionChange
        All there ever were, oldest first.
    day : datetime or None
        Beginning of the day whose champion is wanted; None for none.
    """
    name, last = view.row.model_name, view.row.last_decision
    came = None if last is None else next((each for each in view.events if each.run_id == last.run_id), None)
    return {
        "model": name, "found": view, "pause": pause, "changes": changes,
        "came": came if came is not None and EventStatus(came.status).closed else None,
        "then": None if day is None else reigned(changes, day),
        "actions": actions.of_model(view.row, view.versions, pause), "course": course.course(view, marks(view)),
        "heatmap": heatmap.heatmap(name, view.heatmap), "quadrants": quadrants.quadrants(view.quadrants),
        "bar": small.nearness_bar, "of_event": actions.of_event, "of_quarantine": actions.of_quarantine,
        "tables": TABLES, "file_text": _file_text(view),
    }  # fmt: skip


def marks(view: ModelView) -> list[course.Mark]:
    """What the chart of the metric marks."""
    seen = {check.run_id: check.at for check in view.heatmap.checks}  # where the chart has the run
    seen |= {point.run_id: point.at for point in view.course}
    found = [
        course.Mark(
            at=seen.get(change.run_id, change.deployed_at), kind=KINDS.get(change.kind, "rolled back"),
            told=f"{change.sentence} ({change.deployed_by})", run_id=change.run_id,
        )
        for change in view.changes
    ]  # fmt: skip
    found += [
        course.Mark(
            at=seen.get(event.run_id, event.at), run_id=event.run_id,
            kind="failed" if event.status in FAILED else "other",
            told=f"retrain {event.status}: {event.error or event.outcome or event.reason}",
        )
        for event in view.events
        if event.status not in NO_CHANGE
    ]  # fmt: skip
    found += [course.Mark(at=each.at, kind="remark", told=f"{each.text} ({each.by})") for each in view.annotations]
    found += [
        course.Mark(at=kept.fault.span.start, end=kept.fault.span.end, kind="quarantine", told=kept.fault.reason)
        for kept in view.quarantines
        if kept.fault.span is not None
    ]
    return sorted(found, key=lambda mark: mark.at)


def reigned(changes: Sequence[ChampionChange], day: datetime) -> list[ChampionChange]:
    """The changes that made the champions of a day: the one in force when it began, and those made on it."""
    before = [change for change in changes if change.deployed_at <= day]
    on_it = [change for change in changes if day < change.deployed_at < day + DAY]
    return [*before[-1:], *on_it]


def _file_text(view: ModelView) -> str:
    """The model file in force, without what follows from it."""
    if view.model_file is None:
        return ""
    written = {name: value for name, value in view.model_file.config.items() if name != "effective"}
    return yaml.safe_dump(written, sort_keys=False, allow_unicode=True)
