"""What both stores promise about analyses, decisions and events: memory first, then Postgres."""

from __future__ import annotations

import math
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from threading import Barrier

import numpy as np
import psycopg
import pytest

from include.decision.decision import Cause
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.statistics.running_errors import RunningErrors, update
from include.errors import DataError
from include.records.entries import EventStatus, Facts
from include.records.memory import MemoryStore
from include.records.store import Store
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
    open_event,
)


def test_records_keep_their_identity(store: Store) -> None:
    first = store.identity()
    store.register_model("housing", "hash-1", {}, at=NOW)
    assert store.identity() == first
    assert len(first) == 36
    assert MemoryStore().identity() != first


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


def test_facts_come_back_and_nothing_is_known_of_older_analyses(store: Store) -> None:
    facts = Facts(new_rows=7, data_hash="abc", probes={"queue": 3.5})
    assert store.save_analysis(make_analysis(facts=facts), at=NOW).facts == facts
    assert Facts.from_json({}) == Facts()


def test_analyses_of_a_model_come_back_earliest_first(store: Store) -> None:
    runs = [make_analysis(f"run-{number}", as_of=NOW - number * HOUR) for number in range(3)]
    for analysis in runs:
        store.save_analysis(analysis, at=NOW)
    assert store.analyses("housing") == runs[::-1]
    assert store.analyses("iris") == []


def test_past_checks_are_the_latest_before_a_time_without_dry_runs(store: Store) -> None:
    for number in range(5):
        run = make_analysis(f"run-{number}", as_of=NOW + number * HOUR, dry_run=number == 2)
        store.save_decision(run, make_decision(triggered=number == 3), at=NOW + number * HOUR)
    again = make_analysis("again", as_of=NOW + 3 * HOUR)
    store.save_decision(again, make_decision(triggered=False, reason="second look"), at=NOW + 9 * HOUR)
    found = store.past_checks("housing", before=NOW + 4 * HOUR, most=2)
    assert [check.at for check in found] == [NOW + 3 * HOUR, NOW + HOUR]
    assert [check.fired("performance") for check in found] == [False, False]
    assert found[0].results == make_decision(triggered=False).triggers
    assert len(store.past_checks("housing", before=NOW + 4 * HOUR, most=9)) == 3
    assert store.past_checks("iris", before=NOW + 4 * HOUR, most=9) == []


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
    measurements = (make_measurement(1),)
    analysis = make_analysis("run-2", champion_version=1, measurements=measurements)
    assert store.save_analysis(analysis, at=NOW) == analysis
    undefined = make_analysis("run-3", champion_version=1, measurements=(make_measurement(1, math.nan),))
    assert math.isnan(store.save_analysis(undefined, at=NOW).measurements[0].value)


def counted(rows: int, first: int = 0) -> RunningErrors:
    state, _ = update(None, np.linspace(0.1, 1.3, rows), [NOW + (first + row) * HOUR for row in range(rows)])
    assert state is not None
    return state


@pytest.mark.parametrize("rows", [1, 600])
def test_running_errors_come_back_to_the_last_digit(store: Store, rows: int) -> None:
    execute(store, "run-1")
    analysis = make_analysis("run-2", champion_version=1, running=counted(rows))
    assert store.save_analysis(analysis, at=NOW) == analysis
    assert store.running_errors("housing", 1, before=NOW + HOUR) == counted(rows)


def test_running_errors_are_those_of_the_latest_earlier_analysis_of_the_version(store: Store) -> None:
    execute(store, "run-1", at=NOW)
    saved = {hour: counted(hour + 1) for hour in (3, 1, 2)}  # a run for a past time may come later
    for hour, state in saved.items():
        analysis = make_analysis(f"run-{hour}-later", champion_version=1, as_of=NOW + hour * HOUR, running=state)
        store.save_analysis(analysis, at=NOW)
    assert store.running_errors("housing", 1, before=NOW + HOUR) is None
    assert store.running_errors("housing", 1, before=NOW + 3 * HOUR) == saved[2]
    assert store.running_errors("housing", 1, before=NOW + 9 * HOUR) == saved[3]
    assert store.running_errors("housing", 2, before=NOW + 9 * HOUR) is None
    assert store.running_errors("iris", 1, before=NOW + 9 * HOUR) is None


def test_repeated_run_finds_the_running_errors_that_it_found_first(store: Store) -> None:
    execute(store, "run-1")
    first = make_analysis("run-2", champion_version=1, as_of=NOW + HOUR, running=counted(5))
    store.save_analysis(first, at=NOW)
    second = make_analysis("run-3", champion_version=1, as_of=NOW + 2 * HOUR, running=counted(7))
    for _ in range(2):
        assert store.running_errors("housing", 1, before=NOW + 2 * HOUR) == first.running
        store.save_analysis(second, at=NOW)


def test_of_two_analyses_at_the_same_time_the_running_errors_are_those_of_the_last_by_name(store: Store) -> None:
    execute(store, "run-1")
    for number, run_id in enumerate(("run-b", "run-a", "run-C")):
        store.save_analysis(make_analysis(run_id, champion_version=1, running=counted(number + 1)), at=NOW)
    assert store.running_errors("housing", 1, before=NOW + HOUR) == counted(1)


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


def test_cause_and_worth_of_a_decision_come_back(store: Store) -> None:
    decision = make_decision(
        cause=Cause.BOTH, features=("price", "region"), loss_explained=0.4, expected_gain=200.0, training_cost=5.0
    )
    assert store.save_decision(make_analysis(), decision, at=NOW)[0] == decision


def test_second_decision_of_a_run_gives_the_first_one(store: Store) -> None:
    first = store.save_decision(make_analysis(), make_decision(), at=NOW)
    second = store.save_decision(make_analysis(rows=999), make_decision(triggered=False), at=NOW + HOUR)
    assert second == first
    assert store.analysis("housing", "run-1") == make_analysis()
    assert len(store.events()) == 1


def test_decisions_of_the_same_run_at_once_open_one_event(store: Store) -> None:
    start = Barrier(4)

    def decide(rows: int) -> int:
        start.wait()
        store.save_analysis(make_analysis(rows=rows), at=NOW)
        _, event = store.save_decision(make_analysis(rows=rows), make_decision(), at=NOW)
        assert event is not None
        return event.id

    with ThreadPoolExecutor(4) as pool:
        assert len(set(pool.map(decide, range(500, 504)))) == 1
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
