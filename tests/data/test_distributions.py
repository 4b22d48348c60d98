from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.profile import profile_table
from include.data.reference.distributions import BARS, NAMES, OTHERS, Distribution, compare

RNG = np.random.default_rng(0)


def compared(reference: object, recent: object) -> Distribution:
    before, now = pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent})
    known = profile_table(before, ["x"])
    found = profile_table(now, ["x"], against=known)
    return compare("x", known.columns["x"], found.columns["x"], role="input")


def counted(values: np.ndarray, edges: tuple[float, ...]) -> np.ndarray:
    """Shares of the values themselves, those beyond the ends in the outermost bars."""
    inside = np.clip(values, edges[0], edges[-1])
    return np.histogram(inside, edges)[0] / len(values)


def test_bars_of_many_values_are_those_of_the_rows_themselves() -> None:
    reference, recent = RNG.normal(0.0, 1.0, 20_000), RNG.normal(0.5, 1.0, 5_000)
    drawn = compared(reference, recent)
    assert len(drawn.reference) == len(drawn.recent) == BARS
    assert np.abs(counted(reference, drawn.edges) - drawn.reference).max() < 0.002  # half a bin of 1/512 of the rows
    below_all = np.array(drawn.edges[1:]) < reference.max()
    assert np.abs(counted(recent, drawn.edges) - drawn.recent)[below_all].max() < 0.01


def test_few_distinct_values_get_a_bar_each_and_new_ones_one_at_the_end() -> None:
    drawn = compared(np.repeat([0.0, 1.0, 2.0], [50, 30, 20]), np.repeat([1.0, 2.0, 7.0], [5, 4, 1]))
    assert drawn.edges == (-0.5, 0.5, 1.5, 2.5, 3.5)
    assert drawn.reference == pytest.approx((0.5, 0.3, 0.2, 0.0))
    assert drawn.recent == pytest.approx((0.0, 0.5, 0.4, 0.1), abs=0.02)  # 7 lies anywhere beyond 2


def test_categories_that_changed_most_come_first_and_the_rest_is_one() -> None:
    names = [f"c{number}" for number in range(30)]
    recent = ["c7"] * 400 + names
    drawn = compared(names * 10, recent)
    assert drawn.names[0] == "c7"
    assert len(drawn.names) == NAMES + 1
    assert drawn.names[-1] == OTHERS
    assert sum(drawn.reference) == pytest.approx(1.0)
    assert drawn.recent[0] == pytest.approx(401 / 430)


def test_unseen_categories_are_among_the_others() -> None:
    drawn = compared(["a", "b"] * 10, ["a", "z"])
    assert drawn.names == ("b", "a", OTHERS)
    assert drawn.recent == pytest.approx((0.0, 0.5, 0.5))


def test_missing_cells_and_a_column_that_is_gone() -> None:
    drawn = compared([1.0, 2.0, np.nan, 3.0], [np.nan] * 4)
    assert (drawn.reference_missing, drawn.recent_missing) == (0.25, 1.0)
    assert not any(drawn.recent)
    known = profile_table(pd.DataFrame({"x": [1.0, 2.0, 3.0]}), ["x"])
    gone = compare("x", known.columns["x"], None, role="input")
    assert gone.recent_missing == 1.0
    assert sum(gone.reference) == pytest.approx(1.0)


def test_a_constant_that_moved_is_at_either_end() -> None:
    drawn = compared([1.0] * 20, [2.0] * 5)
    assert (drawn.reference[0], drawn.recent[-1]) == (1.0, 1.0)


def test_units_that_change_by_a_thousand_still_show_the_reference() -> None:
    drawn = compared(RNG.normal(5.0, 1.0, 5000), RNG.normal(5000.0, 1000.0, 500))
    assert sum(share > 0.001 for share in drawn.reference) >= BARS // 3
    assert drawn.recent[-1] > 0.9


NUMBERS = st.lists(st.floats(allow_nan=True, allow_infinity=True, width=64), min_size=0, max_size=60)


@settings(max_examples=150, deadline=None)
@given(reference=NUMBERS, recent=NUMBERS)
def test_any_numbers_give_shares_that_can_be_kept(reference: list[float], recent: list[float]) -> None:
    drawn = compared(np.array(reference, dtype=float), np.array(recent, dtype=float))
    assert Distribution.from_json(json.loads(json.dumps(drawn.to_json(), allow_nan=False))) == drawn
    assert np.all(np.diff(drawn.edges) > 0.0)
    for shares, values in ((drawn.reference, reference), (drawn.recent, recent)):
        assert len(shares) == len(drawn.edges) - 1
        assert all(0.0 <= share <= 1.0 for share in shares)
        assert sum(shares) == pytest.approx(1.0 if np.isfinite(values).any() else 0.0)
