"""Deaths at the end of a shadow: one event, one version, one champion, whatever dies."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from include.records.entries import Run
from include.workflow.deployment import IDLE
from tests.chaos.arena import (
    LOG,
    MODEL,
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
from tests.chaos.experiments import After
from tests.chaos.fuse import Blow
from tests.stage import REFERENCE_DAYS, day
from tests.sweeps import each_nth, first_of
from tools.embedded_postgres import EmbeddedPostgres

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

TRAINED, END = REFERENCE_DAYS + 6, REFERENCE_DAYS + 9
# The step that a process dies at, and what comes after.
DEATHS = [
    ("find_shadow", After.RETRY), ("note_version", After.LOG), ("settle_candidate", After.NEXT),
    ("close_event", After.LOG), ("close_event", After.RETRY), ("add_deployment", After.RETRY),
    ("close_event", After.NEXT), ("os.rename sales/champion", After.NEXT),
]  # fmt: skip


@pytest.fixture(scope="module")
def arena(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Arena:
    """A deployment with a version in shadow, whose next check is the last."""
    postgres.create_databases("shadow_deaths")
    arena = Arena(postgres.uri("shadow_deaths"), tmp_path_factory.mktemp("shadow") / "arena")
    arena.prepare(turning(REFERENCE_DAYS + 30), shadow=1)
    first_champion(arena)
    go(arena, forced("trained", day(TRAINED)))
    assert arena.rows("SELECT version, checks, checks_made FROM model_shadows") == [(2, 1, 0)]
    return arena


@pytest.fixture(scope="module")
def steps(arena: Arena, postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The steps of the run that ends the shadow when nobody disturbs it."""
    copy = arena.copy(postgres, "shadow_counted", tmp_path_factory.mktemp("counted") / "copy")
    told = Worker.start(copy, last_check("end", END), RUN, fuse(copy, None)).end()
    assert isinstance(told, list), told
    assert_promoted_once(copy)
    copy.drop(postgres)
    return told


def last_check(run_id: str, at_day: int) -> Run:
    return Run(run_id=run_id, as_of=day(at_day), requested_by="schedule")


def assert_promoted_once(arena: Arena) -> None:
    assert_settled(arena)
    assert arena.rows("SELECT from_version, to_version FROM model_deployment_history ORDER BY id") == [
        (None, 1),
        (1, 2),
    ]
    assert arena.rows("SELECT version, status FROM model_version_management ORDER BY version") == [
        (1, "retired"), (2, "champion")
    ]  # fmt: skip
    assert arena.rows("SELECT count(*) FROM model_retraining_events WHERE status = 'promoted' AND version = 2") == [
        (1,)
    ]
    assert len(arena.trainings()) % 2 == 0  # each that began came to its end


@pytest.mark.parametrize("blow", first_of([Blow.KILL, Blow.NO_ANSWER], 1))
@pytest.mark.parametrize(("word", "after"), each_nth(DEATHS, 3))
def test_end_of_a_shadow_that_dies_at_a_step_promotes_once_and_trains_nothing(
    arena: Arena, steps: list[str], postgres: EmbeddedPostgres, tmp_path: Path, word: str, after: After, blow: Blow
) -> None:
    at = max(number for number, step in enumerate(steps) if word in step)
    if blow is Blow.NO_ANSWER:  # the transaction that this step belongs to is done, and nobody hears of it
        at = next(number for number in range(at, len(steps)) if "COMMIT" in steps[number])
    copy = arena.copy(postgres, "shadow_died", tmp_path / "copy")
    trainings = len(copy.trainings())
    told = Worker.start(copy, last_check("end", END), RUN, fuse(copy, at, blow)).end()
    assert told == "killed" or blow is Blow.NO_ANSWER
    assert_sound(copy)
    if after is After.RETRY:
        go(copy, last_check("end", END), RUN)
    elif after is After.LOG:
        go(copy, last_check("end", END), (PUBLISH, LOG))
    champion = copy.rows("SELECT version FROM model_version_management WHERE status = 'champion'")
    if champion == [(1,)]:
        go(copy, last_check("next", END + 1))
    else:
        go(copy, last_check("next", END + 1), ("decide", PUBLISH, LOG))
    copy.deployment().store.close_unfinished(MODEL, at=datetime.now(UTC) + IDLE + timedelta(minutes=1), idle=IDLE)
    assert_promoted_once(copy)
    assert len(copy.trainings()) == trainings
    copy.drop(postgres)
