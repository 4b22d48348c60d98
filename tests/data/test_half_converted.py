"""Dates of which a spreadsheet has turned a part are refused, in every source; those of two periods are read."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from include.data.kinds.find import find_kinds
from include.data.kinds.times import read_times
from include.data.sources.part import Undecided, Wanted, read_part
from include.data.sources.read import read_rows
from include.data.sources.sieve import Counting
from include.errors import DataError
from include.registry.kinds import Kind
from include.registry.spec import ModelSpec
from include.registry.time_format import TimeFormat

HALF_YEAR = pd.date_range("2026-01-01", "2026-06-30 23:00", freq="6h")
UNTIL = pd.Timestamp("2027-01-01", tz="UTC").to_pydatetime()
#: How people write a date, and how a spreadsheet does that expects its parts in the other order.
WRITINGS = {
    "European, in a spreadsheet from the US": ("%d/%m/%Y", "%Y-%d-%m"),
    "from the US, in a European spreadsheet": ("%m/%d/%Y", "%Y-%d-%m"),
    "with dots": ("%d.%m.%Y", "%Y-%d-%m"),
    "with a time": ("%d/%m/%Y %H:%M", "%Y-%d-%m %H:%M:%S"),
    "with T": ("%d-%m-%Y %H:%M:%S", "%Y-%d-%mT%H:%M:%S"),
    "with slashes": ("%d/%m/%Y", "%Y/%d/%m"),
}
CHECK = {"task": "regression", "timestamp": "at", "target": "y", "metric": "rmse", "window": "20d", "features": ["x"]}


def half(days: pd.DatetimeIndex, text: str = "%d/%m/%Y", turned: str = "%Y-%d-%m") -> list[str]:
    """As they are once a spreadsheet has read and saved them."""
    return [day.strftime(turned if day.day <= 12 else text) for day in days]


def read(cells: Any, **how: str) -> pd.Series[Any]:
    return read_times(pd.Series(cells, name="at"), TimeFormat(**how), "model m: column 'at'").values


@pytest.mark.parametrize("writing", WRITINGS)
@pytest.mark.parametrize("order", ["as they came", "by chance"])
def test_half_converted_dates_are_refused_with_one_of_each_form(writing: str, order: str) -> None:
    cells = pd.Series(half(HALF_YEAR, *WRITINGS[writing]))
    if order == "by chance":
        cells = cells.sample(frac=1.0, random_state=0).reset_index(drop=True)
    with pytest.raises(
        DataError, match=r"column 'at': no date such as '2026.*taken day for month.*ISO 8601"
    ) as refused:
        read(cells)
    turned, left = re.findall(r"such as '([^']+)'", str(refused.value))[:2]
    assert {turned, left} <= set(cells)
    assert turned.startswith("2026")
    assert not left.startswith("2026")


@given(st.integers(0, 700), st.integers(12, 800), st.sampled_from(["D", "B", "8h"]))
def test_of_any_period_in_which_there_are_both(first: int, length: int, freq: str) -> None:
    start = pd.Timestamp("2024-01-01") + pd.Timedelta(days=first)
    days = pd.date_range(start, start + pd.Timedelta(days=length), freq=freq)
    early = days[days.day <= 12].normalize().nunique()
    late = days[days.day > 12].normalize().nunique()
    assume(min(early, late) > 0 and early + late > 9)  # of fewer nothing can be told
    with pytest.raises(DataError, match="taken day for month"):
        read(half(days))


@given(st.integers(0, 700), st.integers(31, 500), st.integers(31, 500), st.sampled_from(["%d/%m/%Y", "%m/%d/%Y"]))
def test_an_older_writing_and_a_newer_one_are_read_as_they_are(first: int, old: int, new: int, text: str) -> None:
    days = pd.date_range(pd.Timestamp("2024-01-01") + pd.Timedelta(days=first), periods=old + new)
    cells = [*days[:old].strftime(text), *days[old:].strftime("%Y-%m-%d")]
    assert read(cells).tolist() == days.tz_localize("UTC").tolist()


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (pd.date_range("2026-02-13", "2026-02-28"), pd.date_range("2026-03-01", "2026-03-12")),  # of a few days each
        (pd.date_range("2026-03-13", "2026-03-28"), pd.date_range("2026-03-01", "2026-03-12")),
        (pd.DatetimeIndex(["2025-02-25"]), pd.date_range("2026-03-01", "2026-03-12", freq="h")),  # one stray
        (pd.date_range("2026-01-13", "2026-01-31"), pd.date_range("2026-02-01", "2026-06-30")),
    ],
)
def test_dates_of_two_periods_are_no_half_converted_ones(old: pd.DatetimeIndex, new: pd.DatetimeIndex) -> None:
    cells = [*old.strftime("%d/%m/%Y"), *new.strftime("%Y-%m-%d %H:%M")]
    assert read(cells).tolist() == [*old.tz_localize("UTC"), *new.tz_localize("UTC")]


def test_single_dates_of_another_hand_do_not_hide_it() -> None:
    with pytest.raises(DataError, match="taken day for month"):
        read([*half(HALF_YEAR), "9999-12-31", "1900-01-01", "2026-06-30"])


def test_what_the_owner_says_of_the_writing_holds() -> None:
    assert read(half(HALF_YEAR), format="%d/%m/%Y").notna().mean() == pytest.approx(0.6, abs=0.05)


def written(folder: Path, kind: str, parts: list[list[str]]) -> ModelSpec:
    """A model of these times, a file each."""
    (folder / "rows").mkdir()
    for number, cells in enumerate(parts):
        table = pd.DataFrame({"at": cells, "x": np.arange(float(len(cells))), "y": 1.0})
        file = folder / "rows" / f"part-{number}.{'jsonl' if kind == 'json_lines' else kind}"
        if kind == "csv":
            table.to_csv(file, index=False)
        elif kind == "parquet":
            table.to_parquet(file, index=False)
        else:
            table.to_json(file, orient="records", lines=True)
    return ModelSpec.model_validate({
        "name": "m", **CHECK, "source": {"kind": kind, "path": "rows"}, "reference": {"end": "2026-03-01"},
    })  # fmt: skip


OTHER_YEAR = pd.date_range("2025-01-01", "2025-12-31", freq="6h")
FILES = {
    "one file": [half(HALF_YEAR)],
    "a file among those of a program": [
        list(OTHER_YEAR.strftime("%Y-%m-%d %H:%M")), half(HALF_YEAR), list(OTHER_YEAR.strftime("%Y-%m-%d"))
    ],
    "a file a day": [half(HALF_YEAR[place : place + 4]) for place in range(0, len(HALF_YEAR), 4)],
}  # fmt: skip


@pytest.mark.parametrize("kind", ["csv", "parquet", "json_lines"])
@pytest.mark.parametrize("files", FILES)
def test_every_reader_refuses_them_in_one_file_of_several_and_across_files(
    tmp_path: Path, kind: str, files: str
) -> None:
    spec = written(tmp_path, kind, FILES[files])
    with pytest.raises(DataError, match=r"model m: .*field timestamp: column 'at'.*taken day for month"):
        read_rows(spec, tmp_path, UNTIL)
    wanted = Wanted(start=UNTIL, until=UNTIL, seen_until=UNTIL,
                    counting=Counting(known={}, as_watched=lambda frame, _: frame))  # fmt: skip
    with pytest.raises((DataError, Undecided)):
        read_part(spec, tmp_path, wanted)


@pytest.mark.parametrize("kind", ["csv", "parquet", "json_lines"])
def test_files_of_two_writings_are_read(tmp_path: Path, kind: str) -> None:
    spec = written(tmp_path, kind, [list(OTHER_YEAR.strftime("%d/%m/%Y")), list(HALF_YEAR.strftime("%Y-%m-%d"))])
    found = read_rows(spec, tmp_path, UNTIL).table["at"]
    assert found.tolist() == [*OTHER_YEAR.normalize().tz_localize("UTC"), *HALF_YEAR.normalize().tz_localize("UTC")]


def test_a_date_of_a_feature_is_not_read_turned_around() -> None:
    days = pd.Series(HALF_YEAR).sample(frac=1.0, random_state=0)
    right, turned = days.dt.strftime("%Y-%m-%d").tolist(), half(pd.DatetimeIndex(days))
    found = find_kinds(pd.DataFrame({"right": right, "turned": turned}), {})
    assert found["right"].kind is Kind.TIME
    assert found["turned"].kind is not Kind.TIME
