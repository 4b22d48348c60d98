"""Cells as numbers or as names of categories, from Arrow arrays and from pandas."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.arrays import array_of_series, floats_of_decimals, label
from include.data.profile.columns import Quantity

Floats = npt.NDArray[np.float64]

_SECONDS = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}


def to_floats(values: pd.Series[Any]) -> tuple[Floats, int]:
    """`values` as floats (NaN where empty or not a number), and how many were there but not a number.

    Dates and times are seconds since 1970 (UTC), durations are seconds. The floats may be the column's own memory: they
    are not to be written to.
    """
    return floats_of(array_of_series(values))


def to_names(values: pd.Series[Any]) -> npt.NDArray[np.object_]:
    """`values` as the names that profiles count their categories under, None where empty; shape (n,)."""
    codes, names = names_of(array_of_series(values))
    return np.array([*names, None], dtype=object)[codes]


def quantity_of(kind: pa.DataType) -> Quantity | None:
    """What a column of this type measures; None if it holds categories. Booleans are categories."""
    if pa.types.is_timestamp(kind) or pa.types.is_date(kind):
        return "datetime"
    if pa.types.is_duration(kind) or pa.types.is_time(kind):
        return "duration"
    if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
        return "number"
    return None


def floats_of(values: pa.Array) -> tuple[Floats, int]:
    """Cells as floats (NaN where there is none), and how many were there but no number.

    The floats may be the array's own memory: they are not to be written to.
    """
    kind = values.type
    if kind == pa.float64():
        return _dense(values), 0
    if pa.types.is_dictionary(kind) or not (quantity_of(kind) or pa.types.is_boolean(kind)):
        return _parsed(values)
    if pa.types.is_boolean(kind):
        floats = _dense(values.cast(pa.uint8()).cast(pa.float64()))
    elif pa.types.is_decimal(kind):
        floats = _dense(floats_of_decimals(values))
    elif quantity_of(kind) == "number":
        floats = _dense(values)
    else:
        floats = _seconds(values)
    return floats, 0


def finite_of(floats: Floats) -> Floats:
    """Those that are finite, in their order; where all of them are, they come back themselves."""
    finite = np.isfinite(floats)
    return floats if finite.all() else floats[finite]


def _dense(values: pa.Array) -> Floats:
    return np.asarray(values.to_numpy(zero_copy_only=False), dtype=np.float64)


def _seconds(values: pa.Array) -> Floats:
    kind = values.type
    if pa.types.is_date32(kind):
        return _dense(values.cast(pa.int32()).cast(pa.float64())) * 86_400.0
    unit = "ms" if pa.types.is_date64(kind) else kind.unit
    whole = values.cast(pa.int32()) if pa.types.is_time32(kind) else values.cast(pa.int64())
    return _dense(pc.cast(whole, pa.float64(), safe=False)) / _SECONDS[unit]


def _parsed(values: pa.Array) -> tuple[Floats, int]:
    """Text that may hold numbers: each distinct one is parsed once."""
    indices, names = names_of(values)
    text = np.array([*names, None], dtype=object)
    numbers = np.append(
        np.empty(0), pd.to_numeric(pd.Series(text), errors="coerce").to_numpy(dtype=float, na_value=np.nan)
    )
    floats = numbers[indices]
    there = np.array([name is not None for name in names] + [False])[indices]
    return floats, int(np.count_nonzero(np.isnan(floats) & there))


def names_of(values: pa.Array, expected: Sequence[str] = ()) -> tuple[npt.NDArray[np.intp], Sequence[str | None]]:
    """Each cell as the number of its category's name; empty cells have the number after the last name's.

    A name may be None (a category that is empty, such as NaN) and may be there twice (as for 3 and 3.0). Text of which
    all is `expected` is read in two thirds of the time, and the names are those.
    """
    if expected and (pa.types.is_string(values.type) or pa.types.is_large_string(values.type)):
        found = pc.index_in(values, value_set=pa.array([*expected, None], type=values.type))
        if not found.null_count:
            return found.to_numpy().astype(np.intp), expected
    encoded = _encoded(values)
    dictionary = encoded.dictionary
    names = _cells(dictionary)
    if not _is_text(dictionary.type):
        names = [None if value is None or value != value else label(value) for value in names]
    indices = encoded.indices
    if indices.null_count:
        indices = pc.fill_null(indices.cast(pa.int64()), len(names))
    return indices.to_numpy(zero_copy_only=False).astype(np.intp, copy=False), names


def _encoded(values: pa.Array) -> pa.DictionaryArray:
    if pa.types.is_dictionary(values.type):
        if pa.types.is_nested(values.type.value_type):
            return pa.array([repr(value) for value in _cells(values)], type=pa.string()).dictionary_encode()
        return values
    try:
        return values.dictionary_encode(null_encoding="encode")  # empty cells get a name, None, and no mask
    except (pa.ArrowNotImplementedError, pa.ArrowInvalid):  # a type without dictionaries: each cell is written out
        names = [None if value is None else label(value) for value in _cells(values)]
        return pa.array(names, type=pa.string()).dictionary_encode()


def _cells(values: pa.Array) -> list[Any]:
    """Python objects; text that is not valid Unicode is written out, times beyond the year 9999 are whole numbers."""
    try:
        return list(values.to_pylist())
    except UnicodeDecodeError:
        found = values.cast(pa.large_binary()).to_pylist()
        return [None if cell is None else cell.decode("utf-8", "backslashreplace") for cell in found]
    except (OverflowError, ValueError):
        return list(values.view(pa.int32() if pa.types.is_date32(values.type) else pa.int64()).to_pylist())


def _is_text(kind: pa.DataType) -> bool:
    return bool(pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind))
