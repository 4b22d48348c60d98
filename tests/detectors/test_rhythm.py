"""Errors with a rhythm of the week of their own: unchanged they are quiet, and larger ones are found."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pytest

from include.detectors import Comparison, ConceptDriftDetector, ModelPerformanceMonitor
from include.scoring import METRICS, Baseline, LabelledRows
from tests.detectors.comparisons import judged
from tests.series import most
from tests.sweeps import each_nth, first_of

Floats = npt.NDArray[np.float64]
LEVEL, PER_DAY, STREAMS = 0.01, 48, 50
WORLDS: dict[str, Callable[[Floats], Floats]] = {
    "none": np.ones_like,
    "weekend": lambda hour: np.where(hour // 24 % 7 >= 5, 2.0, 1.0),
    "much": lambda hour: np.where(hour // 24 % 7 >= 5, 4.0, 1.0),
    "sunday": lambda hour: np.where(hour // 24 % 7 == 6, 3.0, 1.0),
    "night": lambda hour: np.where(hour % 24 < 8, 3.0, 1.0),
}
EMPTY = judged(np.zeros(20), np.zeros(20))


def rows(rng: np.random.Generator, world: str, days: float) -> LabelledRows:
    """Errors of so many days from any hour of the week on."""
    hour = float(rng.integers(168)) + np.arange(round(days * PER_DAY)) * 24.0 / PER_DAY
    errors = rng.normal(size=len(hour)) * WORLDS[world](hour)
    return LabelledRows(actual=np.zeros(len(hour)), predicted=errors, stretch=(hour // 6).astype(np.intp))


def larger(labelled: LabelledRows, rise: float, share: float) -> LabelledRows:
    later = np.arange(len(labelled)) >= len(labelled) * (1.0 - share)
    return replace(labelled, predicted=np.asarray(labelled.predicted) * np.where(later, rise, 1.0))


def given(accepted: LabelledRows, recent: LabelledRows) -> Comparison:
    metric = METRICS["rmse"]
    return replace(EMPTY, labelled=recent, metric=metric, baseline=Baseline.of_version(metric, accepted))


def drifted(comparison: Comparison) -> bool:
    return any(signal.changed for signal in ConceptDriftDetector(level=LEVEL).detect(comparison))


def worse(comparison: Comparison) -> bool:
    return any(signal.changed for signal in ModelPerformanceMonitor(level=LEVEL).detect(comparison))


def share(world: str, days: float, seed: int, *, rise: float = 1.0, part: float = 0.5, told: bool = True) -> Floats:
    """How often concept drift, and performance, call such a window changed."""
    found, rng = [], np.random.default_rng(seed)
    for _ in range(STREAMS):
        both = rows(rng, world, 15), larger(rows(rng, world, days), rise, part)
        accepted, recent = both if told else (replace(each, stretch=None) for each in both)
        found.append((drifted(given(accepted, recent)), worse(given(accepted, recent))))
    return np.asarray(np.mean(found, axis=0))


@pytest.mark.parametrize(("world", "days"), each_nth(itertools.product(WORLDS, [5, 10, 12]), 2))
def test_unchanged_errors_with_a_rhythm_alarm_on_at_most_the_level(world: str, days: float) -> None:
    drift, performance = share(world, days, 1)
    assert drift <= most(LEVEL, STREAMS)
    assert performance <= most(LEVEL, STREAMS)


@pytest.mark.parametrize("seed", [2, 3])
def test_without_times_the_same_errors_alarm(seed: int) -> None:
    assert share("much", 10, seed, told=False)[0] > most(LEVEL, STREAMS)


@pytest.mark.parametrize(("seed", "world"), first_of(itertools.product([4, 5], ["much", "night", "weekend"]), 2))
def test_errors_half_as_large_again_are_found_as_without_a_rhythm(seed: int, world: str) -> None:
    assert share(world, 10, seed, rise=1.5)[0] >= 0.95
    assert share(world, 10, seed, rise=1.5, part=1.0)[1] >= 0.95


def test_a_jump_is_no_rhythm_however_large() -> None:
    for rise in (2.0, 10.0):
        for part in (0.2, 0.4, 0.6):
            rng, told, plain = np.random.default_rng(6), [], []
            for _ in range(30):
                accepted, recent = rows(rng, "none", 15), larger(rows(rng, "none", 10), rise, part)
                told.append(drifted(given(accepted, recent)))
                plain.append(drifted(given(replace(accepted, stretch=None), replace(recent, stretch=None))))
            assert np.mean(told) >= np.mean(plain) - 0.05


def test_errors_without_a_rhythm_are_judged_as_without_times() -> None:
    rng, same = np.random.default_rng(7), 0
    for _ in range(40):
        accepted, recent = rows(rng, "none", 15), rows(rng, "none", 10)
        plain = given(replace(accepted, stretch=None), replace(recent, stretch=None))
        told = given(accepted, recent)
        same += ConceptDriftDetector().detect(told) == ConceptDriftDetector().detect(plain)
        assert ModelPerformanceMonitor().detect(told)[0].value == ModelPerformanceMonitor().detect(plain)[0].value
    assert same >= 37


def test_the_reason_says_that_the_rhythm_is_taken_out() -> None:
    rng = np.random.default_rng(8)
    told = given(rows(rng, "much", 15), rows(rng, "much", 10))
    assert all("time of the week" in signal.reason for signal in ConceptDriftDetector().detect(told))
    assert told.labelled is not None
    first, second = (float(np.abs(half).mean()) for half in np.array_split(told.labelled.predicted, 2))
    detail = ConceptDriftDetector().detect(told)[0].detail
    assert (detail["first_mae"], detail["second_mae"]) == pytest.approx((first, second))


def test_a_window_of_weeks_shows_its_rhythm_also_beside_a_version_accepted_before_it_was_kept() -> None:
    rng = np.random.default_rng(9)
    accepted, recent = replace(rows(rng, "much", 15), stretch=None), rows(rng, "much", 30)
    comparison = given(accepted, recent)
    assert comparison.baseline is not None
    assert comparison.baseline.errors is None
    assert "time of the week" in ConceptDriftDetector().detect(comparison)[0].reason
    worsened = ModelPerformanceMonitor().detect(comparison)[0]
    assert worsened.p_value is not None


def test_wrong_classes_with_a_rhythm_are_quiet_and_more_of_them_are_found() -> None:
    rng, quiet, found = np.random.default_rng(10), [], []
    metric = METRICS["accuracy"]
    for _ in range(60):
        sides = []
        for days, rise in ((15, 1.0), (10, 1.0), (10, 2.5)):
            base = rows(rng, "weekend", days)
            later = np.arange(len(base)) >= (len(base) // 2 if days == 10 else 0)
            assert base.stretch is not None
            chance = 0.1 * np.where(base.stretch // 4 % 7 >= 5, 3.0, 1.0) * np.where(later, rise, 1.0)
            sides.append(replace(base, actual=np.zeros(len(base), dtype=int),
                                 predicted=(rng.random(len(base)) < np.minimum(chance, 0.9)).astype(int)))  # fmt: skip
        known = Baseline.of_version(metric, sides[0])
        for recent, answers in ((sides[1], quiet), (sides[2], found)):
            answers.append(drifted(replace(EMPTY, labelled=recent, metric=metric, baseline=known)))
    assert np.mean(quiet) <= most(LEVEL, 60)
    assert np.mean(found) >= 0.9
