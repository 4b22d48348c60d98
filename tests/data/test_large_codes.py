"""Identifiers that floats could not tell apart stay as many as they are, whatever single cells stand among them."""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.data.batches import CursorBatches
from include.data.frames import frame_of
from include.data.kinds.conform import conform
from include.data.kinds.decimals import Said
from include.data.kinds.find import find_kinds
from include.data.kinds.text_cells import plain_text
from include.data.rows.copies import key_numbers
from include.data.sources import csv_batches, json_lines
from include.data.sources.whole_files import read_whole
from include.registry.dialect import Dialect
from include.registry.kinds import Kind
from include.registry.source import FileKind
from tests.retraining.models import spec_of

ROWS = 200
SIXTEEN = [9007199254740993 + place for place in range(ROWS)]
NINETEEN = [1234567890123456789 + place for place in range(ROWS)]
TWENTY = [12345678901234567890 + place for place in range(ROWS)]
ODD = ["9.0072E+15", "12.5", "-3.25", "1e400", "1E18", "9007199254740993.0", "x"]


def as_csv(file: Path, cells: Sequence[Any]) -> None:
    file.write_text("\n".join(["id,row", *(f"{cell},{row}" for row, cell in enumerate(cells))]) + "\n")


def as_packed_csv(file: Path, cells: Sequence[Any]) -> None:
    as_csv(file, cells)
    file.with_name(file.name + ".gz").write_bytes(gzip.compress(file.read_bytes()))
    file.unlink()


def as_lines(file: Path, cells: Sequence[Any]) -> None:
    file.write_text("".join(f'{{"id": {json.dumps(cell) if cell == "x" else cell}}}\n' for cell in cells))


def as_parquet(file: Path, cells: Sequence[Any]) -> None:
    typed = pa.array(list(map(str, cells))) if any(isinstance(cell, str) for cell in cells) else pa.array(cells)
    pq.write_table(pa.table({"id": typed}), file)


WAYS: dict[str, tuple[FileKind, str, Callable[[Path, Sequence[Any]], None]]] = {
    "csv": ("csv", "csv", as_csv), "packed csv": ("csv", "csv", as_packed_csv),
    "json lines": ("json_lines", "jsonl", as_lines), "parquet": ("parquet", "parquet", as_parquet),
}  # fmt: skip


def read(folder: Path, way: str, *files: Sequence[Any]) -> tuple[pd.Series[Any], Kind, str]:
    kind, ending, write = WAYS[way]
    for place, cells in enumerate(files):
        write(folder / f"{place}.{ending}", cells)
    found = read_whole(folder, kind, Dialect())
    kinds = find_kinds(found.table, {})
    return conform(found.table, kinds)["id"], kinds["id"].kind, " ".join(found.told)


@pytest.mark.parametrize("first", [True, False])
@pytest.mark.parametrize("odd", ODD)
@pytest.mark.parametrize("way", WAYS)
def test_one_odd_cell_among_identifiers_is_one_odd_cell(tmp_path: Path, way: str, odd: str, *, first: bool) -> None:
    for number, cells in enumerate((SIXTEEN, NINETEEN, SIXTEEN[:3])):
        folder = tmp_path / str(number)
        folder.mkdir()
        values, kind, told = read(folder, way, [odd, *cells] if first else [*cells, odd])
        assert set(map(str, cells)) < set(values)
        assert values.nunique() == len(cells) + 1
        assert kind in (Kind.IDENTIFIER, Kind.CATEGORY)
        assert "id holds whole numbers from 2^53 on" in told
        assert "with 1 cell of another kind" in told


@pytest.mark.parametrize("way", ["csv", "json lines"])
@pytest.mark.parametrize("late", [True, False])
def test_it_does_not_matter_where_blocks_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, way: str, *, late: bool
) -> None:
    monkeypatch.setattr(csv_batches, "CSV_BLOCK_BYTES", 1 << 9)
    monkeypatch.setattr(json_lines, "BLOCK_BYTES", 1 << 9)
    cells = [*TWENTY, "12.5"] if late else ["12.5", *TWENTY]
    assert read(tmp_path, way, cells)[0].tolist() == list(map(str, cells))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("turned", [True, False])
def test_a_file_of_floats_beside_one_of_identifiers_merges_none(tmp_path: Path, way: str, *, turned: bool) -> None:
    others = [12.5, 7.0, 9.0072e15, 10_000_000_000.0]
    files = [others, SIXTEEN] if turned else [SIXTEEN, others]
    values, kind, told = read(tmp_path, way, *files)
    assert values.nunique() == ROWS + len(others)
    assert kind is Kind.IDENTIFIER
    assert "id" in told
    assert "2^53" in told


