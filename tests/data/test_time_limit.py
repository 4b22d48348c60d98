"""A source that stalls ends in an error that is worth another try."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest

from include.data.sources.time_limit import within
from include.errors import DataError, SourceUnavailable

SHORT, LONG = timedelta(seconds=0.1), timedelta(minutes=5)


def test_work_that_does_not_end_is_a_source_that_is_not_there() -> None:
    stalled = threading.Event()
    with pytest.raises(SourceUnavailable, match=r"model sales: sql:shop: not read after .* field timeout"):
        within(SHORT, "model sales: sql:shop", stalled.wait)
    stalled.set()


def test_what_the_work_returns_or_raises_is_passed_on() -> None:
    def refuse() -> None:
        raise DataError("line 3")

    def times_out() -> None:
        raise TimeoutError("of the driver")

    assert within(LONG, "here", lambda: 7) == 7
    with pytest.raises(DataError, match="line 3"):
        within(LONG, "here", refuse)
    with pytest.raises(TimeoutError, match="of the driver"):
        within(LONG, "here", times_out)
