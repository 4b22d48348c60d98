from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.pairs import profile_pair
from include.data.profile import ALL_EXTRAS, CategoricalColumn, Column, Profile
from include.data.reference.calibration import Calibration
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors import Comparison, DataDriftDetector
from include.detectors.data_drift import SMALLEST_EFFECTS
from include.errors import DataError
from tests.detectors.comparisons import compare, normal_column

Signals = dict[str, Signal]
TABLE = pd.DataFrame({"x": np.arange(200.0), "flag": [0.0, 1.0] * 100, "c": ["a", "b"] * 100}).sample(
    frac=1.0, random_state=0, ignore_index=True
)


def signals_of(reference: object, recent: object, *, minimum_rows: int = 10, **settings: object) -> Signals:
    """The signals about one column, by statistic."""
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}), minimum_rows=minimum_rows)
    return {signal.statistic: signal for signal in DataDriftDetector(**settings).detect(given)}  # type: ignore[arg-type]  # as the detector says


def changed(signals: Signals) -> list[str]:
    return sorted(statistic for statistic, signal in signals.items() if signal.changed)


def profile(**columns: Column) -> Profile:
    """A profile whose rows are independent."""
    return Profile(rows=max(column.rows for column in columns.values()), columns=columns)


def categories(**counts: int) -> CategoricalColumn:
    return CategoricalColumn(rows=sum(counts.values()), missing=0, counts=counts)


def test_each_column_has_a_signal_for_each_test() -> None:
    found = DataDriftDetector().detect(compare(TABLE, TABLE))
    assert [(signal.feature, signal.statistic) for signal in found] == [
        ("x", "ks"), ("x", "mean_shift"), ("x", "variance_shift"), ("flag", "ks"), ("c", "cramers_v"),
    ]  # fmt: skip


def test_level_is_shared_out_to_columns_and_then_to_the_tests_that_the_reference_allows() -> None:
    for recent in (TABLE, TABLE.assign(x=np.nan), TABLE.drop(columns="x")):
        found = DataDriftDetector(threshold=0.05).detect(compare(TABLE, recent))
        assert found
        for signal in found:
            assert signal.level == pytest.approx(0.05 / 3 / (3 if signal.feature == "x" else 1))


def test_measures_go_on_record_once_a_column() -> None:
    rng = np.random.default_rng(0)
    found = signals_of(rng.normal(size=2000), rng.normal(0.5, 1.0, 500))
    assert found["ks"].detail["wasserstein"] == pytest.approx(0.5, abs=0.1)
    assert found["ks"].detail["psi"] == pytest.approx(0.25, abs=0.15)
    assert found["ks"].detail["reference_mean"] == pytest.approx(0.0, abs=0.1)
    assert {"kl_divergence", "js_divergence", "js_distance", "wasserstein_error", "variance"} < set(found["ks"].detail)
    assert set(found["mean_shift"].detail) == {"rows", "effective_rows"}
    assert set(signals_of(["a", "b"] * 50, ["a"] * 100)["cramers_v"].detail) == {
        "rows", "effective_rows", "psi", "kl_divergence", "js_divergence", "js_distance",
    }  # fmt: skip


def test_a_million_rows_and_a_hundredth_of_a_standard_deviation_are_stable() -> None:
    reference = profile(x=normal_column(1_000_000))
    found = DataDriftDetector().detect(
        Comparison(reference=reference, recent=profile(x=normal_column(1_000_000, moved=0.01)))
    )
    mean = next(signal for signal in found if signal.statistic == "mean_shift")
    assert mean.p_value is not None
    assert mean.p_value < 1e-10
    assert mean.value == pytest.approx(0.01, rel=0.05)
    assert {signal.verdict for signal in found} == {Verdict.STABLE}


@pytest.mark.parametrize("rows", [2000, 1_000_000])
def test_a_fifth_of_a_standard_deviation_is_changed(rows: int) -> None:
    reference = profile(x=normal_column(1_000_000))
    recent = profile(x=normal_column(rows, moved=0.2))
    found = DataDriftDetector().detect(Comparison(reference=reference, recent=recent))
    assert {signal.statistic for signal in found if signal.changed} == {"ks", "mean_shift"}


