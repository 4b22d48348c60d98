from __future__ import annotations

import numpy as np
import pytest

from include.retraining.gate.constants import Constant, constant_answers, constants
from include.retraining.gate.gate import GateVerdict, PromotionGate
from include.scoring import METRICS, LabelledRows, Metric, Task

NAMES = ("a", "b")


def numbers(metric: str, *, noise: float, rows: int = 200, level: float = 0.05) -> GateVerdict:
    """Verdict on a version whose error is `noise`, of targets with the spread 1."""
    rng = np.random.default_rng(0)
    actual = 10.0 + rng.normal(size=rows)
    version = LabelledRows(actual=actual, predicted=actual + noise * rng.normal(size=rows))
    beside = constants(METRICS[metric], 10.0 + rng.normal(size=400), version)
    return PromotionGate(metric=METRICS[metric], floors={}, level=level).judge_first(version, beside).verdict


def classes(metric: str, *, sure: float, rare: float = 0.5, rows: int = 300) -> GateVerdict:
    """Verdict on a classifier that is right with the probability `sure`, and says so."""
    rng = np.random.default_rng(1)
    actual = np.where(rng.random(rows) < rare, "b", "a")
    right = rng.random(rows) < sure
    predicted = np.where(right == (actual == "b"), "b", "a")
    chance = np.where(predicted == "b", sure, 1.0 - sure)
    version = LabelledRows(
        actual=actual, predicted=predicted, probability=np.column_stack([1.0 - chance, chance]), classes=NAMES,
    )  # fmt: skip
    learnt = np.where(rng.random(1000) < rare, "b", "a")
    beside = constants(METRICS[metric], learnt, version)
    return PromotionGate(metric=METRICS[metric], floors={}).judge_first(version, beside).verdict


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2", "mape"])
def test_first_version_that_tells_more_than_a_constant_is_promoted_and_one_that_does_not_is_held(metric: str) -> None:
    assert numbers(metric, noise=0.3) is GateVerdict.PROMOTE
    assert numbers(metric, noise=1.0) is GateVerdict.HOLD
    assert numbers(metric, noise=2.0) is GateVerdict.HOLD


@pytest.mark.parametrize("metric", ["accuracy", "balanced_accuracy", "f1", "auc", "log_loss", "brier"])
def test_classifier_that_guesses_is_held_and_one_that_knows_is_promoted(metric: str) -> None:
    assert classes(metric, sure=0.95) is GateVerdict.PROMOTE
    assert classes(metric, sure=0.5) is GateVerdict.HOLD


def test_accuracy_of_a_rare_class_that_always_saying_no_has_too_is_held() -> None:
    assert classes("accuracy", sure=0.95, rare=0.03) is GateVerdict.HOLD
    assert classes("auc", sure=0.95, rare=0.1) is GateVerdict.PROMOTE


def test_reason_of_a_held_first_version_names_both_scores_and_the_field_that_lets_it_pass() -> None:
    rng = np.random.default_rng(0)
    version = LabelledRows(actual=rng.normal(size=100), predicted=rng.normal(size=100))
    result = PromotionGate(metric=METRICS["rmse"], floors={}).judge_first(
        version, constants(METRICS["rmse"], np.zeros(3), version)
    )
    assert "no better than a constant" in result.reason
    told = f"rmse {result.scores['rmse']:.4g} of the model, {result.constant:.4g} of always 0"
    assert f"{told}, the mean of the 3 rows before, on 100 held-out rows" in result.reason
    assert "gate.better_than_constant: false" in result.reason
    assert result.details["constant"] == result.constant


def test_few_held_out_rows_prove_nothing_but_have_to_be_better() -> None:
    assert numbers("rmse", noise=0.3, rows=8) is GateVerdict.PROMOTE
    assert numbers("rmse", noise=3.0, rows=8) is GateVerdict.HOLD


def test_without_a_constant_any_first_version_above_its_floors_is_promoted() -> None:
    version = LabelledRows(actual=np.arange(50.0), predicted=np.zeros(50))
    assert PromotionGate(metric=METRICS["rmse"], floors={}).judge_first(version).verdict is GateVerdict.PROMOTE


