"""Requests and quarantines, newest first, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from include.records.entries import KeptRequest, Quarantine
from include.records.entries.history import HistoryPage
from include.workflow.deployment import Deployment
from include.workflow.reading.cursors import Cursor, read_cursor
from include.workflow.reading.given import check_limit, overview_of

Row = TypeVar("Row")
Read = Callable[[str | None, int | None, int], list[Row]]


def requests_page(
    deployment: Deployment, model_name: str = "", *, cursor: str = "", limit: int = 50
) -> HistoryPage[KeptRequest]:
    """A page of the requests of a model, or of all, and what became of each.

    Raises
    ------
    ConfigurationError
        For a limit or a cursor that there is not.
    """
    with overview_of(deployment.store).moment() as reading:
        return _page("requests", reading.requests_before, lambda row: row.request.id, model_name, cursor, limit)


def quarantines_page(
    deployment: Deployment, model_name: str = "", *, cursor: str = "", limit: int = 50
) -> HistoryPage[Quarantine]:
    """A page of the rows of a model, or of all, that are or were in quarantine; errors as for `requests_page`."""
    with overview_of(deployment.store).moment() as reading:
        return _page("quarantines", reading.quarantines_before, lambda row: row.id, model_name, cursor, limit)


def _page(
    of: str, read: Read[Row], number: Callable[[Row], int], model_name: str, cursor: str, limit: int
) -> HistoryPage[Row]:
    place = read_cursor(cursor, of, (int,))
    rows = read(model_name or None, None if place is None else int(place.place[0]), check_limit(limit) + 1)
    more = len(rows) > limit
    found = Cursor(of=of, place=(number(rows[limit - 1]),)).write() if more else ""
    return HistoryPage(rows=rows[:limit], total=None, next_cursor=found)
