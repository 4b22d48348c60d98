from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest

from include.decision.decide import decide
from include.decision.decision import Decision, Severity
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, SignalKind, Verdict
from include.orchestrator import AutomaticRetrainingOrchestrator
from tests.triggers.signals import NOW, broken, enough, evidence, few, missing, signal

P, C, D, O = SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT, SignalKind.DATA_DRIFT, SignalKind.OUTLIERS  # noqa: E741
RANK = list(Severity)


def decided(*signals: Signal, **state: object) -> Decision:
    return decide(standard_policy(PRESETS["balanced"]), evidence(enough(), *signals, **state))


def test_nothing_changed_leaves_the_champion_alone() -> None:
    decision = decided(signal(P, 0.2), signal(C, 0.1), signal(D, 0.3, feature="x"))
    assert not decision.triggered
    assert (decision.trigger_type, decision.severity, decision.blocked_by) == ("", Severity.LOW, ())
    assert decision.reason == "nothing changed beyond chance"
    assert decision.recommendation == "Leave the champion alone."


@pytest.mark.parametrize(
    ("signals", "severity"),
    [
        ([signal(P, 1.5)], Severity.LOW),  # one mild
        ([signal(D, 1.9, feature="x")], Severity.LOW),
        ([signal(P, 2.0)], Severity.MEDIUM),  # one strong
        ([signal(D, 50.0, feature="x")], Severity.MEDIUM),  # drift alone is never critical
        ([signal(P, 1.1), signal(C, 1.1)], Severity.MEDIUM),  # several mild
        ([signal(P, 1.1), signal(C, 2.5)], Severity.HIGH),  # several, a strong one among them
        ([signal(D, 30.0, feature="x"), signal(O, 1.1)], Severity.HIGH),
        ([signal(P, 6.0)], Severity.CRITICAL),  # very strong harm
        ([signal(C, 6.0), signal(P, 0.3)], Severity.CRITICAL),
    ],
)
def test_severity_table(signals: list[Signal], severity: Severity) -> None:
    decision = decided(*signals)
    assert decision.triggered
    assert decision.severity is severity


@pytest.mark.parametrize(
    ("signals", "trigger"),
    [([signal(D, 9.0, feature="x"), signal(O, 9.0)], D), ([signal(C, 1.1), signal(D, 9.0, feature="x")], C),
     ([signal(C, 9.0), signal(P, 1.1)], P)],
)  # fmt: skip
def test_harm_gives_a_decision_its_type_before_drift(signals: list[Signal], trigger: SignalKind) -> None:
    assert decided(*signals).trigger_type == trigger


def test_same_evidence_gives_the_same_decision() -> None:
    signals = [signal(P, 2.5), signal(D, 4.0, feature="x"), signal(D, 5.0, feature="y")]
    assert decided(*signals) == decided(*signals)
    assert decided(*signals, missing(C)).reason == decided(missing(C), *signals).reason


@pytest.mark.parametrize("kind", [P, C, D, O])
def test_stronger_signal_never_makes_a_decision_weaker(kind: SignalKind) -> None:
    for others in ([], [signal(C if kind is P else P, 1.2)]):
        found = [decided(signal(kind, strength), *others) for strength in (0.5, 0.99, 1.0, 1.5, 2.0, 3.0, 6.0, 60.0)]
        for weaker, stronger in pairwise(found):
            assert weaker.triggered <= stronger.triggered
            assert RANK.index(weaker.severity) <= RANK.index(stronger.severity)


def test_further_drift_never_makes_a_decision_weaker() -> None:
    rng, orchestrator = np.random.default_rng(0), AutomaticRetrainingOrchestrator()
    reference = pd.DataFrame(rng.normal(size=(800, 3)), columns=list("abc"))
    recent = pd.DataFrame(rng.normal(size=(400, 3)), columns=list("abc"))
    found = [
        orchestrator.should_retrain(reference, recent.assign(a=recent["a"] + shift))
        for shift in (0, 0.1, 0.2, 0.4, 0.8, 2, 9)
    ]
    assert (found[0].triggered, found[-1].triggered) == (False, True)
    for weaker, stronger in pairwise(found):
        assert weaker.triggered <= stronger.triggered
        assert RANK.index(weaker.severity) <= RANK.index(stronger.severity)


