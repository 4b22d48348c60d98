from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from include.errors import ConfigurationError
from include.retraining.gate.gate import GateResult, GateVerdict, PromotionGate
from include.scoring import METRICS, LabelledRows
from include.scoring.paired import FEWEST_ROWS
from tests.series import Floats, autoregression, most
from tests.sweeps import each_nth

LEVEL, TRIALS = 0.05, 400


def gate(metric: str = "rmse", **settings: object) -> PromotionGate:
    return PromotionGate(metric=METRICS[metric], **{"floors": {}, **settings})  # type: ignore[arg-type]


def judge(champion: object, challenger: object, **settings: object) -> GateResult:
    """Judge two models by their errors."""
    return judge_rows(gate(**settings), np.zeros(len(champion)), champion, challenger)


def judge_rows(gate: PromotionGate, actual: object, champion: object, challenger: object) -> GateResult:
    """Judge two models by their predictions."""
    labels = np.asarray(actual)
    one, other = (LabelledRows(actual=labels, predicted=np.asarray(made)) for made in (champion, challenger))
    return gate.judge(one, other)


def noise(rows: int = 200, seed: int = 0) -> Floats:
    return np.random.default_rng(seed).normal(size=rows)


def shares(make: Callable[[np.random.Generator], Floats]) -> tuple[float, float]:
    """How often a challenger that is just as good is promoted, and rejected."""
    rng, verdicts = np.random.default_rng(4), []
    for _ in range(TRIALS):
        common = make(rng)  # both err where the world is odd
        verdicts.append(judge(common + 0.5 * make(rng), common + 0.5 * make(rng), level=LEVEL).verdict)
    return verdicts.count(GateVerdict.PROMOTE) / TRIALS, verdicts.count(GateVerdict.REJECT) / TRIALS


def test_better_challenger_is_promoted_with_the_figures_behind_it() -> None:
    result = judge(2.0 * noise(), noise())
    assert result.verdict is GateVerdict.PROMOTE
    assert result.gain == pytest.approx(0.75)
    assert result.champion_scores["rmse"] == pytest.approx(2.0 * result.scores["rmse"])
    assert result.rows == 200
    assert result.p_value is not None
    assert result.p_value < 0.001
    assert result.gain_low is not None
    assert result.gain_high is not None
    assert 0.0 < result.gain_low < 0.75 < result.gain_high


@pytest.mark.parametrize("why", ["", "v1 cannot predict any more"])
def test_version_whose_metric_cannot_be_computed_is_not_promoted_without_a_comparison(why: str) -> None:
    for actual, verdict in ((np.arange(30.0), GateVerdict.PROMOTE), (np.zeros(30), GateVerdict.HOLD)):
        rows = LabelledRows(actual=actual, predicted=np.ones(30))
        result = gate("mape").judge_alone(rows, why) if why else gate("mape").judge_first(rows)
        assert result.verdict is verdict
    assert "mape cannot be computed on the held-out rows: " in result.reason
    assert result.reason.endswith("correct the rows, or choose another metric (field metric)")


def test_few_rows_prove_nothing_of_a_challenger_alone() -> None:
    rows = LabelledRows(actual=np.ones(FEWEST_ROWS - 1), predicted=np.ones(FEWEST_ROWS - 1))
    assert gate().judge_first(rows).verdict is GateVerdict.PROMOTE
    assert gate().judge_alone(rows, "v1 cannot predict").verdict is GateVerdict.HOLD


def test_worse_challenger_is_rejected() -> None:
    result = judge(noise(), 2.0 * noise())
    assert result.verdict is GateVerdict.REJECT
    assert "proven worse" in result.reason


def test_challenger_that_is_no_better_is_held() -> None:
    result = judge(noise(seed=1), noise(seed=2))
    assert result.verdict is GateVerdict.HOLD
    assert "not proven better" in result.reason


@pytest.mark.parametrize("metric", ["rmse", "mae", "r2", "accuracy"])
def test_identical_predictions_are_held(metric: str) -> None:
    actual = np.tile([1.0, 2.0, 3.0], 40)
    predicted = np.tile([1.0, 2.0, 2.0], 40)
    result = judge_rows(gate(metric), actual, predicted, predicted.copy())
    assert result.verdict is GateVerdict.HOLD
    assert (result.gain, result.p_value) == (0.0, 0.5)


def test_two_perfect_models_are_held() -> None:
    assert judge(np.zeros(50), np.zeros(50)).verdict is GateVerdict.HOLD


