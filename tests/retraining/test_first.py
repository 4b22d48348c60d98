from __future__ import annotations

import numpy as np
import pytest

from include.retraining.gate.first import constant_answers
from include.retraining.gate.gate import GateVerdict, PromotionGate
from include.scoring import METRICS, LabelledRows

NAMES = ("a", "b")


def numbers(metric: str, *, noise: float, rows: int = 200, level: float = 0.05) -> GateVerdict:
    """Verdict on a version whose error is `noise`, of targets with the spread 1."""
    rng = np.random.default_rng(0)
    actual = 10.0 + rng.normal(size=rows)
    version = LabelledRows(actual=actual, predicted=actual + noise * rng.normal(size=rows))
    constant = constant_answers(METRICS[metric], 10.0 + rng.normal(size=400), version)
    return PromotionGate(metric=METRICS[metric], floors={}, level=level).judge_first(version, constant).verdict


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
    constant = constant_answers(METRICS[metric], learnt, version)
    return PromotionGate(metric=METRICS[metric], floors={}).judge_first(version, constant).verdict


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
        version, constant_answers(METRICS["rmse"], np.zeros(3), version)
    )
    assert "no better than a constant" in result.reason
    assert f"rmse {result.scores['rmse']:.4g} against its {result.constant:.4g}" in result.reason
    assert "gate.better_than_constant: false" in result.reason
    assert result.details.constant == result.constant


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
        constant = constant_answers(METRICS["rmse"], rng.normal(size=300), version)
        verdict = PromotionGate(metric=METRICS["rmse"], floors={}).judge_first(version, constant).verdict
        promoted += verdict is GateVerdict.PROMOTE
    assert promoted / trials <= 0.08


def test_constant_is_the_mean_the_median_or_the_most_frequent_class_with_its_share() -> None:
    rows = LabelledRows(actual=np.zeros(2), predicted=np.zeros(2))
    learnt = np.array([0.0, 0.0, 9.0])
    assert constant_answers(METRICS["rmse"], learnt, rows).predicted.tolist() == [3.0, 3.0]
    assert constant_answers(METRICS["mae"], learnt, rows).predicted.tolist() == [0.0, 0.0]
    two = LabelledRows(
        actual=np.array(["a"]), predicted=np.array(["b"]), probability=np.array([[0.1, 0.9]]), classes=NAMES
    )
    made = constant_answers(METRICS["auc"], np.array(["a", "b", "a", "a"]), two)
    assert made.predicted.tolist() == ["a"]
    assert made.probability is not None
    assert made.probability.tolist() == [[0.75, 0.25]]
