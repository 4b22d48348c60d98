"""Times whose format the model file states: it holds in every reader, and is refused where the cells are otherwise."""

from __future__ import annotations

import gzip
import json
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from include.data.kinds.times import read_times
from include.data.sources.read import Rows, read_rows
from include.errors import ConfigurationError, DataError
from include.registry.loader import load_model_file
from include.registry.time_format import TimeFormat, wrong_with

DAYS = [moment for moment in pd.date_range("2026-01-01", "2026-12-12", freq="D") if moment.day <= 12]


def rows(folder: Path, kind: str, name: str, cells: dict[str, Any], **stamp: Any) -> Rows:
    """Rows of such cells, as a model reads them that says so of its times."""
    table = pd.DataFrame({**cells, "y": range(len(next(iter(cells.values()))))})
    if kind == "parquet":
        pq.write_table(pa.Table.from_pandas(table), folder / name)
    else:
        lines = table.to_json(orient="records", lines=True, date_format="iso")
        text = table.to_csv(index=False) if kind == "csv" else lines
        packed = gzip.compress(text.encode()) if name.endswith(".gz") else text.encode()
        (folder / name).write_bytes(packed)
    fields = {
        "task": "regression", "source": {"kind": kind, "path": name, "timestamp": stamp}, "timestamp": "at",
        "target": "y", "metric": "rmse", "reference": {"start": "2025-01-01", "end": "2026-06-01"},
    }  # fmt: skip
    file = folder / "m.yaml"
    file.write_text(json.dumps(fields))
    return read_rows(load_model_file(file), folder, datetime(2027, 1, 1, tzinfo=UTC))


READERS = [("csv", "d.csv"), ("csv", "d.csv.gz"), ("json_lines", "d.jsonl"), ("json_lines", "d.jsonl.gz"),
           ("parquet", "d.parquet")]  # fmt: skip
FORMATS = [
    "%Y-%d-%m", "%Y-%d-%m %H:%M:%S", "%Y-%m-%d", "%d/%m/%Y", "%m/%d/%Y %H:%M", "%d.%m.%y", "%Y%d%m", "%Y%m%d",
    "%d-%b-%Y", "%Y-%m-%dT%H:%M:%SZ", "%Y.%m.%d",
]  # fmt: skip


@pytest.mark.parametrize(("kind", "name"), READERS)
@pytest.mark.parametrize("form", FORMATS)
def test_stated_format_is_how_the_cells_are_read(tmp_path: Path, kind: str, name: str, form: str) -> None:
    read = rows(tmp_path, kind, name, {"at": [day.strftime(form) for day in DAYS]}, format=form).table
    assert list(read["at"].dt.tz_localize(None)) == DAYS
    assert list(read["y"]) == list(range(len(DAYS)))


