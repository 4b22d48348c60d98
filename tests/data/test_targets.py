from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.targets import Target, find_target
from include.errors import DataError

RNG = np.random.default_rng(0)
X, PRICE = RNG.normal(size=200), RNG.normal(50.0, 9.0, 200)
TRAIN = pd.DataFrame({"x": X, "z": X[::-1], "price": PRICE})
RECENT = pd.DataFrame({"x": X, "z": X[::-1]})
ACTUALS = RNG.normal(52.0, 9.0, 200)


def test_target_that_the_recent_rows_lack_is_found_by_the_actuals() -> None:
    assert find_target(TRAIN, RECENT, None, ACTUALS) == Target(name="price", why="the actuals are in its place")


def test_target_that_is_still_empty_in_the_recent_rows_is_found_by_the_actuals() -> None:
    assert find_target(TRAIN, RECENT.assign(price=np.nan), None, ACTUALS).name == "price"


def test_of_several_columns_that_are_gone_the_one_that_is_like_the_actuals_is_the_target() -> None:
    train = TRAIN.assign(number=np.arange(200) * 10_000)
    assert find_target(train, RECENT, None, ACTUALS).name == "price"


def test_column_that_is_gone_and_unlike_the_actuals_is_no_target() -> None:
    assert find_target(TRAIN, RECENT, None, np.full(200, 0.5)) == Target()
    assert find_target(TRAIN, RECENT, None, ACTUALS * 1e6) == Target()


def test_target_in_both_tables_is_found_by_holding_the_actuals() -> None:
    found = find_target(TRAIN, RECENT.assign(price=ACTUALS), None, ACTUALS + 1e-12)
    assert found == Target(name="price", why="it holds the actuals")


def test_truth_values_are_the_same_as_their_text() -> None:
    late = RNG.random(200) < 0.5
    train, recent = RECENT.assign(late=late), RECENT.assign(late=pd.Series(late).map(str))
    assert find_target(train, recent, None, late).name == "late"


def test_name_that_neither_table_has_is_refused_with_those_that_are_there() -> None:
    with pytest.raises(DataError, match=r"no column 'cost'.*found: x, z, price"):
        find_target(TRAIN, RECENT, "cost")
