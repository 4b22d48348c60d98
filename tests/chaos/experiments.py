"""Deaths at every step and at random moments, with the runs that come after them."""

from __future__ import annotations

import random
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from pathlib import Path
from statistics import median

from include.retraining.artifacts.folder import CHAMPION_LINK
from include.workflow.deployment import IDLE
from tests.chaos.arena import (
    DECIDE,
    EXECUTE,
    LOG,
    MODEL,
    PUBLISH,
    ROLLBACK,
    RUN,
    Arena,
    Worker,
    assert_served_whole,
    assert_settled,
    assert_sound,
    first_champion,
    forced,
    fuse,
    go,
    is_whole,
    turning,
)
from tests.chaos.fuse import Blow
from tests.stage import REFERENCE_DAYS, day
from tools.embedded_postgres import EmbeddedPostgres

PACE = 3.0  # days between runs: enough new rows to prove something


class After(StrEnum):
    """What Airflow does after a death."""

    RETRY = "the task is retried, then comes the next run"
    LOG = "no try is left: the log task closes the event, then comes the next run"
    NEXT = "nothing of that run comes any more, only the next run"


def recover(arena: Arena, run_id: str, as_of: datetime, steps: Sequence[str], after: After) -> None:
    """Go on after a death as `after` says; then the model is free, nothing is open and all is published."""
    if after is After.RETRY:
        go(arena, forced(run_id, as_of), steps)
    if after is After.LOG:
        go(arena, forced(run_id, as_of), (PUBLISH, LOG))
    next_run = f"after {run_id}"
    go(arena, forced(next_run, as_of + timedelta(days=PACE)))
    ((status, attempts),) = arena.rows(
        "SELECT status, attempts FROM model_retraining_events WHERE run_id = %s", next_run
    )
    assert status in {"promoted", "held", "rejected"}, status  # the gate has spoken: the model was free
    assert attempts == 1
    # An event that was decided, and never begun, waits for its run as long as that may still come.
    store = arena.deployment().store
    waiting = store.close_unfinished(MODEL, at=datetime.now(UTC) + IDLE + timedelta(minutes=1), idle=IDLE)
    assert all(event.run.run_id == run_id for event in waiting)
    assert not waiting or after is After.NEXT
    assert_settled(arena)


@dataclass(frozen=True)
class Scene:
    """Two deployments to copy: one about to retrain and promote, one about to roll back."""

    server: EmbeddedPostgres
    folder: Path
    retraining: Arena
    rollback: Arena

    @classmethod
    def make(cls, server: EmbeddedPostgres, folder: Path, name: str) -> Scene:
        """Make both, in databases whose names begin with `name`."""
        server.create_databases(f"{name}_0")
        first = Arena(server.uri(f"{name}_0"), folder / "0")
        first.prepare(turning(REFERENCE_DAYS + 40))
        first_champion(first)
        second = first.copy(server, f"{name}_1", folder / "1")
        go(second, forced("second", day(REFERENCE_DAYS + 6)))
        assert_settled(second)
        assert second.rows("SELECT version FROM model_version_management WHERE status = 'champion'") == [(2,)]
        return cls(server, folder, first, second)

    def start(self, rollback: bool) -> tuple[Arena, tuple[str, ...], datetime]:
        """The deployment to copy, the steps to disturb, and when they take place."""
        if rollback:
            return self.rollback, ROLLBACK, day(REFERENCE_DAYS + 8)
        return self.retraining, RUN, day(REFERENCE_DAYS + 6)

    @contextmanager
    def copied(self, arena: Arena, name: str) -> Iterator[Arena]:
        """A copy for one experiment."""
        made = arena.copy(self.server, name, self.folder / name)
        try:
            yield made
        finally:
            made.drop(self.server)

    def steps(self, *, rollback: bool = False) -> list[str]:
        """The steps of the run when nobody disturbs it."""
        arena, steps, as_of = self.start(rollback)
        with self.copied(arena, "counted") as copy:
            told = Worker.start(copy, forced("counted", as_of), steps, fuse(copy, None)).end()
        assert isinstance(told, list), told
        return told

    def die_at(self, at: int, blow: Blow, after: After, *, rollback: bool = False) -> str:
        """Have the run die at its step number `at`, go on as `after` says, and return what the process said last."""
        arena, steps, as_of = self.start(rollback)
        with self.copied(arena, f"died_{at}") as copy:
            told = Worker.start(copy, forced("died", as_of), steps, fuse(copy, at, blow)).end()
            assert_sound(copy)
            recover(copy, "died", as_of, steps, after)
            if rollback:  # asked for once, happened once, unless nobody asked again
                back = copy.rows("SELECT count(*) FROM model_deployment_history WHERE kind = 'rollback'")[0][0]
                assert back == 1 if after is After.RETRY else back <= 1
        return "went on" if isinstance(told, list) else f"{told}"


@dataclass
class Toll:
    """What random kills have hit."""

    kills: int = 0
    too_late: int = 0
    hit: Counter[str] = field(default_factory=Counter)
    looks: int = 0
    torn: list[str] = field(default_factory=list)


def kill_at_random(arena: Arena, kills: int, seed: int, toll: Toll) -> None:
    """Kill processes that execute and log, each at a moment drawn uniformly from the time that this takes."""
    rng = random.Random(seed)
    number, usual = 0, list[float]()
    with _looking(arena, toll):
        while toll.kills < kills:
            run_id, as_of = f"r{number}", day(REFERENCE_DAYS + 6 + 2 * PACE * number)
            go(arena, forced(run_id, as_of), (DECIDE,))
            worker, begun = Worker.start(arena, forced(run_id, as_of), (EXECUTE, PUBLISH, LOG)), time.monotonic()
            if number < 4:  # the first few show how long it takes
                assert isinstance(worker.end(), list)
                usual.append(time.monotonic() - begun)
            elif worker.kill(rng.uniform(0.0, median(usual))):
                toll.kills += 1
                ((status,),) = arena.rows("SELECT status FROM model_retraining_events WHERE run_id = %s", run_id)
                toll.hit[status] += 1
            else:
                toll.too_late += 1
            assert_sound(arena)
            recover(arena, run_id, as_of, (EXECUTE, PUBLISH, LOG), rng.choice(list(After)))
            number += 1
    assert_served_whole(arena)
    assert arena.rows("SELECT count(*) FROM model_retraining_events") == [(1 + 2 * number,)]


@contextmanager
def _looking(arena: Arena, toll: Toll) -> Iterator[None]:
    """A consumer that reads the champion's files all the time."""
    stop, link = threading.Event(), arena.artifacts.root / MODEL / CHAMPION_LINK

    def look() -> None:
        while not stop.wait(0.005):
            toll.looks += 1
            try:
                whole = is_whole(link)
            except OSError as error:
                toll.torn.append(f"{error}")
            else:
                toll.torn += [] if whole else [f"{link.readlink()}"]

    reader = threading.Thread(target=look)
    reader.start()
    try:
        yield
    finally:
        stop.set()
        reader.join()
    assert not toll.torn, toll.torn
