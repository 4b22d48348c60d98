"""The Python interface on two tables: every call, its thresholds, and the executor with a script of one's own."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.decision.decision import Decision
from include.detectors import ConceptDriftDetector, DataDriftDetector, DriftType, ModelPerformanceMonitor
from include.errors import ConfigurationError, DataError
from include.orchestrator import AutomaticRetrainingOrchestrator
from include.retraining import RetrainingExecutor

ROWS = 1200
TRAIN = """
import json, sys
import pandas as pd
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import make_pipeline
from skops.io import dump

request = json.load(open(sys.argv[1]))
rows = pd.read_parquet(request["rows"])
model = LinearRegression(**request["hyperparameters"])
model.fit(rows[request["features"]], rows[request["target"]])
dump(model, request["output_folder"] + "/model.skops")
json.dump({"schema_version": 1, "metrics": {"rows": len(rows)}}, open(request["result"], "w"))
"""


def table(rows: int, *, seed: int, turned: bool = False) -> pd.DataFrame:
    """Two inputs and a price that depends on them; turned round, the dependence is another."""
    rng = np.random.default_rng(seed)
    x, z = rng.normal(size=rows), rng.normal(size=rows)
    return pd.DataFrame({"x": x, "z": z, "price": (-3.0 if turned else 3.0) * x + z + rng.normal(0.0, 0.5, rows)})


REFERENCE, SAME, TURNED = table(3000, seed=0), table(ROWS, seed=1), table(ROWS, seed=2, turned=True)


def old_model(rows: pd.DataFrame) -> np.ndarray[Any, Any]:
    """What the model in use predicts: right on the reference."""
    return np.asarray(3.0 * rows["x"] + rows["z"])


def project(folder: Path, script: str = TRAIN, **settings: Any) -> RetrainingExecutor:
    (folder / "train.py").write_text(script)
    return RetrainingExecutor(project_root=folder, target="price", **settings)


def pipeline(executor: RetrainingExecutor, recent: pd.DataFrame, **changes: Any) -> Any:
    given: dict[str, Any] = {
        "reference_data": REFERENCE, "recent_data": recent, "recent_predictions": old_model(recent),
        "recent_actuals": recent["price"].to_numpy(), "current_metrics": {"r2": 0.85, "rmse": 0.35}, **changes,
    }  # fmt: skip
    return executor.execute_full_retraining_pipeline(**given)


@pytest.fixture
def half_turned() -> pd.DataFrame:
    """Recent rows whose world turns over after the first third."""
    return pd.concat([SAME.iloc[: ROWS // 3], TURNED.iloc[ROWS // 3 :]], ignore_index=True)


def test_each_detector_answers_whether_and_what() -> None:
    drifted, metrics = DataDriftDetector(threshold=0.05).detect_distribution_shift(REFERENCE, SAME + 1.0)
    assert drifted
    assert set(metrics) == {"x", "z", "price"}
    assert not DataDriftDetector(threshold=0.05).detect_distribution_shift(REFERENCE, SAME)[0]
    errors = np.random.default_rng(3).normal(size=600) * np.repeat([1.0, 2.0], 300)
    assert ConceptDriftDetector(window_size=100).detect_prediction_error_drift(errors, np.zeros(600))[0]
    found = ModelPerformanceMonitor().detect_degradation({"r2": 0.80, "rmse": 0.35}, {"r2": 0.85, "rmse": 0.35})
    assert (found[0], found[1]["r2"]["degraded"], found[1]["rmse"]["degraded"]) == (True, True, False)


def test_types_of_drift_are_what_decisions_are_called() -> None:
    decision = AutomaticRetrainingOrchestrator().should_retrain(REFERENCE, SAME + 1.0, target="price")
    assert decision.trigger_type == DriftType.DATA_DRIFT
    assert {"data_drift", "concept_drift", "performance", "outliers"} <= set(DriftType)


@pytest.mark.parametrize(
    ("metric", "now", "before", "threshold", "worse"),
    [("r2", 0.80, 0.85, "r2_threshold", 0.059), ("rmse", 1.15, 1.0, "rmse_threshold", 0.15),
     ("accuracy", 0.84, 0.90, "accuracy_threshold", 0.06)],
)  # fmt: skip
def test_each_metric_has_a_threshold_of_its_own(
    metric: str, now: float, before: float, threshold: str, worse: float
) -> None:
    def decided(**settings: Any) -> Decision:
        made = AutomaticRetrainingOrchestrator(baseline_metrics={metric: before}, **settings)
        return made.should_retrain(REFERENCE, SAME, metrics={metric: now}, target="price")

    assert decided().triggered  # by the defaults
    assert decided(**{threshold: 0.99 * worse - 0.002}).triggered
    assert not decided(**{threshold: 1.01 * worse + 0.002}).triggered
    other = {"r2_threshold", "rmse_threshold", "accuracy_threshold"} - {threshold}
    assert decided(**dict.fromkeys(other, 9.0)).triggered  # those of others change nothing
    assert not decided(performance_threshold=9.0).triggered
    assert decided(performance_threshold=9.0, **{threshold: 0.01}).triggered


def test_rise_of_the_errors_that_matters_is_a_threshold_of_its_own() -> None:
    actuals = SAME["price"].to_numpy()
    errors = np.random.default_rng(4).normal(size=ROWS) * np.repeat([1.0, 1.5], ROWS // 2)
    for threshold, fires in ((0.15, True), (3.0, False)):
        orchestrator = AutomaticRetrainingOrchestrator(error_threshold=threshold)
        decision = orchestrator.should_retrain(REFERENCE, SAME, actuals + errors, actuals, target="price")
        assert (decision.trigger_type == DriftType.CONCEPT_DRIFT) is fires


@pytest.mark.parametrize(
    ("settings", "fires"),
    [({}, True), ({"outlier_pct_threshold": 12.0}, False), ({"z_score_threshold": 8.0}, False),
     ({"z_score_threshold": 5.0}, True), ({"outlier_pct_threshold": 9.0, "z_score_threshold": 5.5}, True)],
)  # fmt: skip
def test_outliers_are_counted_by_ones_own_z_and_share(settings: dict[str, Any], fires: bool) -> None:
    recent = SAME.copy()
    recent.loc[recent.index % 10 == 0, "x"] = 6.0  # a tenth of the rows, six standard deviations out
    decision = AutomaticRetrainingOrchestrator(**settings).should_retrain(REFERENCE, recent, target="price")
    outliers = [each for each in decision.triggers if each.trigger == DriftType.OUTLIERS]
    assert [each.fired for each in outliers] == [fires]


@pytest.mark.parametrize(
    "setting",
    ["r2_threshold", "rmse_threshold", "accuracy_threshold", "error_threshold", "z_score_threshold",
     "outlier_pct_threshold"],
)  # fmt: skip
@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")])
def test_threshold_out_of_range_is_named(setting: str, value: float) -> None:
    with pytest.raises(ConfigurationError, match=f"{setting}: found .*; it has to be more than 0"):
        AutomaticRetrainingOrchestrator(**{setting: value})


def test_pipeline_retrains_by_the_projects_script_and_publishes_what_is_proven_better(
    tmp_path: Path, half_turned: pd.DataFrame
) -> None:
    result = pipeline(project(tmp_path, hyperparameters={"fit_intercept": False}), half_turned)
    assert (result.status, result.success, result.version) == ("promoted", True, 1)
    assert result.metrics["rmse"] < result.previous_metrics["rmse"]
    assert result.reported_metrics == {"rows": 3000 + ROWS - ROWS // 4}  # the last quarter it has not seen
    assert (tmp_path / "models" / "model" / "champion").exists()
    row = json.loads((tmp_path / "retraining_events.jsonl").read_text())
    assert (row["execution_successful"], row["retraining_model_version"], row["severity"]) == (
        True, "v1", str(result.decision.severity)
    )  # fmt: skip
    assert row["retraining_rmse"] == result.metrics["rmse"]
    assert "model: promoted: " in (tmp_path / "retraining_executor.log").read_text()


def test_pipeline_leaves_a_good_model_alone_and_says_so(tmp_path: Path) -> None:
    result = pipeline(project(tmp_path), SAME)
    assert (result.status, result.version) == ("not_needed", None)
    assert not (tmp_path / "models").exists()
    row = json.loads((tmp_path / "retraining_events.jsonl").read_text())
    assert (row["execution_attempted"], row["execution_successful"]) == (False, None)


@pytest.mark.sweep
def test_new_model_that_is_no_better_is_kept_and_not_published(tmp_path: Path, half_turned: pd.DataFrame) -> None:
    worse = TRAIN.replace("model.fit(rows", "rows[request['target']] = 9.0 * rows['x']\nmodel.fit(rows")
    result = pipeline(project(tmp_path, worse), half_turned)
    assert result.status in ("held", "rejected")
    assert list((tmp_path / "models" / "model").glob("v1-*"))
    assert not (tmp_path / "models" / "model" / "champion").exists()


@pytest.mark.parametrize(
    ("script", "told"),
    [("raise SystemExit(3)", "exit"), ("print('no result')", "result"), ("import no_such_module", "no_such_module")],
)
def test_script_that_fails_is_on_record_and_raises_nothing(
    tmp_path: Path, half_turned: pd.DataFrame, script: str, told: str
) -> None:
    result = pipeline(project(tmp_path, script), half_turned)
    assert (result.status, result.success) == ("failed", False)
    assert told in result.reason
    assert json.loads((tmp_path / "retraining_events.jsonl").read_text())["execution_successful"] is False


def test_without_predictions_nothing_can_be_proven(tmp_path: Path) -> None:
    moved = SAME.assign(x=SAME["x"] + 1.0)
    result = pipeline(project(tmp_path), moved, recent_predictions=None, recent_actuals=None)
    assert (result.status, result.version) == ("held", 1)
    assert "nothing can be proven" in result.reason


def test_each_step_may_be_called_by_itself(tmp_path: Path) -> None:
    executor = project(tmp_path)
    data = executor.prepare_training_data(REFERENCE, SAME.drop(columns="price"), SAME["price"])
    assert (len(data), data.columns.features, data.task) == (3000 + ROWS, ("x", "z"), "regression")
    assert len(executor.prepare_training_data(REFERENCE, SAME.drop(columns="price"))) == 3000  # labels to come
    model = executor.execute_retraining(data)
    assert np.asarray(model.predict(data.features.iloc[:3])).shape == (3,)


def test_target_that_nobody_names_or_has_is_refused(tmp_path: Path) -> None:
    (tmp_path / "train.py").write_text(TRAIN)
    with pytest.raises(DataError, match="which column is to be predicted is not known"):
        RetrainingExecutor(project_root=tmp_path).prepare_training_data(REFERENCE, SAME)
    with pytest.raises(DataError, match="no column 'cost'"):
        RetrainingExecutor(project_root=tmp_path, target="cost").prepare_training_data(REFERENCE, SAME)
