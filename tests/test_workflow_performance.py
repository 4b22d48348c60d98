"""Labels that arrive late, probabilities, slices and intervals, through the four steps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.records.entries import EventStatus, VersionStatus
from tests.stage import START, Stage, Step, day

FIRST, LATER = day(30), day(42)
FIELDS: dict[str, Any] = {
    "task": "classification", "target": "left", "metric": "f1", "slices": ["region", "age"], "label_delay": "4d",
    "training": {"estimator": "linear"},
}  # fmt: skip


def customers(days: int, *, swapped_region: str = "", swapped_from: int = 31) -> pd.DataFrame:
    """Hourly customers; from a day on, those of one region leave when others stay."""
    rng, rows = np.random.default_rng(0), days * 24
    age, region = rng.normal(40.0, 12.0, rows), rng.choice(["north", "south"], rows)
    leaves = rng.random(rows) < 1.0 / (1.0 + np.exp(-(age - 45.0) / 4.0))
    turned = (region == swapped_region) & (np.arange(rows) >= swapped_from * 24)
    return pd.DataFrame({
        "at": pd.date_range(START, periods=rows, freq="h"), "age": age, "region": region,
        "left": np.where(leaves ^ turned, "yes", "no"),
    })  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("churn", customers(60), **FIELDS)
    first = stage.run("churn", FIRST)
    assert first.event is not None
    assert first.event.status is EventStatus.PROMOTED
    return stage


def of_kind(step: Step, kind: SignalKind) -> list[Signal]:
    return [signal for signal in step.analysis.signals if signal.kind is kind]


def test_only_labels_that_can_have_arrived_are_used_and_their_share_is_on_record(stage: Stage) -> None:
    """Ten days of rows, labels four days late: six days of labels, although the file holds them all."""
    step = stage.run("churn", LATER)
    assert (step.analysis.rows, step.analysis.labelled_rows) == (240, 144)
    (signal,) = of_kind(step, SignalKind.PERFORMANCE)
    assert signal.detail["coverage"] == pytest.approx(0.6)
    assert signal.detail["low"] < signal.detail["current"] < signal.detail["high"]
    assert "60% of recent rows labelled" in signal.reason


def test_every_metric_is_measured_with_its_interval(stage: Stage) -> None:
    measured = {entry.metric: entry for entry in stage.run("churn", LATER).analysis.measurements}
    assert set(measured) == {
        "accuracy", "balanced_accuracy", "f1", "precision", "recall", "auc", "log_loss", "brier"
    }  # fmt: skip
    assert all(
        entry.low is not None and entry.high is not None and entry.low < entry.value < entry.high
        for entry in measured.values()
    )


def test_baseline_of_a_version_carries_classes_slices_and_no_calibration_from_few_rows(stage: Stage) -> None:
    version = stage.store.champion("churn")
    assert version is not None
    assert version.status is VersionStatus.CHAMPION
    assert version.baseline is not None
    assert (version.baseline.classes, version.baseline.positive) == (("no", "yes"), "yes")
    slices = {column: len(part.baselines) for column, part in version.baseline.slices.items()}
    assert slices == {"region": 2, "age": 2}  # of the younger half hardly anybody left: it has no F1
    assert version.baseline.calibration is None  # 156 rows were held out


def test_slice_that_turned_is_named(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("churn", customers(60, swapped_region="south"), **{**FIELDS, "label_delay": "0d"})
    stage.run("churn", FIRST)
    signals = of_kind(stage.run("churn", LATER), SignalKind.SLICE_PERFORMANCE)
    assert {signal.feature: signal.changed for signal in signals if "region" in signal.feature} == {
        "region: north": False, "region: south": True,
    }  # fmt: skip


def test_performance_is_estimated_while_labels_are_missing(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("churn", customers(60), **{**FIELDS, "gate": {"holdout_share": 0.5}})
    stage.run("churn", FIRST)
    step = stage.run("churn", LATER, run_id="later")
    (signal,) = of_kind(step, SignalKind.ESTIMATED_PERFORMANCE)
    assert signal.verdict is Verdict.INCONCLUSIVE  # 96 rows wait for their label
    table = customers(60)
    table.loc[31 * 24 :, "left"] = None
    stage.write("churn", table)
    late = stage.run("churn", LATER, run_id="no label")
    (signal,) = of_kind(late, SignalKind.ESTIMATED_PERFORMANCE)
    assert signal.verdict is Verdict.STABLE
    assert signal.detail["rows"] > 200
    assert signal.detail["low"] < signal.detail["baseline"] < signal.detail["high"]
    assert not late.decision.triggered


def test_metric_of_probabilities_decides_with_the_champions(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("churn", customers(60, swapped_region="south", swapped_from=38), **{**FIELDS, "metric": "auc"})
    stage.run("churn", FIRST)
    step = stage.run("churn", day(52))
    assert step.decision.trigger_type in ("performance", "concept_drift")
    assert step.event is not None
    assert step.event.champion_scores["auc"] < 0.8


def test_rhythm_of_the_errors_is_known_from_acceptance_and_taken_out(tmp_path: Path) -> None:
    rng, stage = np.random.default_rng(1), Stage(tmp_path)
    at = pd.date_range(START, periods=60 * 24, freq="h")
    x = rng.normal(size=len(at))
    y = 3.0 * x + rng.normal(size=len(at)) * np.where(at.day_of_week >= 5, 5.0, 1.0)
    table = pd.DataFrame({"at": at, "x": x, "y": y})
    stage.add("sales", table, task="regression", target="y", metric="rmse", training={"estimator": "linear"})
    stage.run("sales", FIRST)
    version = stage.store.champion("sales")
    assert version is not None
    assert version.baseline is not None
    assert version.baseline.errors is not None
    assert version.baseline.losses is not None
    found = of_kind(stage.run("sales", LATER), SignalKind.CONCEPT_DRIFT)
    assert all("what is usual of each time of the week is taken out" in signal.reason for signal in found)
    assert not any(signal.changed for signal in found)
