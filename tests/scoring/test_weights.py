"""Weights of rows in every metric, interval, baseline and test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from include.retraining.gate.gate import GateVerdict, PromotionGate
from include.scoring import METRICS, Baseline, LabelledRows, Metric, ProbabilityCalibration, Task, interval, score_all
from include.scoring.estimate import estimate
from include.scoring.intervals import mean_error
from include.scoring.labelled_rows import PredictedRows
from include.scoring.paired import paired_gain
from tests.scoring.samples import classified, numbers, several, trades

CASES = [
    (name, kind) for name, metric in METRICS.items() for kind in ("two", "several")
    if kind == "two" or metric.task is Task.CLASSIFICATION
]  # fmt: skip


def sample(name: str, kind: str = "two", rows: int = 400) -> LabelledRows:
    metric, rng = METRICS[name], np.random.default_rng(7)
    if metric.task is Task.CLASSIFICATION:
        return classified(rng, rows) if kind == "two" else several(rng, rows)
    return trades(rows) if metric.for_trading else numbers(rows)


def repeated(rows: LabelledRows, times: np.ndarray) -> LabelledRows:
    """Each row as often as `times` says, next to each other."""
    place = np.repeat(np.arange(len(rows)), times)
    return replace(
        rows, actual=rows.actual[place], predicted=rows.predicted[place],
        probability=None if rows.probability is None else rows.probability[place],
    )  # fmt: skip


def whole_weights(rows: int, *, least: int = 0, seed: int = 3) -> np.ndarray:
    return np.random.default_rng(seed).integers(least, 5, rows)


def weighted(rows: LabelledRows, weight: np.ndarray) -> LabelledRows:
    return replace(rows, weight=weight.astype(float))


@pytest.mark.parametrize(("name", "kind"), CASES)
@pytest.mark.parametrize("least", [0, 1])
def test_whole_weights_are_repeated_rows_in_every_metric(name: str, kind: str, least: int) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    times = whole_weights(len(rows), least=least)
    plain, given, twice = rows, weighted(rows, times), repeated(rows, times)
    assert metric.score(given) == pytest.approx(metric.score(twice), rel=1e-9)
    assert metric.score(given) != pytest.approx(metric.score(plain), rel=1e-3)


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if METRICS[case[0]].losses is not None])
def test_whole_weights_are_repeated_rows_in_every_mean_loss(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    times = whole_weights(len(rows))
    given, twice = weighted(rows, times), repeated(rows, times)
    expected = float(metric.row_loss(twice).mean())
    assert given.mean(metric.row_loss(given)) == pytest.approx(expected, rel=2e-3)


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if METRICS[case[0]].influence is not None])
def test_weighted_influences_have_mean_0(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    assert metric.influence is not None
    given = weighted(rows, whole_weights(len(rows)))
    assert given.mean(metric.influence(given)) == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_intervals_of_whole_weights_are_roughly_those_of_repeated_rows(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind, rows=1000)
    times = whole_weights(len(rows), least=1)
    bounds = [interval(metric, each) for each in (weighted(rows, times), repeated(rows, times))]
    assert bounds[0] is not None
    assert bounds[1] is not None
    width = [high - low for low, high in bounds]
    order = 0.5 if name == "max_drawdown" else 0.3  # its interval is of the same rows in another order
    assert width[0] == pytest.approx(width[1], rel=order)
    assert bounds[0][0] == pytest.approx(bounds[1][0], abs=order * width[1])


@pytest.mark.parametrize(("name", "kind"), [case for case in CASES if case[0] != "max_drawdown"])
def test_only_the_proportions_of_weights_count(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    weight = np.random.default_rng(1).uniform(0.1, 3.0, len(rows))
    once, often = weighted(rows, weight), weighted(rows, 0.017 * weight)
    assert metric.score(often) == pytest.approx(metric.score(once), rel=1e-9)
    assert interval(metric, often) == pytest.approx(interval(metric, once), rel=1e-9)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_a_weight_of_0_is_no_row(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    chosen = np.arange(len(rows)) % 3 > 0
    given, left = weighted(rows, chosen), rows.where(chosen)
    assert metric.score(given) == pytest.approx(metric.score(left), rel=1e-9)
    assert given.evidence == len(left)


@pytest.mark.parametrize(("name", "kind"), CASES)
def test_equal_weights_change_nothing(name: str, kind: str) -> None:
    metric, rows = METRICS[name], sample(name, kind)
    given = weighted(rows, np.ones(len(rows)))
    assert metric.score(given) == pytest.approx(metric.score(rows), rel=1e-12)
    assert interval(metric, given) == pytest.approx(interval(metric, rows), rel=1e-9)
    if metric.losses is not None:
        before, after = (Baseline.measure(metric, each) for each in (rows, given))
        assert after.loss_mean == pytest.approx(before.loss_mean, rel=1e-12)
        assert after.loss_variance == pytest.approx(before.loss_variance, rel=1e-9)
        assert after.effective_rows == pytest.approx(before.effective_rows, rel=1e-9)


def test_error_of_a_weighted_mean_is_what_repeating_the_draw_shows() -> None:
    rng = np.random.default_rng(0)
    means, errors = [], []
    for _ in range(2000):
        weight, values = rng.exponential(size=300), rng.normal(size=300)
        means.append(np.average(values, weights=weight))
        errors.append(mean_error(values, weight=weight)[0])
    assert np.mean(errors) == pytest.approx(np.std(means), rel=0.06)


def test_degrees_of_freedom_are_those_of_rows_of_equal_weight() -> None:
    weight = np.array([1000.0] * 5 + [1.0] * 495)
    values = np.random.default_rng(0).normal(size=500)
    assert mean_error(values, weight=weight)[1] < 6.0 < 400.0 < mean_error(values)[1]


def challenged(rows: int, better: float, *, seed: int, weight: np.ndarray | None) -> tuple[LabelledRows, LabelledRows]:
    """A champion with errors of 1, and a challenger with errors smaller by `better` and otherwise of its own."""
    rng = np.random.default_rng(seed)
    actual, common = rng.normal(size=rows), rng.normal(size=rows)
    predicted = [actual + common + 0.3 * rng.normal(size=rows), actual + (1 - better) * common]
    predicted[1] += 0.3 * rng.normal(size=rows)
    first, second = (LabelledRows(actual=actual, predicted=each, weight=weight) for each in predicted)
    return first, second


def gate(metric: Metric = METRICS["rmse"]) -> PromotionGate:
    return PromotionGate(metric=metric, floors={})


def test_the_gate_keeps_its_level_with_heavy_weights() -> None:
    found = 0
    for seed in range(600):
        weight = np.random.default_rng(seed).lognormal(sigma=1.0, size=400)
        found += paired_gain(METRICS["rmse"], *challenged(400, 0.0, seed=seed, weight=weight)).p_value < 0.05
    assert 0.02 < found / 600 < 0.08


def test_the_gate_asks_the_rows_that_count() -> None:
    """A challenger that is better on nine rows in ten and worse on the tenth, which is all that counts."""
    counts = np.arange(1000) % 10 == 0
    champion, challenger = challenged(1000, 0.5, seed=1, weight=None)
    worse = challenger.predicted + np.where(counts, 3.0, 0.0)
    challenger = replace(challenger, predicted=worse)
    weight = np.where(counts, 1000.0, 1.0)
    assert gate(METRICS["mae"]).judge(champion, challenger).verdict is GateVerdict.PROMOTE
    judged = gate(METRICS["mae"]).judge(weighted(champion, weight), weighted(challenger, weight))
    assert judged.verdict is GateVerdict.REJECT


def test_few_rows_that_count_prove_nothing() -> None:
    weight = np.where(np.arange(400) < 10, 1e6, 1.0)
    result = gate().judge(*challenged(400, 0.9, seed=0, weight=weight))
    assert result.verdict is GateVerdict.HOLD
    assert "only 400 (worth 10 of equal weight) held-out labelled rows, 20 needed" in result.reason


def test_floors_and_guards_are_weighted() -> None:
    counts = np.arange(1000) % 4 == 0
    champion, challenger = challenged(1000, 0.5, seed=2, weight=np.where(counts, 1.0, 1e-6))
    bad = replace(challenger, predicted=challenger.predicted + np.where(counts, 9.0, 0.0))
    floored = PromotionGate(metric=METRICS["rmse"], floors={"mae": 2.0})
    assert floored.judge(champion, challenger).verdict is GateVerdict.PROMOTE
    assert "does not reach the floor" in floored.judge(champion, bad).reason


def test_a_slice_whose_weight_is_in_few_rows_is_not_judged() -> None:
    slices = {"shop": np.where(np.arange(1000) < 200, "a", "b").astype(object)}
    champion, challenger = challenged(1000, 0.5, seed=2, weight=np.where(np.arange(1000) < 190, 1e-9, 1.0))
    guarded = PromotionGate(metric=METRICS["rmse"], floors={}, guards=["slices"])
    found = guarded.judge(replace(champion, slices=slices), replace(challenger, slices=slices))
    assert [one.name for one in found.guards] == ["rmse, shop: b"]


@pytest.mark.parametrize("size", [1e-200, 1e100])
def test_very_small_and_very_large_weights_are_weights(size: float) -> None:
    champion, challenger = challenged(400, 0.9, seed=0, weight=np.full(400, size))
    assert challenger.evidence == pytest.approx(400)
    result = gate().judge(champion, challenger)
    plain = gate().judge(*challenged(400, 0.9, seed=0, weight=None))
    assert (result.verdict, result.gain) == (plain.verdict, pytest.approx(plain.gain))


def test_joined_rows_keep_their_weights() -> None:
    rows = numbers(10)
    both = LabelledRows.joined([weighted(rows, np.full(10, 3)), rows])
    assert both.weight is not None
    assert both.weight.tolist() == [3.0] * 10 + [1.0] * 10
    assert LabelledRows.joined([rows, rows]).weight is None


def test_weights_that_do_not_fit_the_rows_are_refused() -> None:
    with pytest.raises(ValueError, match="weight has shape"):
        LabelledRows(actual=np.ones(3), predicted=np.ones(3), weight=np.ones(2))


def test_calibration_and_estimate_follow_the_weights() -> None:
    """Half of the rows are easy; what is expected of all is what is expected of the half that counts."""
    rng = np.random.default_rng(0)
    rows = classified(rng, 4000)
    calibration = ProbabilityCalibration.fit(rows)
    assert calibration is not None
    assert rows.probability is not None
    easy = np.abs(rows.probability[:, 1] - 0.5) > 0.3
    every = PredictedRows(predicted=rows.predicted, probability=rows.probability, classes=rows.classes)
    given = replace(every, weight=np.where(easy, 2.0, 0.0))
    part = PredictedRows(predicted=rows.predicted[easy], probability=rows.probability[easy], classes=rows.classes)
    found, expected = (estimate(METRICS["log_loss"], each, calibration, "yes") for each in (given, part))
    assert found is not None
    assert expected is not None
    assert found.scores == pytest.approx(expected.scores, rel=1e-9)
    assert found.evidence == expected.rows
    assert (found.loss_mean, found.loss_variance) == pytest.approx((expected.loss_mean, expected.loss_variance))
    twice = ProbabilityCalibration.fit(weighted(rows, np.where(easy, 1.0, 1e-9)))
    assert twice is not None
    assert twice.lines != calibration.lines


def test_all_metrics_of_a_task_are_there_with_weights() -> None:
    rows = classified(np.random.default_rng(0))
    assert set(score_all(Task.CLASSIFICATION, weighted(rows, whole_weights(500)))) == set(
        score_all(Task.CLASSIFICATION, rows)
    )
