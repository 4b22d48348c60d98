"""The views of the system itself: is anything wrong with the monitor, and what did it all come to."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from fastapi import HTTPException, Request
from starlette.concurrency import run_in_threadpool
from starlette.responses import HTMLResponse

from include import workflow
from include.interfaces.api import airflow_api
from include.interfaces.api.page import actions
from include.interfaces.api.page.addresses import Days, Word
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.records import Deployed, examined, require_known
from include.records.entries import Figures, Problem
from include.registry.model_files import model_names
from include.workflow.deployment import now

router = page_router()

MOST_FAILURES, MOST_FIGURES = 30, 100
A_WEEK = timedelta(days=7)
COUNTS = ("checks", "retrains", "promotions", "holds", "rejections", "failures", "false_alarms", "hours")


@router.get("/health")
async def health(request: Request, deployed: Deployed) -> HTMLResponse:
    """What is wrong with the monitor itself, who is muted, and what failed lately."""
    away, dag, silent = await _airflow(request)
    return await run_in_threadpool(_health, deployed, away, dag, silent)


async def _airflow(request: Request) -> tuple[list[Problem], dict[str, Any] | None, str]:
    """What Airflow says of its components and of our DAG, and why it does not, where it does not."""
    try:
        return await airflow_api.components_away(request), await airflow_api.dag(request), ""
    except HTTPException as error:
        return [], None, str(error.detail)


def _health(deployed: Deployed, away: list[Problem], dag: dict[str, Any] | None, silent: str) -> HTMLResponse:
    found = workflow.health(deployed, also=away)
    return page(
        "health.html", view="health", model="", found=found, silent=silent, dag=dag,
        kinds=Counter(str(each.kind) for each in found.problems),
        schedule=None if dag is None else actions.of_schedule(paused=bool(dag["is_paused"])),
        mutes=[(kept, actions.of_mute(kept)) for kept in workflow.mutes(deployed)],
        failures=workflow.failures(deployed, since=now() - A_WEEK, most=MOST_FAILURES),
        known=set(model_names(deployed.models_dir)),
    )  # fmt: skip


@router.get("/doctor")
def doctor(deployed: Deployed) -> HTMLResponse:
    """What is going to stop models, each with a way out."""
    return page("doctor.html", view="health", model="", found=examined(deployed),
                known=set(model_names(deployed.models_dir)))  # fmt: skip


@router.get("/statistics")
def statistics(deployed: Deployed, days: Days | None = None, model: Word = "") -> HTMLResponse:
    """What checks and retrains came to, what they cost and gained; by default in 90 days, or of all models in 7."""
    if model:
        require_known(model, deployed)
    end, days = now(), days or (90 if model else 7)
    rows = workflow.statistics_of_system(deployed, start=end - timedelta(days=days), end=end, model_name=model)
    most = sorted(rows, key=lambda row: -row.retrains)[:MOST_FIGURES]
    return page("statistics.html", view="statistics", model=model, days=days, by_trigger=_by_trigger(rows),
                rows=most, left=len(rows) - len(most), counts=COUNTS)  # fmt: skip


def _by_trigger(rows: Sequence[Figures]) -> list[dict[str, Any]]:
    """The figures of all models together, a row a trigger, those that retrained most first, and their sum."""
    found: dict[str, dict[str, Any]] = {}
    for row in rows:
        _add(found.setdefault(row.trigger, _nothing(row.trigger)), row)
    total = _nothing("in all")
    for row in rows:
        _add(total, row)
    return [*sorted(found.values(), key=lambda each: (-each["retrains"], each["trigger"])), total]


def _nothing(trigger: str) -> dict[str, Any]:
    return {"trigger": trigger, **dict.fromkeys(COUNTS, 0), "cost": None, "gain": None}


def _add(sums: dict[str, Any], row: Figures) -> None:
    for name in COUNTS:
        sums[name] += getattr(row, name)
    for name in ("cost", "gain"):
        value = getattr(row, name)
        if value is not None:
            sums[name] = value + (sums[name] or 0.0)
