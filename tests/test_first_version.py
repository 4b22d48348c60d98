"""A first version is looked at as hard as any: it may be held, it is told, and a way out is open."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.errors import DataError
from include.records.entries import EventStatus
from tests.stage import Stage, day, sales

DAYS = 60


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def noise(days: int) -> pd.DataFrame:
    """Rows whose target has nothing to do with the inputs."""
    table = sales(days)
    return table.assign(sales=np.random.default_rng(9).normal(100.0, 10.0, len(table)))


def test_first_version_that_learnt_nothing_is_held_and_told(stage: Stage) -> None:
    stage.add("noise", noise(DAYS))
    step = stage.run("noise", day(31))
    assert step.event is not None
    assert step.event.status is EventStatus.HELD
    assert "no better than a constant" in step.event.outcome
    assert stage.store.champion("noise") is None


def test_held_first_version_waits_a_window_and_then_twice_that(stage: Stage) -> None:
    stage.add("noise", noise(DAYS))
    stage.run("noise", day(31))
    waiting = stage.run("noise", day(31.25))
    assert waiting.event is None
    assert not waiting.decision.triggered
    assert any("tried again from 2026-02-11 00:00 UTC on" in each for each in waiting.decision.blocked_by)
    assert stage.run("noise", day(41)).event is not None
    assert stage.run("noise", day(51)).event is None  # the second wait is twice as long
    assert stage.run("noise", day(61)).event is not None


def test_request_makes_it_try_again_at_once(stage: Stage) -> None:
    stage.add("noise", noise(DAYS))
    stage.run("noise", day(31))
    asked = stage.run("noise", day(31.25), force=True, reason="labels were corrected")
    assert asked.event is not None
    assert asked.event.status is EventStatus.HELD


def test_field_lets_it_into_production_at_the_next_run(stage: Stage) -> None:
    stage.add("noise", noise(DAYS))
    stage.run("noise", day(31))
    stage.add("noise", gate={"better_than_constant": False})
    step = stage.run("noise", day(31.25))
    assert step.event is not None
    assert step.event.status is EventStatus.PROMOTED


def test_first_version_below_a_floor_does_not_train_at_every_check_either(stage: Stage) -> None:
    stage.add("picky", sales(DAYS), gate={"floors": {"r2": 0.999999}})
    first = stage.run("picky", day(31))
    assert first.event is not None
    assert first.event.status is EventStatus.REJECTED
    assert stage.run("picky", day(31.25)).event is None


def test_first_version_that_learnt_something_says_by_how_much(stage: Stage) -> None:
    stage.add("good", sales(DAYS))
    step = stage.run("good", day(31))
    assert step.event is not None
    assert step.event.status is EventStatus.PROMOTED
    assert "proven better than a constant" in step.event.outcome


def test_target_of_one_value_is_refused_by_name(stage: Stage) -> None:
    stage.add("flat", sales(DAYS).assign(sales=7.0))
    with pytest.raises(DataError, match=r"model flat: field target: each of the 720 .* has the label 7\.0"):
        stage.run("flat", day(31))


def test_cells_that_cannot_be_learnt_from_are_told_with_the_first_version(stage: Stage) -> None:
    table = sales(DAYS)
    dirty = table["price"].astype(object)
    dirty[table.index % 40 == 0] = "broken"
    stage.add("dirty", table.assign(price=dirty))
    step = stage.run("dirty", day(31))
    assert step.event is not None
    assert "cells without a value of their kind count as empty: price 18" in step.event.outcome
    assert step.event.details.training_data_size == 720
