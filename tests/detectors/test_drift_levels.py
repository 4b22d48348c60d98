"""How often drift of any input is reported although nothing changed: at most as often as the level says."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.data.reference.profiles import make_reference
from include.detectors import Comparison, DataDriftDetector, JointDriftDetector
from tests.detectors.comparisons import compare
from tests.series import Floats, autoregression, most
from tests.sweeps import first_of

Maker = Callable[[np.random.Generator, int], Floats]
FEATURES, REFERENCE, RECENT = 10, 500, 250
CHECKS, LEVEL = 40, 0.05
NAMES = [f"x{number}" for number in range(FEATURES)]


def independent(rng: np.random.Generator, rows: int) -> Floats:
    return rng.normal(size=(rows, FEATURES))


def correlated(rng: np.random.Generator, rows: int) -> Floats:
    return np.sqrt(0.5) * (rng.normal(size=(rows, FEATURES)) + rng.normal(size=(rows, 1)))


def heavy(rng: np.random.Generator, rows: int) -> Floats:
    return rng.standard_t(3, size=(rows, FEATURES))


def lognormal(rng: np.random.Generator, rows: int) -> Floats:
    return np.exp(1.5 * correlated(rng, rows))


def steady(rng: np.random.Generator, rows: int) -> Floats:
    return autoregression(rng, rows=rows, coefficient=0.9, columns=FEATURES)


def counts(rng: np.random.Generator, rows: int) -> Floats:
    return rng.poisson(1.0, size=(rows, FEATURES)).astype(float)


def table(values: Floats) -> pd.DataFrame:
    return pd.DataFrame(values, columns=NAMES)


def alarms(given: Comparison) -> tuple[bool, bool]:
    """Whether any column, and whether all of them together, are called changed."""
    column, joint = DataDriftDetector(threshold=LEVEL), JointDriftDetector(level=LEVEL)
    return any(s.changed for s in column.detect(given)), any(s.changed for s in joint.detect(given))


def measured(make: Maker, *, references: int, checks: int, reference_rows: int, recent_rows: int) -> Floats:
    """Share of checks with an alarm, with a calibration measured on each of several references."""
    rng, found = np.random.default_rng(2), []
    for _ in range(references):
        rows = table(make(rng, reference_rows))
        reference = make_reference(rows, NAMES, window=timedelta(hours=6), window_rows=recent_rows)
        assert reference.calibration is not None
        for _ in range(checks):
            recent = profile_table(table(make(rng, recent_rows)), NAMES, against=reference.profile)
            found.append(
                alarms(Comparison(reference=reference.profile, recent=recent, calibration=reference.calibration))
            )
    return np.mean(found, axis=0)


@pytest.mark.parametrize("make", first_of([correlated, heavy, steady, independent, lognormal, counts], 3))
def test_unchanged_rows_alarm_on_at_most_the_level(make: Maker) -> None:
    rng = np.random.default_rng(1)
    found = [alarms(compare(table(make(rng, REFERENCE)), table(make(rng, RECENT)))) for _ in range(CHECKS)]
    assert max(np.mean(found, axis=0)) <= most(LEVEL, CHECKS)


@pytest.mark.parametrize("make", [independent, correlated])
def test_unchanged_rows_alarm_on_at_most_the_level_with_a_calibration(make: Maker) -> None:
    found = measured(make, references=4, checks=10, reference_rows=3000, recent_rows=RECENT)
    assert max(found) <= most(LEVEL, CHECKS)


def test_unchanged_autocorrelated_rows_alarm_on_at_most_twice_the_level_with_a_calibration() -> None:
    """Checks against one reference share its chance, and inflation is measured on few blocks: a looser bound."""
    found = measured(steady, references=4, checks=10, reference_rows=5000, recent_rows=1000)
    assert max(found) <= most(2 * LEVEL, CHECKS)


def test_unchanged_categories_alarm_on_at_most_the_level() -> None:
    rng, found = np.random.default_rng(1), 0
    for _ in range(CHECKS):
        before, after = (
            pd.DataFrame(rng.choice(list("abcdef"), size=(rows, FEATURES), p=[0.5, 0.3, 0.1, 0.05, 0.03, 0.02]))
            for rows in (REFERENCE, RECENT)
        )
        found += DataDriftDetector(threshold=LEVEL).detect_distribution_shift(
            before.set_axis(NAMES, axis=1), after.set_axis(NAMES, axis=1)
        )[0]
    assert found / CHECKS <= most(LEVEL, CHECKS)
