from __future__ import annotations

import json
import math
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from include.detectors.statistics.error_score import ErrorScore
from include.detectors.statistics.running_errors import WARM_UP, RunningErrors, update
from include.detectors.statistics.yardstick import Yardstick, limit
from tests.series import Floats, autoregression

START = datetime(2026, 1, 1, tzinfo=UTC)


def hours(rows: int, first: int = 0) -> list[datetime]:
    return [START + timedelta(hours=first + row) for row in range(rows)]


def after(errors: Floats, state: RunningErrors | None = None, first: int = 0) -> RunningErrors:
    found, score = update(state, errors, hours(len(errors), first))
    assert found is not None
    assert score == found.score
    return found


def normal(rows: int, seed: int = 0) -> Floats:
    return np.abs(np.random.default_rng(seed).normal(size=rows))


def test_hand_computed_steps() -> None:
    yardstick = Yardstick(scale=1.0, freedom=1.0, spread=0.5, allowance=0.1, ceiling=4.0)
    state = RunningErrors(since=START, until=START, rows=900, yardstick=yardstick, settled=900)
    # an error of infinity scores 1, that is 2 spreads; of 1: 0; each less 0.1 and less 1.5 / 30 for doubt
    up = after(np.array([1e300, 1.0]), state, first=1)
    assert up.score == pytest.approx(2.0 - 0.15 - 0.15)
    assert (up.above, up.above_mean, up.above_since) == (2, pytest.approx(1.0), START + timedelta(hours=1))
    assert (up.mean, up.settled, up.rows) == (0.0, 900, 902)
    down = after(np.array([0.0]), up, first=3)  # -2 spreads: back at 0, and the three rows are settled
    assert (down.score, down.above, down.above_since, down.settled) == (0.0, 0, None, 903)
    assert down.mean == pytest.approx(0.0, abs=1e-12)
    assert after(np.full(50, 1e300), up, first=3).score == 4.0


@pytest.mark.parametrize("size", [1, 7, 499, 500, 501])
def test_rows_counted_in_parts_come_to_the_same_as_at_once(size: int) -> None:
    errors = normal(1200)
    state = None
    for first in range(0, len(errors), size):
        state = after(errors[first : first + size], state, first)
    assert state == after(errors)


def test_rows_of_overlapping_windows_count_once() -> None:
    errors = normal(1200)
    state = after(errors[:800])
    assert after(errors[300:], state, first=300) == after(errors)
    assert update(state, errors[:800], hours(800)) == (state, state.score)


def test_late_label_of_a_row_before_the_last_counted_is_left_out() -> None:
    errors = normal(600)
    gappy = errors.copy()
    gappy[590] = np.nan
    state = after(gappy)
    assert state.rows == 599
    assert after(errors, state) == state


def test_nothing_to_count_changes_nothing() -> None:
    assert update(None, np.array([np.nan]), hours(1)) == (None, 0.0)


@pytest.mark.parametrize("rows", [10, 700])
def test_state_survives_json(rows: int) -> None:
    state = after(normal(rows))
    assert RunningErrors.from_json(json.loads(json.dumps(state.to_json()))) == state


def test_unit_of_the_errors_does_not_matter() -> None:
    errors = normal(1500) * np.repeat([1.0, 1.2], 750)
    assert after(errors * 1e6).score == pytest.approx(after(errors).score, rel=1e-6)


def test_a_single_enormous_error_moves_the_score_by_a_bounded_amount() -> None:
    state = after(np.abs(np.random.default_rng(0).standard_t(3, size=1000)))
    assert state.yardstick is not None
    struck = after(np.array([1e300]), state, first=1000)
    assert struck.score - state.score <= state.yardstick.freedom / state.yardstick.spread + 1e-9


def test_yardstick_of_normal_errors_is_that_of_theory() -> None:
    found = Yardstick.cut(normal(50_000))
    assert found is not None
    score = ErrorScore(scale=found.scale, freedom=found.freedom)
    assert found.spread == pytest.approx(math.sqrt(2.0), rel=0.05)  # of a squared normal
    assert score(np.array([1.0]))[0] == pytest.approx(0.0, abs=0.05)
    assert 2.0 * found.allowance * found.spread == pytest.approx(1.1**2 - 1.0, rel=0.1)


def test_errors_of_neighbours_that_are_alike_have_a_wider_spread() -> None:
    errors = np.abs(autoregression(np.random.default_rng(0), rows=5000, coefficient=0.9))
    dependent, shuffled = Yardstick.cut(errors), Yardstick.cut(np.random.default_rng(1).permutation(errors))
    assert dependent is not None
    assert shuffled is not None
    assert dependent.spread > 2.0 * shuffled.spread


@pytest.mark.parametrize("wrong", [0, 9])
def test_no_yardstick_is_cut_while_hardly_any_row_is_wrong(wrong: int) -> None:
    errors = np.zeros(WARM_UP)
    errors[:wrong] = 1.0
    state = after(errors)
    assert (state.yardstick, len(state.sample), state.rows) == (None, WARM_UP, WARM_UP)


def test_sample_is_forgotten_once_the_yardstick_is_cut() -> None:
    assert after(normal(WARM_UP - 1)).yardstick is None
    state = after(normal(WARM_UP))
    assert state.yardstick is not None
    assert state.sample == ()
    assert state.settled == WARM_UP


def run_length(allowance: float, threshold: float, rng: np.random.Generator) -> int:
    score, rows = 0.0, 0
    while score < threshold:
        rows += 1
        score = max(score + rng.normal() - allowance, 0.0)
    return rows


@pytest.mark.parametrize(("rows", "allowance"), [(200.0, 0.1), (200.0, 0.5), (500.0, 0.05)])
def test_limit_is_reached_once_in_so_many_rows(rows: float, allowance: float) -> None:
    rng = np.random.default_rng(0)
    found = [run_length(allowance, limit(rows, allowance), rng) for _ in range(400)]
    assert np.mean(found) == pytest.approx(rows, rel=0.15)


def test_increase_is_about_the_rise_of_the_errors() -> None:
    state = after(normal(6000) * np.repeat([1.0, 1.1], 3000))
    assert state.increase == pytest.approx(0.1, abs=0.04)
    assert state.above_since is not None
    assert abs(state.above_since - hours(1, 3000)[0]) < timedelta(hours=400)


def test_rows_per_quarter_follow_from_the_time_they_took() -> None:
    assert after(normal(601)).rows_per_quarter == pytest.approx(601 / 600 * 24 * 90)
    assert replace(after(normal(1)), rows=2).rows_per_quarter > 0.0


MAKERS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "right and wrong": lambda rng: (rng.random(2000) < 0.1).astype(float),
    "heavy": lambda rng: np.abs(rng.standard_cauchy(size=2000)),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_score_of_any_errors_is_finite_and_never_negative(make: Callable[[np.random.Generator], Floats]) -> None:
    state = after(make(np.random.default_rng(0)))
    assert state.yardstick is not None
    assert 0.0 <= state.score <= state.yardstick.ceiling < math.inf
