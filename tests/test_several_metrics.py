"""Several metrics that decide at once, metrics that the caller measured, a least value, and what a type brings."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

from include.decision.evidence import Evidence
from include.decision.signals import Signal, SignalKind, Verdict
from include.decision.triggers import PerformanceBelowTrigger
from include.detectors import ModelPerformanceMonitor
from include.detectors.performance import compare_score
from include.errors import ConfigurationError, DataError
from include.registry.loader import load_model
from include.scoring import METRICS, Baseline, LabelledRows
from include.workflow import check_triggers
from tests.detectors.comparisons import compare
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tests.sweeps import first_of
from tests.triggers.signals import NOW

FIRST, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 17)
TABLE = pd.DataFrame({"x": np.arange(400.0)})


def labelled(rows: int, seed: int, right: float = 0.9, recall: float | None = None) -> LabelledRows:
    """Labels of two classes, with predictions that are right by a share; of the class "1" by another."""
    rng = np.random.default_rng(seed)
    actual = rng.choice(["0", "1"], rows)
    shares = np.where(actual == "1", right if recall is None else recall, right)
    predicted = np.where(rng.random(rows) < shares, actual, np.where(actual == "1", "0", "1"))
    return LabelledRows(actual=actual, predicted=predicted, classes=("0", "1"), positive="1")


def verdicts(rows: LabelledRows, also: tuple[str, ...] = ("recall", "f1"), **thresholds: float) -> dict[str, Verdict]:
    baseline = Baseline.of_version(METRICS["accuracy"], labelled(2000, 99))
    monitor = ModelPerformanceMonitor(thresholds=thresholds, level=0.05, also=also)
    comparison = compare(TABLE, TABLE, metric=METRICS["accuracy"], baseline=baseline, labelled=rows)
    return {signal.statistic: signal.verdict for signal in monitor.detect(comparison)}


def test_metric_that_worsens_alone_is_the_one_that_is_called() -> None:
    found = verdicts(labelled(2000, 1, right=0.97, recall=0.80))
    assert list(found) == ["accuracy", "recall", "f1"]
    assert (found["accuracy"], found["recall"]) == (Verdict.STABLE, Verdict.CHANGED)


def test_threshold_of_each_metric_is_its_own() -> None:
    rows = labelled(2000, 1, right=0.97, recall=0.80)
    assert verdicts(rows, recall=0.3)["recall"] is Verdict.STABLE
    assert verdicts(rows, accuracy=0.3, f1=0.3)["recall"] is Verdict.CHANGED


def test_unchanged_model_is_called_worse_by_any_of_them_no_more_often_than_the_level() -> None:
    alarms = sum(
        Verdict.CHANGED in verdicts(labelled(400, 100 + seed), accuracy=1e-9, recall=1e-9, f1=1e-9).values()
        for seed in range(200)
    )
    assert alarms <= 200 * 0.05 + 3 * (200 * 0.05 * 0.95) ** 0.5


def test_metric_that_was_not_known_at_acceptance_is_told() -> None:
    baseline = Baseline(scores={"accuracy": 0.9}, rows=100, effective_rows=100.0, loss_mean=0.1, loss_variance=0.09)
    comparison = compare(TABLE, TABLE, metric=METRICS["accuracy"], baseline=baseline, labelled=labelled(500, 1))
    found = ModelPerformanceMonitor(also=("recall",)).detect(comparison)[1]
    assert (found.verdict, found.reason) == (Verdict.NO_DATA, "no baseline of recall is known")


def test_score_alone_is_compared_by_the_width_of_its_interval() -> None:
    rows = labelled(1000, 5, right=0.8)
    worse = compare_score(METRICS["accuracy"], Baseline(scores={"accuracy": 0.9}, rows=1000), rows)
    assert worse.value == pytest.approx(0.9 - worse.current)
    assert worse.p_value < 1e-6
    same = compare_score(METRICS["accuracy"], Baseline(scores={"accuracy": worse.current}, rows=1000), rows)
    assert same.p_value == pytest.approx(0.5)


def shop(folder: Path, **fields: Any) -> Stage:
    stage = Stage(folder)
    stage.add("sales", sales(70, change=35), **fields)
    return stage


def test_section_reaches_the_signals_and_the_decision(tmp_path: Path) -> None:
    stage = shop(tmp_path, performance={"mae": 0.05, "r2_drop": 0.02}, policy={"when": "performance"})
    stage.run("sales", FIRST)
    step = stage.run("sales", LATER)
    found = {s.statistic: s for s in step.analysis.signals if s.kind is SignalKind.PERFORMANCE}
    assert list(found) == ["rmse", "mae", "r2"]
    assert (found["mae"].threshold, found["r2"].threshold) == (0.05, 0.02)
    assert all(signal.changed for signal in found.values())
    assert step.decision.trigger_type == "performance"


@pytest.mark.parametrize(
    ("performance", "told"),
    [
        ({"rsme": 0.05}, "unknown metric 'rsme'"),
        ({"accuracy": 0.05}, "performance: accuracy is not a metric for regression"),
        ({"rmse": 0.05}, "its threshold is policy.performance_threshold"),
        ({"mae": 0}, "greater than 0"),
        ({"max_drawdown": 0.05}, "max_drawdown has no loss of a single row"),
    ],
)
def test_mistake_in_the_section_is_named(tmp_path: Path, performance: dict[str, float], told: str) -> None:
    stage = shop(tmp_path, performance=performance)
    with pytest.raises(ConfigurationError, match=told):
        stage.deployment.spec("sales")


def test_own_metrics_are_checked_against_what_the_champion_was_accepted_with(tmp_path: Path) -> None:
    stage = shop(tmp_path, performance={"mae": 0.5})
    with pytest.raises(DataError, match="there is no champion to compare with"):
        check_triggers(stage.deployment, "sales", {"rmse": 1.0})
    stage.run("sales", FIRST)
    champion = stage.store.champion("sales")
    assert champion is not None
    assert champion.baseline is not None
    scores = champion.baseline.scores
    assert not check_triggers(stage.deployment, "sales", dict(scores)).should_retrain
    worse = {"rmse": 1.10 * scores["rmse"], "mae": 1.4 * scores["mae"], "r2": 0.9 * scores["r2"]}
    found = check_triggers(stage.deployment, "sales", worse)
    assert [each.metric for each in found.metrics if each.fired] == ["rmse", "r2"]  # MAE by less than 50 %
    assert (found.metrics[0].drop, found.metrics[0].severity) == (pytest.approx(0.1), "MEDIUM")
    assert found.reason.startswith("rmse worsened by 0.1 (threshold 0.05); r2 worsened by ")
    assert len(stage.store.events(model_name="sales")) == 1  # nothing is kept


@pytest.mark.parametrize(
    ("metrics", "told"),
    [
        ({"rsme": 1.0}, "did you mean 'rmse'"),
        ({"rmse": float("nan")}, "rmse: found nan"),
        ({"rmse": True}, "found True"),
        ({"rmse": "much"}, "found 'much'"),
        ({"accuracy": 0.9}, "nothing to compare these metrics with; known: "),
        ({}, "nothing to compare"),
    ],
)
def test_metrics_that_cannot_be_checked_are_named(tmp_path: Path, metrics: dict[str, Any], told: str) -> None:
    stage = shop(tmp_path)
    stage.run("sales", FIRST)
    with pytest.raises(DataError, match=told):
        check_triggers(stage.deployment, "sales", metrics)


@pytest.mark.parametrize(("least", "high", "fires"), [(0.8, 0.79, True), (0.8, 0.81, False), (0.8, 0.8, False)])
def test_least_value_fires_where_the_whole_interval_is_below_it(least: float, high: float, fires: bool) -> None:
    signal = Signal(
        kind=SignalKind.PERFORMANCE, statistic="auc", verdict=Verdict.STABLE, reason="",
        detail={"current": 0.78, "low": 0.75, "high": high},
    )  # fmt: skip
    answer = PerformanceBelowTrigger(least=least).decide(Evidence(now=NOW, signals=(signal,)))
    assert (answer.fired, answer.value, answer.threshold) == (fires, 0.78, least)
    assert not PerformanceBelowTrigger(least=least).decide(Evidence(now=NOW, signals=())).fired


@pytest.mark.parametrize(
    ("kind", "least"), first_of([("lightgbm", 0.80), ("lstm", 0.75), ("transformer", 0.75), ("ensemble", 0.85)], 2)
)
def test_type_of_a_model_brings_its_least_performance(tmp_path: Path, kind: str, least: float) -> None:
    stage = shop(tmp_path, metric="r2", model_type=kind, policy={"when": {"any": ["performance", "performance_below"]}})
    assert stage.deployment.spec("sales").settings().performance_below == least
    stage.run("sales", FIRST)
    step = stage.run("sales", LATER)  # the world has turned over
    found = [each for each in step.decision.triggers if each.trigger == "performance_below"]
    assert [(each.fired, each.threshold) for each in found] == [(True, least)]


@pytest.mark.parametrize(
    ("fields", "told"),
    [({"policy": {"when": "performance_below"}, "metric": "r2"}, "add `model_type`, or give the number"),
     ({"policy": {"when": {"performance_below": 0.8}}}, "for metrics where large is good; rmse is an error")],
)  # fmt: skip
def test_least_value_without_a_number_or_of_an_error_is_refused(
    tmp_path: Path, fields: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        shop(tmp_path, **fields).deployment.spec("sales")


def test_lightgbm_that_is_not_installed_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "lightgbm", None)
    stage = shop(tmp_path, training={"estimator": "lightgbm"})
    with pytest.raises(ConfigurationError, match=r"the package lightgbm is not installed here .*pip install lightgbm"):
        load_model(stage.models, "sales")


def test_lightgbm_is_trained_by_its_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    module: Any = ModuleType("lightgbm")  # as installed: estimators of scikit-learn's kind under its names
    module.LGBMRegressor, module.LGBMClassifier = HistGradientBoostingRegressor, HistGradientBoostingClassifier
    monkeypatch.setitem(sys.modules, "lightgbm", module)
    stage = shop(tmp_path, training={"estimator": "lightgbm", "hyperparameters": {"max_iter": 20}})
    event = stage.run("sales", FIRST).event
    assert event is not None
    assert (event.details.estimator, str(event.status)) == ("lightgbm", "promoted")
    stage.add("sales", training={"estimator": "lightgbm", "hyperparameters": {"max_itr": 20}})
    with pytest.raises(ConfigurationError, match="has no such parameter"):
        stage.deployment.spec("sales")
