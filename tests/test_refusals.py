"""A champion whose kind of model cannot learn what is there to learn: it must not be retrained for ever."""

from __future__ import annotations

import itertools
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.records.entries import EventStatus
from tests.stage import REFERENCE_DAYS, Stage, day, rows_from, sales

DAYS, EVERY = 120, 2
WINDOW_DAYS = 20  # enough rows to measure a retrain's gain


def curved(*, change: int = DAYS) -> pd.DataFrame:
    """Sales with a bend that no straight line follows; from the day `change` on temperature works the other way round.

    The bend is the same all the time.
    """
    table = sales(DAYS, change=change)
    centred = (table["temperature"] - 15.0) / 5.0
    return table.assign(sales=table["sales"] + 20.0 * np.square(centred))


def test_what_the_trainer_cannot_learn_is_tried_ever_more_rarely(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", curved(), training={"estimator": "linear"}, window=f"{WINDOW_DAYS}d")
    events = [stage.run("sales", day(at)).event for at in range(REFERENCE_DAYS + 1, DAYS, EVERY)]
    tried = [event for event in events[1:] if event is not None]
    assert 2 <= len(tried) <= 5
    assert all(event.status in {EventStatus.HELD, EventStatus.REJECTED} for event in tried)
    starts = [event.run.as_of for event in tried]
    waits = [later - earlier for earlier, later in itertools.pairwise(starts)]
    assert waits == sorted(waits)
    assert waits[-1] >= day(WINDOW_DAYS) - day(0)


@pytest.mark.sweep
def test_a_true_change_is_not_kept_waiting_by_what_was_turned_down(tmp_path: Path) -> None:
    stage, change = Stage(tmp_path), 70
    table = curved(change=change)
    table.loc[rows_from(change), "sales"] += 40.0
    stage.add("sales", table, training={"estimator": "linear"}, window=f"{WINDOW_DAYS}d")
    events = [stage.run("sales", day(at)).event for at in range(REFERENCE_DAYS + 1, change + 23, EVERY)]
    found = [event for event in events[1:] if event is not None]
    assert [event.status for event in found if event.run.as_of < day(change)] != []
    assert EventStatus.PROMOTED in [event.status for event in found if event.run.as_of >= day(change)]
