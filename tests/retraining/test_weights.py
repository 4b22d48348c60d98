"""Weights of rows where they are read, trained with and learnt from."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from include.decision.signals import SignalKind, Verdict
from include.errors import TrainingError
from include.registry.training import Script
from include.retraining.contest.contest import labelled_among
from include.retraining.contest.predictions import recent_rows
from include.retraining.prepare import Columns
from include.retraining.retrain_gain import CorrectionTrial
from include.retraining.trainers.callable_trainer import CallableTrainer
from include.retraining.trainers.script_files import write_rows
from include.retraining.trainers.script_trainer import ScriptTrainer
from include.retraining.trainers.sklearn_trainer import SklearnTrainer
from include.retraining.trainers.trainer import GoingOn, Start
from include.retraining.weights import row_weights, without_unweighted
from include.scoring import METRICS, Baseline, LabelledRows, Task
from tests.retraining.models import spec_of

COLUMNS = Columns(features=("x",), categorical=())
FUNCTIONS = "tests.retraining.trainers.functions"
HALF = np.arange(600) % 2 == 0
X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=600)})
SLOPES = np.where(HALF, 3.0, -3.0) * X["x"].to_numpy()  # two relations at once: which is learnt, weights decide
WEIGHT = np.where(HALF, 1.0, 0.01)


def learnt(model: Any) -> float:
    return float(np.polyfit(X["x"], np.asarray(model.predict(X), dtype=float), 1)[0])


@pytest.mark.parametrize(
    "estimator", ["gradient_boosting", "linear", "sklearn.ensemble.RandomForestRegressor", "sklearn.svm.SVR"]
)
def test_what_is_learnt_is_what_the_weights_say(estimator: str) -> None:
    trainer = SklearnTrainer(task=Task.REGRESSION, estimator=estimator)
    assert learnt(trainer.fit(X, SLOPES, COLUMNS, weight=WEIGHT)) > 2.0
    assert learnt(trainer.fit(X, SLOPES, COLUMNS, weight=1.01 - WEIGHT)) < -2.0


@pytest.mark.parametrize("estimator", ["gradient_boosting", "linear"])
def test_a_classifier_obeys_weights(estimator: str) -> None:
    trainer = SklearnTrainer(task=Task.CLASSIFICATION, estimator=estimator)
    model: Any = trainer.fit(X, np.where(SLOPES > 0.0, "1", "0"), COLUMNS, weight=WEIGHT)
    assert learnt(model) > 0.2


@pytest.mark.parametrize(
    ("estimator", "hyperparameters"),
    [("sklearn.linear_model.SGDRegressor", {}), ("sklearn.ensemble.GradientBoostingRegressor", {"n_estimators": 40})],
)
def test_incremental_training_obeys_weights(estimator: str, hyperparameters: dict[str, Any]) -> None:
    trainer = SklearnTrainer(task=Task.REGRESSION, estimator=estimator, hyperparameters=hyperparameters)
    start = Start(predictor=trainer.fit(X, np.zeros(600), COLUMNS), folder=Path("unused"))
    found = [
        learnt(GoingOn(trainer=trainer, start=start).fit(X, SLOPES, COLUMNS, weight=each))
        for each in (WEIGHT, 1.01 - WEIGHT)
    ]
    assert found[0] > 0.02 > -0.02 > found[1]


@pytest.mark.parametrize("name", ["weighted_ridge", "anything_else"])
def test_a_function_that_takes_weights_is_given_them(name: str) -> None:
    trainer = CallableTrainer(model_name="shop", task=Task.REGRESSION, place=f"{FUNCTIONS}:{name}")
    assert learnt(trainer.fit(X, SLOPES, COLUMNS, weight=WEIGHT)) > 2.0


def test_a_function_that_takes_no_weights_is_refused_only_where_there_are_some() -> None:
    trainer = CallableTrainer(model_name="shop", task=Task.REGRESSION, place=f"{FUNCTIONS}:ridge")
    trainer.fit(X, SLOPES, COLUMNS)
    with pytest.raises(TrainingError, match=r"model shop: fields training.callable, weight: .*:ridge takes no weights"):
        trainer.fit(X, SLOPES, COLUMNS, weight=WEIGHT)


@pytest.mark.sweep
def test_a_script_finds_the_weights_in_its_rows(tmp_path: Path) -> None:
    write_rows(tmp_path / "rows.parquet", X, COLUMNS, ("y", SLOPES), ("exposure", WEIGHT))
    assert pq.read_schema(tmp_path / "rows.parquet").names == ["x", "exposure", "y"]
    code = (
        "import json, sys, pathlib, pyarrow.parquet as pq\n"
        "r = json.load(open(sys.argv[1])); t = pq.read_table(r['rows'])\n"
        "told = {'sum': float(sum(t[r['weight']].to_pylist())) if r['weight'] else -1.0}\n"
        "pathlib.Path(r['output_folder'], 'm.json').write_text('{}')\n"
        "json.dump({'schema_version': 1, 'metrics': told}, open(r['result'], 'w'))\n"
        "sys.exit(0)\n"
    )
    predict = (
        "import json, sys, pyarrow as pa, pyarrow.parquet as pq\n"
        "r = json.load(open(sys.argv[1])); n = pq.read_table(r['rows']).num_rows\n"
        "pq.write_table(pa.table({'prediction': [0.0] * n}), r['predictions'])\n"
    )
    (tmp_path / "train.py").write_text(code)
    (tmp_path / "predict.py").write_text(predict)
    script = Script.model_validate({
        "command": [sys.executable, str(tmp_path / "train.py")],
        "predict_command": [sys.executable, str(tmp_path / "predict.py")],
    })  # fmt: skip
    trainer = ScriptTrainer(
        model_name="shop", task=Task.REGRESSION, target="y", script=script, weight_column="exposure"
    )
    made: Any = trainer.fit(X, SLOPES, COLUMNS, weight=WEIGHT)
    assert made.reported_metrics["sum"] == pytest.approx(WEIGHT.sum())
    plain: Any = trainer.fit(X, SLOPES, COLUMNS)
    assert plain.reported_metrics["sum"] == -1.0


def test_weights_are_finite_numbers_from_0_up() -> None:
    cells = pd.Series([1, "2.5", 0, -1, None, 1e200, np.inf, -np.inf, "much", ""], dtype=object)
    found = row_weights(spec_of(weight="w"), pd.DataFrame({"w": cells}))
    assert found is not None
    assert found.tolist()[:3] == [1.0, 2.5, 0.0]
    assert np.isnan(found[3:]).all()


@pytest.mark.parametrize(("bad", "verdict"), [(2, Verdict.STABLE), (30, Verdict.CHANGED)])
def test_labels_of_rows_that_do_not_count_are_as_not_arrived_and_faults_are_told(bad: int, verdict: Verdict) -> None:
    weight = np.concatenate([np.full(bad, -1.0), np.zeros(5), np.ones(95 - bad)])
    recent = pd.DataFrame({"x": 1.0, "y": 2.0, "w": weight})
    blank, (signal,) = without_unweighted(spec_of(weight="w"), recent)
    assert blank["y"].notna().sum() == 95 - bad
    assert (signal.kind, signal.statistic, signal.verdict) == (SignalKind.DATA_QUALITY, "unusable_weights", verdict)
    assert signal.reason.startswith(f"{bad} of 100 rows are left out")
    assert labelled_among(spec_of(weight="w"), recent) == 95 - bad


def test_rows_that_count_nothing_are_no_fault() -> None:
    recent = pd.DataFrame({"x": 1.0, "y": 2.0, "w": [0.0, 1.0]})
    assert without_unweighted(spec_of(weight="w"), recent)[1] == []


@pytest.mark.parametrize("weights", [(0.0,), (0.0, -1.0), (-1.0,)], ids=["none", "none or unusable", "unusable"])
@pytest.mark.parametrize(("rows", "told"), [(99, False), (400, True)])
def test_labels_enough_of_which_none_counts_are_told(weights: tuple[float, ...], rows: int, told: bool) -> None:
    recent = pd.DataFrame({"x": 1.0, "y": 2.0, "w": np.resize(weights, rows)})
    signals = without_unweighted(spec_of(weight="w"), recent)[1]
    said = [each.reason for each in signals if each.changed and "has a weight above 0" in each.reason]
    assert bool(said) is told
    if told:
        assert f"not one of {rows} labelled rows" in said[0]
        assert "correct the column 'w'" in said[0]


def test_rows_without_weight_are_no_part_of_an_estimate_either() -> None:
    spec = spec_of(
        task="classification", metric="log_loss", prediction="p", probability="q", positive_class="yes", weight="w"
    )
    rng = np.random.default_rng(0)
    chance = rng.random(400)
    actual = np.where(rng.random(400) < chance, "yes", "no").astype(object)
    held_out = LabelledRows(
        actual=actual, predicted=np.where(chance > 0.5, "yes", "no"), classes=("no", "yes"),
        probability=np.column_stack([1.0 - chance, chance]),
    )  # fmt: skip
    table = pd.DataFrame({"x": 1.0, "y": None, "p": held_out.predicted, "q": chance, "w": np.arange(400) % 4 - 1.0})
    baseline = Baseline.of_version(METRICS["log_loss"], held_out)
    found = recent_rows(spec, table, COLUMNS, baseline, pytest.fail)
    assert found.unlabelled is not None
    assert found.unlabelled.weight is not None
    assert sorted(set(found.unlabelled.weight)) == [1.0, 2.0]


def test_a_correction_is_learnt_from_the_rows_that_weigh() -> None:
    """All rows together teach nothing: one half of them asks for what the other forbids."""
    x = np.random.default_rng(0).normal(size=2000)
    half = np.random.default_rng(1).random(2000) < 0.5
    noise = np.random.default_rng(2).normal(size=2000)
    actual = np.where(half, 2.0, -1.0) * x + noise
    detector = CorrectionTrial(threshold=0.05, level=0.01, minimum_rows=100)
    rows = LabelledRows(actual=actual, predicted=0.5 * x, weight=np.where(half, 1.0, 1e-9))
    found = detector.detect(pd.DataFrame({"x": x}), COLUMNS, rows, METRICS["rmse"])
    assert found.verdict is Verdict.CHANGED


def test_a_gain_counts_the_rows_that_weigh() -> None:
    """The champion is wrong on one row in two; where those weigh nothing there is nothing to learn."""
    x = np.random.default_rng(0).normal(size=2000)
    half = np.random.default_rng(1).random(2000) < 0.5
    table = pd.DataFrame({"x": x, "z": half.astype(float)})
    noise = np.random.default_rng(2).normal(size=2000)
    columns = Columns(features=("x", "z"), categorical=())
    detector = CorrectionTrial(threshold=0.05, level=0.01, minimum_rows=100)
    verdicts = [
        detector.detect(
            table, columns,
            LabelledRows(actual=np.where(half, 3.0, 1.0) * x + noise, predicted=x, weight=np.where(half, each, 1.0)),
            METRICS["rmse"],
        ).verdict
        for each in (1.0, 1e-9)
    ]  # fmt: skip
    assert verdicts == [Verdict.CHANGED, Verdict.STABLE]
