"""Running errors of rows that share their time."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from include.detectors.page_hinkley import PageHinkleyDetector
from include.detectors.statistics import errors_by_moment
from include.detectors.statistics.running_errors import WARM_UP_TIMES, RunningErrors, update
from tests.series import Floats

DAYS = 180


def shops(seed: int, number: int = 50, shared: float = 0.5, days: int = DAYS) -> tuple[Floats, pd.DatetimeIndex]:
    """Absolute errors of shops that report once a day, and their times; `shared` of the variance is the day's."""
    rng = np.random.default_rng(seed)
    day = np.repeat(np.arange(days), number)
    errors = np.sqrt(shared) * rng.normal(size=days)[day] + np.sqrt(1.0 - shared) * rng.normal(size=len(day))
    return np.abs(errors), pd.date_range("2026-01-01", periods=days, tz="UTC")[day]


def counted(
    errors: Floats, times: pd.DatetimeIndex, every: int = 7, state: RunningErrors | None = None
) -> list[RunningErrors]:
    """The states after each so many days; each is written and read again in between."""
    found, days = [], times.normalize()
    for start in pd.date_range(days[0], days[-1], freq=f"{every}D"):
        inside = (days >= start) & (days < start + pd.Timedelta(days=every))
        state, _ = update(state, errors[inside], times[inside])
        assert state is not None
        state = RunningErrors.from_json(json.loads(json.dumps(state.to_json())))
        found.append(state)
    return found


def called(states: list[RunningErrors]) -> bool:
    return any(PageHinkleyDetector().judge(state).changed for state in states)


@pytest.mark.parametrize("shared", [0.05, 0.3, 0.9])
@pytest.mark.parametrize("every", [1, 7, 30])
def test_unchanged_errors_that_a_day_shares_are_rarely_called_risen(shared: float, every: int) -> None:
    false = sum(called(counted(*shops(seed, shared=shared), every)) for seed in range(12))
    assert false <= 3  # of 12 half years, 0.2 each are allowed; by rows it was 10 and more


@pytest.mark.parametrize("shared", [0.3, 0.9])
def test_a_rise_of_such_errors_is_found(shared: float) -> None:
    found = 0
    for seed in range(6):
        errors, times = shops(seed, shared=shared, days=360)
        found += called(counted(np.where(times >= times[len(times) // 2], 1.5, 1.0) * errors, times))
    assert found >= 5


def test_rows_of_one_time_that_share_nothing_count_as_rows() -> None:
    errors, times = shops(1, shared=0.0)
    state = counted(errors, times)[-1]
    assert (state.by_time, state.rows) == (False, len(errors))


def test_times_count_where_rows_of_one_are_alike() -> None:
    errors, times = shops(1, shared=0.9)
    states = counted(errors, times, every=1)
    assert (states[-1].by_time, states[-1].rows) == (True, DAYS)
    assert [state.yardstick is not None for state in states].index(True) == WARM_UP_TIMES - 1
    reason = PageHinkleyDetector().judge(states[30]).reason
    assert reason == f"31 times of labelled rows, {WARM_UP_TIMES} needed"


def test_what_is_kept_meanwhile_does_not_grow_with_the_rows_of_a_time() -> None:
    errors, times = shops(1, number=20_000, days=4)
    state = counted(errors, times)[-1]
    assert state.by_time is None
    assert len(state.sample) == sum(state.sizes) == 4 * errors_by_moment.MOST
    assert state.rows == len(errors)


def test_errors_counted_by_rows_before_times_were_asked_for_go_on_so() -> None:
    errors, times = shops(1, shared=0.9, days=4)
    before = RunningErrors(since=times[0], until=times[-1], rows=200, sample=tuple(errors))
    stored = before.to_json()
    del stored["sizes"], stored["by_time"]
    later, moments = shops(2, shared=0.9)
    state, _ = update(RunningErrors.from_json(stored), later, moments + pd.Timedelta(days=10))
    assert state is not None
    assert (state.by_time, state.rows) == (False, 200 + len(later))
    assert state.yardstick is not None


def test_wrong_classes_of_a_day_count_as_its_share() -> None:
    rng = np.random.default_rng(0)
    share = np.repeat(rng.choice([0.02, 0.2], DAYS), 50)
    wrong = (rng.uniform(size=len(share)) < share).astype(float)
    state = counted(wrong, shops(0)[1])[-1]
    assert (state.by_time, state.rows) == (True, DAYS)
    assert not PageHinkleyDetector().judge(state).changed


def test_a_time_keeps_an_even_part_of_its_errors() -> None:
    errors, few = errors_by_moment.thinned(np.arange(303.0), np.array([3, 300]))
    assert few.tolist() == [3, 100]
    assert errors[:5].tolist() == [0.0, 1.0, 2.0, 3.0, 6.0]
    assert errors_by_moment.means(errors, few).tolist() == [1.0, pytest.approx(151.5)]