def test_champion_without_an_error_is_not_replaced() -> None:
    assert judge(np.zeros(50), noise(50)).verdict is GateVerdict.REJECT


@pytest.mark.parametrize(("rows", "verdict"), [(1, "hold"), (FEWEST_ROWS - 1, "hold"), (FEWEST_ROWS, "promote")])
def test_too_few_rows_prove_nothing(rows: int, verdict: str) -> None:
    result = judge(np.tile([5.0, -6.0], 50)[:rows], np.tile([0.1, -0.2], 50)[:rows])
    assert result.verdict == verdict
    assert (f"only {rows} held-out" in result.reason) is (verdict == "hold")


def test_one_lucky_stretch_proves_nothing() -> None:
    champion = np.ones(200)
    champion[80:110] = 3.0  # one block of rows that the champion got wrong, with its noise
    assert judge(champion * 1.0, np.ones(200)).verdict is GateVerdict.HOLD


@pytest.mark.parametrize(("gain", "verdict"), [(0.7, "promote"), (0.76, "hold")])
def test_gain_below_the_smallest_that_is_worth_it_is_held(gain: float, verdict: str) -> None:
    assert judge(2.0 * noise(), noise(), minimum_gain=gain).verdict == verdict


@pytest.mark.parametrize(
    ("floors", "verdict"),
    [({"rmse": 1.2}, "promote"), ({"rmse": 0.5}, "reject"), ({"r2": 0.5}, "reject"), ({"mae": 2.0}, "promote"),
     ({"rmse": 1.2, "mae": 0.1}, "reject")],
)  # fmt: skip
def test_challenger_below_a_floor_is_rejected_however_much_better(floors: dict[str, float], verdict: str) -> None:
    result = judge(2.0 * noise(), noise(), floors=floors)
    assert result.verdict == verdict
    assert ("does not reach the floor" in result.reason) is (verdict == "reject")


@pytest.mark.parametrize(("floor", "verdict"), [(0.8, "promote"), (0.95, "reject")])
def test_first_version_has_only_floors_to_pass(floor: float, verdict: str) -> None:
    actual = np.array(["a", "b"] * 50)
    predicted = np.where(np.arange(100) < 10, "c", actual)
    result = gate("accuracy", floors={"accuracy": floor}).judge_first(LabelledRows(actual=actual, predicted=predicted))
    assert result.verdict == verdict
    assert result.scores["accuracy"] == pytest.approx(0.9)
    assert result.champion_scores == {}


def test_floor_that_cannot_be_measured_is_not_passed() -> None:
    result = gate("rmse", floors={"rmse": 9.0}).judge_first(
        LabelledRows(actual=np.array([1.0, 2.0]), predicted=np.array([math.nan, 2.0]))
    )
    assert result.verdict is GateVerdict.REJECT


def test_same_rows_give_the_same_answer() -> None:
    assert judge(1.1 * noise(seed=1), noise(seed=2)) == judge(1.1 * noise(seed=1), noise(seed=2))


@pytest.mark.parametrize("rows", [20, 100, 300])
def test_equal_challenger_is_promoted_at_most_at_the_level(rows: int) -> None:
    promoted, rejected = shares(lambda rng: rng.normal(size=rows))
    assert promoted <= most(LEVEL, TRIALS)
    assert rejected <= most(LEVEL, TRIALS)


def test_equal_challenger_with_heavy_tailed_errors_is_promoted_at_most_at_the_level() -> None:
    promoted, rejected = shares(lambda rng: rng.standard_t(3, size=100))
    assert promoted <= most(LEVEL, TRIALS)
    assert rejected <= most(LEVEL, TRIALS)


@pytest.mark.parametrize(("coefficient", "rows", "limit"), [(0.5, 300, 0.06), (0.9, 300, 0.06), (0.9, 100, 0.06)])
def test_equal_challenger_with_autocorrelated_errors_is_promoted_seldom(
    coefficient: float, rows: int, limit: float
) -> None:
    promoted, _ = shares(lambda rng: autoregression(rng, rows=rows, coefficient=coefficient))
    assert promoted <= most(limit, TRIALS)


def test_equal_classifier_is_promoted_at_most_at_the_level() -> None:
    rng, promoted = np.random.default_rng(4), 0
    for _ in range(TRIALS):
        actual = rng.integers(0, 2, 200)
        one, other = (np.where(rng.random(200) < 0.1, 1 - actual, actual) for _ in range(2))
        promoted += judge_rows(gate("accuracy", level=LEVEL), actual, one, other).verdict is GateVerdict.PROMOTE
    assert promoted / TRIALS <= most(LEVEL, TRIALS)


