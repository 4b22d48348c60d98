"""Files of one folder that hold the same rows: yesterday's export once more in today's.

Rows that are alike are rows, so that nothing is left out; that they are there several times is told.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.batches import Batch
from include.data.frames import frame_of

ENOUGH = 200_000  # rows that tell how many are alike; of more those of some times are looked at, the same in all files
WORTH_TELLING = 0.05  # share of a file's rows that are in another one, too


def frame_of_files(
    batches: Iterable[Batch], keep: Callable[[Batch], Batch] | None = None, by: str | None = None, *,
    known: bool = False,
) -> tuple[pd.DataFrame, tuple[str, ...]]:  # fmt: skip
    """`frame_of`, and what is to be told of rows in several files; nothing where the rows' key is `known`."""
    files: list[tuple[str, int]] = []

    def counted(batch: Batch) -> Batch:
        kept = batch if keep is None else keep(batch)
        files.append((batch.file, kept.rows))
        return kept

    table = frame_of(batches, counted)
    told = "" if known else told_overlap(table, files, by)
    return table, (told,) if told else ()


def told_overlap(table: pd.DataFrame, files: Sequence[tuple[str, int]], by: str | None = None) -> str:
    """How many rows occur in more than one file, and what to do; empty for hardly any.

    Parameters
    ----------
    table : DataFrame
        The rows of all files, one file after another.
    files : sequence of (str, int)
        Each file's name, and how many of the rows it has.
    by : str, optional
        The column by whose values some rows are chosen where there are many; by default the first.
    """
    names = list(dict.fromkeys(name for name, _ in files))
    if len(names) < 2 or not len(table):
        return ""
    codes = np.repeat([names.index(name) for name, _ in files], [rows for _, rows in files])
    part = -(-len(table) // ENOUGH)
    if part > 1:
        chosen = np.flatnonzero(_hashes(table[[by if by in table.columns else table.columns[0]]]) % part == 0)
        table, codes = table.iloc[chosen], codes[chosen]
    found = pd.DataFrame({"row": _hashes(table), "file": codes}).value_counts().reset_index(name="rows")
    rows = found.groupby("row")["rows"]
    found["again"] = found["rows"].where(rows.transform("size") > 1, 0)
    shares = found.groupby("file")["again"].sum() / np.bincount(codes, minlength=len(names))[np.unique(codes)]
    if not (shares >= WORTH_TELLING).any():
        return ""
    twice = found[found["again"] > 0]
    again = int((twice["rows"].sum() - twice.groupby("row")["rows"].max().sum()) * part)
    first = twice[twice["row"].eq(twice["row"].iloc[0])]["file"]
    one, other = (Path(names[place]).name for place in sorted(first)[:2])
    return (
        f"{'about ' if part > 1 else ''}{again:,} rows are in more than one file, such as {one} and {other}, and count "
        "each time; if they are the same rows delivered again, say in `key:` which columns make a row the same"
    )


def _hashes(table: pd.DataFrame) -> npt.NDArray[Any]:
    """A number for each row by its cells; those of lists and the like go by their text."""
    plain = {
        name: table[name].astype("str") if pd.api.types.is_object_dtype(table[name].dtype) else table[name]
        for name in table.columns
    }
    return pd.util.hash_pandas_object(pd.DataFrame(plain), index=False).to_numpy()
