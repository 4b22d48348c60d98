"""What both stores promise about claims, outcomes and champions: memory first, then Postgres."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest

from include.errors import ClaimLost, DataError
from include.records.entries import Event, EventStatus, TrainingDetails, VersionStatus
from include.records.store import Store
from tests.records.examples import (
    HOUR,
    NOW,
    execute,
    make_outcome,
    make_reference,
    open_event,
)

GIVEN_UP = timedelta(hours=6)


# claims


def test_claimed_event_is_executing(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        assert claim.event.status is EventStatus.EXECUTING
        assert claim.event.execution_attempted
    assert store.event(event.id).status is EventStatus.EXECUTING


def test_second_claim_of_a_model_is_lost_until_the_first_ends(store: Store) -> None:
    first, second = open_event(store, "run-1"), open_event(store, "run-2")
    with store.claim(first.id, at=NOW):
        with pytest.raises(ClaimLost, match="housing is being retrained"), store.claim(second.id, at=NOW):
            pass
        with store.claim(open_event(store, model_name="iris").id, at=NOW):
            pass  # another model is another right
    with store.claim(second.id, at=NOW):
        assert store.event(first.id).status is EventStatus.ABANDONED


def test_claim_ends_with_an_error_in_its_context(store: Store) -> None:
    event = open_event(store)
    with pytest.raises(ZeroDivisionError), store.claim(event.id, at=NOW):
        raise ZeroDivisionError
    with store.claim(event.id, at=NOW) as claim:
        assert claim.event.status is EventStatus.EXECUTING
    with pytest.raises(ClaimLost):
        claim.note_error("E", "after the end")


def test_of_two_threads_one_promotes_and_the_other_finds_it_done(store: Store) -> None:
    event, start = open_event(store), Barrier(2)

    def retrain(_: int) -> bool:
        start.wait()
        with store.claim(event.id, at=NOW, wait=timedelta(seconds=10)) as claim:
            if claim.event.status.closed:
                return False
            claim.begin_version(at=NOW)
            claim.finish(make_outcome(), at=NOW)
            return True

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(retrain, range(2))) == [False, True]
    assert len(store.versions("housing")) == 1


def test_taking_over_closes_the_event_of_a_dead_owner_and_fails_its_candidate(store: Store) -> None:
    dead, event = open_event(store, "run-1"), open_event(store, "run-2")
    with store.claim(dead.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
    with store.claim(event.id, at=NOW + HOUR) as claim:
        assert claim.begin_version(at=NOW).version == 2
    abandoned = store.event(dead.id)
    assert (abandoned.status, abandoned.execution_successful) == (EventStatus.ABANDONED, False)
    assert abandoned.completed_at == NOW + HOUR
    assert [v.status for v in store.versions("housing")] == [VersionStatus.FAILED, VersionStatus.CANDIDATE]


def test_next_try_goes_on_with_the_version_of_the_last_one(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        first = claim.begin_version(at=NOW)
        assert claim.begin_version(at=NOW) == first
    with store.claim(event.id, at=NOW + HOUR) as claim:
        assert claim.begin_version(at=NOW + HOUR) == first
    assert (first.version, first.parent, first.status, first.created_at) == (1, None, VersionStatus.CANDIDATE, NOW)


# outcomes


def test_promotion_makes_a_champion_with_history_and_reference(store: Store) -> None:
    event = execute(store, "run-1")
    assert (event.status, event.execution_successful, event.version) == (EventStatus.PROMOTED, True, 1)
    assert (event.scores, event.champion_scores) == ({"r2": 0.9, "rmse": 8.0}, {"r2": 0.8, "rmse": 10.0})
    assert (event.outcome, event.error, event.completed_at) == ("better on the same rows", "", NOW)
    assert store.event(event.id) == event
    champion, outcome = store.champion("housing"), make_outcome()
    assert champion is not None
    assert (champion.label, champion.baseline, champion.data_until) == ("v1", outcome.baseline, NOW)
    assert (champion.artifact_path, champion.details) == (outcome.artifact_path, outcome.details)
    assert store.reference("housing", 1) == make_reference()


def test_next_promotion_retires_the_champion(store: Store) -> None:
    execute(store, "run-1")
    event = execute(store, "run-2", at=NOW + HOUR)
    old, new = store.versions("housing")
    assert (old.status, new.status, new.parent) == (VersionStatus.RETIRED, VersionStatus.CHAMPION, 1)
    assert (event.champion_version, event.version) == (1, 2)
    assert store.champion("housing") == new


def test_promotion_leaves_the_champions_of_other_models_alone(store: Store) -> None:
    execute(store, "run-1", model_name="iris")
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR)
    assert [version.status for version in store.versions("iris")] == [VersionStatus.CHAMPION]
    assert len(store.champion_changes("iris")) == 1


def test_champion_at_answers_for_any_time(store: Store) -> None:
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + 2 * HOUR)
    answers = [store.champion_at("housing", NOW + n * HOUR) for n in (-1, 0, 1, 2)]
    assert [answer and answer.version for answer in answers] == [None, 1, 1, 2]
    assert store.champion_at("iris", NOW) is None


@pytest.mark.parametrize(
    ("status", "fate", "ran"),
    [
        (EventStatus.HELD, VersionStatus.HELD, True),
        (EventStatus.REJECTED, VersionStatus.REJECTED, True),
        (EventStatus.FAILED, VersionStatus.FAILED, False),
    ],
)
def test_any_other_outcome_leaves_the_champion_alone(
    store: Store, status: EventStatus, fate: VersionStatus, ran: bool
) -> None:
    execute(store, "run-1")
    event = execute(store, "run-2", at=NOW + HOUR, status=status)
    assert (event.status, event.execution_successful) == (status, ran)
    assert [version.status for version in store.versions("housing")] == [VersionStatus.CHAMPION, fate]
    assert store.reference("housing", 2) is None


def test_failure_before_any_version_is_closed_with_its_error(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        closed = claim.finish(make_outcome(EventStatus.FAILED, reason="no rows", error_type="DataError"), at=NOW)
    assert (closed.error_type, closed.error, closed.outcome, closed.version) == (
        "DataError",
        "no rows",
        "no rows",
        None,
    )
    assert store.versions("housing") == []


def test_finishing_twice_changes_nothing(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        first = claim.finish(make_outcome(), at=NOW)
        assert claim.finish(make_outcome(EventStatus.FAILED), at=NOW + HOUR) == first
        claim.note_error("E", "too late")
        with pytest.raises(DataError, match="closed"):
            claim.begin_version(at=NOW)
    assert store.event(event.id) == first


@pytest.mark.parametrize("status", [EventStatus.DECIDED, EventStatus.EXECUTING, EventStatus.DRY_RUN])
def test_execution_cannot_end_as_anything_but_an_end(store: Store, status: EventStatus) -> None:
    with store.claim(open_event(store).id, at=NOW) as claim, pytest.raises(DataError, match="cannot end as"):
        claim.finish(make_outcome(status), at=NOW)


def test_nothing_is_promoted_without_a_version(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim, pytest.raises(DataError, match="begin_version"):
        claim.finish(make_outcome(), at=NOW)
    assert store.event(event.id).status is EventStatus.EXECUTING


def test_outcome_with_values_that_json_cannot_hold_is_kept(store: Store) -> None:
    event = open_event(store)
    odd = {"loss": [math.inf, np.float32(0.5)], "rows": np.int64(7), "when": NOW, "ok": np.True_, "nul": "a\x00"}
    details = TrainingDetails(reported_metrics=odd)
    outcome = make_outcome(
        scores={"r2": math.nan, "rmse": 1.0}, champion_scores={"r2": 0.5, "rmse": 0.0}, details=details
    )
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        closed = claim.finish(outcome, at=NOW)
    assert math.isnan(closed.scores["r2"])
    assert closed.champion_scores == {"r2": 0.5, "rmse": 0.0}
    kept = {"loss": [None, 0.5], "rows": 7, "when": NOW.isoformat(), "ok": True, "nul": "a\ufffd"}
    assert closed.details.reported_metrics == kept


# closing what nobody executes


def test_noted_error_outranks_the_one_given_when_it_is_closed_as_failed(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.note_error("SourceUnavailable", "cannot read postgresql://me:secret@host/db")
        assert store.close_failed(event.id, at=NOW, error_type="E", error="e").status is EventStatus.EXECUTING
    closed = store.close_failed(event.id, at=NOW + HOUR, error_type="E", error="e")
    assert (closed.status, closed.error_type) == (EventStatus.FAILED, "SourceUnavailable")
    assert closed.error == "cannot read postgresql://me:***@host/db"
    assert (closed.execution_successful, closed.completed_at) == (False, NOW + HOUR)
    assert [version.status for version in store.versions("housing")] == [VersionStatus.FAILED]
    assert store.close_failed(event.id, at=NOW, error_type="F", error="f") == closed


def test_event_that_was_never_claimed_is_closed_with_the_error_given(store: Store) -> None:
    closed = store.close_failed(open_event(store).id, at=NOW, error_type="E", error="e")
    assert (closed.status, closed.error_type, closed.error) == (EventStatus.FAILED, "E", "e")
    assert not closed.execution_attempted


def test_error_of_an_earlier_try_is_gone_once_the_next_begins(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.note_error("SourceUnavailable", "down")
    assert store.event(event.id).error == "down"
    with store.claim(event.id, at=NOW):
        pass
    assert store.close_failed(event.id, at=NOW, error_type="E", error="killed").error == "killed"


def unfinished(store: Store, **arguments: str) -> list[Event]:
    return list(store.close_unfinished("housing", at=NOW + HOUR, idle=GIVEN_UP, **arguments))


def test_executing_event_is_abandoned_only_when_nobody_holds_the_claim(store: Store) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        assert unfinished(store) == []
    assert unfinished(store, keep_run="run-1") == []
    [abandoned] = unfinished(store)
    assert abandoned == store.event(event.id)
    assert abandoned.status is EventStatus.ABANDONED
    assert [version.status for version in store.versions("housing")] == [VersionStatus.FAILED]
    assert unfinished(store) == []


def test_decided_event_is_abandoned_when_it_is_old(store: Store) -> None:
    old = open_event(store, "run-1", at=NOW + HOUR - GIVEN_UP - timedelta(seconds=1))
    open_event(store, "run-2", at=NOW + HOUR - GIVEN_UP)
    open_event(store, "run-3", at=NOW - 24 * HOUR, model_name="iris")
    assert [event.id for event in unfinished(store)] == [old.id]


@pytest.mark.parametrize("status", [EventStatus.PROMOTED, EventStatus.FAILED, None])
def test_who_approved_is_kept_whatever_becomes_of_the_event(store: Store, status: EventStatus | None) -> None:
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.note_approval("ada", at=NOW)
    with store.claim(event.id, at=NOW) as claim:
        claim.note_approval("eve", at=NOW + HOUR)
        if status is not None:
            claim.finish(make_outcome(status), at=NOW)
    store.close_failed(event.id, at=NOW, error_type="ProcessDied", error="gone")
    assert store.event(event.id).approved_by == "ada"
