"""The same work by several processes at once, and processes that go on after they lost the right to."""

from __future__ import annotations

import itertools
import os
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from datetime import timedelta
from pathlib import Path

import pytest

from tests.chaos.arena import (
    DECIDE,
    EXECUTE,
    LOG,
    PUBLISH,
    RUN,
    Arena,
    Worker,
    assert_settled,
    assert_sound,
    first_champion,
    forced,
    fuse,
    go,
    turning,
)
from tests.stage import REFERENCE_DAYS, day
from tests.sweeps import first_of
from tests.waiting import wait_until
from tools.embedded_postgres import EmbeddedPostgres

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(300)]

NOW = day(REFERENCE_DAYS + 6)
_NUMBERS = itertools.count(1)


@pytest.fixture
def arena(postgres: EmbeddedPostgres, tmp_path: Path) -> Iterator[Arena]:
    """A deployment with a first champion, whose trainings take a moment and never make the same model twice."""
    name = f"concurrency_{next(_NUMBERS)}"
    postgres.create_databases(name)
    made = Arena(postgres.uri(name), tmp_path / "arena")
    made.prepare(turning(REFERENCE_DAYS + 40), seconds=0.2, by_process=True)
    first_champion(made)
    yield made
    made.drop(postgres)


def trained(arena: Arena, before: int) -> Counter[int]:
    """How often each process has trained since the line number `before`."""
    return Counter(pid for pid, word in arena.trainings()[before:] if word == "begin")


def test_of_eight_processes_that_execute_the_same_event_exactly_one_trains(arena: Arena) -> None:
    run, before = forced("once", NOW), len(arena.trainings())
    go(arena, run, (DECIDE,))
    workers = [Worker.start(arena, run, (EXECUTE,)) for _ in range(8)]
    assert [worker.end() for worker in workers] == [[]] * 8  # seven wait, and find it done
    assert len(trained(arena, before)) == 1
    assert arena.rows("SELECT attempts, status FROM model_retraining_events WHERE run_id = 'once'") == [(1, "promoted")]
    go(arena, run, (PUBLISH, LOG))
    assert_settled(arena)


def test_same_run_twice_at_once_from_its_first_step_is_one_event_and_one_training(arena: Arena) -> None:
    before = len(arena.trainings())
    workers = [Worker.start(arena, forced("twice", NOW)) for _ in range(2)]
    assert [worker.end() for worker in workers] == [[], []]
    assert len(trained(arena, before)) == 1
    assert arena.rows("SELECT count(*) FROM model_retraining_events") == [(2,)]
    assert_settled(arena)


def test_two_runs_of_one_model_at_once_train_one_after_the_other(arena: Arena) -> None:
    before = len(arena.trainings())
    runs = [forced(f"run-{number}", NOW + timedelta(hours=number)) for number in range(2)]
    for run in runs:
        go(arena, run, (DECIDE,))
    workers = [Worker.start(arena, run) for run in runs]
    assert [worker.end() for worker in workers] == [[], []]
    words = [word for _, word in arena.trainings()[before:]]
    assert words == ["begin", "end"] * (len(words) // 2)  # no training began while another went on
    pids = [pid for pid, _ in arena.trainings()[before:]]
    assert len(list(itertools.groupby(pids))) == len(set(pids))  # nor did two take turns
    states = arena.rows("SELECT status FROM model_retraining_events WHERE run_id <> 'first'")
    assert {status for (status,) in states} <= {"promoted", "held", "rejected"}
    assert_settled(arena)


def test_process_that_was_cut_off_while_training_does_not_touch_what_its_successor_made(arena: Arena) -> None:
    run, before = forced("cut off", NOW), len(arena.trainings())
    go(arena, run, (DECIDE,))
    slow = Worker.start(arena, run, (EXECUTE,))
    wait_for_training(arena, before)
    assert slow.process.pid is not None
    os.kill(slow.process.pid, signal.SIGSTOP)  # its machine hangs
    fuse(arena, None).cut()  # the server forgets it
    go(arena, run, (EXECUTE, PUBLISH, LOG))
    os.kill(slow.process.pid, signal.SIGCONT)  # it trains on, knowing nothing
    assert "ClaimLost" in slow.end()
    assert_sound(arena)
    assert len(trained(arena, before)) == 2
    champion = arena.rows("SELECT version, status FROM model_version_management WHERE status = 'champion'")
    assert champion == [(2, "champion")]
    go(arena, run, (PUBLISH,))  # removes what the process that was cut off has saved
    assert_settled(arena)


def test_server_that_crashes_in_the_middle_and_comes_back_costs_one_try(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")  # durable: what was committed has to be there afterwards
    try:
        server.start()
        server.create_databases("crashing")
        arena = Arena(server.uri("crashing"), tmp_path / "arena")
        arena.prepare(turning(REFERENCE_DAYS + 40), seconds=0.2)
        first_champion(arena)
        for number, delay in enumerate((0.0, 0.5)):
            run, before = forced(f"run-{number}", NOW + timedelta(days=6 * number)), len(arena.trainings())
            go(arena, run, (DECIDE,))
            worker = Worker.start(arena, run, (EXECUTE,))
            wait_for_training(arena, before)
            time.sleep(delay)
            crash(server)
            said = worker.end()
            server.start()
            assert said == [] or "ClaimLost" in said or "OperationalError" in said
            assert_sound(arena)
            go(arena, run, (EXECUTE, PUBLISH, LOG))
            assert_settled(arena)
        assert arena.rows("SELECT count(*) FROM model_retraining_events WHERE status = 'promoted'") == [(3,)]
    finally:
        server.remove()


@pytest.mark.parametrize("bytes_left", first_of([3000, 300], 1))
def test_full_disk_fails_the_event_and_leaves_the_champion(arena: Arena, bytes_left: int) -> None:
    size = len(max((file.read_bytes() for file in arena.artifacts.root.rglob("model.skops")), key=len))
    assert bytes_left < size  # so that it is the artifact that does not fit
    run = forced("full", NOW)
    go(arena, run, (DECIDE,))
    said = Worker.start(arena, run, (EXECUTE,), file_bytes=bytes_left).end()
    assert "File too large" in said
    assert_sound(arena)
    said = Worker.start(arena, run, (PUBLISH, LOG), file_bytes=bytes_left).end()
    assert said == []  # the record is complete, if without a report's page
    assert arena.rows("SELECT status, error_type FROM model_retraining_events WHERE run_id = 'full'") == [
        ("failed", "SourceUnavailable")
    ]
    assert_settled(arena)
    go(arena, forced("after", NOW + timedelta(days=1)), RUN)
    assert_settled(arena)


def wait_for_training(arena: Arena, before: int) -> None:
    """Return when somebody has begun to train since the line number `before`."""
    wait_until(lambda: len(arena.trainings()) > before)


def crash(server: EmbeddedPostgres) -> None:
    """End the server and all its processes at once, in the middle of whatever they do."""
    import psutil

    pid = server.pid()
    assert pid is not None
    family = [psutil.Process(pid), *psutil.Process(pid).children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):  # one of them may have ended with those before it
            process.kill()
    psutil.wait_procs(family, timeout=20)
