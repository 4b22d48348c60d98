"""Numbers that count from 1970: each in the unit that its size leaves, and not as exact as they are not."""

from __future__ import annotations

from itertools import permutations
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.kinds.epochs import UNITS
from include.data.kinds.time_text import Times
from include.data.kinds.times import read_times
from include.data.sources.read import read_rows
from include.errors import DataError
from include.registry.spec import ModelSpec
from include.registry.time_format import TimeFormat

ROWS = 1_000
TIMES = pd.date_range("2026-01-01 00:00:07", periods=ROWS, freq="7min")
SECONDS = TIMES.as_unit("s").astype("int64").to_numpy()
FORMS = {
    "numbers": lambda cells: cells,
    "floats": lambda cells: cells.astype(float),
    "text": lambda cells: cells.astype(str),
    "with an empty one": lambda cells: pd.array([*cells[:-1], None], dtype="Int64"),
}
UNTIL = pd.Timestamp("2027-01-01", tz="UTC").to_pydatetime()


def read(cells: Any, **how: str) -> Times:
    return read_times(pd.Series(cells, name="at"), TimeFormat(**how), "model m: column 'at'")


def wrong(found: Times) -> int:
    """How many of the times are others than they were."""
    there = found.values.notna().to_numpy()
    off = np.abs(found.values.to_numpy("datetime64[us]") - TIMES.to_numpy("datetime64[us]"))
    return int(np.count_nonzero(off[there] > np.timedelta64(1, "us")))


def scaled(cut: int, old: str, new: str) -> Any:
    return np.r_[SECONDS[:cut] * UNITS[old], SECONDS[cut:] * UNITS[new]]


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("cut", [1, 3, 300, 500, 900, 998])
@pytest.mark.parametrize(("old", "new"), list(permutations(UNITS, 2)))
def test_each_number_is_of_its_own_unit_and_that_is_told(old: str, new: str, cut: int, form: str) -> None:
    found = read(FORMS[form](scaled(cut, old, new)))
    assert (wrong(found), found.unreadable) == (0, 0)
    assert found.values.notna().sum() == ROWS - (form == "with an empty one")
    first, second = (unit for unit in UNITS if unit in (old, new))
    assert found.told == f"whole numbers are {first} and {second} since 1970, each by its size"


@given(st.lists(st.sampled_from(list(UNITS)), min_size=ROWS, max_size=ROWS))
def test_in_any_order(units: list[str]) -> None:
    assert wrong(read(SECONDS * np.array([UNITS[unit] for unit in units]))) == 0


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("share", [0.003, 0.1, 0.45])
def test_a_clock_that_was_never_set_counts_in_the_unit_of_the_others(unit: str, share: float) -> None:
    """Among numbers in ms or finer units its own are those that seconds since 1970 would be, too."""
    clocks = np.arange(ROWS) % 1_000 < share * ROWS
    uptime = np.linspace(0, 20 * 86_400, ROWS).astype("int64")
    found = read(np.where(clocks, uptime, SECONDS) * UNITS[unit])
    assert found.told == f"whole numbers are {unit} since 1970"
    assert set(found.values[clocks].dt.year) == {1970}
    assert (found.values[~clocks].to_numpy("datetime64[us]") == TIMES.to_numpy("datetime64[us]")[~clocks]).all()


@pytest.mark.parametrize(
    ("cells", "shown"),
    [
        (np.r_[TIMES[:500].strftime("%Y%m%d%H").astype(int), SECONDS[500:] * 1_000], "2026010100"),
        (np.r_[TIMES[:300].strftime("%Y%m%d").astype(int), SECONDS[300:] * 1_000], "20260101"),
        (np.r_[np.linspace(46_023, 46_100, 300), SECONDS[300:]], "46023"),
        (np.r_[np.full(100, -1), SECONDS[100:]], "-1"),
        (np.r_[np.arange(600), SECONDS[600:]], "0"),
    ],
)
def test_numbers_that_may_be_something_else_are_refused(cells: Any, shown: str) -> None:
    with pytest.raises(DataError, match=f"numbers such as {shown} are no times since 1970.*source.timestamp.unit"):
        read(cells)


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("digits", [3, 4, 5, 6])
@pytest.mark.parametrize("kind", [float, str])
def test_rounded_numbers_in_which_rows_have_become_one_moment_are_refused(unit: str, digits: int, kind: Any) -> None:
    cells = [kind(f"{second * UNITS[unit]:.{digits}E}") for second in SECONDS]
    with pytest.raises(
        DataError, match=r"column 'at': numbers are multiples of [0,]*1[0,]+ seconds.*deliver all digits"
    ):
        read(cells)
    assert read(cells, unit=unit).values.notna().all()


def test_rounded_numbers_of_rows_that_stay_apart_are_told() -> None:
    days = pd.date_range("2025-01-01", periods=300).as_unit("ms").astype("int64")
    found = read([float(f"{day:.5E}") for day in days])
    assert "multiples of 10,000 seconds" in found.told
    assert "may be off by half of that" in found.told


def test_a_part_that_is_rounded_is_seen() -> None:
    cells = [float(f"{second * 1_000:.{5 if place < 300 else 12}E}") for place, second in enumerate(SECONDS)]
    with pytest.raises(DataError, match="deliver all digits"):
        read(cells)


@pytest.mark.parametrize("period", [1, 7, 10, 60, 100, 200, 250, 500, 900, 3_600, 86_400, 432_000])
@pytest.mark.parametrize("begin", [1_767_000_000, 1_767_225_600, 1_767_226_007])
def test_round_periods_are_no_rounding(period: int, begin: int) -> None:
    cells = np.repeat(begin + period * np.arange(ROWS), 3)
    assert read(cells).told == "whole numbers are s since 1970"
    assert read(cells * 1_000).told == "whole numbers are ms since 1970"


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_files_of_different_units_are_one_table(tmp_path: Path, kind: str) -> None:
    (tmp_path / "rows").mkdir()
    for place, unit in enumerate(UNITS):
        mine = slice(place * 250, place * 250 + 250)
        table = pd.DataFrame({"at": SECONDS[mine] * UNITS[unit], "x": np.arange(250.0), "y": 1.0})
        file = tmp_path / "rows" / f"{place}.{kind}"
        table.to_csv(file, index=False) if kind == "csv" else table.to_parquet(file, index=False)
    spec = ModelSpec.model_validate({
        "name": "m", "task": "regression", "timestamp": "at", "target": "y", "metric": "rmse", "window": "20d",
        "features": ["x"], "source": {"kind": kind, "path": "rows"}, "reference": {"end": "2026-03-01"},
    })  # fmt: skip
    found = read_rows(spec, tmp_path, UNTIL)
    assert (found.table["at"].to_numpy("datetime64[us]") == TIMES.to_numpy("datetime64[us]")).all()
    assert "at: whole numbers are s and ms and us and ns since 1970, each by its size" in found.told
