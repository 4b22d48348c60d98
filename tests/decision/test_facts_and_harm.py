"""Harm for which nothing is trained is told; a fact beside a measurement makes it no surer."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from include.decision.costs import Worth
from include.decision.decide import decide
from include.decision.decision import Severity
from include.decision.evidence import PastCheck, Trigger, TriggerResult
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import SignalKind, Verdict
from include.decision.triggers.combinators import AllOf, AnyOf
from include.decision.triggers.model_age import ModelAgeTrigger
from include.decision.triggers.persistence import Persistence
from include.decision.triggers.signal_trigger import SignalTrigger
from tests.decision.test_decide import decided
from tests.triggers.signals import NOW, enough, evidence, signal

P, D, G = SignalKind.PERFORMANCE, SignalKind.DATA_DRIFT, SignalKind.RETRAIN_GAIN
AGED = ModelAgeTrigger(age=timedelta(days=7))


def test_harm_is_told_where_the_policy_asks_for_more() -> None:
    tree = PRESETS["balanced"].replace(when=AllOf((SignalTrigger(kind=P), ModelAgeTrigger(age=timedelta(days=7)))))
    young = evidence(enough(), signal(P, 3.0), champion_since=NOW - timedelta(days=2))
    decision = decide(standard_policy(tree), young)
    assert not decision.triggered
    assert decision.reason == "performance  3; the policy asks for more than that"
    assert "by hand" in decision.recommendation


def test_harm_is_told_where_a_retrain_may_not_mend_it() -> None:
    unsure = replace(signal(G, 1.6), verdict=Verdict.INCONCLUSIVE)
    decision = decided(signal(P, 3.0), unsure)
    assert not decision.triggered
    assert decision.reason == "performance  3; whether a retrain would mend it may be chance: retrain_gain  1.6"
    assert decision.recommendation.startswith("Wait for more labelled rows")


def test_what_did_not_beat_the_champion_is_to_be_replaced() -> None:
    fired = decided(signal(G, 3.0))
    assert fired.triggered
    told = [PastCheck(at=NOW - timedelta(days=1), results=fired.triggers)]
    decision = decided(signal(G, 3.0), declined=told, patience=timedelta(days=28))
    assert not decision.triggered
    assert "turned down" in decision.reason
    assert decision.recommendation.startswith("Try another estimator")


@pytest.mark.parametrize(
    "when",
    [AllOf((AnyOf((SignalTrigger(kind=D), SignalTrigger(kind=P))), AGED)),
     AnyOf((SignalTrigger(kind=P), AllOf((SignalTrigger(kind=D), AGED))))],
    ids=["both are needed", "in a branch that is not satisfied"],
)  # fmt: skip
def test_a_fact_beside_a_measurement_leaves_costs_confidence_and_severity_as_they_are(when: Trigger) -> None:
    mild = replace(signal(P, 1.1, p_value=0.009), detail={"current": 1.1, "baseline": 1.0})
    state = {"champion_since": NOW - timedelta(days=70)}
    worth = Worth(training_cost=1000.0, per_unit_of_loss=0.001, rows=100.0, horizon=timedelta(days=28))
    alone, beside = (
        decide(standard_policy(PRESETS["balanced"].replace(when=tree)), evidence(enough(), mild, **state), worth)
        for tree in (SignalTrigger(kind=P), when)
    )
    assert (beside.triggered, beside.severity) == (alone.triggered, alone.severity) == (False, Severity.LOW)
    assert beside.blocked_by == alone.blocked_by != ()
    assert beside.confidence == alone.confidence < 1.0


def test_a_fact_that_suffices_is_certain_and_asks_nothing_of_costs() -> None:
    worth = Worth(training_cost=1000.0, per_unit_of_loss=0.001, rows=100.0, horizon=timedelta(days=28))
    tree = PRESETS["balanced"].replace(when=AnyOf((SignalTrigger(kind=P), AGED)))
    aged = evidence(enough(), signal(P, 1.1), champion_since=NOW - timedelta(days=8))
    decision = decide(standard_policy(tree), aged, worth)
    assert (decision.triggered, decision.confidence) == (True, 1.0)


def test_facts_that_were_seen_at_earlier_checks_are_facts() -> None:
    tree = PRESETS["balanced"].replace(when=Persistence(trigger=AGED, count=2, checks=3))
    aged = [PastCheck(at=NOW - timedelta(days=1), results=(TriggerResult(trigger="model_age", fired=True, reason="old",
                                                                         label=AGED.label),))]  # fmt: skip
    decision = decide(standard_policy(tree), evidence(enough(), champion_since=NOW - timedelta(days=9), past=aged))
    assert (decision.triggered, decision.confidence) == (True, 1.0)