def test_thirty_unchanged_rows_are_not_changed() -> None:
    rng = np.random.default_rng(0)
    reference = rng.normal(size=(5000, 20))
    known = pd.DataFrame(reference, columns=[f"x{number}" for number in range(20)])
    for _ in range(40):
        recent = pd.DataFrame(rng.normal(size=(30, 20)), columns=known.columns)
        found = DataDriftDetector(threshold=0.001).detect(compare(known, recent, minimum_rows=30))
        assert {signal.verdict for signal in found} == {Verdict.STABLE}


@pytest.mark.parametrize(
    ("recent", "statistic"), [(normal_column(500_000, moved=0.04), "mean_shift"),
                              (normal_column(500_000, scale=1.06), "variance_shift"),
                              (normal_column(500_000, moved=0.04), "ks")],
)  # fmt: skip
def test_smallest_effect_that_matters_is_a_setting(recent: Column, statistic: str) -> None:
    given = Comparison(reference=profile(x=normal_column(500_000)), recent=profile(x=recent))
    lower = DataDriftDetector(minimum_effects={**SMALLEST_EFFECTS, statistic: 0.001})
    assert not [signal for signal in DataDriftDetector().detect(given) if signal.changed]
    assert [signal.statistic for signal in lower.detect(given) if signal.changed] == [statistic]


@pytest.mark.parametrize("moved", [0.3, -0.3, 2.0])
def test_moved_column_is_changed_and_named(moved: float) -> None:
    rng = np.random.default_rng(0)
    reference = pd.DataFrame(rng.normal(size=(1000, 5)), columns=list("abcde"))
    recent = pd.DataFrame(rng.normal(size=(1000, 5)), columns=list("abcde"))
    recent["c"] += moved
    found, metrics = DataDriftDetector().detect_distribution_shift(reference, recent)
    assert found
    assert [name for name, entry in metrics.items() if entry["verdict"] == "changed"] == ["c"]
    distance, error = metrics["c"]["wasserstein"], metrics["c"]["wasserstein_error"]
    assert distance == pytest.approx(abs(moved), abs=0.1 + error)


def test_columns_are_answered_in_the_order_of_the_table() -> None:
    table = pd.DataFrame({"b": np.arange(50.0), "a": ["u", "v"] * 25, "empty": [np.nan] * 50})
    found, metrics = DataDriftDetector().detect_distribution_shift(table, table)
    assert not found
    assert list(metrics) == ["b", "a", "empty"]
    assert metrics["empty"]["verdict"] == "no_data"


def test_change_of_spread_alone_is_changed() -> None:
    given = Comparison(reference=profile(x=normal_column(5000)), recent=profile(x=normal_column(2000, scale=1.13)))
    assert [signal.statistic for signal in DataDriftDetector().detect(given) if signal.changed] == ["variance_shift"]


def test_change_of_shape_alone_is_changed() -> None:
    rng = np.random.default_rng(0)
    two_humps = rng.normal(0.0, 0.3, 1000) + np.where(np.arange(1000) % 2 == 0, 0.95, -0.95)
    assert changed(signals_of(rng.normal(size=5000), two_humps)) == ["ks"]


def test_change_of_category_shares_is_changed() -> None:
    given = Comparison(reference=profile(c=categories(a=500, b=500)), recent=profile(c=categories(a=350, b=650)))
    assert [signal.statistic for signal in DataDriftDetector().detect(given) if signal.changed] == ["cramers_v"]


def test_new_category_that_takes_over_is_changed() -> None:
    assert changed(signals_of(["a", "b"] * 100, ["new", "b"] * 100)) == ["cramers_v"]


def test_one_category_on_both_sides_is_stable() -> None:
    signal = signals_of(["a"] * 200, ["a"] * 200)["cramers_v"]
    assert (signal.verdict, signal.value, signal.p_value) == (Verdict.STABLE, 0.0, 1.0)


