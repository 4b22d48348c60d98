"""Why the champion errs more, through the four steps."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.decision import Cause
from tests.stage import Stage, day, rows_from, sales

CHANGE, END = 40, 60


def decided(tmp_path: Path, table: pd.DataFrame) -> tuple[Cause, float | None]:
    """Cause, and share of the loss explained, a window after the change."""
    stage = Stage(tmp_path)
    stage.add("sales", table)
    stage.run("sales", day(30))
    decision = stage.run("sales", day(CHANGE + 10)).decision
    return decision.cause, decision.loss_explained


def noisy(table: pd.DataFrame) -> pd.DataFrame:
    """Sales at high prices are hard to predict, before and after."""
    rng = np.random.default_rng(1)
    return table.assign(sales=table["sales"] + rng.normal(0.0, 25.0, len(table)) * (table["price"] > 2.4))


def test_more_rows_of_a_hard_kind_are_a_covariate_shift(tmp_path: Path) -> None:
    table = sales(END)
    later = table.loc[rows_from(CHANGE)]
    table.loc[rows_from(CHANGE), "sales"] += -10.0 * (2.4 + later["price"] / 5.0 - later["price"])
    table.loc[rows_from(CHANGE), "price"] = 2.4 + later["price"] / 5.0
    cause, share = decided(tmp_path, noisy(table))
    assert cause is Cause.COVARIATE_SHIFT
    assert share is not None
    assert share > 0.67


def test_another_relation_to_the_target_is_a_concept_shift_though_inputs_moved(tmp_path: Path) -> None:
    table = sales(END, change=CHANGE)
    table.loc[rows_from(CHANGE), "region"] = np.random.default_rng(2).choice(["north", "south"], (END - CHANGE) * 24)
    cause, share = decided(tmp_path, table)
    assert cause is Cause.CONCEPT_SHIFT
    assert share is not None
    assert share < 0.2


def test_without_drift_there_is_nothing_to_explain(tmp_path: Path) -> None:
    assert decided(tmp_path, sales(END, change=CHANGE)) == (Cause.CONCEPT_SHIFT, None)


@pytest.mark.parametrize("label_delay", ["239h"])  # an hour less than the window
def test_without_labels_nothing_is_explained(tmp_path: Path, label_delay: str) -> None:
    table = sales(END)
    table.loc[rows_from(CHANGE), "price"] += 1.0
    stage = Stage(tmp_path)
    stage.add("sales", table, label_delay=label_delay)
    stage.run("sales", day(31))
    decision = stage.run("sales", day(CHANGE + 10)).decision
    assert (decision.cause, decision.loss_explained) == (Cause.COVARIATE_SHIFT, None)
