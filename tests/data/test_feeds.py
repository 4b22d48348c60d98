"""Feeds of every rhythm, with outages and odd times: what counts as stale is a habit of the feed, never an accident."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.rows.odd_times import odd_first
from include.data.tables import ModelTables, cut_tables
from include.decision.signals import Signal
from include.detectors import DataQualityDetector
from tests.detectors.comparisons import compare
from tests.retraining.models import spec_of
from tests.sweeps import each_nth

STOP = pd.Timestamp("2026-03-01", tz="UTC")  # a Sunday; the last row of every feed is before it
TABLE = pd.DataFrame({"x": np.arange(200.0)})


def _dates(start: str, freq: str) -> pd.DatetimeIndex:
    return pd.date_range(pd.Timestamp(start, tz="UTC"), STOP, freq=freq, inclusive="left")


def _bursts() -> pd.DatetimeIndex:
    rng = np.random.default_rng(0)
    starts = STOP - pd.to_timedelta(np.cumsum(rng.exponential(8 * 3600.0, 400)), unit="s")
    return (
        pd.DatetimeIndex(
            [start + timedelta(seconds=second) for start in starts for second in range(20) if start < STOP]
        )
        .sort_values()
        .floor("s")
    )


def _business(start: str) -> pd.DatetimeIndex:
    hours = _dates(start, "h")
    return hours[(hours.day_of_week < 5) & (hours.hour >= 9) & (hours.hour < 17)]


NIGHTS = _dates("2025-12-01", "h")

#: Each feed, the longest age that is no news, and an age that is, both after its last row.
FEEDS = {
    "minutes": (_dates("2026-01-20", "min"), timedelta(days=1), timedelta(days=4)),
    "hourly": (_dates("2025-12-01", "h"), timedelta(days=1), timedelta(days=4)),
    "nights": (NIGHTS[NIGHTS.hour < 6], timedelta(hours=20), timedelta(days=5)),
    "business hours": (_business("2025-11-03"), timedelta(hours=88), timedelta(days=12)),
    "two weeks of business hours": (_business("2026-02-16"), timedelta(hours=88), timedelta(days=12)),
    "daily": (_dates("2025-06-01", "D"), timedelta(days=2), timedelta(days=6)),
    "working days": (_dates("2025-06-02", "B"), timedelta(days=5), timedelta(days=14)),
    "weekly": (_dates("2024-06-03", "W-MON"), timedelta(days=10), timedelta(days=40)),
    "monthly": (_dates("2019-01-01", "MS"), timedelta(days=45), timedelta(days=150)),
    "monthly since 1950": (_dates("1950-01-01", "MS"), timedelta(days=45), timedelta(days=150)),
    "quarterly since 1950": (_dates("1950-01-01", "QS"), timedelta(days=120), timedelta(days=500)),
    "yearly since 1900": (_dates("1900-01-01", "YS"), timedelta(days=400), timedelta(days=2000)),
    "bursts": (_bursts(), timedelta(days=2), timedelta(days=12)),
}

ODD = {
    "none": [],
    "1970": ["1970-01-01"],
    "1900": ["1900-01-01"],
    "1899 and 1970 twice": ["1899-12-30", "1970-01-01", "1970-01-01"],
    "9999": ["9999-12-31"],
    "both ends": ["1970-01-01", "9999-12-31"],
}
OLD = ("monthly since 1950", "quarterly since 1950", "yearly since 1900")  # where 1970 is a year like others


def tables_of(times: pd.DatetimeIndex, as_of: pd.Timestamp, window: timedelta = timedelta(days=3)) -> ModelTables:
    at = times[times < as_of].sort_values().to_series(name="at").reset_index(drop=True)
    table = pd.DataFrame({"at": at, "x": np.arange(float(len(at))), "y": 1.0})
    spec = spec_of(
        source={"kind": "csv", "path": "a.csv"}, timestamp="at", window=f"{window.days}d",
        reference={"end": "2026-01-31"},
    )  # fmt: skip
    return cut_tables(spec, table, as_of.to_pydatetime())


def signals_of(tables: ModelTables) -> dict[str, Signal]:
    found = DataQualityDetector().detect(compare(TABLE, TABLE, arrivals=tables.arrivals, odd_times=tables.odd_times))
    return {signal.statistic: signal for signal in found}


def with_odd(times: pd.DatetimeIndex, odd: list[str]) -> pd.DatetimeIndex:
    return times.as_unit("us").append(pd.DatetimeIndex([pd.Timestamp(date, tz="UTC") for date in odd], tz="UTC"))


def with_outages(times: pd.DatetimeIndex, outages: int) -> pd.DatetimeIndex:
    """The same without a tenth of the rows at one place, or at two."""
    kept = np.ones(len(times), dtype=bool)
    for place in range(outages):
        kept[len(times) * (3 + 3 * place) // 10 : len(times) * (4 + 3 * place) // 10] = False
    return times[kept]


KINDS = [(feed, odd) for feed in FEEDS for odd in ODD if feed not in OLD or odd in ("none", "9999")]
SHORT = "two weeks of business hours"  # in which an outage cannot be told from a habit


@pytest.mark.parametrize(
    ("outages", "feed", "odd"), each_nth([(outages, *kind) for outages in (0, 1, 2) for kind in KINDS], 4)
)
def test_feed_is_stale_by_its_habit_whatever_happened_once(feed: str, odd: str, outages: int) -> None:
    times, fresh, stale = FEEDS[feed]
    times = with_odd(with_outages(times, 0 if feed == SHORT else outages), ODD[odd])
    newest = times[times < STOP].max()
    for age, expected in ((fresh, False), (stale, True), (timedelta(days=9000), True)):
        found = signals_of(tables_of(times, newest + age))["staleness"]
        assert found.changed is expected, found.reason


@pytest.mark.parametrize(("feed", "odd"), KINDS)
def test_odd_times_change_nothing_but_that_they_are_told(feed: str, odd: str) -> None:
    times = FEEDS[feed][0]
    plain, found = tables_of(times, STOP), tables_of(with_odd(times, ODD[odd]), STOP)
    assert found.arrivals == plain.arrivals
    pd.testing.assert_series_equal(found.history["at"], plain.history["at"], check_dtype=False)
    past = [date for date in ODD[odd] if date < "2026"]
    signal = signals_of(found).get("odd_times")
    assert (signal is not None) == bool(past)
    if signal is not None:
        assert signal.reason.startswith(f"{len(past)} row")
        assert all(date in signal.reason for date in past)
        assert "mend the times" in signal.reason


@pytest.mark.parametrize("feed", FEEDS)
def test_no_row_of_a_sound_feed_is_odd(feed: str) -> None:
    times = FEEDS[feed][0]
    for outages in (0, 1, 2):
        assert odd_first(with_outages(times, outages).to_series()) == 0


def test_many_rows_of_the_date_that_stands_for_none_are_odd_and_many_of_another_date_are_not() -> None:
    rest = _dates("2025-12-01", "h")
    for date, odd in (("1970-01-01", 400), ("2000-01-01", 400), ("1980-01-06", 400), ("2003-05-07", 0)):
        times = pd.DatetimeIndex([pd.Timestamp(date, tz="UTC")] * 400).append(rest)
        assert odd_first(times.to_series()) == odd


def test_stopped_source_names_its_newest_row_and_how_old_it_is() -> None:
    tables = tables_of(_dates("2025-12-01", "h"), STOP + timedelta(days=14))
    assert tables.arrivals is not None
    assert tables.arrivals.newest == datetime(2026, 2, 28, 23, tzinfo=UTC)
    reason = signals_of(tables)["staleness"].reason
    assert reason.startswith("the source stopped: its newest row is of 2026-02-28 23:00 UTC, 14 days, 1:00:00 old")


def test_age_does_not_move_what_is_stale() -> None:
    times = _dates("2025-12-01", "h")
    limits = {signals_of(tables_of(times, STOP + timedelta(days=days)))["staleness"].threshold for days in (1, 9, 900)}
    assert limits == {timedelta(days=2).total_seconds()}
