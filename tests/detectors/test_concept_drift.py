from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from include.decision.signals import Verdict
from include.detectors import ConceptDriftDetector
from include.scoring import METRICS, LabelledRows
from tests.detectors.comparisons import judged
from tests.series import Floats, autoregression, most
from tests.sweeps import first_of

ROWS, STREAMS = 1000, 300
MAKERS: dict[str, Callable[[np.random.Generator], Floats]] = {
    "normal": lambda rng: rng.normal(size=ROWS),
    "t3": lambda rng: rng.standard_t(3, size=ROWS),
    "lognormal": lambda rng: rng.lognormal(size=ROWS),
    "cauchy": lambda rng: rng.standard_cauchy(size=ROWS),
    "ar0.5": lambda rng: autoregression(rng, rows=ROWS, coefficient=0.5),
    "ar0.9": lambda rng: autoregression(rng, rows=ROWS, coefficient=0.9),
    "wrong": lambda rng: (rng.random(ROWS) < 0.1).astype(float),
}


def drift(errors: Floats, **settings: float) -> tuple[bool, dict[str, object]]:
    return ConceptDriftDetector(**settings).detect_prediction_error_drift(errors, np.zeros(len(errors)))  # type: ignore[arg-type]


def test_hand_computed_rise() -> None:
    errors = np.tile([0.5, 1.5], 200) * np.repeat([1.0, 1.5], 200)
    changed, metrics = drift(errors)
    assert changed
    assert metrics["first_mae"] == pytest.approx(1.0)
    assert metrics["second_mae"] == pytest.approx(1.5)
    assert metrics["error_increase"] == pytest.approx(0.5)


@pytest.mark.parametrize("maker", first_of(MAKERS.values(), 2), ids=MAKERS.keys())
def test_unchanged_errors_alarm_on_at_most_the_level(maker: Callable[[np.random.Generator], Floats]) -> None:
    rng, level = np.random.default_rng(2), 0.02
    alarms = [drift(maker(rng), level=level, threshold=0.0)[0] for _ in range(STREAMS)]
    assert np.mean(alarms) <= most(level, STREAMS)


