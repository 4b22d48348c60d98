"""One contract over both stores: memory first, then Postgres."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import numpy as np
import psycopg
import pytest

from include.errors import ClaimLost, DataError
from include.records.entries import Event, EventStatus, VersionStatus
from include.records.memory import MemoryStore
from include.records.schema import migrate
from include.records.store import Store
from include.signals import Signal, SignalKind, Verdict
from tests.records.examples import (
    HOUR,
    KS_STABLE,
    NOW,
    RMSE_CHANGED,
    execute,
    make_analysis,
    make_decision,
    make_measurement,
    make_outcome,
    make_profile,
    open_event,
    postgres_store,
)

GIVEN_UP = timedelta(hours=6)


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    uri = request.getfixturevalue("database_uri")
    with psycopg.connect(uri) as connection:
        migrate(connection)
    return postgres_store(uri)


def test_models_can_be_registered_again(store: Store) -> None:
    store.register_model("housing", "hash-1", {"threshold": float("nan")}, at=NOW)
    store.register_model("housing", "hash-2", {"threshold": 0.1}, at=NOW + HOUR)


# analyses


def test_analysis_comes_back_as_it_was_saved(store: Store) -> None:
    analysis = make_analysis()
    assert store.analysis("housing", "run-1") is None
    assert store.save_analysis(analysis, at=NOW) == analysis
    assert store.analysis("housing", "run-1") == analysis
    assert store.analysis("iris", "run-1") is None


def test_analysis_without_timestamps_or_signals_comes_back(store: Store) -> None:
    analysis = make_analysis(window_start=None, signals=(), rows=0, labelled_rows=0)
    assert store.save_analysis(analysis, at=NOW) == analysis


def test_repeated_analysis_replaces_the_last_one_until_there_is_a_decision(store: Store) -> None:
    store.save_analysis(make_analysis(), at=NOW)
    second = make_analysis(signals=(RMSE_CHANGED,), rows=501)
    assert store.save_analysis(second, at=NOW) == second
    store.save_decision(second, make_decision(), at=NOW)
    assert store.save_analysis(make_analysis(rows=999), at=NOW) == second


def test_infinite_signal_stays_infinite_and_nan_becomes_unknown(store: Store) -> None:
    signals = (
        Signal(kind=SignalKind.CONCEPT_DRIFT, statistic="mae", verdict=Verdict.CHANGED, reason="x", value=math.inf),
        Signal(
            kind=SignalKind.DATA_DRIFT, statistic="ks", verdict=Verdict.NO_DATA, reason="x\x00", value=math.nan,
            p_value=np.float64(0.5), detail={"bound": math.nan},
        ),
    )  # fmt: skip
    infinite, unknown = store.save_analysis(make_analysis(signals=signals), at=NOW).signals
    assert infinite.value == math.inf
    assert unknown.value is None
    assert unknown.p_value == 0.5
    assert math.isnan(unknown.detail["bound"])


def test_same_signal_twice_is_refused_and_nothing_is_kept(store: Store) -> None:
    with pytest.raises(DataError, match="two signals for data_drift, price, ks"):
        store.save_analysis(make_analysis(signals=(KS_STABLE, KS_STABLE)), at=NOW)
    assert store.analysis("housing", "run-1") is None


def test_measurements_of_a_version_come_back(store: Store) -> None:
    execute(store, "run-1")
    measurements = (make_measurement(1), )
    analysis = make_analysis("run-2", champion_version=1, measurements=measurements)
    assert store.save_analysis(analysis, at=NOW) == analysis
    undefined = make_analysis("run-3", champion_version=1, measurements=(make_measurement(1, math.nan),))
    assert math.isnan(store.save_analysis(undefined, at=NOW).measurements[0].value)


def test_unknown_champion_is_refused(store: Store) -> None:
    with pytest.raises((DataError, psycopg.IntegrityError)):
        store.save_analysis(make_analysis(champion_version=7), at=NOW)


def test_time_without_zone_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="no time zone"):
        store.save_analysis(make_analysis(), at=datetime(2026, 5, 3))  # noqa: DTZ001 -- that is the point


# decisions


def test_decision_opens_an_event(store: Store) -> None:
    decision, event = store.save_decision(make_analysis(), make_decision(), at=NOW)
    assert decision == make_decision()
    assert event is not None
    assert event.status is EventStatus.DECIDED
    assert (event.run, event.decision, event.triggered_at) == (make_analysis().run, decision, NOW)
    assert store.event(event.id) == event
    assert store.decision("housing", "run-1") == (decision, event)


def test_decision_not_to_retrain_opens_no_event(store: Store) -> None:
    decision = make_decision(triggered=False, blocked_by=("cooling down",))
    assert store.save_decision(make_analysis(), decision, at=NOW) == (decision, None)
    assert store.decision("housing", "run-1") == (decision, None)
    assert store.events() == []
    assert store.decision("housing", "run-2") is None


def test_second_decision_of_a_run_gives_the_first_one(store: Store) -> None:
    first = store.save_decision(make_analysis(), make_decision(), at=NOW)
    second = store.save_decision(make_analysis(rows=999), make_decision(triggered=False), at=NOW + HOUR)
    assert second == first
    assert store.analysis("housing", "run-1") == make_analysis()
    assert len(store.events()) == 1


def test_decisions_of_a_run_come_with_what_they_were_made_on(store: Store) -> None:
    analyses = [make_analysis(model_name=name, rows=rows) for name, rows in (("iris", 500), ("housing", 600))]
    for analysis in [*analyses, make_analysis("run-2")]:
        store.save_decision(analysis, make_decision(), at=NOW)
    assert store.decisions(run_id="run-1") == [(analyses[1], make_decision()), (analyses[0], make_decision())]


def test_event_of_a_dry_run_is_closed_at_once(store: Store) -> None:
    event = open_event(store, dry_run=True)
    assert event.status is EventStatus.DRY_RUN
    assert event.completed_at == NOW
    assert event.execution_successful is None
    with store.claim(event.id, at=NOW) as claim:
        assert claim.event == event
        assert claim.finish(make_outcome(), at=NOW) == event


def test_events_are_listed_newest_first(store: Store) -> None:
    old, new = open_event(store, "run-1"), open_event(store, "run-2", at=NOW + HOUR)
    other = open_event(store, "run-2", at=NOW + 2 * HOUR, model_name="iris")
    assert store.events() == [other, new, old]
    assert store.events(model_name="housing") == [new, old]
    assert store.events(run_id="run-2") == [other, new]
    assert store.events(model_name="housing", run_id="run-2") == [new]


def test_unknown_event_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="no event 42"):
        store.event(42)
    with pytest.raises(DataError, match="no event 42"), store.claim(42, at=NOW):
        pass
    with pytest.raises(DataError, match="no event 42"):
        store.close_failed(42, at=NOW, error_type="", error="")


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
    assert store.reference("housing", 1) == make_profile()


def test_next_promotion_retires_the_champion(store: Store) -> None:
    execute(store, "run-1")
    event = execute(store, "run-2", at=NOW + HOUR)
    old, new = store.versions("housing")
    assert (old.status, new.status, new.parent) == (VersionStatus.RETIRED, VersionStatus.CHAMPION, 1)
    assert (event.champion_version, event.version) == (1, 2)
    assert store.champion("housing") == new


def test_champion_at_answers_for_any_time(store: Store) -> None:
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + 2 * HOUR)
    answers = [store.champion_at("housing", NOW + n * HOUR) for n in (-1, 0, 1, 2)]
    assert [answer and answer.version for answer in answers] == [None, 1, 1, 2]
    assert store.champion_at("iris", NOW) is None


@pytest.mark.parametrize(
    ("status", "fate", "ran"),
    [
        (EventStatus.HELD, VersionStatus.REJECTED, True),
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
    assert (closed.error_type, closed.error, closed.outcome, closed.version) == ("DataError", "no rows", "no rows", None)
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
    details = {"loss": [math.inf, np.float32(0.5)], "rows": np.int64(7), "when": NOW, "ok": np.True_, "nul": "a\x00"}
    outcome = make_outcome(
        scores={"r2": math.nan, "rmse": 1.0}, champion_scores={"r2": 0.5, "rmse": 0.0}, details=details
    )
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        closed = claim.finish(outcome, at=NOW)
    assert math.isnan(closed.scores["r2"])
    assert closed.champion_scores == {"r2": 0.5, "rmse": 0.0}
    assert closed.details == {"loss": [None, 0.5], "rows": 7, "when": NOW.isoformat(), "ok": True, "nul": "a\ufffd"}


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


def test_last_retrained_at_counts_what_ran_to_an_end(store: Store) -> None:
    assert store.last_retrained_at("housing") is None
    execute(store, "run-1", status=EventStatus.HELD)
    store.close_failed(open_event(store, "run-2", as_of=NOW + HOUR).id, at=NOW, error_type="", error="")
    open_event(store, "run-3", as_of=NOW + HOUR, dry_run=True)
    with store.claim(open_event(store, "run-4", as_of=NOW + HOUR).id, at=NOW):
        pass
    store.close_unfinished("housing", at=NOW, idle=GIVEN_UP)
    assert store.last_retrained_at("housing") == NOW
    execute(store, "run-5", at=NOW + 2 * HOUR, status=EventStatus.FAILED)
    assert store.last_retrained_at("housing") == NOW + 2 * HOUR
