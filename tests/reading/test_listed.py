"""Requests and quarantines, page by page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from include.data.rows.spans import Span
from include.decision.request import RequestKind
from include.detectors.broken_rows import Fault
from include.errors import ConfigurationError
from include.records.entries import Facts
from include.workflow import quarantines_page, requests_page
from tests.reading.conftest import House, ago

NAMES = ("housing", "shop")
Listing = Callable[..., Any]


@pytest.fixture(scope="module")
def lived(shared: House) -> House:
    """Of each of two models three requests and three spans in quarantine."""
    for number in range(3):
        for name in NAMES:
            if not number:
                shared.register(name)
            shared.store.add_request(name, RequestKind.API, f"reason {number}", "ada", at=ago(50 - number))
            span = Span(start=ago(100 - 10 * number), end=ago(99 - 10 * number))
            fault = Fault(feature="price", statistic="missing_rise", reason="empty", span=span)
            shared.check(name, hours=90 - number, facts=Facts(faults=(fault,)))
    return shared


@pytest.mark.parametrize("listing", [requests_page, quarantines_page])
@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7])
@pytest.mark.parametrize("name", ["", "shop"])
def test_pages_hold_each_once_newest_first_and_the_last_one_names_no_other(
    lived: House, listing: Listing, limit: int, name: str
) -> None:
    whole = listing(lived.deployment, name, limit=200)
    assert len(whole.rows) == (3 if name else 6)
    found, cursor, pages = [], "", 0
    while pages == 0 or cursor:
        page = listing(lived.deployment, name, cursor=cursor, limit=limit)
        assert 0 < len(page.rows) <= limit
        found, cursor, pages = [*found, *page.rows], page.next_cursor, pages + 1
    assert found == list(whole.rows)
    numbers = [row.request.id if listing is requests_page else row.id for row in found]
    assert numbers == sorted(numbers, reverse=True)


def test_cursor_of_another_list_and_a_limit_that_there_is_not_are_refused(lived: House) -> None:
    cursor = requests_page(lived.deployment, limit=1).next_cursor
    with pytest.raises(ConfigurationError, match="another list"):
        quarantines_page(lived.deployment, cursor=cursor)
    with pytest.raises(ConfigurationError, match="limit"):
        requests_page(lived.deployment, limit=0)