@pytest.mark.parametrize("maker", ["normal", "t3"])
def test_errors_half_as_large_again_are_found(maker: str) -> None:
    rng = np.random.default_rng(3)
    found = [drift(MAKERS[maker](rng) * np.repeat([1.0, 1.5], ROWS // 2))[0] for _ in range(50)]
    assert np.mean(found) >= 0.98


@pytest.mark.parametrize(("maker", "share"), [("normal", 0.97), ("t3", 0.76)])
def test_errors_larger_by_a_fifth_are_found_about_as_often_as_any_test_can(maker: str, share: float) -> None:
    rng, streams = np.random.default_rng(5), 300
    found = [drift(MAKERS[maker](rng) * np.repeat([1.0, 1.2], ROWS // 2), level=0.02)[0] for _ in range(streams)]
    assert np.mean(found) >= 1.0 - most(1.0 - share, streams)


def test_likelihood_ratio_finds_no_more_than_79_percent_of_rises_by_a_fifth_in_heavy_tails() -> None:
    rng, streams, steps = np.random.default_rng(5), 8000, np.repeat([1.0, 1.2], ROWS // 2)

    def ratios(scale: Floats | float) -> Floats:
        errors = np.square(rng.standard_t(3, size=(streams, ROWS)) * scale)
        return np.asarray(2.0 * (np.log1p(errors / 3.6) - np.log1p(errors / (3.0 * steps**2))).sum(axis=1))

    found = float(np.mean(ratios(steps) > np.quantile(ratios(np.sqrt(1.2)), 0.98)))
    assert found == pytest.approx(0.79, abs=0.015)


def test_errors_that_grow_slowly_are_found() -> None:
    rng = np.random.default_rng(6)
    found = [drift(rng.normal(size=2000) * np.linspace(1.0, 1.3, 2000))[0] for _ in range(100)]
    assert np.mean(found) >= 0.85


def test_a_line_is_found_by_the_trend_alone_where_the_halves_are_not_beyond_doubt() -> None:
    errors = np.tile([0.6, 1.4], 200) * np.linspace(1.0, 1.5, 400)
    rise, trend = ConceptDriftDetector(level=1e-8).detect(judged(errors, errors))
    assert (rise.verdict, trend.verdict) == (Verdict.STABLE, Verdict.CHANGED)
    changed, metrics = drift(errors, level=1e-8)
    assert changed
    assert metrics["reason"] == trend.reason


def test_levels_of_both_signals_add_up_to_the_detectors() -> None:
    signals = ConceptDriftDetector(level=0.03).detect(judged(np.ones(300), np.ones(300)))
    assert [signal.statistic for signal in signals] == ["error_increase", "error_trend"]
    assert sum(signal.level or 0.0 for signal in signals) == pytest.approx(0.03)


def test_line_through_a_jump_rises_half_as_much_again() -> None:
    metrics = drift(np.tile([0.9, 1.1], 2000) * np.repeat([1.0, 1.2], 2000))[1]
    assert metrics["trend_increase"] == pytest.approx(1.5 * 0.2, abs=0.06)


def test_one_enormous_error_is_no_drift_and_hides_none() -> None:
    rng = np.random.default_rng(7)
    quiet, risen = rng.normal(size=ROWS), rng.normal(size=ROWS) * np.repeat([1.0, 1.5], ROWS // 2)
    quiet[900] = risen[100] = 1e300
    assert not drift(quiet)[0]
    assert drift(risen)[0]


def test_interval_of_the_rise_holds_the_true_one_nine_times_in_ten() -> None:
    rng, streams = np.random.default_rng(8), 200
    told = [drift(rng.normal(size=ROWS) * np.repeat([1.0, 1.3], ROWS // 2))[1] for _ in range(streams)]
    held = [metrics["increase_low"] <= 0.3 <= metrics["increase_high"] for metrics in told]  # type: ignore[operator]  # numbers
    assert np.mean(held) == pytest.approx(0.9, abs=0.08)


def test_trading_models_have_no_errors() -> None:
    given = judged(np.ones(300), np.ones(300))
    assert given.labelled is not None
    traded = replace(given, labelled=replace(given.labelled, periods_per_year=252.0))
    assert {signal.verdict for signal in ConceptDriftDetector().detect(traded)} == {Verdict.NO_DATA}


def test_smaller_errors_are_not_drift() -> None:
    rng = np.random.default_rng(3)
    assert not drift(rng.normal(size=ROWS) * np.repeat([2.0, 1.0], ROWS // 2))[0]


@pytest.mark.parametrize("factor", [0.01, 100.0, 1e6])
@pytest.mark.parametrize("rise", [1.0, 1.2, 2.0])
def test_unit_of_the_errors_does_not_matter(factor: float, rise: float) -> None:
    errors = np.random.default_rng(4).normal(size=ROWS) * np.repeat([1.0, rise], ROWS // 2)
    changed, metrics = drift(errors)
    again, scaled = drift(errors * factor)
    assert again == changed
    assert scaled["p_value"] == pytest.approx(metrics["p_value"])
    assert scaled["error_increase"] == pytest.approx(metrics["error_increase"])


def test_rise_below_the_threshold_is_stable_however_certain() -> None:
    errors = np.tile([0.9, 1.1], 2000) * np.repeat([1.0, 1.1], 2000)
    changed, metrics = drift(errors)
    assert metrics["p_value"] == pytest.approx(0.0, abs=1e-9)
    assert not changed


def test_gradual_decline_has_a_higher_trend_than_none() -> None:
    rng = np.random.default_rng(5)
    assert drift(rng.normal(size=2000) * np.linspace(1.0, 3.0, 2000))[1]["trend"] > 0.9
    assert abs(drift(rng.normal(size=2000))[1]["trend"]) < 0.6


def test_errors_that_are_all_alike_have_no_trend() -> None:
    assert drift(np.ones(500))[1]["trend"] == 0.0


@pytest.mark.parametrize(("rows", "verdict"), [(0, "no_data"), (199, "inconclusive"), (200, "stable")])
def test_two_windows_are_needed(rows: int, verdict: str) -> None:
    assert drift(np.tile([1.0, 2.0], 100)[:rows], window_size=100)[1]["verdict"] == verdict


def test_errors_after_perfect_predictions_are_an_infinite_rise() -> None:
    changed, metrics = drift(np.repeat([0.0, 1.0], 200))
    assert changed
    assert metrics["error_increase"] == np.inf
    assert "mean error up from 0 from the earlier to the later half" in str(metrics["reason"])
    assert "inf" not in str(metrics["reason"])


def test_classes_are_judged_by_right_and_wrong() -> None:
    actual = np.array(["a", "b"] * 300)
    swap = np.where(actual == "a", "b", "a")
    wrong = np.random.default_rng(0).random(600) < np.repeat([0.1, 0.4], 300)
    changed, metrics = ConceptDriftDetector().detect_prediction_error_drift(np.where(wrong, swap, actual), actual)
    assert changed
    assert metrics["second_mae"] == pytest.approx(wrong[300:].mean())


def test_rows_without_a_number_are_left_out() -> None:
    errors = np.tile([0.5, 1.5], 200) * np.repeat([1.0, 1.5], 200)
    errors[7] = np.nan
    assert drift(errors)[1]["error_increase"] == pytest.approx(0.5, abs=0.02)


def test_arrays_of_different_length_are_refused() -> None:
    with pytest.raises(ValueError, match="equal length"):
        ConceptDriftDetector().detect_prediction_error_drift([1.0, 2.0], [1.0])


def test_class_numbers_of_a_classification_are_classes() -> None:
    given = judged(np.zeros(300), np.ones(300), metric="accuracy")
    labels = np.tile([0, 1, 9], 200)
    wrong = np.where(np.random.default_rng(0).random(600) < np.repeat([0.1, 0.4], 300), 5, labels)
    comparison = type(given)(
        reference=given.reference, recent=given.recent, metric=METRICS["accuracy"], minimum_rows=10,
        labelled=LabelledRows(actual=labels, predicted=wrong),
    )  # fmt: skip
    signal = ConceptDriftDetector().detect(comparison)[0]
    assert signal.verdict is Verdict.CHANGED
    assert signal.detail["second_mae"] == pytest.approx((wrong != labels)[300:].mean())


@pytest.mark.parametrize("bias", [2.0, 10.0, 1000.0])
@pytest.mark.parametrize("share", [0.5, 0.25])
def test_a_jump_of_the_errors_is_found_however_large(bias: float, share: float) -> None:
    errors = np.random.default_rng(4).normal(size=400) + bias * (np.arange(400) >= 400 * (1.0 - share))
    assert drift(errors)[0]
