"""A profile as JSON.

Arrays are packed as text: a numpy type code (the narrowest that holds them, little-endian), a colon, and the zlib
deflated bytes in base64. Unpacking gives the same numbers to the last bit. Single numbers that are not finite are null.

Version 3 added ``buckets`` and ``sample`` to columns that have more categories than are counted by name. Version 2 is
still read: such a column then has neither, and what would need them says so.
"""

from __future__ import annotations

import base64
import math
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, fields
from typing import Any

import numpy as np

from include.data.profile.columns import CategoricalColumn, Column, Neighbours, NumericColumn
from include.data.profile.cross import CrossMoments
from include.data.profile.names import NameSample
from include.data.profile.possible import Possible

SCHEMA_VERSION = 3
READABLE = (2, SCHEMA_VERSION)

_PACKED = {"edges": "<f8", "counts": "int", "at_edges": "int", "knots": "<f8"}
_WIDTHS = ("<u1", "<u2", "<u4")


def pack(values: Sequence[float], kind: str) -> str:
    """`values` as text; `kind` is a numpy type code, or ``int`` for the narrowest integers that hold them."""
    if kind == "int":
        low, high = min(values, default=0), max(values, default=0)
        kind = next((code for code in _WIDTHS if low >= 0 and high <= np.iinfo(code).max), "<i8")
    data = zlib.compress(np.array(values, dtype=kind).tobytes(), 9)
    return f"{kind.removeprefix('<')}:{base64.b64encode(data).decode('ascii')}"


def unpack(text: str) -> tuple[Any, ...]:
    """What was packed, as Python numbers."""
    kind, _, data = text.partition(":")
    return tuple(np.frombuffer(zlib.decompress(base64.b64decode(data)), dtype=f"<{kind}").tolist())


def column_to_json(column: Column) -> dict[str, Any]:
    """One column; its ``kind`` says which."""
    if isinstance(column, CategoricalColumn):
        found = {
            "kind": "categorical",
            "rows": column.rows,
            "missing": column.missing,
            "counts": dict(column.counts),
            "neighbours": _neighbours_to_json(column.neighbours),
            "retyped": column.retyped,
        }
        if column.buckets:
            found["buckets"] = pack(column.buckets, "int")
        if column.sample is not None:
            found["sample"] = _sample_to_json(column.sample)
        return found
    stored: dict[str, Any] = {"kind": "numeric"}
    for entry in fields(column):
        value = getattr(column, entry.name)
        if entry.name in _PACKED:
            value = pack(value, _PACKED[entry.name])
        stored[entry.name] = _neighbours_to_json(value) if isinstance(value, Neighbours) else _finite(value)
    stored["possible"] = asdict(column.possible)
    return stored


def column_from_json(stored: Mapping[str, Any]) -> Column:
    """Read what `column_to_json` wrote."""
    given: dict[str, Any] = {name: _number(value) for name, value in stored.items() if name != "kind"}
    given["neighbours"] = _neighbours_from_json(given["neighbours"])
    if stored["kind"] == "categorical":
        if "buckets" in given:
            given["buckets"] = unpack(given["buckets"])
        if "sample" in given:
            given["sample"] = _sample_from_json(given["sample"])
        return CategoricalColumn(**given)
    for name in _PACKED:
        given[name] = unpack(given[name])
    if "possible" in stored:  # not in what earlier releases wrote
        given["possible"] = Possible.from_json(stored["possible"])
    return NumericColumn(**given)


def cross_to_json(cross: CrossMoments | None) -> dict[str, Any] | None:
    """The matrices, packed."""
    if cross is None:
        return None
    return {
        "names": list(cross.names),
        **{name: pack(getattr(cross, name), "int") for name in ("pairs", "sums", "products")},
    }


def cross_from_json(stored: Mapping[str, Any] | None) -> CrossMoments | None:
    """Read what `cross_to_json` wrote."""
    if stored is None:
        return None
    matrices = {name: unpack(stored[name]) for name in ("pairs", "sums", "products")}
    return CrossMoments(names=tuple(stored["names"]), **matrices)


def _sample_to_json(sample: NameSample) -> dict[str, Any]:
    return {"level": sample.level, "hashes": pack(sample.hashes, "<u8"), "times": pack(sample.times, "int")}


def _sample_from_json(stored: Mapping[str, Any]) -> NameSample:
    return NameSample(level=stored["level"], hashes=unpack(stored["hashes"]), times=unpack(stored["times"]))


def _neighbours_to_json(neighbours: Neighbours) -> list[Any]:
    *sums, ends = (getattr(neighbours, entry.name) for entry in fields(neighbours))
    return [*(_finite(value) for value in sums), [[_finite(first), _finite(last)] for first, last in ends]]


def _neighbours_from_json(stored: Sequence[Any]) -> Neighbours:
    *sums, ends = stored
    names = [entry.name for entry in fields(Neighbours)][:-1]
    known = {name: _number(value) for name, value in zip(names, sums, strict=True)}
    return Neighbours(**known, ends=tuple((_number(first), _number(last)) for first, last in ends))


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _number(value: Any) -> Any:
    return math.nan if value is None else value
