"""Broken feeds through the four steps, from real files."""

from __future__ import annotations

from collections.abc import Callable
from itertools import product
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.decision import Cause
from tests.stage import Stage, day, rows_from, sales
from tests.sweeps import each_nth

BREAK, END = 40, 60


def emptied(table: pd.DataFrame) -> pd.DataFrame:
    """A column that goes 95 % empty."""
    hit = np.random.default_rng(0).random(len(table)) < 0.95
    broken = table["price"].where((table.index < BREAK * 24) | ~hit)
    return table.assign(price=broken)


def rescaled(table: pd.DataFrame) -> pd.DataFrame:
    """A column that comes in thousandths."""
    return table.assign(price=table["price"].where(table.index < BREAK * 24, 1000.0 * table["price"]))


def shrunk(table: pd.DataFrame) -> pd.DataFrame:
    """A column that comes in thousands."""
    return table.assign(price=table["price"].where(table.index < BREAK * 24, table["price"] / 1000.0))


@pytest.mark.parametrize(
    ("fault", "asked"),
    each_nth(product((emptied, rescaled, shrunk), ({}, {"force": True, "reason": "the boss asked"})), 3),
)
def test_broken_feed_is_told_by_its_column_and_never_trained_on(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, fault: Callable[[pd.DataFrame], pd.DataFrame],
    asked: dict[str, object],
) -> None:  # fmt: skip
    stage = Stage(tmp_path)
    stage.add("sales", fault(sales(END)))
    stage.run("sales", day(30))
    caplog.clear()
    step = stage.run("sales", day(BREAK + 10), **asked)
    decision = step.decision
    assert not decision.triggered
    assert step.event is None
    assert (decision.cause, decision.features) == (Cause.DATA_QUALITY, ("price",))
    assert decision.recommendation.startswith("Mend the source of price; do not retrain on these rows. If this is as")
    assert decision.confidence > 0.999
    assert "sales: broken data: price" in caplog.text
    assert [version.label for version in stage.store.versions("sales")] == ["v1"]


def test_a_unit_that_changed_yesterday_blocks_already(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", rescaled(sales(END)))
    stage.run("sales", day(30))
    decision = stage.run("sales", day(BREAK + 1)).decision
    assert decision.cause is Cause.DATA_QUALITY
    assert not decision.triggered


def test_real_drift_of_the_same_column_is_no_broken_feed(tmp_path: Path) -> None:
    table = sales(END)
    table.loc[rows_from(BREAK), "price"] += 2.0
    stage = Stage(tmp_path)
    stage.add("sales", table)
    stage.run("sales", day(30))
    decision = stage.run("sales", day(BREAK + 10)).decision
    assert decision.cause is not Cause.DATA_QUALITY
    assert "price" in decision.features