@pytest.mark.parametrize("state", [{"requested": "the boss asked"}, {"has_champion": False}, {}])
def test_broken_data_block_every_retrain(state: dict[str, object]) -> None:
    decision = decided(signal(P, 9.0), broken("price"), **state)
    assert not decision.triggered
    assert decision.trigger_type
    assert decision.blocked_by == ("price: the column is gone",)
    assert decision.root_cause == "broken data: price"
    assert decision.recommendation.startswith("Mend the source of price; do not retrain on these rows. If this is as")


def test_broken_data_alone_are_no_wish_to_retrain_but_say_what_to_mend() -> None:
    decision = decided(broken("price"))
    assert (decision.triggered, decision.blocked_by) == (False, ())
    assert "Mend the source of price" in decision.recommendation


def test_drift_with_labels_that_show_no_harm_does_not_trigger() -> None:
    decision = decided(signal(D, 20.0, feature="price"), signal(P, 0.1))
    assert not decision.triggered
    assert "inputs drifted (price), yet no harm is seen" in decision.reason


def test_drifted_columns_are_named_once_each_and_the_most_telling_first() -> None:
    mild, strong = signal(D, 2.0, feature="b"), signal(D, 9.0, feature="a")
    again = replace(signal(D, 3.0, feature="b"), statistic="mean_shift")
    stable = signal(D, 0.5, feature="c")
    assert decided(mild, again, strong, stable, signal(P, 0.1)).root_cause == "inputs changed: a, b"


def test_joint_drift_is_named_by_what_changed_only_while_no_column_is() -> None:
    joint = replace(signal(D, 9.0), statistic="joint_correlation")
    assert decided(joint, signal(P, 0.1)).root_cause == "inputs changed: joint_correlation"
    assert decided(joint, signal(D, 2.0, feature="x"), signal(P, 0.1)).root_cause == "inputs changed: x"


@pytest.mark.parametrize("kind", [SignalKind.TARGET_DRIFT, SignalKind.PREDICTION_DRIFT])
def test_drift_of_outputs_is_on_record_and_asks_for_nothing(kind: SignalKind) -> None:
    moved = replace(signal(D, 30.0, feature="prediction"), kind=kind)
    decision = decided(moved, missing(P), missing(C))
    assert not decision.triggered
    assert decision.reason == "nothing that asks for a retrain, but: data_drift prediction 30"


def test_drift_without_labels_triggers() -> None:
    decision = decided(signal(D, 20.0, feature="price"), missing(P), missing(C))
    assert decision.triggered
    assert decision.trigger_type == "data_drift"
    assert decision.root_cause == "inputs changed: price"


def test_cooldown_blocks_and_says_until_when() -> None:
    decision = decided(signal(P, 3.0), last_retrained_at=NOW - timedelta(days=2))
    assert not decision.triggered
    assert decision.trigger_type == "performance"
    assert decision.blocked_by == ("cooling down until 2026-05-08 12:00 UTC",)
    assert decision.recommendation == "Wait: cooling down until 2026-05-08 12:00 UTC."


def test_request_triggers_with_its_reason_and_full_confidence() -> None:
    decision = decided(signal(P, 0.1), requested="new supplier")
    assert decision.triggered
    assert (decision.trigger_type, decision.reason) == ("manual", "manual: new supplier")
    assert (decision.confidence, decision.severity) == (1.0, Severity.MEDIUM)


def test_first_version_triggers() -> None:
    decision = decided(has_champion=False)
    assert decision.triggered
    assert decision.trigger_type == "first_version"
    assert decision.recommendation == "Train the first version from the reference rows."


def test_too_few_rows_give_no_confidence_and_say_how_many_are_missing() -> None:
    decision = decide(standard_policy(PRESETS["balanced"]), evidence(few()))
    assert (decision.triggered, decision.confidence) == (False, 0.0)
    assert decision.reason == "3 recent rows, 100 needed"
    assert decision.recommendation == "Nothing to do until more rows arrive."


