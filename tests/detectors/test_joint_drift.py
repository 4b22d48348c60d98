from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.reference.calibration import Calibration
from include.decision.signals import Signal, Verdict
from include.detectors import DataDriftDetector, JointDriftDetector
from include.detectors.joint_drift import CORRELATION, PAIR, SHIFT, SMALLEST_EFFECTS
from tests.detectors.comparisons import compare
from tests.series import Floats, autoregression

COLUMNS = 20
NAMES = [f"x{number}" for number in range(COLUMNS)]


def table(values: Floats) -> pd.DataFrame:
    return pd.DataFrame(values, columns=[f"x{number}" for number in range(values.shape[1])])


def signals_of(reference: Floats, recent: Floats, *, level: float = 0.001, **others: object) -> dict[str, Signal]:
    given = compare(table(reference), table(recent), **others)
    return {signal.statistic: signal for signal in JointDriftDetector(level=level).detect(given)}


def columns_changed(reference: Floats, recent: Floats) -> bool:
    return DataDriftDetector(threshold=0.001).detect_distribution_shift(table(reference), table(recent))[0]


def tied(rng: np.random.Generator, rows: int, correlation: float, *, columns: int = COLUMNS) -> Floats:
    """Normal columns, the first two of which are correlated."""
    values = rng.normal(size=(rows, columns))
    values[:, 1] = correlation * values[:, 0] + np.sqrt(1.0 - correlation**2) * values[:, 1]
    return values


def test_a_tenth_of_a_standard_deviation_in_all_columns_is_changed() -> None:
    rng, joint, alone = np.random.default_rng(0), 0, 0
    for _ in range(10):
        reference, recent = rng.normal(size=(5000, COLUMNS)), rng.normal(0.1, 1.0, (1000, COLUMNS))
        joint += signals_of(reference, recent)[SHIFT].changed
        alone += columns_changed(reference, recent)
    assert joint == 10
    assert alone < 10


def test_effect_of_the_shift_is_the_mahalanobis_distance_of_the_means() -> None:
    rng = np.random.default_rng(1)
    found = signals_of(rng.normal(size=(20_000, 4)), rng.normal(0.3, 1.0, (20_000, 4)))[SHIFT]
    assert found.value == pytest.approx(0.6, abs=0.06)  # four columns: twice 0.3


def test_effect_without_change_is_about_none() -> None:
    rng = np.random.default_rng(2)
    found = signals_of(rng.normal(size=(5000, COLUMNS)), rng.normal(size=(1000, COLUMNS)))
    assert {signal.verdict for signal in found.values()} == {Verdict.STABLE}
    assert found[SHIFT].value == pytest.approx(0.0, abs=0.1)
    assert found[CORRELATION].value == pytest.approx(0.0, abs=0.02)


@pytest.mark.parametrize(("before", "after"), [(0.0, 0.3), (0.6, 0.3), (0.2, -0.2)])
def test_changed_correlation_under_unchanged_columns_is_changed_and_the_pair_is_named(
    before: float, after: float
) -> None:
    rng = np.random.default_rng(3)
    reference, recent = tied(rng, 5000, before), tied(rng, 1000, after)
    found = signals_of(reference, recent)
    assert found[PAIR].changed
    assert found[PAIR].reason.startswith("x0 and x1: correlation ")
    assert found[PAIR].value == pytest.approx(abs(after - before), abs=0.1)
    assert not found[SHIFT].changed
    assert not columns_changed(reference, recent)


def test_many_small_changes_of_correlation_are_changed_where_no_pair_is() -> None:
    rng = np.random.default_rng(4)
    loadings = np.sqrt(0.05) * rng.choice([-1.0, 1.0], COLUMNS)
    recent = rng.normal(size=(1000, 1)) * loadings + np.sqrt(0.95) * rng.normal(size=(1000, COLUMNS))
    found = signals_of(rng.normal(size=(5000, COLUMNS)), recent)
    assert found[CORRELATION].changed
    assert found[CORRELATION].value == pytest.approx(0.05, abs=0.02)
    assert not found[PAIR].changed


