from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from sklearn import metrics

from include.errors import ConfigurationError
from include.scoring import METRICS, Baseline, Harm, LabelledRows, Task, interval, score_all
from tests.scoring.samples import classified, numbers, several, trades

EXACT = {"rel": 1e-9, "abs": 1e-9}


def classes(predicted: list[str], actual: list[str], **fields: object) -> LabelledRows:
    return LabelledRows(actual=np.array(actual), predicted=np.array(predicted), **fields)  # type: ignore[arg-type]


def test_regression_metrics_are_scikit_learns() -> None:
    rows = numbers()
    assert score_all(Task.REGRESSION, rows) == pytest.approx({
        "rmse": metrics.root_mean_squared_error(rows.actual, rows.predicted),
        "mae": metrics.mean_absolute_error(rows.actual, rows.predicted),
        "mape": metrics.mean_absolute_percentage_error(rows.actual, rows.predicted),
        "r2": metrics.r2_score(rows.actual, rows.predicted),
    }, **EXACT)  # fmt: skip


@pytest.mark.parametrize("ties", [False, True])
@pytest.mark.parametrize("positive", ["yes", "no"])
def test_metrics_of_two_classes_are_scikit_learns(positive: str, ties: bool) -> None:
    rows = classified(np.random.default_rng(1), positive=positive)
    assert rows.probability is not None
    if ties:
        rounded = np.round(rows.probability[:, 1], 1)
        rows = replace(rows, probability=np.column_stack([1.0 - rounded, rounded]))
    chance = rows.probability[:, rows.classes.index(positive)]
    truth, made = rows.actual == positive, rows.predicted == positive
    assert score_all(Task.CLASSIFICATION, rows) == pytest.approx({
        "accuracy": metrics.accuracy_score(truth, made),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, made),
        "f1": metrics.f1_score(truth, made),
        "precision": metrics.precision_score(truth, made),
        "recall": metrics.recall_score(truth, made),
        "auc": metrics.roc_auc_score(truth, chance),
        "log_loss": metrics.log_loss(truth, chance),
        "brier": metrics.brier_score_loss(truth, chance),
    }, **EXACT)  # fmt: skip


def test_metrics_of_several_classes_are_scikit_learns_macro_averages() -> None:
    rows = several(np.random.default_rng(2))
    truth, made, chance = rows.actual, rows.predicted, rows.probability
    assert score_all(Task.CLASSIFICATION, rows) == pytest.approx({
        "accuracy": metrics.accuracy_score(truth, made),
        "balanced_accuracy": metrics.balanced_accuracy_score(truth, made),
        "f1": metrics.f1_score(truth, made, average="macro"),
        "precision": metrics.precision_score(truth, made, average="macro"),
        "recall": metrics.recall_score(truth, made, average="macro"),
        "auc": metrics.roc_auc_score(truth, chance, multi_class="ovr", average="macro"),
        "log_loss": metrics.log_loss(truth, chance),
        "brier": metrics.brier_score_loss(truth, chance),
    }, **EXACT)  # fmt: skip


def test_weighted_rows_are_scikit_learns_sample_weights() -> None:
    weight = np.random.default_rng(3).random(500)
    rows = classified(np.random.default_rng(1), weight=weight)
    assert rows.probability is not None
    truth, made, chance = rows.actual == "yes", rows.predicted == "yes", rows.probability[:, 1]
    found = score_all(Task.CLASSIFICATION, rows)
    assert found["accuracy"] == pytest.approx(metrics.accuracy_score(truth, made, sample_weight=weight), **EXACT)
    assert found["f1"] == pytest.approx(metrics.f1_score(truth, made, sample_weight=weight), **EXACT)
    assert found["auc"] == pytest.approx(metrics.roc_auc_score(truth, chance, sample_weight=weight), **EXACT)
    assert found["brier"] == pytest.approx(metrics.brier_score_loss(truth, chance, sample_weight=weight), **EXACT)


def test_certain_and_wrong_costs_what_scikit_learn_says() -> None:
    chance = np.array([[1.0, 0.0], [0.5, 0.5], [0.0, 1.0]])
    rows = classes(["no"] * 3, ["yes", "no", "yes"], probability=chance, classes=("no", "yes"))
    expected = metrics.log_loss(rows.actual == "yes", chance[:, 1])
    assert METRICS["log_loss"].score(rows) == pytest.approx(expected, **EXACT)


def test_trading_metrics_by_hand() -> None:
    rows = LabelledRows(
        actual=np.array([0.10, 0.20, -0.05, 0.30, 0.10]), predicted=np.array([1.0, -1.0, 1.0, 0.0, 0.5]),
        periods_per_year=252.0,
    )  # fmt: skip
    gained = np.array([0.10, -0.20, -0.05, 0.0, 0.05])
    found = score_all(Task.REGRESSION, rows)
    assert found["sharpe_ratio"] == pytest.approx(math.sqrt(252.0) * gained.mean() / gained.std(ddof=1))
    assert found["win_rate"] == pytest.approx(2 / 4)  # the fourth row has no position
    assert found["max_drawdown"] == pytest.approx(1.0 - 0.80 * 0.95)
    assert METRICS["sharpe_ratio"].score(replace(rows, periods_per_year=1.0)) == pytest.approx(
        gained.mean() / gained.std(ddof=1)
    )


