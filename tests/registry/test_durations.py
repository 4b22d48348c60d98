from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.decision.policy.durations import format_duration, parse_duration


@pytest.mark.parametrize(
    ("text", "expected"),
    [("30min", timedelta(minutes=30)), ("6h", timedelta(hours=6)), (" 28 d ", timedelta(days=28)),
     ("2w", timedelta(weeks=2)), ("0d", timedelta(0)), (timedelta(days=1), timedelta(days=1))],
)  # fmt: skip
def test_durations_are_read(text: object, expected: timedelta) -> None:
    assert parse_duration(text) == expected


@pytest.mark.parametrize("text", ["", "28", 28, "1.5h", "-1d", "3m", "1d2h", None, "h"])
def test_anything_else_is_refused_with_an_example(text: object) -> None:
    with pytest.raises(ValueError, match="for example 28d"):
        parse_duration(text)


@given(st.integers(0, 10**6))
def test_what_is_written_is_read_back(minutes: int) -> None:
    value = timedelta(minutes=minutes)
    assert parse_duration(format_duration(value)) == value
