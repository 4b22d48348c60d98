"""A model with a version in shadow: what the tests of shadows share."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.decision.signals import Signal, SignalKind
from include.records.entries import Event, Run, Version, VersionStatus
from include.records.memory import MemoryStore
from include.records.postgres import PostgresStore
from include.workflow.rollback import roll_back_in_run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.stage import REFERENCE_DAYS, Stage, Step, day, sales
from tests.sweeps import first_of

CHANGE = 35  # the world turns over
TRAINED = CHANGE + 6
LINEAR = {"estimator": "linear", "rows": "latest"}
STORES = first_of(["postgres", "memory"], 1)


def make_stage(request: pytest.FixtureRequest, folder: Path) -> Stage:
    """A stage whose model has a first version, in the store that is asked for; later its world turns over."""
    if request.param == "memory":
        store: Any = MemoryStore()
    else:
        store = PostgresStore(
            partial(psycopg.connect, request.getfixturevalue("records_uri")), keep=True, poll_seconds=0.05
        )
    stage = Stage(folder, store)
    stage.add("sales", sales(90, change=CHANGE), training=LINEAR, gate={"shadow": 2}, policy={"cooldown": "1d"})
    run(stage, REFERENCE_DAYS)
    return stage


def run(stage: Stage, at_day: float, *, executed: bool = True, **asked: Any) -> Step:
    """The steps of a run, with the one that rolls back."""
    asked_for = Run(run_id=f"run-{at_day}-{len(asked)}", as_of=day(at_day), reason="because", **asked)
    analysis = analyze(stage.deployment, "sales", asked_for)
    decision, event = decide(stage.deployment, "sales", asked_for)
    roll_back_in_run(stage.deployment, "sales", asked_for)
    if event is not None and executed and not asked_for.dry_run:
        event = execute(stage.deployment, event.id)
        log_completion(stage.deployment, "sales", asked_for)
    return Step(analysis, decision, event)


def looked(step: Step) -> Signal:
    [signal] = [signal for signal in step.analysis.signals if signal.kind is SignalKind.SHADOW]
    return signal


def champion(stage: Stage) -> Version:
    found = stage.store.champion("sales")
    assert found is not None
    return found


def statuses(stage: Stage) -> list[VersionStatus]:
    return [version.status for version in stage.store.versions("sales")]


def done(step: Step) -> Event:
    assert step.event is not None
    return step.event


def begin(stage: Stage) -> Step:
    """A retrain whose challenger is truly better, and goes into shadow."""
    step = run(stage, TRAINED, force=True)
    assert done(step).outcome.startswith("in shadow for 2 checks: proven better")
    assert statuses(stage) == [VersionStatus.CHAMPION, VersionStatus.CANDIDATE]
    return step
