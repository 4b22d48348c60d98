"""Cells of text, whatever they come from: without blanks around them, in Unicode, with numbers written in one way.

CSV files have their own reader; text in a Parquet file, a query's result or a DataFrame is read here by the same rule.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.arrays import array_of_series
from include.data.kinds.decimals import Said, decimals_of, told_of
from include.data.kinds.find import WORDS
from include.data.kinds.numbers import MOSTLY, Written, plain_numbers

CHUNK = 65_536  # cells between two looks at whether a column can still be one of numbers
_NOTHING = pa.array(sorted(WORDS), type=pa.string())


@dataclass(frozen=True, kw_only=True)
class PlainText:
    """How text is made plain, as all cells have decided it.

    Parameters
    ----------
    decimals : mapping of str to str
        What comes before the decimals of each column of numbers.
    mixed : frozenset of str
        Those of them that are written in several ways.
    thousands : str or None
    without : frozenset of str
        Columns that stay as they are.
    told : tuple of str
        What had to be found out, a sentence each.
    """

    decimals: Mapping[Any, str] = field(default_factory=dict)
    mixed: frozenset[Any] = frozenset()
    thousands: str | None = None
    without: frozenset[Any] = frozenset()
    told: tuple[str, ...] = ()

    def of(self, table: pd.DataFrame) -> pd.DataFrame:
        """A table with its text made plain."""
        table = _decoded(table)
        return self.with_texts(table, _texts(table, self.without))

    def with_texts(self, table: pd.DataFrame, texts: Mapping[Any, pa.Array]) -> pd.DataFrame:
        """The same of a table whose cells of text are known."""
        plain = {
            name: _trimmed_only(text)
            if name not in self.decimals
            else _as_numbers(text, self.decimals[name], self.thousands, mixed=name in self.mixed)
            for name, text in texts.items()
        }
        return _with(table, plain)


def plain_text(
    tables: Sequence[pd.DataFrame], said: Said, without: Collection[str] = ()
) -> tuple[list[pd.DataFrame], PlainText]:
    """The tables with their text made plain, and how that was done.

    Numbers that people wrote (1.234,50, $1,200, 12 %, (3.2)) become text that every reader of numbers understands,
    where nearly all of a column's cells are such. Of several tables the first that has a column as text decides whether
    it is one of numbers; what comes before decimals is decided by all of them. Bytes are text in UTF-8 or Windows-1252,
    as in a CSV file.

    Parameters
    ----------
    tables : sequence of DataFrame
        The reference first.
    said : Said
    without : collection of str
        Columns that stay as they are.

    Raises
    ------
    DataError
        When cells such as ``1,234`` may be one thousand or one.
    """
    tables = [_decoded(table) for table in tables]
    cells = [_texts(table, without) for table in tables]
    written: dict[Any, Written] = {}
    for columns in cells:
        for name, text in columns.items():
            if name not in written:
                written[name] = _written(text)
            elif written[name].numbers:
                written[name] = _together(written[name], _written(text))
    decimals = decimals_of(written, replace(said, dots=any(_has_floats(table) for table in tables)))
    by_comma = [str(name) for name, decimal in decimals.items() if decimal == "," and written[name].decimal == ","]
    told = [f"decimals of {', '.join(by_comma)} come after a comma (source.decimal)"] if by_comma else []
    told += told_of(written, decimals, said=said.decimal is not None or said.thousands is not None)
    found = PlainText(
        decimals=decimals, mixed=frozenset(name for name in decimals if written[name].mixed),
        thousands=said.thousands, without=frozenset(without), told=tuple(told),
    )  # fmt: skip
    return [found.with_texts(table, texts) for table, texts in zip(tables, cells, strict=True)], found


def _texts(table: pd.DataFrame, without: Collection[Any]) -> dict[Any, pa.Array]:
    """The cells of each column of text."""
    return {n: text for n in table.columns if n not in without and (text := _text_of(table[n])) is not None}


def trimmed(values: pa.Array) -> pa.Array:
    """Text without blanks around it; what is empty then is missing."""
    bare = pc.utf8_trim_whitespace(values)
    empty = pc.equal(bare, "")
    return pc.if_else(empty, None, bare) if pc.any(empty).as_py() else bare


def decoded(cell: bytes) -> str:
    """Bytes as text in UTF-8 or, where they are none, in Windows-1252."""
    try:
        return cell.decode("utf-8")
    except UnicodeDecodeError:
        return cell.decode("cp1252", "replace")


def _decoded(table: pd.DataFrame) -> pd.DataFrame:
    """The table with its bytes as text."""
    made: dict[Any, pa.Array] = {}
    for name, kind in table.dtypes.items():
        if pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.ArrowDtype):
            array = array_of_series(table[name])
            if pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
                found = array.dictionary_encode()
                names = [None if cell is None else decoded(cell) for cell in found.dictionary.to_pylist()]
                made[name] = pa.array(names, type=pa.string()).take(found.indices)
    return _with(table, made)


def _text_of(values: pd.Series[Any]) -> pa.Array | None:
    """The cells of a column of text; None for any other."""
    kind = values.dtype
    if isinstance(kind, np.dtype) and kind.kind != "O":
        return None
    if isinstance(kind, pd.CategoricalDtype) and not _may_be_text(kind.categories.dtype):
        return None
    array = array_of_series(values)
    if pa.types.is_dictionary(array.type):
        array = array.dictionary_decode()
    if pa.types.is_string(array.type) or pa.types.is_large_string(array.type) or pa.types.is_string_view(array.type):
        return array
    return None


def _may_be_text(kind: Any) -> bool:
    return isinstance(kind, pd.StringDtype) or pd.api.types.is_object_dtype(kind)


def _written(text: pa.Array) -> Written:
    """How the cells are written; of a column that cannot be one of numbers not all of them are looked at."""
    found = Written()
    for start in range(0, len(text), CHUNK):
        found.add(trimmed(text.slice(start, CHUNK)).cast(pa.string()), _NOTHING)
        if found.meant - found.known > (1.0 - MOSTLY) * len(text):
            break
    return found


def _together(first: Written, later: Written) -> Written:
    """What decides how a column is read of which the first table holds numbers."""
    both = first + later
    return both if later.numbers and both.numbers else first


def _has_floats(table: pd.DataFrame) -> bool:
    return any(pd.api.types.is_float_dtype(kind) for kind in table.dtypes)


def _trimmed_only(text: pa.Array) -> pa.Array | None:
    """Text that holds no numbers, made plain; None where nothing is to be changed."""
    bare = trimmed(text)
    return None if bare.equals(text) else bare


def _as_numbers(text: pa.Array, decimal: str, thousands: str | None, *, mixed: bool) -> pa.Array:
    found = trimmed(text).cast(pa.string()).dictionary_encode()
    return plain_numbers(found.dictionary, decimal, thousands, mixed=mixed).take(found.indices)


def _with(table: pd.DataFrame, made: Mapping[Any, pa.Array | None]) -> pd.DataFrame:
    changed = {n: pd.Series(cells.to_pandas(), index=table.index) for n, cells in made.items() if cells is not None}
    return table.assign(**changed) if changed else table
