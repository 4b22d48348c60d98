from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import pandas as pd
import pytest

from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import SignalKind, Verdict
from include.detectors import ConceptDriftDetector
from include.detectors.page_hinkley import PageHinkleyDetector
from include.detectors.statistics.running_errors import RunningErrors, update
from tests.detectors.comparisons import compare
from tests.series import Floats, autoregression, most
from tests.sweeps import first_of

START = datetime(2026, 1, 1, tzinfo=UTC)
WEEK = 7 * 48  # half-hours
HALF_HOURS = [START + timedelta(minutes=30 * row) for row in range(26 * WEEK)]
JUDGE = PageHinkleyDetector()


def state_after(errors: Floats) -> RunningErrors:
    state, _ = update(None, np.abs(errors), HALF_HOURS[: len(errors)])
    assert state is not None
    return state


def called(errors: Floats) -> bool:
    """Whether a look at the end of any week found a change."""
    state: RunningErrors | None = None
    for end in range(WEEK, len(errors) + 1, WEEK):
        state, _ = update(state, np.abs(errors[end - WEEK : end]), HALF_HOURS[end - WEEK : end])
        if JUDGE.judge(state).changed:
            return True
    return False


MAKERS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "normal": lambda rng: rng.normal(size=13 * WEEK),
    "t3": lambda rng: rng.standard_t(3, size=13 * WEEK),
    "alike": lambda rng: autoregression(rng, rows=13 * WEEK, coefficient=0.5),
    "wrong": lambda rng: (rng.random(13 * WEEK) < 0.1).astype(float),
}


@pytest.mark.parametrize("make", MAKERS.values(), ids=MAKERS.keys())
def test_unchanged_champions_are_called_changed_in_a_tenth_of_the_quarters_at_most(
    make: Callable[[np.random.Generator], Floats],
) -> None:
    streams = 100
    false = [called(make(np.random.default_rng([1, number]))) for number in range(streams)]
    assert np.mean(false) <= most(0.1, streams)


@pytest.mark.parametrize(("maker", "least"), first_of([("t3", 0.3), ("normal", 0.6)], 1))
def test_small_lasting_rise_is_found_more_often_than_by_single_windows(maker: str, least: float) -> None:
    streams, running, windows = 50, 0, 0
    window = ConceptDriftDetector(level=PRESETS["balanced"].performance_level)
    for number in range(streams):
        errors = MAKERS[maker](np.random.default_rng([2, number]))
        errors[4 * WEEK :] *= 1.1
        running += called(errors)
        windows += any(
            window.detect_prediction_error_drift(errors[end - 4 * WEEK : end], np.zeros(4 * WEEK))[0]
            for end in range(5 * WEEK, 13 * WEEK + 1, WEEK)
        )
    assert running / streams >= least
    assert running > windows


def test_reason_says_since_when_and_by_how_much() -> None:
    errors = np.random.default_rng(0).normal(size=10 * WEEK) * np.repeat([1.0, 1.3], 5 * WEEK)
    signal = JUDGE.judge(state_after(errors))
    assert signal.verdict is Verdict.CHANGED
    assert "errors +" in signal.reason
    assert "since 2026-02-" in signal.reason
    assert signal.detail["rows"] == 10 * WEEK
    assert signal.detail["increase"] == pytest.approx(0.3, abs=0.15)


def test_alarm_ends_when_the_errors_are_as_before() -> None:
    errors = np.random.default_rng(0).normal(size=26 * WEEK)
    errors[5 * WEEK : 10 * WEEK] *= 1.5
    assert JUDGE.judge(state_after(errors[: 10 * WEEK])).changed
    assert not JUDGE.judge(state_after(errors)).changed


def test_fewer_false_calls_are_a_higher_threshold() -> None:
    state = state_after(np.random.default_rng(0).normal(size=4 * WEEK))
    often, seldom = (PageHinkleyDetector(false_calls_per_quarter=calls).judge(state).threshold for calls in (1.0, 0.01))
    assert often is not None
    assert seldom is not None
    assert 0.0 < often < seldom


def test_verdicts_before_there_is_enough_to_judge() -> None:
    table = pd.DataFrame({"x": np.arange(20.0)})
    (nothing,) = JUDGE.detect(compare(table, table))
    assert nothing.verdict is Verdict.NO_DATA
    few = JUDGE.detect(compare(table, table, running=state_after(np.ones(499))))[0]
    assert (few.verdict, few.reason) == (Verdict.INCONCLUSIVE, "499 labelled rows, 500 needed")
    alike = JUDGE.judge(state_after(np.zeros(600)))
    assert (alike.verdict, alike.reason) == (Verdict.INCONCLUSIVE, "too few errors differ from the others")


def test_slow_drift_asks_for_no_retrain() -> None:
    errors = np.random.default_rng(0).normal(size=10 * WEEK) * np.repeat([1.0, 2.0], 5 * WEEK)
    signal = JUDGE.judge(state_after(errors))
    assert (signal.kind, signal.verdict) == (SignalKind.SLOW_DRIFT, Verdict.CHANGED)
    evidence = Evidence(now=START, signals=[signal], last_retrained_at=None)
    assert not standard_policy(PRESETS["aggressive"]).decide(evidence).fired
