"""A request that the gate could not prove is told when it is made."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pytest

from include.workflow.provable import why_not_provable
from tests.stage import REFERENCE_DAYS, Stage, day, sales

HOURS = 24


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(60))
    return stage


def why(stage: Stage, days: float) -> str:
    return why_not_provable(stage.deployment, "sales", at=day(days))


def test_first_version_has_nobody_to_beat(stage: Stage) -> None:
    assert why(stage, REFERENCE_DAYS) == ""


@pytest.mark.parametrize(("hours", "told"), [(0, "0 labelled"), (1, "1 labelled"), (39, "39 labelled"), (40, "")])
def test_rows_since_the_champion_count(stage: Stage, hours: int, told: str) -> None:
    stage.run("sales", day(REFERENCE_DAYS))
    found = why(stage, REFERENCE_DAYS + hours / HOURS)
    assert told in found
    assert bool(found) is bool(told)
    assert not found or "40 are needed" in found


def test_what_is_told_is_what_the_gate_says_later(stage: Stage) -> None:
    stage.run("sales", day(REFERENCE_DAYS))
    for hours in (2, 39, 45):
        at = day(REFERENCE_DAYS) + timedelta(hours=hours)
        told = why_not_provable(stage.deployment, "sales", at=at)
        event = stage.run("sales", at, force=True, reason="try").event
        assert event is not None
        assert ("needed to prove anything" in event.outcome) is bool(told)


def test_rows_without_a_label_do_not_count(stage: Stage) -> None:
    stage.run("sales", day(REFERENCE_DAYS))
    table = sales(60)
    table.loc[table.index >= REFERENCE_DAYS * HOURS, "sales"] = np.nan
    stage.write("sales", table)
    assert "0 labelled rows" in why(stage, 40)


def test_labels_on_their_way_do_not_count(stage: Stage) -> None:
    stage.run("sales", day(REFERENCE_DAYS))
    stage.add("sales", label_delay="2d")
    assert "24 labelled rows" in why(stage, REFERENCE_DAYS + 3)


def test_rows_that_cannot_be_read_are_told_and_hinder_nothing(stage: Stage) -> None:
    stage.run("sales", day(REFERENCE_DAYS))
    (stage.data / "sales.csv").unlink()
    assert "not known, the rows cannot be read" in why(stage, 40)
