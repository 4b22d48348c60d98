from __future__ import annotations

import json
from itertools import pairwise

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.data.profile import CATEGORIES, REST, CategoricalColumn, Profile, merge_profiles, profile_table
from include.data.profile.names import BUCKETS, SAMPLE_NAMES, NameSample, bucket_of, merge_samples, name_hashes
from include.errors import DataError

HASHES = [13950350942979735504, 16927702981914525487]  # stored profiles hold them


def profiled(values: object, known: Profile | None = None, start: int | None = None) -> Profile:
    return profile_table(pd.DataFrame({"x": values}), ["x"], against=known, start=start)


def column_of(profile: Profile) -> CategoricalColumn:
    column = profile.columns["x"]
    assert isinstance(column, CategoricalColumn)
    return column


def test_hash_of_a_name_is_the_same_in_every_process_and_for_ever() -> None:
    assert name_hashes(["a", "product 1"]).tolist() == HASHES
    assert name_hashes([]).tolist() == []


def test_names_that_no_encoding_has_are_hashed_too() -> None:
    assert len(set(name_hashes(["\ud800", "\udfff", "a"]).tolist())) == 3
    assert name_hashes(["a", "\ud800"])[0] == name_hashes(["a"])[0]


def test_few_categories_need_no_buckets() -> None:
    column = column_of(profiled(["a", "b", None] * 40))
    assert (column.buckets, column.sample) == ((), None)
    assert (column.distinct, column.unseen) == (2, 0.0)


def test_rows_of_unnamed_categories_are_all_in_buckets() -> None:
    names = [f"n{number}" for number in range(1000)]
    column = column_of(profiled(names + names[:300]))
    assert len(column.buckets) == BUCKETS
    assert sum(column.buckets) == column.counts[REST] == 1300 - 2 * CATEGORIES
    assert (column.distinct, column.unseen) == (1000, pytest.approx(700 / 1300))


def test_names_that_share_a_bucket_are_counted_together_and_told_apart_in_the_sample() -> None:
    names = np.array([f"n{number}" for number in range(20_000)], dtype=object)
    alike = names[bucket_of(name_hashes(list(names))) == 7][:3]
    column = column_of(profiled(["z"] * 30 + list(alike), profiled(["z", "y"] * 10)))
    assert column.buckets[7] == 3
    assert column.sample is not None
    assert column.sample.distinct == 3.0


@pytest.mark.parametrize(("distinct", "rows"), [(5_000, 20_000), (100_000, 100_000), (1_500, 3_000)])
def test_distinct_and_unseen_are_estimated_within_a_few_per_cent(distinct: int, rows: int) -> None:
    values = np.random.default_rng(0).integers(distinct, size=rows)
    times = np.bincount(values)
    column = column_of(profiled(values.astype(str)))
    assert column.distinct == pytest.approx(np.count_nonzero(times), rel=0.15)
    assert column.unseen == pytest.approx(np.count_nonzero(times == 1) / rows, abs=0.1)


def test_identifiers_are_new_in_every_row() -> None:
    column = column_of(profiled([f"order {number}" for number in range(30_000)]))
    assert column.unseen == pytest.approx(1.0, abs=0.1)


@settings(max_examples=40, deadline=None)
@given(
    cuts=st.lists(st.integers(0, 4000), min_size=0, max_size=5),
    seed=st.integers(0, 5),
    kinds=st.sampled_from([3, 900, 9000]),
)
def test_parts_merged_in_any_order_are_the_whole(cuts: list[int], seed: int, kinds: int) -> None:
    rng = np.random.default_rng(seed)
    values = rng.integers(kinds, size=4000).astype(str)
    known = profiled(rng.integers(kinds, size=600).astype(str))
    ends = [0, *sorted(cuts), 4000]
    parts = [profiled(values[first:last], known, first) for first, last in pairwise(ends) if last > first]
    order = rng.permutation(len(parts))
    merged, whole = column_of(merge_profiles([parts[place] for place in order])), column_of(profiled(values, known, 0))
    assert merged.buckets == whole.buckets
    assert merged.sample == whole.sample
    assert dict(merged.counts) == dict(whole.counts)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.lists(st.integers(0, 2**64 - 1), max_size=2000), max_size=4))
def test_sample_of_parts_is_that_of_the_whole(parts: list[list[int]]) -> None:
    def sampled(hashes: list[int]) -> NameSample:
        return NameSample().adding(np.array(hashes, dtype=np.uint64), np.ones(len(hashes), dtype=np.int64))

    whole = sampled([one for part in parts for one in part])
    assert merge_samples([sampled(part) for part in reversed(parts)]) == whole
    assert len(whole.hashes) <= SAMPLE_NAMES


def test_many_categories_are_read_back_as_they_were_stored() -> None:
    profile = profiled(np.random.default_rng(1).integers(5000, size=9000).astype(str))
    assert Profile.from_json(json.loads(json.dumps(profile.to_json()))) == profile


def test_profile_of_schema_version_2_is_read_and_does_not_know_how_many_there_are() -> None:
    stored = profiled([f"n{number}" for number in range(900)]).to_json()
    stored["schema_version"] = 2
    for name in ("buckets", "sample"):
        del stored["columns"]["x"][name]
    column = column_of(Profile.from_json(stored))
    assert (column.distinct, column.unseen, column.buckets) == (None, None, ())
    recent = column_of(profiled([f"n{number}" for number in range(900)], Profile.from_json(stored)))
    assert sum(recent.buckets) == recent.counts[REST]


def test_parts_one_of_which_does_not_tell_its_buckets_merge_to_one_that_does_not() -> None:
    names = [f"n{number}" for number in range(900)]
    known = profiled(names)
    old = known.to_json() | {"schema_version": 2}
    old["columns"]["x"] = {
        name: value for name, value in old["columns"]["x"].items() if name not in ("buckets", "sample")
    }
    merged = column_of(merge_profiles([Profile.from_json(old), profiled(names, known)]))
    assert (merged.buckets, merged.sample) == ((), None)
    with pytest.raises(DataError):
        merge_profiles([])
