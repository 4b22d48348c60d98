"""One spelling for cells that mean the same: names that look the same, and truth values."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa

from include.data.arrays import array_of_series
from include.data.profile.cells import finite_of, floats_of, names_of
from include.registry.kinds import ColumnKind, Kind
from include.scoring.spelling import DIGITS, WORDS, Pair, alike, by_look, plain_name, truth_names, truth_pair

MOST_NAMES = 2 * 15  # of a column that may still be one of truth values


def with_truths(kind: ColumnKind, values: pa.Array, empty: frozenset[str]) -> ColumnKind:
    """The kind found of a column; where all of its cells are truth values in some spelling, with that spelling.

    Parameters
    ----------
    kind : ColumnKind
        What was found otherwise.
    values : Array
        All cells of the reference.
    empty : frozenset of str
        Words for an empty cell.
    """
    if kind.kind is Kind.NUMBER:
        finite = finite_of(floats_of(values)[0])
        ones = bool(
            len(finite) and finite.min() == 0.0 and finite.max() == 1.0 and np.all((finite == 0) | (finite == 1))
        )
        return replace(kind, truths=DIGITS) if ones else kind
    if kind.kind is not Kind.CATEGORY:
        return kind
    codes, names = names_of(values)
    if len(names) > MOST_NAMES:
        return kind
    counts = np.bincount(codes, minlength=len(names) + 1)
    cells: dict[str, int] = {}
    for name, rows in zip(names, counts.tolist(), strict=False):
        if name is not None and rows and name not in empty - set(kind.values):
            cells[name] = cells.get(name, 0) + rows
    pair = truth_pair(cells)
    return kind if pair is None else replace(kind, kind=Kind.BOOLEAN, why="true and false", truths=pair)


def pair_of(kind: ColumnKind) -> Pair | None:
    """How true and false are spelled in a column of that kind; None for others."""
    if kind.truths is not None:
        return kind.truths
    return WORDS if kind.kind is Kind.BOOLEAN else None


def in_one_spelling(values: pd.Series[Any], pair: Pair) -> pd.Series[Any]:
    """Cells with truth values in the column's spelling; names of other things stay, and so does what is in order."""
    return renamed(values, lambda names: truth_names(names, pair))


def as_they_look(
    values: pd.Series[Any], spellings: Sequence[str] | None, empty: Collection[str] = ()
) -> pd.Series[Any]:
    """Names in one spelling where they look the same: the one they look like, or one of `spellings`, which stay.

    Those in `empty` become empty cells.
    """
    if not (isinstance(values.dtype, pd.StringDtype | pd.CategoricalDtype) or values.dtype == object):
        return values
    if spellings is None:
        return renamed(values, lambda names: {name: plain_name(name) or None for name in names}, empty)
    known, looks = frozenset(spellings), by_look(spellings)
    return renamed(values, lambda names: {name: alike(name, known, looks) for name in names}, empty)


def renamed(
    values: pd.Series[Any], found: Callable[[list[str]], Mapping[str, str | None]], empty: Collection[str] = ()
) -> pd.Series[Any]:
    """Text in which each different cell is what `found` has for it, None for an empty one; shared if all are so.

    Those in `empty` count as empty cells.
    """
    codes, names = names_of(array_of_series(values))
    filled = [None if name in empty else name for name in names]
    known = found([name for name in filled if name is not None])
    made = [None if name is None else known.get(name, name) for name in filled]
    if made == list(names):
        return values
    return pd.Series(np.array([*made, None], dtype=object)[codes], index=values.index, name=values.name).astype("str")