@pytest.mark.parametrize(("gained", "expected"), [([0.1, 0.2], 0.0), ([-0.5, 0.5, 0.5], 0.5), ([0.1, -1.5, 9.0], 1.0)])
def test_drawdown_counts_the_start_as_a_peak_and_does_not_outlive_ruin(gained: list[float], expected: float) -> None:
    rows = LabelledRows(actual=np.array(gained), predicted=np.ones(len(gained)), periods_per_year=1.0)
    assert METRICS["max_drawdown"].score(rows) == pytest.approx(expected)


def test_only_trading_models_have_trading_metrics() -> None:
    assert set(score_all(Task.REGRESSION, numbers())) == {"rmse", "mae", "mape", "r2"}
    assert set(score_all(Task.REGRESSION, trades())) > {"sharpe_ratio", "win_rate", "max_drawdown"}


@pytest.mark.parametrize("value", [5.0, 0.1, 1e-9, 1e17])  # 0.1 is not the mean of ten times 0.1
def test_r2_of_a_constant_target_is_one_or_zero(value: float) -> None:
    actual = np.full(10, value)
    for error, expected in ((0.0, 1.0), (0.5, 0.0)):
        rows = LabelledRows(actual=actual, predicted=actual * (1.0 + error))
        assert METRICS["r2"].score(rows) == expected
        assert METRICS["r2"].influence is not None
        assert METRICS["r2"].influence(rows).tolist() == [0.0] * 10


def test_mape_is_that_of_the_rows_whose_actual_is_not_0() -> None:
    metric, actual = METRICS["mape"], np.array([0.0, 1.0, 2.0, 0.0, 4.0])
    rows = LabelledRows(actual=actual, predicted=np.array([9.0, 2.0, 2.0, 0.0, 3.0]))
    assert metric.score(rows) == pytest.approx(1.25 / 3)
    assert metric.row_loss(rows).tolist() == [1.0, 0.0, 0.25]
    assert metric.left_out(rows) == "2 rows without a value of mape left out"
    assert (Baseline.measure(metric, rows).rows, metric.left_out(metric.judged(rows))) == (3, "")
    assert interval(metric, rows) == interval(metric, metric.judged(rows))


@pytest.mark.parametrize("name", ["f1", "precision", "recall"])
def test_without_a_label_of_the_positive_class_nothing_is_said_of_it(name: str) -> None:
    """Its labels may come later than the others': a score of 0 would call a good model bad."""
    rows = LabelledRows(
        actual=np.array(["no"] * 100, dtype=object), predicted=np.array(["yes"] * 20 + ["no"] * 80, dtype=object),
        positive="yes",
    )  # fmt: skip
    assert METRICS[name].hindrance(rows) == "no label is 'yes'"
    assert "accuracy" in score_all(Task.CLASSIFICATION, rows)
    assert name not in score_all(Task.CLASSIFICATION, rows)


def test_a_class_of_one_label_weighs_less_than_all_others() -> None:
    few = ["odd", *["a", "b"] * 60]
    rows = classes(["a", *few[1:]], few)
    for name in ("balanced_accuracy", "f1", "recall", "precision"):
        assert METRICS[name].score(rows) > 0.99
    one = classes(["a"] * 100, ["b", *["a"] * 99])
    assert METRICS["balanced_accuracy"].hindrance(one) == "all labels but 1 are 'a'"
    assert METRICS["recall"].hindrance(one) == "only 1 label is 'b'"
    assert METRICS["balanced_accuracy"].score(classes(["c", "a", "b"] * 3, ["c", "a", "a"] * 3)) == 0.75


def test_what_cannot_be_computed_is_left_out_and_fails_no_other() -> None:
    alone = classes(["yes", "no"], ["yes", "yes"], classes=("no", "yes"), probability=np.full((2, 2), 0.5))
    assert set(score_all(Task.CLASSIFICATION, alone)) == {"accuracy", "f1", "precision", "recall", "log_loss", "brier"}
    assert "only" not in METRICS["f1"].hindrance(alone)
    assert METRICS["auc"].hindrance(alone) == "all labels are 'yes'"
    without = classes(["yes", "no"], ["yes", "no"])
    assert METRICS["auc"].hindrance(without) == "auc needs probabilities"
    assert {"auc", "log_loss", "brier"}.isdisjoint(score_all(Task.CLASSIFICATION, without))
    never = classes(["no", "no"], ["yes", "no"])
    assert METRICS["precision"].hindrance(never) == "no prediction is 'yes'"
    assert score_all(Task.CLASSIFICATION, never)["recall"] == 0.0
    zero = LabelledRows(actual=np.zeros(2), predicted=np.ones(2))
    assert set(score_all(Task.REGRESSION, zero)) == {"rmse", "mae", "r2"}
    assert "0, as in all 2 rows" in METRICS["mape"].hindrance(zero)
    flat = LabelledRows(actual=np.zeros(5), predicted=np.zeros(5), periods_per_year=1.0)
    assert set(score_all(Task.REGRESSION, flat)) == {"rmse", "mae", "r2", "max_drawdown"}
    missing = LabelledRows(actual=np.array([1.0, 2.0]), predicted=np.array([math.nan, 2.0]))
    assert score_all(Task.REGRESSION, missing) == {}


