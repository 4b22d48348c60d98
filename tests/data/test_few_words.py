"""A few words among quantities stand for no value, however often they are there; among names they are names."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml

from include.data.kinds.conform import conform
from include.data.kinds.few_words import told_words
from include.data.kinds.find import find_kinds
from include.data.profile import to_floats
from include.registry.kinds import ColumnKind, Kind
from tests.data.test_text_cells import READERS, ROWS, VALUES, Read, beside, comma

RNG = np.random.default_rng(1)
DAYS = (pd.Timestamp("1980-01-01") + pd.to_timedelta(RNG.integers(0, 9_000, ROWS), unit="D")).strftime("%Y-%m-%d")
CLOCK = [f"{minute // 60:02d}:{minute % 60:02d}" for minute in RNG.integers(0, 1_440, ROWS)]
EXACT = VALUES + np.arange(ROWS) / 1_000.0


def with_words(cells: Any, words: list[str], every: int) -> list[str]:
    return [words[place // every % len(words)] if place % every == 0 else str(cell) for place, cell in enumerate(cells)]


@pytest.mark.parametrize("read", READERS)
@pytest.mark.parametrize(
    ("words", "every"), [(["ERR"], 18), (["ERR"], 10), (["n.d."], 3), (["#REF!", "below", "?"], 4)]
)
@pytest.mark.parametrize("cells", [EXACT, [comma(v, 4) for v in EXACT], [f"{v:.3f}%" for v in EXACT]])
def test_words_among_numbers_count_as_empty_in_every_reader(
    tmp_path: Path, read: Read, words: list[str], every: int, cells: Any
) -> None:
    table = read(beside(with_words(cells, words, every)), tmp_path)
    kinds = find_kinds(table, {})
    assert kinds["x"].kind is Kind.NUMBER
    found, unreadable = to_floats(conform(table, kinds)["x"])
    there = np.arange(ROWS) % every != 0
    np.testing.assert_allclose(found[there], EXACT[there], atol=5e-4)
    assert np.isnan(found[~there]).all()
    assert not unreadable
    advised = re.search(r"`missing: (.*?)` in `source`, or `(columns: .*?)`", told_words(kinds)[0])
    assert advised is not None
    assert {*yaml.safe_load(advised[1]), "?"} == {*words, "?"}  # "?" stands for no value anyway
    assert yaml.safe_load(advised[2]) == {"columns": {"x": "category"}}
    assert ColumnKind.from_json(kinds["x"].to_json()) == kinds["x"]


@pytest.mark.parametrize(("cells", "kind"), [(DAYS, Kind.TIME), (CLOCK, Kind.NUMBER)])
def test_words_among_dates_and_times_of_day_count_as_empty(cells: Any, kind: Kind) -> None:
    table = beside(with_words(cells, ["unknown"], 8))
    kinds = find_kinds(table, {})
    assert kinds["x"].kind is kind
    assert int(conform(table, kinds)["x"].isna().sum()) == ROWS // 8


@pytest.mark.parametrize(
    "cells",
    [
        with_words(RNG.integers(101, 151, ROWS), ["web"], 10), with_words(RNG.integers(1, 6, ROWS), ["excused"], 10),
        with_words(RNG.choice([9.99, 19.99], ROWS), ["free"], 10), with_words(RNG.choice(list("abc"), ROWS), ["1"], 3),
        with_words(EXACT, [f"word {n}" for n in range(9)], 5),
    ],
)  # fmt: skip
def test_words_among_names_are_names(cells: list[str]) -> None:
    kinds = find_kinds(beside(cells), {})
    assert kinds["x"].named
    assert not told_words(kinds)


@pytest.mark.parametrize("clock", ["08:30", "26:05:00", "1 days 02:00:00"])
def test_time_of_day_among_numbers_is_an_unreadable_cell(clock: str) -> None:
    table = beside([clock if place == 7 else str(value) for place, value in enumerate(VALUES)])
    found, unreadable = to_floats(conform(table, find_kinds(table, {}))["x"])
    assert (np.isnan(found).nonzero()[0].tolist(), unreadable) == ([7], 1)
