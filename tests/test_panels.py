"""Shops that report once a day, whose features and sales share the day's weather."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import SignalKind
from tests.stage import START, Stage, day

REFERENCE, WINDOW, SHOPS = 60, 14, 40
WATCHED = {SignalKind.DATA_DRIFT, SignalKind.TARGET_DRIFT, SignalKind.PREDICTION_DRIFT, SignalKind.SLOW_DRIFT}


def shops(seed: int, days: int) -> pd.DataFrame:
    """Their rows: nothing changes."""
    rng = np.random.default_rng(seed)
    date = np.repeat(np.arange(days), SHOPS)
    weather, size = rng.normal(size=days)[date], rng.normal(size=len(date))
    sales = 10.0 + 3.0 * weather + 2.0 * size + 0.7 * rng.normal(size=days)[date] + rng.normal(size=len(date))
    return pd.DataFrame({
        "at": pd.date_range(START, periods=days, freq="D")[date], "weather": weather, "size": size, "sales": sales,
    })  # fmt: skip


def checks(root: Path, table: pd.DataFrame, days: range) -> list[set[SignalKind]]:
    """What each check called changed, of what is watched here."""
    stage = Stage(root)
    reference = {"start": day(0).isoformat(), "end": day(REFERENCE).isoformat()}
    stage.add("sales", table, reference=reference, window=f"{WINDOW}d")
    stage.run("sales", day(REFERENCE + 1))
    assert stage.store.champion("sales") is not None
    seen = [stage.run("sales", day(number)).analysis.signals for number in days]
    return [{signal.kind for signal in signals if signal.changed} & WATCHED for signals in seen]


@pytest.mark.parametrize("seed", range(3))
def test_unchanged_shops_are_not_called_changed(tmp_path: Path, seed: int) -> None:
    days = range(REFERENCE + WINDOW, REFERENCE + 60, 7)
    changed = checks(tmp_path, shops(seed, REFERENCE + 60), days)
    assert sum(map(bool, changed)) <= 1  # of seven; by rows six and more


def test_shops_whose_sales_double_are(tmp_path: Path) -> None:
    table = shops(0, REFERENCE + 30)
    later = table["at"] >= day(REFERENCE + 5)
    table.loc[later, "sales"] = 2.0 * table["sales"] + 15.0
    assert SignalKind.TARGET_DRIFT in checks(tmp_path, table, range(REFERENCE + 28, REFERENCE + 29))[0]