def test_class_that_the_model_does_not_know_has_probability_0() -> None:
    rows = classes(["a", "b", "a"], ["a", "b", "new"], classes=("a", "b"), probability=np.full((3, 2), 0.5))
    found = score_all(Task.CLASSIFICATION, rows)
    assert found["log_loss"] == pytest.approx((2 * math.log(2.0) - math.log(np.finfo(float).eps)) / 3)
    assert found["brier"] == pytest.approx((0.5 + 0.5 + 1.5) / 3)


def test_positive_class_stays_although_a_third_class_turns_up() -> None:
    rows = classes(["yes", "no", "no"], ["yes", "no", "perhaps"], positive="yes")
    assert METRICS["f1"].score(rows) == 1.0


def test_labels_of_any_type_are_told_apart() -> None:
    mixed = LabelledRows(
        actual=np.array([1, "b", None, 2.5], dtype=object), predicted=np.array([1, "b", "b", 2.5], object)
    )
    assert METRICS["accuracy"].score(mixed) == 0.75
    assert METRICS["recall"].score(LabelledRows(actual=np.array([1, 0, 1]), predicted=np.array([1.0, 0.0, 0.0]))) == 0.5


def test_probabilities_that_do_not_fit_are_refused() -> None:
    with pytest.raises(ValueError, match="2 rows of 2 classes"):
        classes(["a", "b"], ["a", "b"], classes=("a", "b"), probability=np.ones((2, 3)))


def test_row_losses_of_a_drawdown_are_refused_with_what_to_do() -> None:
    with pytest.raises(ConfigurationError, match=r"max_drawdown has no loss of a single row.*another primary metric"):
        METRICS["max_drawdown"].row_loss(trades())


def better_and_worse(name: str) -> tuple[LabelledRows, LabelledRows]:
    rng = np.random.default_rng(5)
    if METRICS[name].task is Task.CLASSIFICATION:
        good = classified(rng, hardness=0.4)
        flipped = rng.random(len(good)) < 0.3
        swapped = np.where(good.actual == "yes", "no", "yes")
        return good, replace(good, actual=np.where(flipped, swapped, good.actual))
    if METRICS[name].for_trading:
        good = trades(rows=1000)
        return good, replace(good, predicted=-good.predicted)
    good = numbers()
    return good, replace(good, predicted=good.actual + 2.0 * (good.predicted - good.actual) + 1.0)


@pytest.mark.parametrize("name", METRICS)
def test_smaller_mean_row_loss_is_the_better_metric(name: str) -> None:
    metric = METRICS[name]
    better, worse = better_and_worse(name)
    if metric.losses is not None:
        assert metric.row_loss(better).mean() < metric.row_loss(worse).mean()
    scores = metric.score(better), metric.score(worse)
    assert (scores[0] > scores[1]) is metric.larger_is_better
    assert metric.worsening(baseline=scores[0], recent=scores[1]) > 0.0
    assert metric.worsening(baseline=scores[1], recent=scores[0]) < 0.0


def test_worsening_from_nothing_is_infinite() -> None:
    assert METRICS["rmse"].worsening(baseline=0.0, recent=0.1) == math.inf
    assert METRICS["rmse"].worsening(baseline=0.0, recent=0.0) == 0.0
    assert METRICS["r2"].worsening(baseline=0.0, recent=0.1) == -math.inf


def test_drawdown_and_shares_worsen_by_points() -> None:
    assert METRICS["max_drawdown"].worsening(baseline=0.10, recent=0.25) == pytest.approx(0.15)
    points = {name for name, metric in METRICS.items() if metric.harm in (Harm.ABSOLUTE_DROP, Harm.ABSOLUTE_RISE)}
    assert points == {"accuracy", "balanced_accuracy", "f1", "precision", "recall", "auc", "win_rate", "max_drawdown"}


def test_baseline_of_dependent_errors_counts_fewer_rows() -> None:
    drifting = np.repeat([1.0, 2.0, 1.0, 3.0], 25)
    measured = Baseline.measure(METRICS["mae"], LabelledRows(actual=np.zeros(100), predicted=drifting))
    assert (measured.rows, measured.loss_mean) == (100, 1.75)
    assert measured.loss_variance == pytest.approx(drifting.var(ddof=1))
    assert measured.effective_rows < 20.0


def test_joined_rows_score_as_the_whole() -> None:
    whole = several(np.random.default_rng(2))
    first = np.arange(500) < 200
    joined = LabelledRows.joined([whole.where(first), whole.where(~first)])
    assert score_all(Task.CLASSIFICATION, joined) == pytest.approx(score_all(Task.CLASSIFICATION, whole), **EXACT)
