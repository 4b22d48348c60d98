"""Numbers that stand for no value, and numbers that are one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.kinds.stand_ins import find_stand_ins

ROWS = 500
rng = np.random.default_rng(0)
HIT = rng.random(ROWS) < 0.05
NORMAL = rng.normal(10.0, 3.0, ROWS)


def with_(value: float, values: object = NORMAL) -> pd.Series:
    return pd.Series(np.where(HIT, value, np.asarray(values, dtype=float)))


@pytest.mark.parametrize("value", [-200.0, -999.0, -1e10, 9999.0, 99999.0, -2147483648.0])
def test_number_far_outside_that_comes_again_is_found_with_its_columns(value: float) -> None:
    wide = rng.uniform(-1500.0, 1500.0, ROWS) if abs(value) > 1500.0 else rng.uniform(0.0, 1500.0, ROWS)
    found = find_stand_ins(
        pd.DataFrame({"a": with_(value), "wide": with_(value, wide), "b": NORMAL}), ["a", "wide", "b"]
    )
    wanted = {"a": int(HIT.sum())} | (
        {"wide": int(HIT.sum())} if value in (-200.0, -999.0) or abs(value) > 1500 else {}
    )
    assert [(each.value, dict(each.columns)) for each in found] == [(value, wanted)]


@pytest.mark.parametrize(
    "values",
    [
        NORMAL, np.minimum(NORMAL, 12.0), rng.integers(0, 2, ROWS), rng.poisson(0.1, ROWS), rng.integers(1, 6, ROWS),
        np.where(HIT, 0.0, NORMAL + 100.0), np.append(NORMAL[1:], 1e6), rng.lognormal(0.0, 2.0, ROWS),
        np.where(HIT, 100.0, 30.0), np.full(ROWS, 5.0), np.where(HIT, "a", "b"), HIT,
    ],
    ids=["normal", "capped", "flag", "counts", "grades", "zero", "one outlier", "heavy", "two values", "constant",
         "text", "truth"],
)  # fmt: skip
def test_nothing_is_found_where_numbers_are_values(values: object) -> None:
    assert find_stand_ins(pd.DataFrame({"a": values}), ["a"]) == []
