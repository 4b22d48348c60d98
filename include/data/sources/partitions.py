"""Folders that hold a column: ``region=north/a.parquet``, as Hive, Spark and pyarrow write partitions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from urllib.parse import unquote

import numpy as np
import pyarrow as pa

from include.data.batches import Batch

NOTHING = "__HIVE_DEFAULT_PARTITION__"  # stands for an empty cell
_FOLDER = re.compile(r"_?([^\W_][\w .%-]*)=(.*)", re.DOTALL)
_WILD = re.compile(r"[*?\[]")


def partition_of(place: str | Path, file: str | Path) -> dict[str, str | None]:
    """The columns that the folders between a place and one of its files hold; of a glob, those that it leaves open.

    >>> partition_of("rows", "rows/region=a%20b/day=2/x.csv"), partition_of("rows/day=1/*.csv", "rows/day=1/x.csv")
    ({'region': 'a b', 'day': '2'}, {})
    """
    given, parts = str(place).split("/"), str(file).split("/")[:-1]
    named = next((n for n, part in enumerate(given) if _WILD.search(part)), len(given))
    found: dict[str, str | None] = {}
    for part in parts[named:]:
        if hit := _FOLDER.fullmatch(part):
            found[unquote(hit[1])] = None if hit[2] in ("", NOTHING) else unquote(hit[2])
    return found


def with_partition(batch: Batch, place: str | Path, columns: Sequence[str] | None) -> Batch:
    """The rows of a file with the columns that its folders hold, of those that are wanted; its own go before them.

    They are text, as folders are: of what kind they are, all their cells tell later.
    """
    held = partition_of(place, batch.file)
    wanted = {
        name: value for name, value in held.items()
        if name not in batch.columns and (columns is None or name in columns)
    }  # fmt: skip
    if not wanted:
        return batch
    made = {name: _repeated(value, batch.rows) for name, value in wanted.items()}
    return Batch(batch.rows, {**batch.columns, **made}, batch.file)


def _repeated(value: str | None, rows: int) -> pa.Array:
    codes = pa.array(np.zeros(rows, dtype=np.int32)) if value is not None else pa.nulls(rows, pa.int32())
    return pa.DictionaryArray.from_arrays(codes, pa.array([value] if value is not None else [], pa.string()))
