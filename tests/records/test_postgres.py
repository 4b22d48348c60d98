"""What only the Postgres store can show: processes that die, sessions that break, transactions that fail half-way."""

from __future__ import annotations

import multiprocessing
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from multiprocessing.context import ForkServerContext
from multiprocessing.process import BaseProcess
from threading import Thread

import psycopg
import pytest

from include.errors import ClaimLost
from include.records.entries import EventStatus, VersionStatus
from include.records.postgres.session import transaction
from include.records.rows.outcome import abandoned_row
from tests.records.examples import (
    HOUR,
    NOW,
    claim_and_hang,
    claim_and_promote,
    execute,
    make_outcome,
    open_event,
    postgres_store,
)

SOON = timedelta(seconds=10)


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.records.examples"])
    return context


@contextmanager
def hanging_claim(processes: ForkServerContext, uri: str, event_id: int) -> Iterator[BaseProcess]:
    """A process that holds the claim of an event and has begun version 1."""
    ours, theirs = processes.Pipe()
    process = processes.Process(target=claim_and_hang, args=(uri, event_id, theirs))
    process.start()
    try:
        assert ours.poll(20)
        assert ours.recv() == 1
        yield process
    finally:
        process.kill()
        process.join()


def kill(process: BaseProcess) -> None:
    assert process.pid is not None
    os.kill(process.pid, signal.SIGKILL)
    process.join()


@pytest.mark.chaos
def test_killed_owner_frees_the_claim_and_the_next_try_goes_on(processes: ForkServerContext, records_uri: str) -> None:
    store = postgres_store(records_uri)
    event = open_event(store)
    with hanging_claim(processes, records_uri, event.id) as process:
        with pytest.raises(ClaimLost, match=rf"retraining event {event.id}, pid {process.pid} on "):  # noqa: SIM117 -- the pattern is long
            with store.claim(event.id, at=NOW):
                pass
        assert store.close_unfinished("housing", at=NOW, idle=HOUR) == []
        kill(process)
        with store.claim(event.id, at=NOW, wait=SOON) as claim:
            assert claim.begin_version(at=NOW).version == 1
            assert claim.finish(make_outcome(), at=NOW).status is EventStatus.PROMOTED
    assert store.close_unfinished("housing", at=NOW + 9 * HOUR, idle=HOUR) == []
    assert [version.status for version in store.versions("housing")] == [VersionStatus.CHAMPION]


@pytest.mark.chaos
def test_event_of_a_killed_owner_is_abandoned_once(processes: ForkServerContext, records_uri: str) -> None:
    store = postgres_store(records_uri)
    event = open_event(store)
    with hanging_claim(processes, records_uri, event.id) as process:
        kill(process)
    for _ in range(3000):  # until the server has seen that the process is gone
        if closed := store.close_unfinished("housing", at=NOW, idle=HOUR):
            break
        time.sleep(0.02)
    for _ in range(10):
        closed += store.close_unfinished("housing", at=NOW, idle=HOUR)
    assert [(done.id, done.status) for done in closed] == [(event.id, EventStatus.ABANDONED)]


@pytest.mark.chaos
@pytest.mark.parametrize(("wait_seconds", "others"), [(0.0, {"lost", "closed"}), (20.0, {"closed"})])
def test_of_eight_processes_exactly_one_promotes(
    processes: ForkServerContext, records_uri: str, wait_seconds: float, others: set[str]
) -> None:
    store = postgres_store(records_uri)
    event = open_event(store)
    ours, theirs = processes.Pipe()
    arguments = (records_uri, event.id, wait_seconds, theirs)
    workers = [processes.Process(target=claim_and_promote, args=arguments) for _ in range(8)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    results = Counter(ours.recv() for _ in workers)
    assert results["promoted"] == 1
    assert results.keys() <= {"promoted", *others}
    assert [version.version for version in store.versions("housing")] == [1]


def break_session_of_claim(uri: str) -> None:
    with psycopg.connect(uri) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
            " WHERE application_name LIKE 'retraining event %'"
        )


def test_broken_session_cannot_publish(records_uri: str) -> None:
    store = postgres_store(records_uri)
    event = open_event(store)
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        break_session_of_claim(records_uri)
        with pytest.raises(ClaimLost, match="housing"):
            claim.finish(make_outcome(), at=NOW)
        with pytest.raises(ClaimLost):
            claim.note_error("E", "e")
    assert store.event(event.id).status is EventStatus.EXECUTING
    assert (store.champion("housing"), store.reference("housing", 1)) == (None, None)


def test_owner_that_was_cut_off_cannot_publish_beside_its_successor(records_uri: str) -> None:
    store = postgres_store(records_uri)
    first, second = open_event(store, "run-1"), open_event(store, "run-2")
    with store.claim(first.id, at=NOW) as cut_off:
        cut_off.begin_version(at=NOW)
        break_session_of_claim(records_uri)
        with store.claim(second.id, at=NOW) as successor:
            successor.begin_version(at=NOW)
            with pytest.raises(ClaimLost):
                cut_off.finish(make_outcome(), at=NOW)
            successor.finish(make_outcome(), at=NOW)
    assert [version.status for version in store.versions("housing")] == [VersionStatus.FAILED, VersionStatus.CHAMPION]


