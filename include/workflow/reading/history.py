"""The history: decisions and events, newest first, page by page."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.errors import ConfigurationError
from include.records.entries import EventStatus
from include.records.entries.history import (
    COUNTED,
    Answer,
    DecisionRow,
    EventRow,
    HistoryKind,
    HistoryPage,
    HistoryQuery,
)
from include.records.postgres.overview import Reading
from include.workflow.deployment import Deployment
from include.workflow.reading.cursors import Cursor, read_cursor
from include.workflow.reading.given import check_limit, check_period, known_model, one_of, overview_of

_KINDS: Mapping[HistoryKind, tuple[type, ...]] = {
    HistoryKind.DECISIONS: (str, str, str),
    HistoryKind.EVENTS: (str, int),
}


def history(deployment: Deployment, query: HistoryQuery) -> HistoryPage[DecisionRow] | HistoryPage[EventRow]:
    """A page of decisions or of events.

    Raises
    ------
    NotOnRecord
        For a model that nothing is on record of.
    ConfigurationError
        For a kind, an answer, a status, a period, a limit or a cursor that there is not.
    """
    with overview_of(deployment.store).moment() as reading:
        if query.model_name:
            known_model(reading, deployment, query.model_name)
        if one_of(HistoryKind, "kind", query.kind) is HistoryKind.EVENTS:
            return events_page(reading, query)
        return decisions_page(reading, query)


def decisions_page(reading: Reading, query: HistoryQuery) -> HistoryPage[DecisionRow]:
    """A page of decisions; the model has to be known."""
    answer = str(one_of(Answer, "answer", query.answer)) if query.answer else ""
    if query.status:
        raise ConfigurationError("status", "it is of events; for decisions give `answer`")
    asked = {**_period(query), "answered": answer}
    place, back = _place(query, HistoryKind.DECISIONS, ("at", "at_model", "at_run"))
    rows = reading.decisions(asked, place, check_limit(query.limit) + 1, back=back)
    total = reading.count("decisions", asked, COUNTED)
    page, before, after = _cut(rows, query, back=back)
    keys = [(row.at.isoformat(), row.model_name, row.run_id) for row in (page[:1] + page[-1:])]
    return HistoryPage(rows=page, total=total, **_cursors(HistoryKind.DECISIONS, keys, before=before, after=after))


def events_page(reading: Reading, query: HistoryQuery) -> HistoryPage[EventRow]:
    """A page of events; the model has to be known."""
    status = str(one_of(EventStatus, "status", query.status)) if query.status else ""
    if query.answer:
        raise ConfigurationError("answer", "it is of decisions; for events give `status`")
    asked = {**_period(query), "status": status}
    place, back = _place(query, HistoryKind.EVENTS, ("at", "at_id"))
    rows = reading.events(asked, place, check_limit(query.limit) + 1, back=back)
    total = reading.count("events", asked, COUNTED)
    page, before, after = _cut(rows, query, back=back)
    keys = [(row.at.isoformat(), row.id) for row in (page[:1] + page[-1:])]
    return HistoryPage(rows=page, total=total, **_cursors(HistoryKind.EVENTS, keys, before=before, after=after))


def _period(query: HistoryQuery) -> dict[str, Any]:
    check_period(query.start, query.end)
    return {"model_name": query.model_name or None, "since": query.start, "until": query.end}


def _place(query: HistoryQuery, kind: HistoryKind, names: tuple[str, ...]) -> tuple[dict[str, Any], bool]:
    """The place that the cursor says, as parameters of the query, and whether the page ends there."""
    cursor = read_cursor(query.cursor, kind, _KINDS[kind])
    if cursor is None:
        return {}, False
    place = dict(zip(names, cursor.place, strict=True))
    try:
        place["at"] = datetime.fromisoformat(place["at"])
    except ValueError:
        raise ConfigurationError("cursor", "it is none that was given out; leave it out for the first page") from None
    return place, cursor.back


def _cut(rows: list[Any], query: HistoryQuery, *, back: bool) -> tuple[list[Any], bool, bool]:
    """The page, newest first, and whether there are rows before and after it; one row more than a page was read."""
    page, more = rows[: query.limit], len(rows) > query.limit
    if back:
        return page[::-1], more, True
    return page, bool(query.cursor), more


def _cursors(kind: HistoryKind, ends: list[tuple[Any, ...]], *, before: bool, after: bool) -> dict[str, str]:
    return {
        "next_cursor": Cursor(of=kind, place=ends[-1]).write() if after and ends else "",
        "previous_cursor": Cursor(of=kind, place=ends[0], back=True).write() if before and ends else "",
    }
