"""Histories made by hand, and what they advise."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from include.decision.evidence import TriggerResult
from include.decision.signals import Signal, SignalKind, Verdict
from include.records.entries import Check, Event, EventStatus, ShadowNeeds, TrainingDetails
from include.workflow.advice import LATEST, Recommendation, RecommendationKind, recommend
from tests.records.examples import HOUR, NOW, make_analysis, make_decision

PERFORMANCE, AGE = "performance", "model_age"
SHADOW = ShadowNeeds(checks=2, rows=50, beside=1, trained_since="2026-01-01T00:00:00+00:00")


def leaf(trigger: str, value: float, threshold: float = 0.1, *, fired: bool | None = None) -> TriggerResult:
    fired = value >= threshold if fired is None else fired
    return TriggerResult(trigger=trigger, fired=fired, reason="why", value=value, threshold=threshold)


def check(number: int, *leaves: TriggerResult, outcome: EventStatus | None = None, **analysis: Any) -> Check:
    """A check; with an outcome its first trigger asked for a retrain that ended so."""
    seen = make_analysis(f"run-{number}", as_of=NOW + number * HOUR, **{"signals": (), **analysis})
    top = leaves[0].trigger if outcome is not None and leaves else ""
    decision = make_decision(triggered=outcome is not None, trigger_type=top, triggers=leaves)
    if outcome is None:
        return Check(analysis=seen, decision=decision)
    event = Event(
        id=number, model_name="housing", run=seen.run, status=outcome, decision=decision, triggered_at=NOW,
        outcome="as it ended",
    )  # fmt: skip
    return Check(analysis=seen, decision=decision, event=event)


def of_kind(history: list[Check], kind: RecommendationKind) -> list[Recommendation]:
    return [each for each in recommend(history) if each.kind is kind]


def quiet(number: int) -> Check:
    return check(number, leaf(PERFORMANCE, 0.01))


def test_quiet_history_advises_nothing() -> None:
    assert recommend([]) == []
    assert recommend([quiet(number) for number in range(20)]) == []


def retrains(outcomes: list[EventStatus], trigger: str, values: list[float]) -> list[Check]:
    return [
        check(number, leaf(trigger, value), outcome=outcome)
        for number, (outcome, value) in enumerate(zip(outcomes, values, strict=True))
    ]


def test_trigger_whose_retrains_are_not_promoted_gets_a_higher_threshold() -> None:
    outcomes = [EventStatus.HELD, EventStatus.REJECTED, EventStatus.HELD, EventStatus.PROMOTED]
    [found] = of_kind(retrains(outcomes, PERFORMANCE, [0.12, 0.14, 0.13, 0.5]), RecommendationKind.RAISE_THRESHOLD)
    assert found.subject == PERFORMANCE
    assert found.evidence == {"retrains": 4, "not_promoted": 3, "threshold": 0.1, "suggested": 0.13}
    assert "4 retrains, of which 3 were held or rejected" in found.reason


@pytest.mark.parametrize(
    "outcomes",
    [
        [EventStatus.HELD] * 3,  # too few
        [EventStatus.HELD] * 4 + [EventStatus.PROMOTED] * 2,  # pays often enough
        [EventStatus.FAILED] * 8,  # never judged
    ],
)
def test_trigger_that_pays_or_was_hardly_judged_keeps_its_threshold(outcomes: list[EventStatus]) -> None:
    history = [*retrains(outcomes, PERFORMANCE, [0.2] * len(outcomes)), quiet(99)]
    assert not of_kind(history, RecommendationKind.RAISE_THRESHOLD)
    assert not of_kind(history, RecommendationKind.RETIRE_TRIGGER)


def test_trigger_that_never_pays_is_to_be_retired_but_not_one_on_harm() -> None:
    held = [EventStatus.HELD] * 6
    [found] = of_kind(retrains(held, AGE, [10.0] * 6), RecommendationKind.RETIRE_TRIGGER)
    assert (found.subject, found.evidence) == (AGE, {"retrains": 6, "not_promoted": 6})
    harm = recommend(retrains(held, PERFORMANCE, [0.2] * 6))
    assert [each.kind for each in harm] == [RecommendationKind.RAISE_THRESHOLD]


@pytest.mark.parametrize("trigger", ["manual", "first_version", "red_team", "shadow"])
def test_what_stands_beside_every_tree_is_not_to_be_taken_out_of_it(trigger: str) -> None:
    asked = TriggerResult(trigger=trigger, fired=True, reason="someone asked")
    assert recommend([check(number, asked, outcome=EventStatus.HELD) for number in range(7)]) == []


def test_trigger_that_was_taken_out_is_not_to_be_taken_out_again() -> None:
    history = retrains([EventStatus.HELD] * 6, AGE, [10.0] * 6)
    assert recommend([*history, quiet(7)]) == []


def test_harm_that_stood_near_its_threshold_for_long_asks_for_a_lower_one() -> None:
    waiting = [check(number, leaf(PERFORMANCE, value)) for number, value in enumerate((0.01, 0.06, 0.07, 0.08, 0.09))]
    [found] = of_kind(
        [*waiting, check(5, leaf(PERFORMANCE, 0.12), outcome=EventStatus.PROMOTED)], RecommendationKind.LOWER_THRESHOLD
    )
    assert found.evidence == {"retrains": 1, "checks": 4, "threshold": 0.1, "suggested": pytest.approx(0.075)}


@pytest.mark.parametrize(
    ("values", "outcome"),
    [
        ((0.01, 0.01, 0.06, 0.07), EventStatus.PROMOTED),  # fast enough
        ((0.06, 0.07, 0.08, 0.09), EventStatus.HELD),  # the retrain did not pay
        ((0.06, 0.07, 0.08, 0.01), EventStatus.PROMOTED),  # it was well in between
    ],
)
def test_harm_that_came_fast_or_was_none_keeps_the_threshold(values: tuple[float, ...], outcome: EventStatus) -> None:
    waiting = [check(number, leaf(PERFORMANCE, value)) for number, value in enumerate(values)]
    history = [*waiting, check(9, leaf(PERFORMANCE, 0.12), outcome=outcome)]
    assert not of_kind(history, RecommendationKind.LOWER_THRESHOLD)


LATE = (0.07, 0.08, 0.09)


def came_late() -> list[Check]:
    """Three checks near the threshold of 0.1, and the retrain that paid."""
    waiting = [check(number, leaf(PERFORMANCE, value)) for number, value in enumerate(LATE)]
    return [*waiting, check(3, leaf(PERFORMANCE, 0.12), outcome=EventStatus.PROMOTED)]


@pytest.mark.parametrize("threshold", [0.08, 0.05])
def test_lower_threshold_is_not_advised_again_once_it_was_lowered(threshold: float) -> None:
    assert of_kind(came_late(), RecommendationKind.LOWER_THRESHOLD)
    since = [check(number, leaf(PERFORMANCE, 0.01, threshold)) for number in range(4, 8)]
    assert recommend([*came_late(), *since]) == []


def test_retrain_that_came_late_by_the_threshold_of_today_counts_alone() -> None:
    before = [check(number, leaf(PERFORMANCE, 0.15, 0.2)) for number in range(4)]
    paid = check(4, leaf(PERFORMANCE, 0.3, 0.2), outcome=EventStatus.PROMOTED)
    [found] = of_kind([*before, paid, *came_late()], RecommendationKind.LOWER_THRESHOLD)
    assert found.evidence == {"retrains": 1, "checks": 3, "threshold": 0.1, "suggested": 0.08}


def test_trigger_is_never_to_be_both_raised_and_lowered() -> None:
    held = [check(10 + number, leaf(PERFORMANCE, 0.13), outcome=EventStatus.HELD) for number in range(4)]
    assert [each.kind for each in recommend([*came_late(), *held])] == [RecommendationKind.RAISE_THRESHOLD]


def fault(feature: str) -> Signal:
    return Signal(
        kind=SignalKind.DATA_QUALITY, statistic="missing", feature=feature, verdict=Verdict.CHANGED, reason="empty"
    )


def test_source_that_is_at_fault_again_and_again_is_named() -> None:
    history = [check(number, signals=(fault("price"),) if number % 3 == 0 else ()) for number in range(10)]
    [found] = of_kind(history, RecommendationKind.FIX_SOURCE)
    assert (found.subject, found.evidence) == ("price", {"checks": 4, "of": 10})
    assert "price" in found.reason
    assert "missing" in found.reason
    mended = [*history, *(quiet(number) for number in range(10, 20))]
    assert not of_kind(mended, RecommendationKind.FIX_SOURCE)


def test_labels_are_asked_for_where_few_have_arrived() -> None:
    history = [check(number, rows=1000, labelled_rows=50) for number in range(5)]
    [found] = of_kind(history, RecommendationKind.ADD_LABELS)
    assert found.evidence == {"coverage": 0.05, "checks": 5}
    assert not of_kind(
        [check(number, rows=1000, labelled_rows=500) for number in range(5)], RecommendationKind.ADD_LABELS
    )
    assert not of_kind([check(number, rows=0, labelled_rows=0) for number in range(5)], RecommendationKind.ADD_LABELS)


def test_harm_that_nothing_comes_of_asks_for_a_retrain_and_says_what_is_in_the_way() -> None:
    harmed = [check(number, leaf(PERFORMANCE, 0.2)) for number in range(3)]
    blocked = replace(harmed[-1].decision, blocked_by=("cooling down until Friday",))
    [found] = of_kind([*harmed[:-1], replace(harmed[-1], decision=blocked)], RecommendationKind.RETRAIN)
    assert found.evidence == {"checks": 3}
    assert found.reason.endswith("cooling down until Friday")
    assert not of_kind(harmed[:2], RecommendationKind.RETRAIN)


def test_no_retrain_is_advised_on_broken_data() -> None:
    broken = [
        check(number, leaf(PERFORMANCE, 0.2), signals=(replace(fault("price"), blocks=True),)) for number in range(3)
    ]
    assert [each.kind for each in recommend(broken)] == [RecommendationKind.FIX_SOURCE]


def test_failed_retrain_is_to_be_asked_for_again() -> None:
    history = [check(1, leaf(PERFORMANCE, 0.2), outcome=EventStatus.FAILED), quiet(2)]
    [found] = of_kind(history, RecommendationKind.RETRAIN)
    assert "failed (as it ended)" in found.reason
    assert not of_kind(
        [*history, check(3, leaf(PERFORMANCE, 0.2), outcome=EventStatus.PROMOTED)], RecommendationKind.RETRAIN
    )


def test_retrain_that_failed_long_ago_is_not_to_be_asked_for_again() -> None:
    failed = check(0, leaf(PERFORMANCE, 0.2), outcome=EventStatus.FAILED)
    assert of_kind([failed, *(quiet(number) for number in range(1, LATEST))], RecommendationKind.RETRAIN)
    assert recommend([failed, *(quiet(number) for number in range(1, LATEST + 1))]) == []


def test_retrains_that_went_into_shadow_are_no_reason_to_doubt_a_trigger() -> None:
    held = [check(number, leaf(AGE, 0.3), outcome=EventStatus.HELD) for number in range(8)]
    assert of_kind(held, RecommendationKind.RETIRE_TRIGGER)
    shadow = TrainingDetails(shadow=SHADOW)
    waiting = [replace(one, event=replace(one.event, details=shadow)) for one in held if one.event is not None]
    assert recommend(waiting) == []


def test_harm_that_waits_for_the_end_of_a_shadow_asks_for_no_retrain() -> None:
    harmed = [check(number, leaf(PERFORMANCE, 0.3)) for number in range(4)]
    assert of_kind(harmed, RecommendationKind.RETRAIN)
    waiting = [check(number, leaf(PERFORMANCE, 0.3), leaf("shadow", 1.0, 9.0)) for number in range(4)]
    assert of_kind(waiting, RecommendationKind.RETRAIN) == []
