"""Counts of short stretches of time say what the times themselves say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.rows import time_counts
from include.data.rows.arrivals import measure_arrivals, measure_counted
from include.data.rows.odd_times import describe, odd_counted, odd_first
from include.data.rows.time_counts import TimeCounts

START = datetime(2026, 1, 1, tzinfo=UTC)


def times_of(kind: str, rows: int = 20_000) -> pd.Series:
    """Ascending times of one kind of source, over 60 days."""
    rng = np.random.default_rng(0)
    minutes = {
        "even": np.linspace(0.0, 86_400.0, rows),
        "by chance": np.sort(rng.uniform(0.0, 86_400.0, rows)),
        "in bursts": np.repeat(np.arange(0.0, 86_400.0, 360.0), rows // 240),
        "with an outage": np.linspace(0.0, 86_400.0, rows) + np.where(np.arange(rows) > rows // 3, 5_000.0, 0.0),
    }[kind]
    return pd.Series(pd.Timestamp(START) + pd.to_timedelta(minutes, unit="min")).dt.as_unit("us")


def counted(times: pd.Series, parts: int = 7) -> TimeCounts:
    """The same counted, in parts that come in no order."""
    found = TimeCounts()
    for part in np.array_split(np.random.default_rng(1).permutation(times.array.asi8), parts):
        found.add(part)
    return found.settle()


@pytest.mark.parametrize("kind", ["even", "by chance", "in bursts", "with an outage"])
@pytest.mark.parametrize("most", [65_536, 500])
def test_counted_arrivals_are_those_of_the_times(kind: str, most: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(time_counts, "MOST_STRETCHES", most)
    times = times_of(kind)
    asked = {"window_start": START + timedelta(days=50), "as_of": START + timedelta(days=64)}
    exact, found = measure_arrivals(times, **asked), measure_counted(counted(times), **asked)
    assert exact is not None
    assert found is not None
    coarse = counted(times).width / 1e6
    assert found.age == exact.age
    assert found.newest == exact.newest
    assert len(found.earlier) == len(exact.earlier)
    assert sum(found.earlier) == pytest.approx(sum(exact.earlier), abs=100)
    assert found.rows == pytest.approx(exact.rows, abs=100)
    assert exact.usual_age is not None
    assert found.usual_age == pytest.approx(exact.usual_age, abs=max(coarse, 1.0))


@pytest.mark.parametrize(
    ("odd", "count"), [("1970-01-01", 3), ("1900-01-01", 400), ("2019-05-01", 2), ("2025-12-31", 2)]
)
def test_odd_times_are_found_among_counts(odd: str, count: int) -> None:
    early = pd.Series([pd.Timestamp(odd, tz="UTC")] * count).dt.as_unit("us")
    times = pd.concat([early, times_of("by chance")], ignore_index=True)
    exact = describe(times, odd_first(times))
    found, rest = odd_counted(counted(times))
    assert found == exact
    assert int(rest.rows.sum()) == len(times) - (0 if exact is None else exact.rows)


def test_counts_of_between_are_near_the_truth() -> None:
    times = times_of("by chance")
    start, end = START + timedelta(days=10), START + timedelta(days=11, hours=3)
    exact = int(((times >= start) & (times < end)).sum())
    assert counted(times).between(start, end) == pytest.approx(exact, abs=3)


def test_no_rows_are_no_gaps() -> None:
    empty = TimeCounts().settle()
    assert empty.between(START, START + timedelta(days=1)) == 0.0
    assert measure_counted(empty, window_start=START, as_of=START + timedelta(days=1)) is None
