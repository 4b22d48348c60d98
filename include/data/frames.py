"""Batches of rows as one DataFrame, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from include.data.arrays import as_type, beyond_floats, floats_of_decimals
from include.data.batches import Batch

_NULLABLE = {pa.int64(): pd.Int64Dtype(), pa.uint64(): pd.UInt64Dtype()}


def frame_of(batches: Iterable[Batch], keep: Callable[[Batch], Batch] | None = None) -> pd.DataFrame:
    """All rows of `batches`, or those that `keep` leaves of each batch, numbered from 0.

    A column has one type if its batches do; where they differ (files of different years) it is what pandas makes of
    them together, or text if floats could not tell some of its whole numbers apart. A column that a batch lacks is
    empty there. Decimal numbers become floats.
    """
    chunks: dict[Any, list[pa.Array]] = {}
    rows = 0
    for batch in batches:
        kept = batch if keep is None or not batch.rows else keep(batch)
        for name, values in kept.columns.items():
            if name not in chunks:
                chunks[name] = [pa.nulls(rows)]
            chunks[name].append(values)
        for name in chunks.keys() - kept.columns.keys():
            chunks[name].append(pa.nulls(kept.rows))
        rows += kept.rows
    columns = {name: _column(chunks.pop(name)) for name in list(chunks)}  # each chunk is freed once it is converted
    return pd.DataFrame(columns, index=pd.RangeIndex(rows))


def _column(chunks: list[pa.Array]) -> pd.Series[Any] | npt.NDArray[np.floating[Any]]:
    plain = [_plain(values) for values in chunks]
    typed = [values for values in plain if not pa.types.is_null(values.type)]
    types = {values.type for values in typed if len(values)} or {values.type for values in typed[:1]}
    if len(types) > 1:
        exact = any(pa.types.is_integer(values.type) and beyond_floats(values) for values in plain)
        parts = [_converted(as_type(values, pa.string()) if exact else values) for values in plain if len(values)]
        return pd.concat(parts, ignore_index=True)
    kind = next(iter(types), pa.null())
    whole = pa.chunked_array(
        [values if values.type == kind else pa.nulls(len(values), kind) for values in plain], type=kind
    )
    return whole.to_numpy() if pa.types.is_floating(kind) else _converted(whole)  # a Series costs ten times as much


def _converted(values: pa.Array | pa.ChunkedArray) -> pd.Series[Any]:
    """A pandas column; whole numbers that floats could not tell apart stay whole, also where some are missing."""
    exact = pa.types.is_integer(values.type) and values.null_count and beyond_floats(values)
    made: pd.Series[Any] = values.to_pandas(types_mapper=_NULLABLE.get if exact else None)
    return made


def _plain(values: pa.Array) -> pa.Array:
    """Without dictionary codes and decimals."""
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    if not pa.types.is_decimal(values.type):
        return values
    if values.type.scale <= 0 and beyond_floats(values):
        return values.cast(pa.string())  # codes
    return floats_of_decimals(values)
