"""The view of one model."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import Query
from markupsafe import Markup
from starlette.responses import HTMLResponse

from include import workflow
from include.errors import RetrainingError
from include.interfaces.api.page.addresses import DAY, Days, Model, Word, day_of
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.page.model_values import values
from include.interfaces.api.problems import told_of
from include.interfaces.api.records import Deployed
from include.interfaces.reports import plots
from include.records.entries import Budget, ModelView
from include.workflow.deployment import now

router = page_router()

Day = Annotated[str, Query(max_length=10)]


@router.get("/model")
def model(
    deployed: Deployed, model: Model, days: Days = 90, end: Day = "", at: Day = "", feature: Word = ""
) -> HTMLResponse:
    """Its metric, drift, decisions, versions and all that happened; by default in the last 90 days."""
    last = day_of("end", end)
    until = None if last is None else last + DAY
    start = (until or now()) - timedelta(days=days)
    view = workflow.model_view(deployed, model, start=start, end=until)
    return page(
        "model.html", view="model", days=days, end=end, at=at, feature=feature, budget=_budget(deployed, model),
        failures=workflow.failures(deployed, model, since=view.start, most=10),
        **values(view, workflow.pause_of(deployed, model), deployed.store.champion_changes(model), day_of("at", at)),
        **_distribution(deployed, view, feature),
    )  # fmt: skip


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