@pytest.mark.parametrize(("kind", "name"), READERS)
@pytest.mark.parametrize(("cells", "form"), [("%Y-%m-%d", "%d/%m/%Y"), ("%Y-%m-%d %H:%M:%S", "%d/%m/%Y"),
                                             ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d"), ("%d/%m/%Y", "%Y-%m-%d")])  # fmt: skip
def test_format_that_the_cells_do_not_fit_is_refused_with_one_of_them(
    tmp_path: Path, kind: str, name: str, cells: str, form: str
) -> None:
    words = f"144 of 144 cells do not fit source.timestamp.format '{form}', such as '{DAYS[0].strftime(cells)}'"
    with pytest.raises(DataError, match=words):
        rows(tmp_path, kind, name, {"at": [day.strftime(cells) for day in DAYS]}, format=form)


@pytest.mark.parametrize(("kind", "name"), READERS)
@pytest.mark.parametrize("gap", [None, 5])
def test_stated_format_of_a_date_beside_its_hour(tmp_path: Path, kind: str, name: str, gap: int | None) -> None:
    hours = pd.Series([place % 24 for place in range(len(DAYS))], dtype=float if gap else int)
    cells = {"day": [day.strftime("%Y-%d-%m") for day in DAYS], "hour": hours.where(hours.index != gap)}
    read = rows(tmp_path, kind, name, cells, columns=["day", "hour"], format="%Y-%d-%m %H")
    whole = [day + pd.Timedelta(hours=place % 24) for place, day in enumerate(DAYS) if place != gap]
    assert list(read.table["at"].dt.tz_localize(None)) == whole
    assert read.without_time == (gap is not None)


@pytest.mark.parametrize(("kind", "name"), READERS)
@pytest.mark.parametrize("written", ["moment", "text", "seconds"])
def test_one_column_named_in_place_of_several_is_read_as_it_is(
    tmp_path: Path, kind: str, name: str, written: str
) -> None:
    moments = [day.replace(hour=day.day) for day in DAYS]
    cells = pd.Series(moments)
    if written == "text":
        cells = cells.dt.strftime("%Y-%m-%d %H:%M:%S")
    elif written == "seconds":
        cells = cells.dt.tz_localize("UTC").map(pd.Timestamp.timestamp).astype(int)
    read = rows(tmp_path, kind, name, {"made": cells}, columns=["made"])
    assert list(read.table["at"].dt.tz_localize(None)) == moments


@pytest.mark.parametrize(("kind", "name"), READERS)
@pytest.mark.parametrize("odd", [0, 1, len(DAYS)])
def test_time_of_day_beside_a_date_counts_whatever_the_date_has(tmp_path: Path, kind: str, name: str, odd: int) -> None:
    made = pd.Series([day + pd.Timedelta(hours=12 * (place < odd)) for place, day in enumerate(DAYS)])
    read = rows(tmp_path, kind, name, {"made": made, "clock": ["10:00", "14:30"] * 72}, columns=["made", "clock"])
    expected = [day + pd.Timedelta(minutes=870 if place % 2 else 600) for place, day in enumerate(DAYS)]
    assert list(read.table["at"].dt.tz_localize(None)) == expected


@pytest.mark.parametrize(("kind", "name"), READERS)
def test_offset_beside_a_time_is_obeyed(tmp_path: Path, kind: str, name: str) -> None:
    cells = {
        "made": pd.Series([day.replace(hour=9 * (place % 2)) for place, day in enumerate(DAYS)]),
        "offset": ["+02:00", "-01:00"] * 72,
    }
    read = rows(tmp_path, kind, name, cells, columns=["made", "offset"])
    expected = [moment + pd.Timedelta(hours=1 if n % 2 else -2) for n, moment in enumerate(cells["made"])]
    assert list(read.table["at"].dt.tz_localize(None)) == sorted(expected)


@pytest.mark.parametrize(("kind", "name"), READERS)
def test_empty_cells_and_numbers_with_decimals_are_as_before(tmp_path: Path, kind: str, name: str) -> None:
    cells = pd.Series([int(day.strftime("%Y%m%d")) for day in DAYS], dtype=float).where(lambda each: each.index != 3)
    read = rows(tmp_path, kind, name, {"at": cells}, format="%Y%m%d")
    assert (len(read.table), read.without_time) == (len(DAYS) - 1, 1)


def test_word_for_an_empty_cell_is_no_example_of_a_time(tmp_path: Path) -> None:
    cells = ["NA" if place % 3 else day.strftime("%Y-%d-%m") for place, day in enumerate(DAYS)]
    read = rows(tmp_path, "csv", "d.csv", {"at": cells}, format="%Y-%d-%m")
    assert (len(read.table), read.without_time) == (48, 96)


def test_single_cells_in_iso_8601_beside_a_format_that_begins_so_are_read_and_told(tmp_path: Path) -> None:
    cells = [f"{day:%Y-%m-%d}{'' if place % 4 else ' 03:00'}" for place, day in enumerate(DAYS)]
    read = rows(tmp_path, "csv", "d.csv", {"at": cells}, format="%Y-%m-%d")
    assert read.without_time == 0
    assert read.told == ("at: cells such as '2026-01-01 03:00' do not fit '%Y-%m-%d' and are read as ISO 8601",)
    cells = [f"{day:%Y-%d-%m}{'' if place % 4 else ' 03:00'}" for place, day in enumerate(DAYS)]
    assert rows(tmp_path, "csv", "d.csv", {"at": cells}, format="%Y-%d-%m").without_time == 36


def test_dates_by_their_type_are_believed_whatever_the_format() -> None:
    cells = pd.Series([date(2026, 12, 1), date(2026, 3, 2), "2026-15-04", None], dtype=object)
    read = read_times(cells, TimeFormat(format="%Y-%d-%m"), "model m")
    assert list(read.values.dropna().dt.strftime("%Y-%m-%d")) == ["2026-12-01", "2026-03-02", "2026-04-15"]


def test_number_with_decimals_in_a_stated_format_is_told_as_it_is() -> None:
    with pytest.raises(DataError, match=r"2 of 2 cells do not fit source.timestamp.format '%Y%m%d', such as '2026.25'"):
        read_times(pd.Series([2026.25, 2026.5]), TimeFormat(format="%Y%m%d"), "model m")


@pytest.mark.parametrize(
    ("form", "words"),
    [
        ("%Q", "strptime knows no %Q"), ("%Y-%m-%d %Q", "strptime knows no %Q"), ("%F %T", "no %F; write %Y-%m-%d"),
        ("%Y-%-m-%d", "no %-; write %d, %m or %H"), ("%d/%m", "has no year"), ("%H:%M", "has no year"),
        ("%Y %m %m", "%m is in it twice"), ("%Y %", "a per cent sign stands alone"), ("yyyy", "directives of strptime"),
        ("%G-%d", "ISO"), ("%s", "no %s"),
    ],
)  # fmt: skip
def test_format_that_is_none_is_refused_when_the_model_file_is_read(tmp_path: Path, form: str, words: str) -> None:
    with pytest.raises(ConfigurationError, match=r"field source.csv.timestamp.format: found .*" + words):
        rows(tmp_path, "csv", "d.csv", {"at": ["2026"]}, format=form)


@given(st.text(alphabet="%YmdHQ-/ ABbyzjGVUW", max_size=12))
def test_format_that_is_accepted_reads_or_refuses_cells_and_never_breaks(form: str) -> None:
    if wrong_with(form):
        return
    try:
        read_times(pd.Series(["2026-01-02", "03/04/2026"]), TimeFormat(format=form), "model m")
    except DataError as error:
        assert "source.timestamp.format" in str(error) or "first days of 1970" in str(error)  # noqa: PT017  # either
