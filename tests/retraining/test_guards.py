from __future__ import annotations

import numpy as np
import pytest

from include.errors import ConfigurationError
from include.retraining.gate.gate import GateResult, GateVerdict, PromotionGate
from include.retraining.gate.guards import FEWEST_IN_SLICE, Guards
from include.scoring import METRICS, LabelledRows
from tests.retraining.models import spec_of
from tests.series import autoregression, most

LEVEL, TRIALS = 0.05, 300
REGION = np.array(["north", "south", "west"], dtype=object)


def rows(errors: object, slices: dict[str, object] | None = None) -> LabelledRows:
    values = np.asarray(errors, dtype=float)
    return LabelledRows(actual=np.zeros(len(values)), predicted=values, slices=slices or {})  # type: ignore[arg-type]


def judge(champion: LabelledRows, challenger: LabelledRows, *guards: str, metric: str = "rmse") -> GateResult:
    gate = PromotionGate(metric=METRICS[metric], level=LEVEL, floors={}, guards=guards)
    return gate.judge(champion, challenger)


def classes(actual: object, wrong: object) -> LabelledRows:
    truth = np.asarray(actual)
    return LabelledRows(actual=truth, predicted=np.where(np.asarray(wrong), 1 - truth, truth))


def sacrificed(seed: int = 0) -> tuple[LabelledRows, LabelledRows]:
    """The challenger is right more often, but misses half of the rare positive class."""
    rng = np.random.default_rng(seed)
    actual = (rng.random(1000) < 0.1).astype(int)
    return classes(actual, rng.random(1000) < 0.15), classes(actual, (actual == 1) & (rng.random(1000) < 0.5))


def test_better_on_the_whole_but_worse_for_a_guard_is_rejected_with_the_figures() -> None:
    champion, challenger = sacrificed()
    assert judge(champion, challenger, metric="accuracy").verdict is GateVerdict.PROMOTE
    result = judge(champion, challenger, "recall", "precision", metric="accuracy")
    assert result.verdict is GateVerdict.REJECT
    assert "proven better: accuracy" in result.reason
    assert "but proven worse for a guard: recall" in result.reason
    assert [guarded.name for guarded in result.guards] == ["recall", "precision"]
    assert result.guards[0].p_value < result.guards[0].level == LEVEL / 2
    assert not result.guards[1].worse


def test_guard_that_is_no_worse_lets_the_challenger_pass() -> None:
    noise = np.random.default_rng(0).normal(size=300)
    result = judge(rows(2.0 * noise), rows(noise), "mae")
    assert result.verdict is GateVerdict.PROMOTE
    assert result.guards[0].p_value > 0.99


def test_guard_that_cannot_be_computed_holds_and_says_why() -> None:
    noise = np.random.default_rng(0).normal(size=300)
    result = judge(rows(2.0 * noise), rows(noise), "mape")
    assert result.verdict is GateVerdict.HOLD
    assert "but guard mape cannot be computed on the held-out rows: mape has no value" in result.reason


def test_slice_that_pays_for_the_others_is_named() -> None:
    rng = np.random.default_rng(0)
    region = rng.choice(REGION, 900)
    noise, west = rng.normal(size=900), region == "west"
    champion, challenger = rows(2.0 * noise), rows(np.where(west, 2.6, 0.5) * noise, {"region": region})
    assert judge(champion, challenger).verdict is GateVerdict.PROMOTE
    result = judge(champion, challenger, "slices")
    assert result.verdict is GateVerdict.REJECT
    assert "for a guard: rmse, region: west" in result.reason
    assert len(result.guards) == 3


def test_slice_with_few_rows_is_not_judged() -> None:
    rng = np.random.default_rng(0)
    region = np.where(np.arange(300) < FEWEST_IN_SLICE - 1, "west", "north").astype(object)
    noise = rng.normal(size=300)
    challenger = rows(np.where(region == "west", 5.0, 0.1) * noise, {"region": region})
    found = Guards(metric=METRICS["rmse"], names=["slices"], level=LEVEL).look(rows(2.0 * noise), challenger)
    assert [guarded.name for guarded in found] == ["rmse, region: north"]


@pytest.mark.parametrize(("lag1", "limit"), [(0.0, 0.05), (0.9, 0.08)])
def test_challenger_that_is_as_good_is_seldom_held_back_by_any_guard(lag1: float, limit: float) -> None:
    rng, blocked = np.random.default_rng(6), 0
    region = rng.choice(REGION, 400)
    guards = Guards(metric=METRICS["rmse"], names=["mae", "r2", "slices"], level=LEVEL)
    for _ in range(TRIALS):
        shared = autoregression(rng, rows=400, coefficient=lag1)
        one, other = (shared + 0.5 * autoregression(rng, rows=400, coefficient=lag1) for _ in range(2))
        actual = autoregression(rng, rows=400, coefficient=lag1) * 3.0
        champion = LabelledRows(actual=actual, predicted=actual + one)
        challenger = LabelledRows(actual=actual, predicted=actual + other, slices={"region": region})
        blocked += any(guarded.worse for guarded in guards.look(champion, challenger))
    assert blocked / TRIALS <= most(limit, TRIALS)


@pytest.mark.parametrize(
    ("gate", "expected"),
    [
        ({"guards": ["rsme"]}, "unknown guard 'rsme'; known: slices, rmse"),
        ({"guards": ["recall"]}, "recall is not a metric for regression"),
        ({"guards": ["slices"]}, "add a field `slices`"),
        ({"guards": ["mae", "mae"]}, "each guard once"),
        ({"guards": ["max_drawdown"]}, "no loss of a single row"),
        ({"guards": ["sharpe_ratio"]}, "is for trading models"),
        ({"max_latency_ms": 0}, "greater than 0"),
    ],
)
def test_mistakes_in_the_section_are_told(gate: dict[str, object], expected: str) -> None:
    with pytest.raises((ConfigurationError, ValueError), match=expected.replace("(", r"\(")):
        spec_of(gate=gate)
