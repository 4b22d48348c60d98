"""Categories that the reference does not have are named, where a signal counts them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.detectors.new_categories import new_categories
from tests.stage import REFERENCE_DAYS, START, Stage, day


def told(before: list[str], now: list[str | None]) -> str:
    return new_categories(pd.Series(now), profile_table(pd.DataFrame({"k": before}), ["k"]).columns["k"])


@pytest.mark.parametrize(
    ("now", "words"),
    [
        (["West", "a", None], "such as 'West'"),
        (["w", "v", "v", "u", "u", "u", "t"], "such as 'u', 'v', 't'"),
        (["NORTH", "North", "west", "west"], "such as 'west', 'NORTH' (there as 'North')"),
        (["x" * 500], f"such as '{'x' * 40}…'"),
        (["North", None], ""),
    ],
)
def test_the_most_frequent_are_named_and_with_what_they_are_in_other_letters(now: list[str | None], words: str) -> None:
    said = told(["North", "South", "a"] * 30, now)
    assert words in said
    assert bool(said) is bool(words)


def test_of_a_long_tail_only_names_in_other_letters_are_told() -> None:
    before = [f"shop {number % 2000}" for number in range(6000)]
    assert told(before, ["shop 9999"] * 50) == ""
    assert told(before, ["SHOP 1"] * 50) == "such as 'SHOP 1' (there as 'shop 1')"


def test_columns_that_are_no_names_have_none() -> None:
    assert new_categories(pd.Series([1.0]), profile_table(pd.DataFrame({"k": [1.0, 2.0]}), ["k"]).columns["k"]) == ""


def test_a_run_names_them(tmp_path: Path) -> None:
    rng, rows = np.random.default_rng(0), (REFERENCE_DAYS + 10) * 24
    region = rng.choice(["North", "South"], rows)
    late = np.arange(rows) >= REFERENCE_DAYS * 24
    x = rng.normal(size=rows)
    table = pd.DataFrame({
        "at": pd.date_range(START, periods=rows, freq="h"), "x": x, "y": x + rng.normal(0.0, 0.3, rows),
        "region": np.where(late, np.char.upper(region), region),
    })  # fmt: skip
    stage = Stage(tmp_path)
    stage.add("shop", table, task="regression", target="y", metric="rmse")
    stage.run("shop", day(REFERENCE_DAYS))
    signals = stage.run("shop", day(REFERENCE_DAYS + 10)).analysis.signals
    [reason] = [signal.reason for signal in signals if signal.statistic == "unseen_categories"]
    assert "'NORTH' (there as 'North')" in reason
