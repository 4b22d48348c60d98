from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import SignalKind, Verdict
from include.detectors import Comparison, SlicePerformanceMonitor
from include.scoring import METRICS, Baseline, LabelledRows
from tests.detectors.comparisons import compare
from tests.series import autoregression, most

TABLE = pd.DataFrame({"x": np.arange(50.0)})


def rows(rng: np.random.Generator, count: int = 1000, *, bad: str = "", lag1: float = 0.0) -> LabelledRows:
    """Errors of size 1, of size 2 where the region is `bad`; the column x runs from 0 to 1."""
    region = rng.choice(["north", "south", "west"], count, p=[0.6, 0.37, 0.03]).astype(object)
    errors = autoregression(rng, rows=count, coefficient=lag1) * np.where(region == bad, 2.0, 1.0)
    return LabelledRows(actual=np.zeros(count), predicted=errors, slices={"region": region, "x": rng.random(count)})


def compared(recent: LabelledRows | None, accepted: LabelledRows, minimum_rows: int = 100) -> Comparison:
    metric = METRICS["rmse"]
    baseline = Baseline.of_version(metric, accepted)
    return compare(TABLE, TABLE, labelled=recent, metric=metric, baseline=baseline, minimum_rows=minimum_rows)


def test_slice_that_became_worse_is_found_and_the_others_are_not() -> None:
    rng = np.random.default_rng(0)
    signals = SlicePerformanceMonitor().detect(compared(rows(rng, bad="south"), rows(rng)))
    by_name = {signal.feature: signal for signal in signals}
    assert by_name["region: south"].changed
    assert by_name["region: north"].verdict is Verdict.STABLE
    assert by_name["region: west"].verdict is Verdict.INCONCLUSIVE  # 30 rows
    assert len(by_name) == len(signals) == 7  # three regions, four quarters of x
    assert {signal.level for signal in signals} == {0.01 / 7}
    assert {signal.kind for signal in signals} == {SignalKind.SLICE_PERFORMANCE}
    assert "south" in by_name["region: south"].reason


@pytest.mark.parametrize("lag1", [0.0, 0.9])
def test_any_slice_of_an_unchanged_model_alarms_at_most_at_the_level(lag1: float) -> None:
    level, trials, found = 0.1, 80, 0
    for trial in range(trials):
        rng = np.random.default_rng([4, trial])
        comparison = compared(rows(rng, 600, lag1=lag1), rows(rng, 600, lag1=lag1))
        found += any(
            signal.changed for signal in SlicePerformanceMonitor(threshold=1e-9, level=level).detect(comparison)
        )
    assert found / trials <= most(level, trials)


def test_value_that_the_baseline_did_not_have_is_in_no_slice() -> None:
    rng = np.random.default_rng(0)
    recent = rows(rng)
    strange = replace(recent, slices={"region": np.full(1000, "mars", dtype=object), "x": np.full(1000, np.nan)})
    signals = SlicePerformanceMonitor().detect(compared(strange, rows(rng)))
    assert {signal.verdict for signal in signals} == {Verdict.INCONCLUSIVE}


def test_column_that_is_gone_is_named_and_the_others_are_judged() -> None:
    rng = np.random.default_rng(0)
    recent = rows(rng)
    left = replace(recent, slices={"x": recent.slices["x"]})
    signals = SlicePerformanceMonitor().detect(compared(left, rows(rng)))
    assert [signal.reason for signal in signals if signal.verdict is Verdict.NO_DATA] == ["column 'region' is gone"]
    assert len(signals) == 5


def test_too_few_rows_in_all_are_inconclusive_in_each() -> None:
    rng = np.random.default_rng(0)
    signals = SlicePerformanceMonitor().detect(compared(rows(rng, bad="south"), rows(rng), minimum_rows=1001))
    assert {signal.verdict for signal in signals} == {Verdict.INCONCLUSIVE}


def test_without_labels_there_is_no_data_and_without_slices_no_signal() -> None:
    rng = np.random.default_rng(0)
    accepted = rows(rng)
    assert [s.verdict for s in SlicePerformanceMonitor().detect(compared(None, accepted))] == [Verdict.NO_DATA]
    assert SlicePerformanceMonitor().detect(compared(rows(rng), replace(accepted, slices={}))) == []
