"""The view of one model."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Annotated

import yaml
from fastapi import Query
from markupsafe import Markup
from starlette.responses import HTMLResponse

from include import workflow
from include.errors import RetrainingError
from include.interfaces.api.page import actions
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.page.asked import DAY, Days, Model, Word, day_of
from include.interfaces.api.page.charts import course, heatmap, quadrants, small
from include.interfaces.api.problems import told_of
from include.interfaces.api.records import Deployed
from include.interfaces.reports import plots
from include.records.entries import Budget, ChampionChange, ChangeKind, ModelView
from include.workflow.deployment import now

router = page_router()

Day = Annotated[str, Query(max_length=10)]
KINDS = {ChangeKind.PROMOTION: "promoted"}
FAILED = ("failed", "abandoned")
TABLES = (
    "retraining_decisions", "model_retraining_events", "model_drift_monitoring", "model_performance_tracking",
    "model_version_management", "model_deployment_history", "quarantined_spans", "retraining_requests",
)  # fmt: skip
NO_CHANGE = ("promoted", "decided", "executing", "dry_run")


@router.get("/model")
def model(
    deployed: Deployed, model: Model, days: Days = 90, end: Day = "", at: Day = "", feature: Word = ""
) -> HTMLResponse:
    """Its metric, drift, decisions, versions and all that happened; by default in the last 90 days."""
    last = day_of("end", end)
    until = None if last is None else last + DAY
    start = (until or now()) - timedelta(days=days)
    view = workflow.model_view(deployed, model, start=start, end=until)
    pause = workflow.pause_of(deployed, model)
    changes = deployed.store.champion_changes(model)
    chosen = day_of("at", at)
    return page(
        "model.html", view="model", model=model, found=view, days=days, end=end, at=at, pause=pause, changes=changes,
        then=None if chosen is None else reigned(changes, chosen),
        actions=actions.of_model(view.row, view.versions, pause),
        budget=_budget(deployed, model), failures=workflow.failures(deployed, model, since=view.start, most=10),
        course=course.course(view, marks(view)),
        heatmap=heatmap.heatmap(model, view.heatmap), quadrants=quadrants.quadrants(view.quadrants),
        bar=small.nearness_bar, spark=small.sparkline, heat=heatmap.heat, of_event=actions.of_event,
        of_quarantine=actions.of_quarantine, feature=feature,
        tables=TABLES, file_text=_file_text(view), **_distribution(deployed, view, feature),
    )  # fmt: skip


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


def _budget(deployed: Deployed, model: str) -> Budget | str:
    """What of the budget is spent; a sentence where its model file cannot say."""
    try:
        return workflow.budget_spent(deployed, model)
    except RetrainingError as error:
        return told_of(error)


def _distribution(deployed: Deployed, view: ModelView, feature: str) -> dict[str, object]:
    """The column that is drawn: the chosen one, or that which changed most at the last check."""
    last, kept = view.row.last_decision, list(view.distributions)
    chosen = feature if feature in kept else (kept[0] if kept else "")
    if last is None or not chosen:
        return {"drawn": None, "chosen": ""}
    shown = workflow.distribution_at(deployed, view.row.model_name, last.run_id, chosen)
    return {"drawn": Markup(plots.distribution(shown)), "chosen": chosen}  # noqa: S704  # escaped where it is drawn
