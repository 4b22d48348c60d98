from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from include.records.entries import Measurement
from include.records.rows.analyses import analysis_from_rows, analysis_row, measurement_rows
from include.records.rows.baseline import baseline_json
from include.records.rows.events import version_from_row
from include.scoring import METRICS, Baseline
from tests.records.examples import NOW, make_analysis
from tests.scoring.samples import classified

OLD = (
    '{"scores": {"rmse": 8.0, "r2": null}, "rows": 400, "effective_rows": 123.5, "loss_mean": 64.0, '
    '"loss_variance": 2.0}'
)


def read(stored: str) -> Baseline:
    row = {
        "model_name": "model", "version": 1, "event_id": 1, "status": "champion", "created_at": datetime.now(UTC),
        "parent": None, "artifact_path": "", "artifact_sha256": "", "baseline": json.loads(stored), "data_until": None,
        "recent_hash": "", "details": {}, "shadow_checks": None,
    }  # fmt: skip
    found = version_from_row(row).baseline
    assert found is not None
    return found


def test_whole_baseline_comes_back() -> None:
    rows = classified(np.random.default_rng(0), 400)
    sliced = replace(rows, slices={"half": np.array(["a", "b"] * 200, dtype=object), "x": np.arange(400.0)})
    baseline = Baseline.of_version(METRICS["auc"], sliced)
    assert baseline.calibration is not None
    assert set(baseline.slices) == {"half", "x"}
    assert read(json.dumps(baseline_json(baseline))) == baseline


def test_baseline_from_before_slices_and_calibration_is_read() -> None:
    baseline = read(OLD)
    assert (baseline.scores["rmse"], baseline.effective_rows) == (8.0, 123.5)
    assert (baseline.classes, baseline.positive, baseline.slices, baseline.calibration) == ((), "", {}, None)


@pytest.mark.parametrize(("low", "high"), [(0.7, 0.9), (None, None)])
def test_interval_of_a_measurement_comes_back(low: float | None, high: float | None) -> None:
    measured = Measurement(version=1, metric="r2", value=0.8, rows=400, low=low, high=high)
    analysis = replace(make_analysis(), measurements=(measured,), signals=())
    (row,) = measurement_rows(analysis, NOW)
    assert (row["low"], row["high"]) == (low, high)
    assert analysis_from_rows({**analysis_row(analysis, NOW)}, [], [row]).measurements == (measured,)
