from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.profile import NumericColumn, profile_table
from include.data.reference.profiles import ReferenceProfiles, make_reference
from include.data.reference.seasons import DAY, WEEK, Seasons, find_seasons, phases_of
from include.detectors import Comparison, DataDriftDetector
from tests.series import Floats, autoregression

SIX_HOURS, ROWS = timedelta(hours=6), 60  # a window, and its rows: one every six minutes
START = datetime(2026, 1, 5, tzinfo=UTC)  # a Monday
DAYS = 28


def times(days: float, start: datetime = START) -> pd.Series:
    return pd.Series(pd.date_range(start, periods=round(days * 240), freq="6min"))


def hours_of(at: pd.Series) -> Floats:
    return ((at - pd.Timestamp(0, tz="UTC")).dt.total_seconds() / 3600.0).to_numpy()


def daily(at: pd.Series, rng: np.random.Generator, *, size: float = 3.0) -> Floats:
    return size * np.sin(2 * np.pi * hours_of(at) / 24) + rng.normal(size=len(at))


def weekly(at: pd.Series, rng: np.random.Generator) -> Floats:
    return np.where(at.dt.day_of_week >= 5, 2.0, 0.0) + rng.normal(size=len(at))


def seasons_of(values: Floats, at: pd.Series, window: timedelta = SIX_HOURS) -> Seasons | None:
    table = pd.DataFrame({"x": values})
    found = find_seasons(table, at, profile_table(table, ["x"]), window)
    return None if found is None else found[0]


def period_of(values: Floats, at: pd.Series, window: timedelta = SIX_HOURS) -> timedelta | None:
    found = seasons_of(values, at, window)
    return None if found is None else found.period


def found_by_rows(days: float) -> Seasons:
    found = seasons_of(daily(times(days), np.random.default_rng(0)), times(days))
    assert found is not None
    return found


def reference_of(values: Floats, at: pd.Series, *, timestamp: str | None = "at") -> ReferenceProfiles:
    table = pd.DataFrame({"x": values, "at": at})
    return make_reference(table, ["x"], window=SIX_HOURS, window_rows=ROWS, timestamp=timestamp)


def drifted(reference: ReferenceProfiles, values: Floats, start: datetime) -> bool:
    recent = profile_table(pd.DataFrame({"x": values}), ["x"], against=reference.profile)
    known = reference.matching(start, start + SIX_HOURS)
    given = Comparison(reference=known, recent=recent, calibration=reference.calibration, minimum_rows=20)
    return any(signal.changed for signal in DataDriftDetector(threshold=0.003).detect(given))


def test_a_day_is_found_where_there_is_one() -> None:
    at = times(DAYS)
    assert period_of(daily(at, np.random.default_rng(0)), at) == DAY
    assert len(found_by_rows(DAYS).phases) == 4
    assert found_by_rows(DAYS).phase == SIX_HOURS


def test_a_week_is_found_where_the_day_does_not_explain_all() -> None:
    at, rng = times(DAYS), np.random.default_rng(1)
    assert period_of(weekly(at, rng), at) == WEEK
    assert period_of(weekly(at, rng) + daily(at, rng), at) == WEEK


def test_a_season_of_one_column_among_many_is_found() -> None:
    at, rng = times(DAYS), np.random.default_rng(2)
    table = pd.DataFrame({f"x{number}": rng.normal(size=len(at)) for number in range(20)}).assign(y=daily(at, rng))
    assert find_seasons(table, at, profile_table(table, list(table.columns)), SIX_HOURS) is not None


@pytest.mark.parametrize("coefficient", [0.0, 0.9, 0.99])
def test_no_season_is_seen_where_there_is_none(coefficient: float) -> None:
    rng, at = np.random.default_rng(3), times(DAYS)
    found = [period_of(autoregression(rng, rows=len(at), coefficient=coefficient), at) for _ in range(60)]
    assert sum(period is not None for period in found) <= 2


@pytest.mark.parametrize("window", [timedelta(hours=5), timedelta(days=2), timedelta(days=7)])
def test_window_that_is_no_part_of_a_day_is_compared_with_everything(window: timedelta) -> None:
    at = times(DAYS)
    assert period_of(daily(at, np.random.default_rng(0)), at, window) is None


def test_a_season_has_to_be_seen_twice() -> None:
    rng = np.random.default_rng(0)
    assert period_of(daily(times(1.5), rng), times(1.5)) is None
    assert period_of(weekly(times(13), rng), times(13)) is None


def test_phase_that_was_never_seen_leaves_no_season_to_compare_with() -> None:
    at = times(DAYS)
    day = (hours_of(at) % 24) < 18
    assert period_of(daily(at, np.random.default_rng(0))[day], at[day].reset_index(drop=True)) is None


