"""Batches of rows as one DataFrame, a column at a time."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from include.data.batches import Batch


def frame_of(batches: Iterable[Batch], keep: Callable[[Batch], Batch] | None = None) -> pd.DataFrame:
    """All rows of `batches`, or those that `keep` leaves of each batch, numbered from 0.

    A column has one type if its batches do; where they differ (files of different years) it is what pandas makes of
    them together. A column that a batch lacks is empty there. Decimal numbers become floats.
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
    columns = {name: _series(chunks.pop(name)) for name in list(chunks)}  # each chunk is freed once it is converted
    return pd.DataFrame(columns, index=pd.RangeIndex(rows))


def _series(chunks: list[pa.Array]) -> pd.Series[Any]:
    plain = [_plain(values) for values in chunks]
    typed = [values for values in plain if not pa.types.is_null(values.type)]
    types = {values.type for values in typed if len(values)} or {values.type for values in typed[:1]}
    if len(types) > 1:
        parts: list[pd.Series[Any]] = [values.to_pandas() for values in plain if len(values)]
        return pd.concat(parts, ignore_index=True)
    kind = next(iter(types), pa.null())
    whole = [values if values.type == kind else pa.nulls(len(values), kind) for values in plain]
    made: pd.Series[Any] = pa.chunked_array(whole, type=kind).to_pandas()
    return made


def _plain(values: pa.Array) -> pa.Array:
    """Without dictionary codes and decimals."""
    if pa.types.is_dictionary(values.type):
        return values.dictionary_decode()
    return pc.cast(values, pa.float64(), safe=False) if pa.types.is_decimal(values.type) else values
