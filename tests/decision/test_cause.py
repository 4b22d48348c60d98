from __future__ import annotations

from datetime import timedelta

import pytest

from include.decision.cause import root_cause
from include.decision.costs import Worth
from include.decision.decide import decide
from include.decision.decision import Cause
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, SignalKind, Verdict
from tests.triggers.signals import broken, enough, evidence, signal

P, D = SignalKind.PERFORMANCE, SignalKind.DATA_DRIFT
HORIZON = timedelta(days=28)


def explained(share: float) -> Signal:
    return Signal(
        kind=SignalKind.EXPLANATION, statistic="explained_by_inputs", verdict=Verdict.STABLE, value=share, reason=""
    )


def rise(current: float, baseline: float, statistic: str = "rmse") -> Signal:
    made = signal(P, 4.0)
    return Signal(
        kind=P, statistic=statistic, verdict=made.verdict, value=made.value, threshold=made.threshold,
        p_value=1e-6, level=0.01, reason="", detail={"current": current, "baseline": baseline},
    )  # fmt: skip


@pytest.mark.parametrize(
    ("signals", "cause", "features"),
    [
        ([signal(P, 0.1)], Cause.NONE, ()),
        ([signal(D, 4.0, feature="x"), signal(D, 9.0, feature="y")], Cause.COVARIATE_SHIFT, ("y", "x")),
        ([signal(P, 3.0)], Cause.CONCEPT_SHIFT, ()),
        ([signal(P, 3.0), signal(D, 9.0, feature="y")], Cause.UNKNOWN, ("y",)),
        ([signal(P, 3.0), signal(D, 9.0, feature="y"), explained(0.9)], Cause.COVARIATE_SHIFT, ("y",)),
        ([signal(P, 3.0), signal(D, 9.0, feature="y"), explained(0.5)], Cause.BOTH, ("y",)),
        ([signal(P, 3.0), signal(D, 9.0, feature="y"), explained(0.1)], Cause.CONCEPT_SHIFT, ("y",)),
        ([signal(P, 3.0), signal(D, 9.0, feature="y"), broken("z")], Cause.DATA_QUALITY, ("z",)),
    ],
)
def test_cause_by_signals(signals: list[Signal], cause: Cause, features: tuple[str, ...]) -> None:
    found = root_cause(evidence(*signals))
    assert (found.cause, found.features) == (cause, features)
    assert all(name in found.sentence for name in features)


def test_share_explained_is_told() -> None:
    found = root_cause(evidence(signal(P, 3.0), signal(D, 9.0, feature="y"), explained(0.4)))
    assert found.loss_explained == 0.4
    assert "explain about 40% of the rise" in found.sentence


@pytest.mark.parametrize(
    ("statistic", "current", "baseline", "gain"), [("rmse", 12.0, 10.0, 200.0), ("accuracy", 0.8, 0.9, 10.0),
                                                   ("rmse", 9.0, 10.0, 0.0)],
)  # fmt: skip
def test_gain_is_what_was_lost_times_rows_and_price(
    statistic: str, current: float, baseline: float, gain: float
) -> None:
    worth = Worth(training_cost=5.0, per_unit_of_loss=0.1, rows=1000.0, horizon=HORIZON)
    assert worth.expected_gain(evidence(rise(current, baseline, statistic))) == pytest.approx(gain)


@pytest.mark.parametrize(("training", "fires"), [(199.0, True), (201.0, False)])
def test_retrain_has_to_be_worth_more_than_it_costs(training: float, fires: bool) -> None:
    worth = Worth(training_cost=training, per_unit_of_loss=0.1, rows=1000.0, horizon=HORIZON)
    policy, seen = standard_policy(PRESETS["balanced"]), evidence(enough(), rise(12.0, 10.0))
    decision = decide(policy, seen, worth)
    assert decision.triggered is fires
    assert (decision.expected_gain, decision.training_cost) == (pytest.approx(200.0), training)
    objection = "a gain of 200 over 28 days is expected, and training costs 201"
    assert decision.blocked_by == (() if fires else (objection,))


def test_a_request_and_an_unknown_performance_are_not_weighed_against_costs() -> None:
    worth = Worth(training_cost=1e9, per_unit_of_loss=0.1, rows=1000.0, horizon=HORIZON)
    policy = standard_policy(PRESETS["balanced"])
    assert decide(policy, evidence(enough(), rise(12.0, 10.0), requested="by hand"), worth).triggered
    decision = decide(policy, evidence(enough(), signal(D, 9.0, feature="x")), worth)
    assert (decision.triggered, decision.expected_gain) == (True, None)
