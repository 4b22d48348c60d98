"""Kills a process that rolls back and publishes all the time, at random moments.

RETRAINING_TEST_KILLS says how often (default 10: no Airflow is needed for it).
"""

from __future__ import annotations

import itertools
import multiprocessing
import os
import random
import time
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from include.records.entries import Run
from include.workflow.deployment import Deployment
from include.workflow.publication import publish_files
from include.workflow.rollback import roll_back
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.forced import force_promotion
from tests.records.examples import postgres_store
from tests.stage import REFERENCE_DAYS, Stage, day, sales
from tests.waiting import wait_until

pytestmark = pytest.mark.chaos

KILLS = int(os.environ.get("RETRAINING_TEST_KILLS", "10"))


def swing(root: Path, uri: str) -> None:
    """Run in a process until killed: roll back from v2 to v1, to v2, to v1, …"""
    deployment = made(root, uri)
    for _ in itertools.count():
        champion = deployment.store.champion("sales")
        assert champion is not None
        roll_back(deployment, "sales", 3 - champion.version, requested_by="chaos", reason="swing", wait=WAIT)


WAIT = timedelta(seconds=30)  # the session of a killed process ends as soon as Postgres notices


def made(root: Path, uri: str) -> Deployment:
    return replace(Stage(root).deployment, store=postgres_store(uri))


def test_kills_leave_one_champion_a_whole_history_and_files_that_the_next_run_repairs(
    tmp_path: Path, records_uri: str
) -> None:
    Stage(tmp_path).add("sales", sales(60), training={"estimator": "linear"})
    deployment, run = made(tmp_path, records_uri), Run(run_id="first", as_of=day(REFERENCE_DAYS))
    store, artifacts = deployment.store, deployment.artifacts
    analyze(deployment, "sales", run)
    event = decide(deployment, "sales", run)[1]
    assert event is not None
    execute(deployment, event.id)
    force_promotion(deployment, "sales", day(REFERENCE_DAYS + 12), shuffled=False)
    generator = random.Random(7)
    for _ in range(KILLS):
        process = multiprocessing.get_context("fork").Process(target=swing, args=(tmp_path, records_uri))
        before = len(store.champion_changes("sales"))
        process.start()
        wait_until(lambda count=before: len(store.champion_changes("sales")) > count)
        time.sleep(generator.uniform(0.0, 0.5))
        process.kill()
        process.join()

        publish_files(store, artifacts, "sales")
        champion, changes = store.champion("sales"), store.champion_changes("sales")
        assert champion is not None
        assert changes[-1].to_version == champion.version
        assert all(later.from_version == earlier.to_version for earlier, later in itertools.pairwise(changes))
        assert f"sales/{artifacts.published('sales')}" == champion.artifact_path
        artifacts.load(f"sales/{artifacts.published('sales')}", champion.artifact_sha256)
