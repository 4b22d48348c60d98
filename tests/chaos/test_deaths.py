"""Deaths at random moments and at the steps that leave most behind.

RETRAINING_TEST_KILLS is the number of random kills, 2 by default. All steps: ``python -m benchmarks.chaos``.
"""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.arena import Arena, first_champion, turning
from tests.chaos.experiments import After, Scene, Toll, kill_at_random
from tests.chaos.fuse import Blow
from tests.stage import REFERENCE_DAYS
from tests.sweeps import each_nth, first_of
from tools.embedded_postgres import EmbeddedPostgres

pytestmark = [pytest.mark.chaos, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("RETRAINING_TEST_KILLS", "2"))
# What a death leaves behind: a version begun, half an artifact, an artifact without record, half a transaction, a link.
RETRAINING = ("add_version", "model.skops", "os.rename sales/v2", "close_event", "os.rename sales/champion", "COMMIT")
ROLLBACK = ("restore_version", "os.rename sales/champion")


@pytest.fixture(scope="module")
def scene(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Scene:
    return Scene.make(postgres, tmp_path_factory.mktemp("scene"), "scene")


@pytest.mark.parametrize("word", each_nth(RETRAINING, 2))
def test_retraining_killed_at_a_step_is_made_good_by_the_next_run(scene: Scene, word: str) -> None:
    at = last(scene.steps(), word)
    assert scene.die_at(at, Blow.KILL, list(After)[RETRAINING.index(word) % 3]) == "killed"


@pytest.mark.parametrize("blow", first_of([Blow.CUT, Blow.NO_ANSWER], 1))
@pytest.mark.parametrize("after", first_of([After.RETRY, After.LOG], 1))
def test_session_lost_in_the_transaction_that_promotes_is_made_good_by_the_next_run(
    scene: Scene, blow: Blow, after: After
) -> None:
    steps = scene.steps()
    commit = next(at for at in range(steps.index("sql close_event"), len(steps)) if "COMMIT" in steps[at])
    assert "ClaimLost" in scene.die_at(commit, blow, after)


@pytest.mark.parametrize("word", first_of(ROLLBACK, 1))
@pytest.mark.parametrize("blow", first_of([Blow.KILL, Blow.CUT], 1))
def test_rollback_that_dies_is_made_good_by_the_next_run(scene: Scene, word: str, blow: Blow) -> None:
    scene.die_at(last(scene.steps(rollback=True), word), blow, After.RETRY, rollback=True)


def last(steps: list[str], word: str) -> int:
    """Number of the last step whose name has that word."""
    return max(at for at, step in enumerate(steps) if word in step)


@pytest.mark.sweep
def test_random_kills_lose_nothing_double_nothing_and_serve_nothing_half(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    postgres.create_databases("random_kills")
    arena = Arena(postgres.uri("random_kills"), tmp_path / "random")
    arena.prepare(turning(REFERENCE_DAYS + 100 + 7 * KILLS))
    first_champion(arena)
    toll = Toll()
    kill_at_random(arena, KILLS, 0, toll)
    assert toll.kills == KILLS
    assert toll.looks > 0
