"""Python objects and pandas columns as Arrow arrays, whatever they hold."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa


def category_name(value: object) -> str:
    """The name that a category is counted under: whole floats as integers, so that 3 and 3.0 are one category."""
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return str(value)


def label(value: object) -> str:
    """`category_name` in a form that can be encoded: what is not valid Unicode (lone surrogates) is written out.

    A value that has no text, such as an integer of more digits than Python prints, goes by the name of its type.
    """
    try:
        return category_name(value).encode("utf-8", "backslashreplace").decode("utf-8")
    except (ValueError, TypeError, OverflowError, RecursionError):
        return f"<{type(value).__name__}>"


def array_of(values: Sequence[Any]) -> pa.Array:
    """Python objects as an Arrow array of their common type, or as text where they have none."""
    try:
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowException, UnicodeError, ValueError, TypeError, OverflowError):
        made = None
    if made is not None and not isinstance(made.type, pa.BaseExtensionType):
        return _whole(made)
    names = [None if _empty(value) else label(value) for value in values]
    return pa.array(names, type=pa.string())


def _whole(made: pa.Array | pa.ChunkedArray) -> pa.Array:
    """All chunks as one; a single one is not copied."""
    if not isinstance(made, pa.ChunkedArray):
        return made
    return made.chunk(0) if made.num_chunks == 1 else made.combine_chunks()


def _empty(value: object) -> bool:
    if value is None or value is pd.NA or value is pd.NaT:
        return True
    return isinstance(value, float) and value != value


def array_of_series(values: pd.Series[Any]) -> pa.Array:
    """A pandas column as an Arrow array; numbers share its memory, so that NaN stays NaN."""
    kind = values.dtype
    if isinstance(kind, np.dtype) and kind.kind in "iuf":
        numbers = values.to_numpy()
        fits = kind.kind != "f" or kind.itemsize in (4, 8)
        return pa.array(numbers.astype(kind.newbyteorder("=") if fits else np.float64, copy=False), from_pandas=False)
    if isinstance(kind, np.dtype) and kind.kind == "O":
        return array_of(values.tolist())
    try:
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowException, UnicodeError, ValueError, TypeError, OverflowError):
        return array_of(values.tolist())
    made = _whole(made)
    return array_of(values.tolist()) if isinstance(made.type, pa.BaseExtensionType) else made


def shared_array(values: pd.Series[Any]) -> pa.Array | None:
    """`array_of_series` of a column of numbers that need not be copied for it; None for others."""
    kind = values.dtype
    if not (isinstance(kind, np.dtype) and kind.kind in "iuf" and kind.isnative and kind.itemsize in (1, 2, 4, 8)):
        return None
    return array_of_series(values) if kind != np.float16 and values.to_numpy().flags.c_contiguous else None
