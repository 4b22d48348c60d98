from __future__ import annotations

from typing import get_args

import numpy as np
import pandas as pd
import pytest
from scipy import stats

from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, Verdict
from include.detectors import DataDriftDetector, FixedThresholdDetector, JointDriftDetector
from include.detectors.catalogue import standard_detectors
from include.detectors.fixed_thresholds import NAMES
from include.registry.policy import FixedStatistic
from tests.detectors.comparisons import compare

RNG = np.random.default_rng(0)
REFERENCE, SAME, MOVED = RNG.normal(size=3000), RNG.normal(size=1000), RNG.normal(1.0, 1.0, 1000)
USUAL = {
    "psi": 0.2, "kl_divergence": 0.1, "js_divergence": 0.15, "js_distance": 0.15, "ks": 0.1, "wasserstein": 0.2,
    "p_value": 0.001,
}  # fmt: skip


def signals_of(reference: object, recent: object, *, minimum_rows: int = 10, **thresholds: float) -> dict[str, Signal]:
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}), minimum_rows=minimum_rows)
    return {signal.statistic: signal for signal in FixedThresholdDetector(thresholds=thresholds).detect(given)}


def test_model_files_know_the_same_names() -> None:
    assert set(get_args(FixedStatistic)) == set(NAMES) == set(USUAL)


@pytest.mark.parametrize("name", NAMES)
def test_each_name_tells_a_moved_column_from_an_unchanged_one(name: str) -> None:
    assert signals_of(REFERENCE, MOVED, **{name: USUAL[name]})[name].verdict is Verdict.CHANGED
    assert signals_of(REFERENCE, SAME, **{name: USUAL[name]})[name].verdict is Verdict.STABLE


@pytest.mark.parametrize("name", NAMES)
def test_threshold_is_the_line(name: str) -> None:
    found = signals_of(REFERENCE, SAME, **{name: USUAL[name]})[name]
    value = found.p_value if name == "p_value" else found.value
    assert value is not None
    beyond = value * (1.01 if name == "p_value" else 0.99)
    assert signals_of(REFERENCE, SAME, **{name: beyond})[name].changed
    assert found.level == (USUAL[name] if name == "p_value" else None)
    assert found.threshold == (None if name == "p_value" else USUAL[name])


def test_p_value_is_scipys_for_all_rows_as_if_independent() -> None:
    found = signals_of(np.sort(REFERENCE), np.sort(SAME), p_value=0.05)["p_value"]
    assert found.p_value is not None
    exact = stats.ks_2samp(REFERENCE, SAME).pvalue
    assert np.log(found.p_value) == pytest.approx(np.log(exact), rel=0.25)


def test_categories_have_no_ks_and_no_wasserstein() -> None:
    found = signals_of(["a", "b"] * 200, ["a"] * 300 + ["b"] * 100, **USUAL)
    assert set(found) == set(USUAL) - {"ks", "wasserstein"}
    assert found["psi"].changed
    assert found["p_value"].changed


@pytest.mark.parametrize(
    ("reference", "recent", "verdict"),
    [([1.0, 2.0] * 50, [9.0] * 9, Verdict.INCONCLUSIVE), ([1.0, 2.0] * 50, [np.nan] * 50, Verdict.NO_DATA),
     ([np.nan] * 50, [1.0] * 50, Verdict.NO_DATA), ([np.nan] * 50, [np.nan] * 50, Verdict.NO_DATA)],
)  # fmt: skip
def test_too_few_values_are_never_changed(reference: list[float], recent: list[float], verdict: Verdict) -> None:
    assert {signal.verdict for signal in signals_of(reference, recent, **USUAL).values()} == {verdict}


def test_column_that_is_gone_is_left_to_data_quality() -> None:
    table = pd.DataFrame({"x": REFERENCE, "y": REFERENCE})
    found = FixedThresholdDetector(thresholds={"psi": 0.2}).detect(compare(table, table[["y"]]))
    assert [signal.feature for signal in found] == ["y"]


def test_constant_reference_is_no_reason_to_fail() -> None:
    found = signals_of([5.0] * 100, [6.0] * 100, **USUAL)
    assert found["psi"].changed
    assert found["ks"].value == 1.0
    assert all(signal.reason for signal in found.values())


def test_unknown_name_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(ValueError, match="unknown statistic 'pis'; known: psi, kl_divergence"):
        FixedThresholdDetector(thresholds={"psi": 0.2, "pis": 0.3})


def test_fixed_thresholds_replace_the_calibrated_tests() -> None:
    fixed = PRESETS["balanced"].replace(drift_thresholds={"psi": 0.2})
    kinds = {type(detector) for detector in standard_detectors(fixed, "rmse")}
    usual = {type(detector) for detector in standard_detectors(PRESETS["balanced"], "rmse")}
    assert usual - kinds == {DataDriftDetector, JointDriftDetector}
    assert kinds - usual == {FixedThresholdDetector}