@pytest.mark.parametrize("small", [list(range(ROWS)), [5, 7.5], ["12.5", *SIXTEEN[:2], *["1.5"] * 9]])
def test_csv_files_decide_together(tmp_path: Path, small: list[Any]) -> None:
    values, _, _ = read(tmp_path, "csv", [*SIXTEEN, "12.5"], small)
    assert values.tolist() == [str(cell) for cell in [*SIXTEEN, "12.5", *small]]


def test_a_file_in_which_the_column_is_empty_changes_nothing(tmp_path: Path) -> None:
    values, kind, told = read(tmp_path, "csv", SIXTEEN, [""] * 9)
    assert (values.nunique(), kind, told) == (ROWS, Kind.IDENTIFIER, "")


AMOUNTS = {
    "decimals": [f"{12_000_000_000_000_000 + n}.5" for n in range(ROWS)],
    "powers": [f"{1.2e16 + 1e4 * n}" for n in range(ROWS)],
    "all sizes": ["12.5", "3.75", "1.2e16", "7"] * 50,
    "what stands for nothing": [*["12.5", "3", "4", "7"] * 50, "9999999999999999"],
    "one large, one odd": [*["7"] * ROWS, "9007199254740993", "12.5"],
    "floats of whole amounts": [*(f"{n}.0" for n in range(ROWS)), "1e17"],
}


@pytest.mark.parametrize("cells", AMOUNTS.values(), ids=AMOUNTS)
def test_large_amounts_are_numbers(tmp_path: Path, cells: list[str]) -> None:
    as_csv(tmp_path / "0.csv", cells)
    found = read_whole(tmp_path, "csv", Dialect())
    assert found.table["id"].tolist() == [float(cell) for cell in cells]
    assert find_kinds(found.table.rename(columns={"id": "amount"}), {})["amount"].kind in (Kind.NUMBER, Kind.CALENDAR)
    assert not found.told


class Cursor:
    """As much of a cursor as is read."""

    description = (("id",),)

    def __init__(self, cells: Sequence[Any]) -> None:
        self.left = [(cell,) for cell in cells]

    def fetchmany(self, size: int, /) -> list[tuple[Any, ...]]:
        found, self.left = self.left[:size], self.left[size:]
        return found


@pytest.mark.parametrize("rows", [7, 50, 1_000])
@pytest.mark.parametrize("odd", [12.5, 9.0072e15, "x"])
def test_results_of_queries_are_read_alike_in_batches_of_any_size(rows: int, odd: object) -> None:
    table = frame_of(CursorBatches(Cursor([*SIXTEEN, None, odd]), rows=rows))
    (plain,), text = plain_text([table], Said(where="the query"))
    assert plain["id"].nunique() == ROWS + 1
    assert find_kinds(plain, {})["id"].kind is Kind.IDENTIFIER
    assert "1 cell of another kind" in " ".join(text.told)


@pytest.mark.parametrize("given", [-999, "-999", -999.0])
@pytest.mark.parametrize("kind", ["int64", "Int64"])
def test_emptying_a_cell_merges_no_others(given: Any, kind: str) -> None:
    cells = pd.Series([9007199254740992, 9007199254740993, -999]).astype(kind)  # type: ignore[call-overload]
    made = conform(pd.DataFrame({"id": cells}), {}, (given,))["id"]
    assert made.dropna().tolist() == [9007199254740992, 9007199254740993]
    whole = conform(pd.DataFrame({"id": cells}), {}, (9007199254740993,))["id"]
    assert whole.dropna().tolist() == [9007199254740992, -999]


def test_keys_whose_digits_are_lost_make_no_copies() -> None:
    spec = spec_of(key=["id"])
    for cells, expected in (
        (["9007199254740993", "9.0072E+15", "9.0072E+15", "9007199254740993"], [0, 1, 2, 0]),
        (["12E15", "12E15", "7"], [0, 0, 1]),  # articles, not numbers
        (["9007199254740992", "9007199254740993", "12.5", "12.5"], [0, 1, 2, 2]),
    ):
        assert key_numbers(spec, pd.DataFrame({"id": cells})).tolist() == expected


def test_codes_that_begin_with_a_zero_stay_codes_beside_an_odd_cell() -> None:
    cells = pd.Series([*(f"{n:05d}" for n in range(ROWS)), "12.5"])
    assert find_kinds(pd.DataFrame({"zip": cells}), {})["zip"].kind is Kind.IDENTIFIER
    numbers = np.round(np.random.default_rng(0).normal(50.0, 9.0, ROWS), 1).astype(str)
    assert find_kinds(pd.DataFrame({"x": [*numbers, "007"]}), {})["x"].kind is Kind.NUMBER