def test_noise_gets_through_at_most_at_the_level_of_the_gate() -> None:
    rng, promoted, trials = np.random.default_rng(3), 0, 400
    for _ in range(trials):
        actual = rng.normal(size=100)
        version = LabelledRows(actual=actual, predicted=0.1 * rng.normal(size=100))
        beside = constants(METRICS["rmse"], rng.normal(size=300), version)
        verdict = PromotionGate(metric=METRICS["rmse"], floors={}).judge_first(version, beside).verdict
        promoted += verdict is GateVerdict.PROMOTE
    assert promoted / trials <= 0.08


def test_constant_is_the_mean_the_median_or_the_most_frequent_class_with_its_share() -> None:
    rows = LabelledRows(actual=np.zeros(2), predicted=np.zeros(2))
    learnt = np.array([0.0, 0.0, 9.0])
    assert constant_answers(METRICS["rmse"], learnt, rows)[0].predicted.tolist() == [3.0, 3.0]
    assert constant_answers(METRICS["mae"], learnt, rows)[0].predicted.tolist() == [0.0, 0.0]
    assert constant_answers(METRICS["mae"], learnt, rows, np.array([1.0, 1.0, 5.0]))[0].predicted.tolist() == [9.0, 9.0]
    two = LabelledRows(
        actual=np.array(["a"]), predicted=np.array(["b"]), probability=np.array([[0.1, 0.9]]), classes=NAMES
    )
    made, _ = constant_answers(METRICS["auc"], np.array(["a", "b", "a", "a"]), two)
    assert made.predicted.tolist() == ["a"]
    assert made.probability is not None
    assert made.probability.tolist() == [[0.75, 0.25]]


@pytest.mark.parametrize(
    "metric", [m for m in METRICS.values() if m.task is Task.REGRESSION and not m.for_trading], ids=lambda m: m.name
)
def test_no_other_constant_of_the_labels_scores_better(metric: Metric) -> None:
    labels = np.random.default_rng(4).lognormal(1.0, 1.0, 301)
    sign = -1.0 if metric.larger_is_better else 1.0
    best = sign * metric.score(constant_answers(metric, labels, LabelledRows(actual=labels, predicted=labels))[0])
    others = [
        sign * metric.score(LabelledRows(actual=labels, predicted=np.full(301, value)))
        for value in np.linspace(0.1, 20.0, 400)
    ]
    assert best <= min(others) + 1e-9


def drifting(level: float, predicted: float) -> tuple[LabelledRows, list[Constant]]:
    """Labels that were 0 for long, then `level` for as many rows as are held out, on which they are, too."""
    rng = np.random.default_rng(5)
    rows = LabelledRows(actual=level + rng.normal(size=100), predicted=predicted + 0.1 * rng.normal(size=100))
    learnt = np.concatenate([rng.normal(size=400), level + rng.normal(size=100)])
    return rows, list(constants(METRICS["rmse"], learnt, rows))


def test_version_of_a_drifting_target_has_to_beat_the_latest_labels() -> None:
    rows, beside = drifting(10.0, 8.0)
    assert METRICS["rmse"].score(beside[0].rows) > METRICS["rmse"].score(rows)
    result = PromotionGate(metric=METRICS["rmse"], floors={}).judge_first(rows, beside)
    assert result.verdict is GateVerdict.HOLD
    assert "of always 10.05, the mean of the latest 100 rows before, on 100 held-out rows" in result.reason


def test_constant_that_nobody_could_foresee_is_told_and_decides_nothing() -> None:
    rng = np.random.default_rng(6)
    rows = LabelledRows(actual=10.0 + rng.normal(size=100), predicted=np.full(100, 8.0))
    beside = list(constants(METRICS["rmse"], rng.normal(size=400), rows))
    result = PromotionGate(metric=METRICS["rmse"], floors={}).judge_first(rows, beside)
    assert result.verdict is GateVerdict.PROMOTE
    assert "known beforehand always" in result.reason
    assert [each.foreseen for each in beside] == [True, True, False]


def test_class_that_is_frequent_of_late_is_a_constant_to_beat() -> None:
    names = np.array(["rain"] * 300 + ["sun"] * 100)
    rows = LabelledRows(actual=np.array(["sun"] * 70 + ["rain"] * 30), predicted=np.array(["sun", "rain"] * 50))
    result = PromotionGate(metric=METRICS["accuracy"], floors={}).judge_first(
        rows, constants(METRICS["accuracy"], names, rows)
    )
    assert result.verdict is GateVerdict.HOLD
    assert "0.7 of always 'sun', the most frequent class of the latest 100 rows before" in result.reason