def test_a_windows_whole_day_has_a_week_and_no_day() -> None:
    at, rng = times(56), np.random.default_rng(4)
    assert period_of(daily(at, rng), at, DAY) is None
    assert period_of(weekly(at, rng), at, DAY) == WEEK


def test_phases_are_counted_from_the_epoch() -> None:
    at = pd.Series(pd.to_datetime(["1970-01-01T00:00Z", "1970-01-01T06:00Z", "1970-01-01T23:59Z", "1970-01-02T00:00Z"]))
    assert phases_of(at, DAY, SIX_HOURS).tolist() == [0, 1, 3, 0]
    assert phases_of(at, WEEK, DAY).tolist() == [0, 0, 0, 1]


@pytest.mark.parametrize(
    ("first", "hours", "phases"),
    [(0, 6, [0]), (6, 6, [1]), (18, 6, [3]), (18, 12, [3, 0]), (3, 6, [0, 1]), (21, 6, [3, 0]), (7, 1, [1]),
     (0, 18, [0, 1, 2])],
)  # fmt: skip
def test_matching_merges_the_phases_that_a_window_touches(first: int, hours: int, phases: list[int]) -> None:
    seasons, start = found_by_rows(DAYS), START + timedelta(days=300, hours=first)
    found = seasons.matching(start, start + timedelta(hours=hours))
    assert found is not None
    assert found.rows == sum(seasons.phases[number].rows for number in phases)
    counts = [np.array(seasons.phases[number].columns["x"].counts) for number in phases]  # type: ignore[union-attr]  # a number
    assert list(found.columns["x"].counts) == np.sum(counts, axis=0).tolist()


@pytest.mark.parametrize(("first", "hours"), [(0, 24), (3, 21), (0, 48)])
def test_window_that_touches_all_phases_is_compared_with_the_whole(first: int, hours: int) -> None:
    start = START + timedelta(hours=first)
    assert found_by_rows(DAYS).matching(start, start + timedelta(hours=hours)) is None


@pytest.mark.parametrize("hours", [0, -6, -30])
def test_window_without_any_time_is_compared_with_the_whole(hours: int) -> None:
    """As a run for a past date sees it, when the champion is younger."""
    reference = reference_of(daily(times(DAYS), np.random.default_rng(0)), times(DAYS))
    assert reference.matching(START, START + timedelta(hours=hours)) == reference.profile


def test_without_timestamps_or_seasons_everything_is_compared() -> None:
    at, rng = times(DAYS), np.random.default_rng(0)
    assert reference_of(rng.normal(size=len(at)), at).seasons is None
    seasonal = reference_of(daily(at, rng), at)
    assert seasonal.matching(None, START) == seasonal.profile


def test_a_night_as_warm_as_a_day_is_seen_and_the_usual_night_is_no_alarm() -> None:
    rng, at = np.random.default_rng(5), times(DAYS)
    values = daily(at, rng)
    reference, whole = reference_of(values, at), reference_of(values, at, timestamp=None)
    alarms, seen, blind = 0, 0, 0
    for number in range(40):
        start = START + timedelta(days=DAYS) + number * SIX_HOURS
        window = times(0.25, start)
        usual = daily(window, rng)
        alarms += drifted(reference, usual, start)
        seen += drifted(reference, usual + 1.0, start)
        blind += drifted(whole, usual + 1.0, start)
    assert alarms <= 1
    assert seen >= 38
    assert blind <= 4


def test_trend_beside_a_season_leaves_both() -> None:
    rng, at = np.random.default_rng(6), times(2 * DAYS)
    reference = reference_of(0.02 * hours_of(at - (START - datetime(1970, 1, 1, tzinfo=UTC))) / 24 + daily(at, rng), at)
    assert reference.seasons is not None
    assert "x" in reference.trends
    start = START + timedelta(days=60)
    before, by_now = (each.matching(start, start + SIX_HOURS).columns["x"] for each in (reference, reference.by(start)))
    assert isinstance(before, NumericColumn)
    assert isinstance(by_now, NumericColumn)
    assert by_now.mean - before.mean == pytest.approx(reference.trends["x"].rise(start))
    assert by_now.counts == before.counts


def test_night_that_was_always_zero_is_seen_when_it_is_no_more() -> None:
    rng, at = np.random.default_rng(7), times(DAYS)
    reference = reference_of(np.where(hours_of(at) % 24 < 6, 0.0, 1.0 + rng.random(len(at))), at)
    start = START + timedelta(days=DAYS)
    assert drifted(reference, np.full(ROWS, 0.5) + 0.1 * rng.random(ROWS), start)
    assert not drifted(reference, np.zeros(ROWS), start)


def test_survives_storage() -> None:
    reference = reference_of(daily(times(DAYS), np.random.default_rng(0)), times(DAYS))
    assert reference.seasons is not None
    stored = json.loads(json.dumps(reference.seasons.to_json(), allow_nan=False))
    assert Seasons.from_json(stored, reference.profile.to_json()) == reference.seasons
