"""What says that features hold the target, and what does not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.giveaways import find_giveaways

ROWS = 600
rng = np.random.default_rng(0)
A, B = rng.normal(10.0, 3.0, ROWS), rng.gamma(2.0, 4.0, ROWS)
SHOP = rng.integers(0, 40, ROWS)
SHOPS = pd.Series(SHOP).astype(str).add("x")


def found(**columns: object) -> list[str]:
    table = pd.DataFrame(columns)
    return [each.text for each in find_giveaways(table, [str(name) for name in columns if name != "y"], "y")]


@pytest.mark.parametrize(
    ("columns", "told"),
    [
        ({"a": A, "b": B, "y": A + B}, ["a + b is y"]),
        ({"a": A, "b": B, "noise": rng.normal(size=ROWS), "y": A + B}, ["a + b is y"]),
        ({"a": A, "b": B, "y": np.round(A + B, 2)}, ["a + b is y"]),
        ({"a": A, "b": B, "constant": 1.0, "y": A - B}, ["a weighted sum of a and b is y"]),
        ({"celsius": A, "b": B, "y": 1.8 * A + 32.0}, ["a multiple of celsius is y"]),
        ({"a": np.where(rng.random(ROWS) < 0.2, np.nan, A), "b": B, "y": A + B}, ["a + b is y"]),
        ({"paid": np.where(A > 10, "yes", "no"), "b": B, "y": (A > 10).astype(int)}, ["each value of paid has one y"]),
        ({"shop": SHOPS, "b": B, "y": np.where(SHOP % 3, "north", "south")}, ["each value of shop has one y"]),
        ({"grade": pd.Series(list("ABC") * 200), "y": [1, 2, 3] * 200}, ["each value of grade has one y"]),
        ({"seen": pd.Series([1.0] * 300 + [np.nan] * 300), "y": ["in"] * 300 + ["out"] * 300},
         ["each value of seen has one y"]),
    ],
    ids=["sum", "beside noise", "rounded", "difference", "other unit", "gaps", "flag", "many values", "grades", "gap"],
)  # fmt: skip
def test_features_that_hold_the_target_are_named(columns: dict[str, object], told: list[str]) -> None:
    assert found(**columns) == told


@pytest.mark.parametrize(
    "columns",
    [
        {"a": A, "b": B, "y": A + B + rng.normal(0.0, 0.1, ROWS)},
        {"a": A, "b": B, "y": A * B},
        {"row": np.arange(ROWS), "y": rng.integers(0, 2, ROWS)},
        {"key": [f"k{i}" for i in range(ROWS)], "y": rng.integers(0, 2, ROWS)},
        {"shop": SHOPS, "y": (np.arange(ROWS) % 100 == 0).astype(int)},
        {"flag": np.where(A > 10, "yes", "no"), "y": np.where(rng.random(ROWS) < 0.05, A < 10, A > 10)},
        {f"x{i}": rng.normal(size=ROWS) for i in range(40)} | {"y": rng.normal(size=ROWS)},
        {"a": A[:20], "y": A[:20]},
    ],
    ids=["noise", "product", "row number", "keys", "rare class", "mostly right", "many columns", "too few rows"],
)
def test_features_that_do_not_are_not(columns: dict[str, object]) -> None:
    assert found(**columns) == []


@pytest.mark.parametrize("value", [-999.0, 99999.0, 1e308])
@pytest.mark.parametrize("column", ["a", "b", "y"])
def test_sum_is_seen_beside_cells_that_hold_no_value(column: str, value: float) -> None:
    table = {"a": A, "b": B, "y": A + B}
    table[column] = np.where(np.arange(ROWS) % 50 == 7, value, table[column])
    assert found(**table) == ["a + b is y"]