@pytest.mark.parametrize(
    ("signals", "cause"),
    [([signal(P, 3.0)], "the champion errs more while inputs look unchanged"),
     ([signal(P, 3.0), signal(D, 9.0, feature="price")], "the champion errs more while inputs changed: price"),
     ([signal(P, 0.2)], "")],
)  # fmt: skip
def test_root_cause_tells_concept_drift_from_covariate_drift(signals: list[Signal], cause: str) -> None:
    found = decided(*signals).root_cause
    assert found.startswith(cause)
    assert bool(found) is bool(cause)


def test_decision_survives_json() -> None:
    decision = decided(signal(P, 3.0), signal(D, 9.0, feature="x"), last_retrained_at=NOW)
    assert Decision.from_json(json.loads(json.dumps(decision.to_json()))) == decision


def test_decision_recorded_by_an_earlier_release_is_read() -> None:
    decision = decided(signal(P, 3.0))
    later = ("cause", "features", "loss_explained", "expected_gain", "training_cost")
    stored = {name: value for name, value in decision.to_json().items() if name not in later}
    read = Decision.from_json(json.loads(json.dumps(stored)))
    assert (read.reason, read.cause, read.features, read.loss_explained) == (decision.reason, "", (), None)


def test_harm_that_nothing_mends_asks_for_no_retrain_and_says_so() -> None:
    decision = decided(signal(P, 3.0), signal(SignalKind.RETRAIN_GAIN, 0.1))
    assert not decision.triggered
    assert "a retrain would not mend it" in decision.reason
    assert decision.recommendation.startswith("Look for a cause outside the model")


# a version in shadow


def in_shadow(check: float, *, over: bool) -> Signal:
    return Signal(
        kind=SignalKind.SHADOW, statistic="rmse", verdict=Verdict.INCONCLUSIVE, reason="as good so far",
        detail={"version": 3.0, "champion": 1.0, "check": check, "checks": 2.0, "over": float(over), "counted": 1.0},
    )  # fmt: skip


def test_version_in_shadow_keeps_every_retrain_waiting_and_its_distance_is_on_record() -> None:
    for asked in ({"requested": "because"}, {}):
        decision = decided(signal(P, 6.0), in_shadow(1.0, over=False), **asked)
        assert not decision.triggered
        assert decision.blocked_by == ("version 3 is in shadow, check 1 of 2",)
        assert decision.recommendation == "Wait: version 3 is in shadow, check 1 of 2."
    leaf = next(leaf for leaf in decision.triggers if leaf.trigger == "shadow")
    assert (leaf.fired, leaf.value, leaf.threshold, leaf.distance) == (False, 1.0, 2.0, 1.0)
    quiet = decided(in_shadow(1.0, over=False))
    assert (quiet.triggered, quiet.blocked_by) == (False, ())


def test_last_check_of_a_shadow_fires_alone_whatever_cools_down() -> None:
    decision = decided(signal(P, 6.0), in_shadow(2.0, over=True), requested="because",
                       last_retrained_at=NOW - timedelta(hours=6))  # fmt: skip
    assert decision.triggered
    assert (decision.trigger_type, decision.reason) == ("shadow", "shadow: as good so far")
    assert decision.blocked_by == ()
    assert decision.recommendation.startswith("Let the gate judge the version in shadow once more")
    assert any(leaf.fired and leaf.trigger == "manual" for leaf in decision.triggers)


def test_champion_that_gives_way_comes_before_the_end_of_a_shadow() -> None:
    failed = Signal(kind=SignalKind.PROBATION, statistic="rmse", verdict=Verdict.CHANGED, reason="worse")
    decision = decided(failed, in_shadow(2.0, over=True))
    assert not decision.triggered
    assert decision.blocked_by == ("failed its probation: worse",)


def test_without_a_version_in_shadow_nothing_is_said_of_one() -> None:
    assert "shadow" not in {leaf.trigger for leaf in decided(signal(P, 6.0)).triggers}
