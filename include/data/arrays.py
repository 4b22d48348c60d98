"""Python objects and pandas columns as Arrow arrays, whatever they hold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from decimal import Decimal
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

EXACT = 2**53  # from here on whole numbers are not all floats
LONG, POWER = r"^[+-]?\d{16,}$", r"^[+-]?(\d+\.?\d*|\.\d+)[eE]\+?\d+$"  # how such may be written, in full and rounded
_TIMES: Mapping[type, Callable[[Any], Any]] = {np.datetime64: pd.Timestamp, np.timedelta64: pd.Timedelta}
_EXACT_POWER = 22  # up to which powers of ten are floats


def category_name(value: object) -> str:
    """The name that a category is counted under: whole floats as integers, so that 3 and 3.0 are one category.

    Those from 2^53 on (1e+300) are quantities and no codes of digits, or such codes that have been rounded.
    """
    if isinstance(value, float) and value.is_integer() and abs(value) < EXACT:
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


def _has_times_of_numpy(values: Iterable[Any]) -> bool:
    """Whether there are any: Arrow (26.0.1) ends the process where one stands before a number of NumPy's."""
    return not _TIMES.keys().isdisjoint(map(type, values))


def array_of(values: Sequence[Any]) -> pa.Array:
    """Python objects as an Arrow array of their common type, or as text where they have none."""
    try:
        if _has_times_of_numpy(values):
            values = [_TIMES[type(value)](value) if type(value) in _TIMES else value for value in values]
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowException, UnicodeError, ValueError, TypeError, OverflowError):
        made = None
    if made is not None and not isinstance(made.type, pa.BaseExtensionType):
        return _whole(made)
    numbers = [value for value in values if isinstance(value, Decimal)]
    # Arrow's own decimals are never infinite
    if any(map(Decimal.is_infinite, numbers)) and len(numbers) + list(values).count(None) == len(values):
        return pa.array([None if value is None else float(value) for value in values], pa.float64(), from_pandas=True)
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
    if (isinstance(kind, np.dtype) and kind.kind == "O") or _has_times_of_numpy(getattr(kind, "categories", ())):
        return array_of(values.tolist())
    try:
        made = pa.array(values, from_pandas=True)
    except (pa.ArrowException, UnicodeError, ValueError, TypeError, OverflowError):
        return array_of(values.tolist())
    made = _whole(made)
    return array_of(values.tolist()) if isinstance(made.type, pa.BaseExtensionType) else made


def floats_of_decimals(values: pa.Array) -> pa.Array:
    """Decimal numbers as the floats that their text is read as; Arrow's own cast is off by a last bit in one of seven.

    >>> floats_of_decimals(pa.array(["2.002", None]).cast(pa.decimal128(9, 3))).to_pylist()
    [2.002, None]
    """
    kind = values.type
    if pa.types.is_decimal128(kind) and 0 <= kind.scale <= _EXACT_POWER and values.buffers()[1] is not None:
        halves = np.frombuffer(values.buffers()[1], dtype="<i8").reshape(-1, 2)[values.offset :][: len(values)]
        empty = np.asarray(values.is_null())
        low, high = np.where(empty[:, None], 0, halves).T
        if np.array_equal(high, low >> 63) and np.all(np.abs(low) < 2**53):
            return pa.array(low / 10.0**kind.scale, mask=empty)  # of two exact floats the nearest quotient
    return pc.cast(values.cast(pa.string()), pa.float64())


def beyond_floats(values: pa.Array | pa.ChunkedArray) -> bool:
    """Whether some of these numbers are so large that floats could not tell them from their neighbours."""
    ends = pc.min_max(values).as_py()
    return any(end is not None and abs(end) >= EXACT for end in ends.values())


def as_type(values: pa.Array, kind: pa.DataType) -> pa.Array:
    """A cast; as text whole floats are written as integers are, which they may have been in another block or file.

    Those from 2^53 on keep their power of ten: they are none of the whole numbers that they may have been.

    >>> as_type(pa.array([1e10, 2.5, 9.0072e15]), pa.string()).to_pylist()
    ['10000000000', '2.5', '9.0072e+15']
    """
    if not (pa.types.is_floating(values.type) and pa.types.is_string(kind)):
        return values.cast(kind)
    whole = pc.and_(pc.equal(pc.floor(values), values), pc.less(pc.abs(values), EXACT))
    return pc.if_else(whole, values.cast(pa.int64(), safe=False).cast(kind), values.cast(kind))


def shared_array(values: pd.Series[Any]) -> pa.Array | None:
    """`array_of_series` of a column of numbers that need not be copied for it; None for others."""
    kind = values.dtype
    if not (isinstance(kind, np.dtype) and kind.kind in "iuf" and kind.isnative and kind.itemsize in (1, 2, 4, 8)):
        return None
    return array_of_series(values) if kind != np.float16 and values.to_numpy().flags.c_contiguous else None
