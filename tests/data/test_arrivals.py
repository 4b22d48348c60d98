from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.rows.arrivals import Arrivals, measure_arrivals

START = datetime(2026, 3, 1, tzinfo=UTC)


def measured(times: pd.DatetimeIndex, *, window: timedelta = timedelta(days=3), **given: timedelta) -> Arrivals:
    found = measure_arrivals(times.to_series(), window_start=START, as_of=START + window, **given)
    assert found is not None
    return found


def hourly(days: float, until: datetime) -> pd.DatetimeIndex:
    return pd.date_range(until - timedelta(days=days), until, freq="h", tz="UTC", inclusive="left")


def test_steady_rows_are_as_many_as_before_and_as_young() -> None:
    found = measured(hourly(63, START + timedelta(days=3)))
    assert (found.rows, set(found.earlier), len(found.earlier)) == (71, {71}, 20)
    assert (found.age, found.max_age) == (3600.0, None)
    assert found.usual_age == pytest.approx(0.99 * 3600.0)


def test_stretch_is_a_twentieth_of_the_time_before_where_that_is_shorter() -> None:
    found = measured(hourly(23, START + timedelta(days=3)))
    assert (found.rows, set(found.earlier), len(found.earlier)) == (24, {24}, 20)


def test_rows_that_come_late_are_old_not_few() -> None:
    found = measured(hourly(62, START + timedelta(days=2)), max_age=timedelta(hours=6))
    assert set(found.earlier) == {found.rows}
    assert (found.age, found.max_age) == (25 * 3600.0, 6 * 3600.0)


def test_window_without_rows_has_an_age_only() -> None:
    found = measured(hourly(60, START))
    assert (found.rows, found.earlier, found.age) == (0, (), 73 * 3600.0)


def test_rows_that_thin_out_are_few() -> None:
    thinned = hourly(63, START + timedelta(days=3)).to_series().iloc[60 * 24 :: 6]
    found = measured(hourly(60, START).append(pd.DatetimeIndex(thinned)))
    assert found.rows == pytest.approx(found.earlier[0] / 6, abs=1)


def test_usual_age_is_exceeded_in_one_percent_of_the_time() -> None:
    gaps = np.random.default_rng(0).exponential(3600.0, 20_000)
    times = pd.DatetimeIndex(pd.Timestamp(START) - pd.to_timedelta(np.cumsum(gaps)[::-1], unit="s"))
    assert measured(times).usual_age == pytest.approx(3600.0 * math.log(100.0), rel=0.05)


def test_nights_without_rows_are_usual() -> None:
    days = hourly(60, START)
    assert measured(days[(days.hour >= 8) & (days.hour < 18)]).usual_age == pytest.approx(15 * 3600.0, rel=0.05)


def test_rows_at_one_moment_have_no_gaps() -> None:
    times = pd.DatetimeIndex([START - timedelta(days=1)] * 5 + [START + timedelta(days=1)])
    assert measured(times).usual_age is None


@pytest.mark.parametrize(("start", "end"), [(0, 3), (99, 99), (99, 98)])
def test_without_rows_before_the_window_or_without_a_window_there_is_nothing_to_compare(start: int, end: int) -> None:
    times = pd.Series(hourly(1, START + timedelta(days=2)))
    moment = START - timedelta(days=1) + timedelta(days=start)
    assert measure_arrivals(times, window_start=moment, as_of=START + timedelta(days=end - 1)) is None
    nothing = measure_arrivals(times[:0], window_start=START, as_of=START + timedelta(days=1))
    assert nothing is None