def test_rows_count_as_the_calibration_says() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=1000)})
    calibration = Calibration(inflation={"x": 4.0}, spread_inflation={"x": 2.0}, block_rows=50, window_rows=50)
    found = DataDriftDetector().detect(compare(table, table, calibration=calibration))
    assert {signal.statistic: signal.detail["effective_rows"] for signal in found} == {
        "ks": 250.0, "mean_shift": 250.0, "variance_shift": 500.0,
    }  # fmt: skip


def test_strongly_autocorrelated_rows_are_too_few_to_tell() -> None:
    rng = np.random.default_rng(0)
    wandering = rng.normal(size=300).cumsum()
    found = signals_of(wandering, wandering + 100.0)
    assert {signal.verdict for signal in found.values()} == {Verdict.INCONCLUSIVE}


@pytest.mark.parametrize(("reference", "recent"), [([], [1.0] * 50), ([1.0] * 50, []), ([np.nan] * 50, [1.0] * 50)])
def test_side_without_values_is_no_data(reference: list[float], recent: list[float]) -> None:
    found = signals_of(reference, recent)
    assert {signal.verdict for signal in found.values()} == {Verdict.NO_DATA}


@pytest.mark.parametrize("shift", [2.0, 10.0, 1000.0])
@pytest.mark.parametrize("share", [0.5, 0.25])
def test_a_jump_within_the_recent_rows_is_changed_however_large(shift: float, share: float) -> None:
    rng = np.random.default_rng(0)
    recent = rng.normal(size=240) + shift * (np.arange(240) >= 240 * (1.0 - share))
    assert "ks" in changed(signals_of(rng.normal(size=2000), recent))


def test_kind_of_the_signals_is_a_setting() -> None:
    found = signals_of(np.arange(50.0), np.arange(50.0), kind=SignalKind.TARGET_DRIFT)
    assert {signal.kind for signal in found.values()} == {SignalKind.TARGET_DRIFT}


@pytest.mark.parametrize("recent", [[1e308, -1e308] * 50, [5.0] * 100, list(range(-50, 50))])
def test_reasons_and_records_hold_finite_numbers_only(recent: list[float]) -> None:
    for signal in signals_of(np.arange(100.0), recent).values():
        numbers = [signal.value, signal.p_value, *signal.detail.values()]
        assert all(number is None or np.isfinite(number) for number in numbers)
        assert "x" in signal.reason


@pytest.mark.parametrize("twice", [0, 1])
def test_tables_with_a_column_twice_or_a_reference_without_rows_are_refused_by_name(twice: int) -> None:
    table = pd.DataFrame({"x": np.arange(200.0)})
    tables = [table, table]
    tables[twice] = pd.concat([table, table], axis=1)
    with pytest.raises(DataError, match="column 'x' is there twice"):
        DataDriftDetector().detect_distribution_shift(*tables)
    with pytest.raises(DataError, match="the reference has no rows"):
        DataDriftDetector().detect_distribution_shift(table.iloc[:0], table)


class FromWholeProfiles(DataDriftDetector):
    """The same on profiles that hold all that a profile can."""

    extras = ALL_EXTRAS


@pytest.mark.parametrize("moved", [0.0, 0.1, 3.0])
@pytest.mark.parametrize("rows", [1, 40, 3_000])
def test_two_tables_are_told_the_same_as_from_whole_profiles(rows: int, moved: float) -> None:
    rng = np.random.default_rng(7)
    known, found = (
        pd.DataFrame({
            "x": rng.normal(shift, 1.0, size), "alike": rng.normal(size=size).cumsum(), "n": rng.integers(0, 9, size),
            "c": rng.choice(["a", "b"], size), "gaps": np.where(rng.random(size) < 0.2, np.nan, rng.normal(size=size)),
        })
        for shift, size in ((0.0, 4_000), (moved, rows))
    )  # fmt: skip
    expected = FromWholeProfiles().detect_distribution_shift(known, found)
    assert DataDriftDetector().detect_distribution_shift(known, found) == expected
    pair = profile_pair(known, found, extras=DataDriftDetector.extras)
    assert (pair.known.cross, pair.found.cross) == (None, None)
