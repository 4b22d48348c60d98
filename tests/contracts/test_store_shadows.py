"""What both stores promise about versions in shadow: memory first, then Postgres."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import DataError
from include.records.entries import (
    ChangeKind,
    Event,
    EventStatus,
    Outcome,
    ShadowNeeds,
    TrainingDetails,
    Version,
    VersionStatus,
    promoted_by,
)
from include.records.store import Store
from tests.records.examples import HOUR, NOW, execute, make_analysis, make_decision, make_outcome, make_reference

NEEDS = ShadowNeeds(checks=2, rows=50, beside=1, trained_since=NOW.isoformat())
LOOK = Signal(
    kind=SignalKind.SHADOW, statistic="r2", verdict=Verdict.INCONCLUSIVE, reason="as good",
    detail={"version": 2.0, "champion": 1.0, "check": 1.0, "checks": 2.0, "counted": 1.0, "over": 0.0},
)  # fmt: skip


def into_shadow(store: Store, run_id: str = "run-2") -> Event:
    """Train a version that goes into shadow."""
    event = opened(store, run_id)
    details = TrainingDetails(training_duration=1.5, training_data_hash="ef", shadow=NEEDS)
    outcome = make_outcome(EventStatus.HELD, shadow_checks=2, reference=make_reference(), details=details)
    with store.claim(event.id, at=NOW + HOUR) as claim:
        claim.begin_version(at=NOW + HOUR)
        return claim.finish(outcome, at=NOW + HOUR)


def opened(store: Store, run_id: str, **decided: Any) -> Event:
    _, event = store.save_decision(make_analysis(run_id), make_decision(**decided), at=NOW + 2 * HOUR)
    assert event is not None
    return event


def end(store: Store, outcome: Outcome, run_id: str = "run-3") -> Event:
    """Judge the version in shadow."""
    event = opened(store, run_id, trigger_type="shadow")
    with store.claim(event.id, at=NOW + 3 * HOUR) as claim:
        claim.take_shadow()
        return claim.finish(outcome, at=NOW + 3 * HOUR)


def second(store: Store) -> Version:
    return store.versions("housing")[1]


@pytest.fixture
def shadowed(store: Store) -> Store:
    """Records with a champion, v1, and v2 in shadow beside it."""
    execute(store, "run-1")
    into_shadow(store)
    return store


def test_version_in_shadow_stays_a_candidate_with_all_that_its_publication_needs(shadowed: Store) -> None:
    version = shadowed.shadow("housing")
    assert version == second(shadowed)
    assert version is not None
    assert (version.status, version.shadow_checks, version.in_shadow) == (VersionStatus.CANDIDATE, 2, True)
    assert (version.artifact_path, version.parent) == ("housing/v1.skops", 1)
    assert shadowed.reference("housing", 2) == make_reference()
    champion = shadowed.champion("housing")
    assert champion is not None
    assert champion.version == 1
    event = shadowed.events(run_id="run-2")[0]
    assert (event.status, event.version, event.execution_successful) == (EventStatus.HELD, 2, True)
    assert shadowed.shadow("iris") is None


def test_promotion_at_the_end_publishes_that_version_by_the_event_that_judged_it(shadowed: Store) -> None:
    before = second(shadowed)
    outcome = Outcome(
        status=EventStatus.PROMOTED, reason="better", scores={"r2": 0.95}, data_until=NOW + HOUR,
        details=TrainingDetails(training_data_hash="ef", gate={"rows": 9}),
    )  # fmt: skip
    event = end(shadowed, outcome)
    after = second(shadowed)
    assert (event.status, event.version, event.champion_version) == (EventStatus.PROMOTED, 2, 1)
    assert (after.status, after.in_shadow, after.shadow_checks) == (VersionStatus.CHAMPION, False, 2)
    assert (after.artifact_path, after.artifact_sha256) == (before.artifact_path, before.artifact_sha256)
    assert (after.event_id, after.baseline, after.data_until) == (before.event_id, before.baseline, NOW + HOUR)
    assert after.details.training_duration == 1.5
    assert after.details.gate == {"rows": 9}
    change = shadowed.champion_changes("housing")[-1]
    assert (change.kind, change.from_version, change.to_version) == (ChangeKind.PROMOTION, 1, 2)
    assert (change.event_id, promoted_by(shadowed.champion_changes("housing"), 2)) == (event.id, event.id)
    assert shadowed.shadow("housing") is None
    assert len(shadowed.versions("housing")) == 2


@pytest.mark.parametrize("status", [EventStatus.HELD, EventStatus.REJECTED])
def test_any_other_end_turns_it_down_and_keeps_what_is_on_record_of_it(shadowed: Store, status: EventStatus) -> None:
    before = second(shadowed)
    event = end(shadowed, Outcome(status=status, reason="not better"))
    after = second(shadowed)
    assert (event.status, after.status) == (status, VersionStatus(status))
    assert (after.artifact_path, after.baseline, after.data_until) == (
        before.artifact_path, before.baseline, before.data_until
    )  # fmt: skip
    assert after.details.shadow == NEEDS
    assert shadowed.shadow("housing") is None


def test_end_whose_process_died_leaves_the_version_in_shadow_for_the_next_one(shadowed: Store) -> None:
    event = opened(shadowed, "run-3", trigger_type="shadow")
    with shadowed.claim(event.id, at=NOW) as claim:
        first = claim.take_shadow()
        assert claim.take_shadow() == first
    closed = shadowed.close_failed(event.id, at=NOW, error_type="ProcessDied", error="gone")
    assert (closed.status, closed.version) == (EventStatus.FAILED, 2)
    assert shadowed.shadow("housing") == first
    end(shadowed, make_outcome(), run_id="run-4")
    assert second(shadowed).status is VersionStatus.CHAMPION


def test_finishing_twice_promotes_once(shadowed: Store) -> None:
    event = opened(shadowed, "run-3", trigger_type="shadow")
    with shadowed.claim(event.id, at=NOW) as claim:
        claim.take_shadow()
        done = claim.finish(make_outcome(), at=NOW)
        assert claim.finish(make_outcome(EventStatus.REJECTED), at=NOW) == done
        with pytest.raises(DataError, match="no version is in shadow"):
            claim.take_shadow()
    assert len(shadowed.champion_changes("housing")) == 2


def test_rollback_holds_the_version_in_shadow_and_says_why(store: Store) -> None:
    execute(store, "run-0")
    execute(store, "run-1")
    into_shadow(store)
    store.roll_back(
        "housing", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada", reason="too slow",
        at=NOW + 2 * HOUR, key="k",
    )  # fmt: skip
    version = store.versions("housing")[2]
    assert (version.status, store.shadow("housing")) == (VersionStatus.HELD, None)
    told = {"ended": "its shadow ended because v1 became champion", "ended_by": "ada"}
    assert version.details.shadow == replace(NEEDS, **told)


def test_another_promotion_ends_the_shadow(shadowed: Store) -> None:
    execute(shadowed, "run-3", at=NOW + 3 * HOUR)
    assert [version.status for version in shadowed.versions("housing")] == [
        VersionStatus.RETIRED, VersionStatus.HELD, VersionStatus.CHAMPION
    ]  # fmt: skip
    assert second(shadowed).details.shadow.ended == "its shadow ended because v3 became champion"


def test_end_of_a_shadow_is_no_retraining_that_a_cooldown_counts(shadowed: Store) -> None:
    trained = shadowed.last_retrained_at("housing", until=NOW + 90 * HOUR)
    late = make_analysis("run-3", as_of=NOW + 50 * HOUR)
    event = shadowed.save_decision(late, make_decision(trigger_type="shadow"), at=NOW)[1]
    assert event is not None
    with shadowed.claim(event.id, at=NOW) as claim:
        claim.take_shadow()
        claim.finish(make_outcome(), at=NOW)
    assert shadowed.last_retrained_at("housing", until=NOW + 90 * HOUR) == trained == NOW


def test_looks_are_those_of_one_kind_and_champion(shadowed: Store) -> None:
    seen = make_analysis("check", as_of=NOW + HOUR, champion_version=1, signals=[LOOK])
    shadowed.save_decision(seen, make_decision(triggered=False), at=NOW)
    assert shadowed.looks("housing", SignalKind.SHADOW, 1, before=NOW + 2 * HOUR) == [LOOK]
    assert shadowed.looks("housing", SignalKind.SHADOW, 1, before=NOW + HOUR) == []
    assert shadowed.looks("housing", SignalKind.SHADOW, 2, before=NOW + 2 * HOUR) == []
    assert shadowed.looks("housing", SignalKind.PROBATION, 1, before=NOW + 2 * HOUR) == []


@pytest.mark.parametrize("wrong", [{"status": EventStatus.PROMOTED}, {"status": EventStatus.REJECTED},
                                   {"shadow_checks": 0}])  # fmt: skip
def test_impossible_shadow_is_refused(store: Store, wrong: dict[str, Any]) -> None:
    execute(store, "run-1")
    event = opened(store, "run-2")
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        with pytest.raises(DataError, match="a shadow is that of a version"):
            claim.finish(make_outcome(**{"status": EventStatus.HELD, "shadow_checks": 2, **wrong}), at=NOW)


def test_without_a_version_in_shadow_there_is_nothing_to_judge(store: Store) -> None:
    execute(store, "run-1")
    event = opened(store, "run-2", trigger_type="shadow")
    with store.claim(event.id, at=NOW) as claim, pytest.raises(DataError, match="no version is in shadow"):
        claim.take_shadow()
