"""The view of one decision, and of the history of decisions and events."""

from __future__ import annotations

from datetime import UTC, datetime

from markupsafe import Markup
from starlette.responses import HTMLResponse

from include import workflow
from include.decision.evidence import TriggerResult
from include.decision.nearness import nearness
from include.errors import NotOnRecord
from include.interfaces.api.page import actions
from include.interfaces.api.page.addresses import DAY, Model, Place, Rows, RunName, Word, day_of
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.page.charts.small import nearness_bar
from include.interfaces.api.records import Deployed, require_known
from include.interfaces.reports import plots
from include.interfaces.reports.text import next_step
from include.records.entries import HistoryQuery
from include.workflow.deployment import now

router = page_router()

MOST_SIGNALS = 200
BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


@router.get("/decision")
def decision(deployed: Deployed, model: Model, run_id: RunName = "") -> HTMLResponse:
    """One check in full; by default the latest."""
    chosen = run_id or workflow.latest_run(deployed.store, model)
    analysis, found = deployed.store.analysis(model, chosen), deployed.store.decision(model, chosen)
    if analysis is None or found is None:
        raise NotOnRecord(f"model {model}: run {chosen} has no decision on record")
    decided, event = found
    leaves = sorted(decided.triggers, key=lambda leaf: (not leaf.fired, -nearness(leaf)))
    signals = sorted(
        analysis.signals, key=lambda each: (not each.changed, -((each.value or 0.0) / (each.threshold or 1.0)))
    )
    answer = "fired" if decided.triggered else "blocked" if decided.blocked_by else "quiet"
    questions = [] if event is None else actions.answering(
        event.id, model, decided.reason, status=event.status, dry_run=event.run.dry_run
    )  # fmt: skip
    marked = [mark for mark in workflow.marks(deployed, model, since=BEGINNING, until=now()) if mark.run_id == chosen]
    return page(
        "decision.html", view="decision", model=model, run_id=chosen, analysis=analysis, decision=decided, event=event,
        answer=answer, next_step=next_step(decided, event), leaves=[(leaf, _bar(leaf)) for leaf in leaves],
        changed=[each for each in signals[:MOST_SIGNALS] if each.changed],
        others=[each for each in signals[:MOST_SIGNALS] if not each.changed],
        left_out=max(len(signals) - MOST_SIGNALS, 0), marked=marked,
        actions=[*questions, *actions.of_decision(model, chosen, alarm=answer != "quiet")],
        drawn=[(each.name, Markup(plots.distribution(each))) for each in analysis.distributions],  # noqa: S704  # escaped
    )  # fmt: skip


@router.get("/history")
def history(
    deployed: Deployed,
    model: Word = "",
    kind: Word = "decisions",
    answer: Word = "",
    status: Word = "",
    start: Word = "",
    end: Word = "",
    cursor: Place = "",
    limit: Rows = 50,
) -> HTMLResponse:
    """Decisions or events, of one model or of all, newest first."""
    if model:
        require_known(model, deployed)
    of_events = kind == "events"
    first, last = day_of("start", start), day_of("end", end)
    query = HistoryQuery(
        kind=kind, model_name=model, start=first, end=None if last is None else last + DAY, cursor=cursor,
        answer="" if of_events else answer, status=status if of_events else "", limit=min(limit, 200),
    )  # fmt: skip
    chosen = {"model": model, "kind": kind, "answer": query.answer, "status": query.status, "start": start, "end": end}
    return page(
        "history.html", view="history", model=model, found=workflow.history(deployed, query), chosen=chosen,
        of_events=of_events, bar=nearness_bar,
    )  # fmt: skip


def _bar(leaf: TriggerResult) -> Markup | None:
    return nearness_bar(nearness(leaf), fired=leaf.fired) if leaf.threshold else None