def test_challenger_a_fifth_better_is_mostly_found() -> None:
    rng = np.random.default_rng(4)
    found = []
    for _ in range(50):
        common = rng.normal(size=300)
        found.append(judge(common + 0.8 * rng.normal(size=300), common + 0.2 * rng.normal(size=300)).verdict)
    assert found.count(GateVerdict.PROMOTE) >= 45


def test_metric_without_row_losses_is_refused_as_the_primary_one() -> None:
    with pytest.raises(ConfigurationError, match="max_drawdown has no loss of a single row"):
        gate("max_drawdown")


@pytest.mark.parametrize(
    ("name", "lag1", "limit"),
    each_nth(
        [(name, *dependence) for dependence in ((0.0, 0.05), (0.9, 0.08))
         for name in ("f1", "precision", "recall", "balanced_accuracy", "auc", "log_loss", "brier")], 3,
    ),
)  # fmt: skip
def test_equal_classifier_is_promoted_seldom_by_any_metric(name: str, lag1: float, limit: float) -> None:
    trials, promoted = 150, 0
    for trial in range(trials):
        rng = np.random.default_rng([5, trial])
        one, other = two_classifiers(rng, 400, lag1=lag1)
        promoted += gate(name, level=LEVEL).judge(one, other).verdict is GateVerdict.PROMOTE
    assert promoted / trials <= most(limit, trials)


@pytest.mark.parametrize("name", ["f1", "balanced_accuracy", "auc", "log_loss", "brier"])
def test_classifier_that_sees_more_is_mostly_promoted(name: str) -> None:
    rng, found = np.random.default_rng(5), []
    for _ in range(40):
        one, other = two_classifiers(rng, 400, blur=(1.5, 0.3))
        found.append(gate(name, level=LEVEL).judge(one, other).verdict)
    assert found.count(GateVerdict.PROMOTE) >= 36


def two_classifiers(
    rng: np.random.Generator, rows: int, *, lag1: float = 0.0, blur: tuple[float, float] = (0.8, 0.8)
) -> tuple[LabelledRows, LabelledRows]:
    """Two models that see the same score through noise of their own, of the sizes `blur`."""
    score, luck = autoregression(rng, rows=rows, coefficient=lag1), autoregression(rng, rows=rows, coefficient=lag1)
    actual = np.where(score + 0.5 * luck > 0.3, "yes", "no")
    made = []
    for size in blur:
        seen = score + size * autoregression(rng, rows=rows, coefficient=lag1)
        chance = 1.0 / (1.0 + np.exp(-2.0 * (seen - 0.3) / (1.0 + size**2)))
        probability = np.column_stack([1.0 - chance, chance])
        predicted = np.where(chance > 0.5, "yes", "no")
        made.append(LabelledRows(actual=actual, predicted=predicted, probability=probability, classes=("no", "yes")))
    return made[0], made[1]


def test_sharpe_ratio_gains_in_its_own_unit() -> None:
    rng = np.random.default_rng(1)
    actual = rng.normal(0.0, 0.01, 500)
    one, other = (
        LabelledRows(actual=actual, predicted=np.sign(actual) * wit + rng.normal(size=500), periods_per_year=252.0)
        for wit in (0.0, 1.0)
    )
    result = gate("sharpe_ratio").judge(one, other)
    assert result.verdict is GateVerdict.PROMOTE
    assert result.gain == pytest.approx(result.scores["sharpe_ratio"] - result.champion_scores["sharpe_ratio"])


def test_metric_that_cannot_be_computed_holds_and_says_why() -> None:
    one, _ = two_classifiers(np.random.default_rng(1), 200)
    alone = one.where(one.actual == "yes")
    result = gate("auc").judge(alone, alone)
    assert result.verdict is GateVerdict.HOLD
    assert "all labels are 'yes'" in result.reason


def test_floor_of_a_metric_that_cannot_be_computed_is_not_passed_and_says_why() -> None:
    rows = LabelledRows(actual=np.array(["a", "b"] * 20), predicted=np.array(["a", "b"] * 20))
    result = gate("accuracy", floors={"auc": 0.6}).judge_first(rows)
    assert result.verdict is GateVerdict.REJECT
    assert "auc cannot be computed, but has a floor: auc needs probabilities" in result.reason