def test_session_that_lost_the_lock_but_lives_cannot_publish(records_uri: str) -> None:
    connections: list[psycopg.Connection] = []

    def connect() -> psycopg.Connection:
        connections.append(psycopg.connect(records_uri))
        return connections[-1]

    store = postgres_store(records_uri)
    event = open_event(store)
    with type(store)(connect).claim(event.id, at=NOW) as claim:
        connections[-1].execute("SELECT pg_advisory_unlock_all()")
        with pytest.raises(ClaimLost, match="no longer holds"):
            claim.begin_version(at=NOW)


def test_session_that_lives_beside_the_one_that_has_the_lock_now_cannot_publish(records_uri: str) -> None:
    connections: list[psycopg.Connection] = []

    def connect() -> psycopg.Connection:
        connections.append(psycopg.connect(records_uri))
        return connections[-1]

    store = postgres_store(records_uri)
    first, second = open_event(store, "run-1"), open_event(store, "run-2")
    with type(store)(connect).claim(first.id, at=NOW) as lost:
        connections[-1].execute("SELECT pg_advisory_unlock_all()")
        with store.claim(second.id, at=NOW), pytest.raises(ClaimLost, match="no longer holds"):
            lost.note_error("E", "after the end")


def test_promotion_that_fails_half_way_changes_nothing(records_uri: str) -> None:
    store = postgres_store(records_uri)
    execute(store, "run-1")
    event = open_event(store, "run-2")
    with psycopg.connect(records_uri) as connection:  # the last but one step will violate this
        connection.execute("ALTER TABLE reference_profiles ADD CHECK (version < 2)")
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        with pytest.raises(psycopg.errors.CheckViolation):
            claim.finish(make_outcome(), at=NOW)
        assert [v.status for v in store.versions("housing")] == [VersionStatus.CHAMPION, VersionStatus.CANDIDATE]
        assert store.event(event.id).status is EventStatus.EXECUTING
        with psycopg.connect(records_uri) as connection:
            assert connection.execute("SELECT to_version FROM model_deployment_history").fetchall() == [(1,)]
            connection.execute("ALTER TABLE reference_profiles DROP CONSTRAINT reference_profiles_version_check")
        claim.finish(make_outcome(), at=NOW)  # the claim survives, and the next try succeeds
    champion = store.champion("housing")
    assert champion is not None
    assert champion.version == 2


def test_claim_is_in_no_transaction_while_it_trains(records_uri: str) -> None:
    store = postgres_store(records_uri)
    with store.claim(open_event(store).id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        with psycopg.connect(records_uri) as connection:
            states = connection.execute(
                "SELECT state FROM pg_stat_activity WHERE application_name LIKE 'retraining event %'"
            ).fetchall()
    assert states == [("idle",)]


def test_execution_starts_when_the_claim_is_granted(records_uri: str) -> None:
    store = postgres_store(records_uri)
    first, second = open_event(store, "run-1"), open_event(store, "run-2")

    def train() -> None:
        with store.claim(second.id, at=NOW, wait=SOON):
            pass

    with store.claim(first.id, at=NOW):
        thread = Thread(target=train)
        thread.start()
        time.sleep(0.5)
    thread.join()
    with psycopg.connect(records_uri) as connection:
        query = "SELECT execution_started_at FROM model_retraining_events ORDER BY id"
        started = [row[0] for row in connection.execute(query).fetchall()]
    assert started[0] == NOW
    assert started[1] >= NOW + timedelta(seconds=0.3)


def test_whoever_takes_the_right_waits_for_whoever_is_closing_its_event(records_uri: str) -> None:
    store = postgres_store(records_uri)
    event = open_event(store)

    def claimed() -> EventStatus:
        with store.claim(event.id, at=NOW, wait=SOON) as claim:
            return claim.event.status

    connect = partial(psycopg.connect, records_uri)
    with ThreadPoolExecutor(1) as pool:
        with transaction(connect) as closing:
            [row] = closing.rows("lock_open_events", {"model_name": "housing"})
            found = pool.submit(claimed)
            assert not wait([found], timeout=0.5).done
            closing.one("give_up_event", {"event_id": event.id, **abandoned_row(row, NOW)})
        assert found.result(timeout=20) is EventStatus.ABANDONED


def test_periods_of_champions_keep_their_order_when_clocks_differ(records_uri: str) -> None:
    store, fast = postgres_store(records_uri), NOW + 5 * HOUR
    execute(store, "run-1")
    execute(store, "run-2", at=fast)
    execute(store, "run-3", at=NOW + HOUR)
    with psycopg.connect(records_uri) as connection:
        query = "SELECT version, since, until FROM champion_periods ORDER BY change_id"
        periods = connection.execute(query).fetchall()
    assert periods == [(1, NOW, fast), (2, fast, fast), (3, fast, None)]
