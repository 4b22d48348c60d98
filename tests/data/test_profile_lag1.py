"""Profiles of rows of which nobody wants to know how alike neighbours are."""

from __future__ import annotations

import json
import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.profile import ALL_EXTRAS, Extra, Profile, merge_profiles, profile_table
from tests.data.test_profile_merge import NAMES, REFERENCE, ROWS, assert_alike, parts_of, table_of


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 1000), st.lists(st.integers(0, ROWS), max_size=ROWS), st.randoms(use_true_random=False))
def test_autocorrelations_that_nobody_asked_for_are_zero_and_nothing_else_differs(
    seed: int, cuts: list[int], order: random.Random
) -> None:
    table = table_of(seed)
    parts = [
        profile_table(part, NAMES, against=REFERENCE, start=start, extras=Extra.CROSS)
        for start, part in parts_of(table, cuts)
    ]
    order.shuffle(parts)
    asked, whole = (
        profile_table(table, NAMES, against=REFERENCE, start=0, extras=extras) for extras in (ALL_EXTRAS, Extra.CROSS)
    )
    assert_alike(merge_profiles(parts), whole)
    assert {column.lag1 for column in whole.columns.values()} == {0.0}
    assert Profile.from_json(json.loads(json.dumps(whole.to_json()))) == whole
    for name, column in whole.columns.items():
        assert column.neighbours.pairs == asked.columns[name].neighbours.pairs
        assert replace(column, neighbours=asked.columns[name].neighbours) == asked.columns[name]