def test_significant_change_below_the_smallest_effect_is_stable() -> None:
    rng = np.random.default_rng(5)
    reference, recent = tied(rng, 150_000, 0.3, columns=3), tied(rng, 150_000, 0.35, columns=3)
    found = signals_of(reference, recent)[PAIR]
    assert found.p_value is not None
    assert found.p_value < 1e-6
    assert found.verdict is Verdict.STABLE
    lower = JointDriftDetector(minimum_effects={**SMALLEST_EFFECTS, PAIR: 0.02})
    assert any(s.statistic == PAIR and s.changed for s in lower.detect(compare(table(reference), table(recent))))


def test_level_is_divided_by_the_number_of_statements() -> None:
    rng = np.random.default_rng(6)
    values = rng.normal(size=(500, 3))
    assert {signal.level for signal in signals_of(values, values, level=0.03).values()} == {0.01}


def test_one_numeric_column_and_categories_have_nothing_in_common() -> None:
    given = compare(*(pd.DataFrame({"x": np.arange(200.0), "c": ["a", "b"] * 100}) for _ in range(2)))
    assert JointDriftDetector().detect(given) == []


def test_column_that_is_gone_leaves_the_others_to_be_compared() -> None:
    rng = np.random.default_rng(0)
    reference, recent = table(tied(rng, 3000, 0.6, columns=4)), table(tied(rng, 1000, 0.0, columns=4))
    found = {s.statistic: s for s in JointDriftDetector().detect(compare(reference, recent.drop(columns="x3")))}
    assert found[PAIR].changed
    assert found[PAIR].detail["pairs"] == 3.0
    assert found[SHIFT].verdict is Verdict.STABLE


@pytest.mark.parametrize("hell", [np.full(1000, np.nan), np.full(1000, 7.0), np.full(1000, np.inf)])
def test_column_without_anything_to_compare_leaves_the_others_to_be_compared(hell: Floats) -> None:
    rng = np.random.default_rng(7)
    reference, recent = tied(rng, 3000, 0.6, columns=4), tied(rng, 1000, 0.0, columns=4)
    recent[:, 3] = hell
    found = signals_of(reference, recent)
    assert found[PAIR].changed
    assert found[PAIR].reason.startswith("x0 and x1")
    assert np.isfinite([found[CORRELATION].value, found[CORRELATION].p_value]).all()


def test_few_effective_rows_for_the_columns_are_inconclusive() -> None:
    rng = np.random.default_rng(8)
    rows = [autoregression(rng, rows=size, coefficient=0.9, columns=COLUMNS) for size in (400, 300)]
    found = signals_of(*rows)
    assert found[SHIFT].verdict is Verdict.INCONCLUSIVE
    assert "too few for the correlations of 20 columns" in found[SHIFT].reason


def test_rows_count_as_the_calibration_says() -> None:
    rng = np.random.default_rng(9)
    reference, recent = tied(rng, 5000, 0.0, columns=4), tied(rng, 1000, 0.2, columns=4)

    def p_value(statistic: str, **inflations: float) -> float:
        calibration = Calibration(inflation={}, block_rows=100, window_rows=100, **inflations)  # type: ignore[arg-type]  # as Calibration says
        found = signals_of(reference, recent, calibration=calibration)[statistic].p_value
        assert found is not None
        return found

    assert p_value(PAIR, correlation_inflation=20.0) > 100.0 * p_value(PAIR, correlation_inflation=1.0)
    assert p_value(SHIFT, joint_inflation=3.0) > p_value(SHIFT, joint_inflation=1.0)
    unknown = signals_of(reference, recent, calibration=Calibration(inflation={}, block_rows=5, window_rows=5))
    assert unknown[PAIR].verdict is unknown[CORRELATION].verdict is Verdict.INCONCLUSIVE


def test_reference_without_rows_is_no_reason_to_fail() -> None:
    found = signals_of(np.empty((0, 3)), np.random.default_rng(0).normal(size=(200, 3)))
    assert {signal.verdict for signal in found.values()} == {Verdict.INCONCLUSIVE}
