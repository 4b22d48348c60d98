"""Cells of JSON Lines: the types that a column's values have, and lines that have to be looked at one by one."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from include.data.arrays import EXACT
from include.data.batches import require_distinct
from include.errors import DataError

MOST_DEEP = 64  # objects and lists inside one another; pyarrow ends the process somewhere beyond
_MOST = 2**63 - 1  # of what a column of whole numbers holds
_STEPS = np.zeros(256, np.int8)  # how much deeper each byte leads
_STEPS[list(b"{[")], _STEPS[list(b"}]")] = 1, -1
_SURROGATES = re.compile("[\ud800-\udfff]")
_ZONED, _BARE = pa.timestamp("us", "UTC"), pa.timestamp("us")
_CALLED = {list: "a list", str: "text", int: "a number", float: "a number", bool: "a truth value", type(None): "null"}


@dataclass
class Seen:
    """What the values of one column of a file are.

    Parameters
    ----------
    types : set of DataType
        Of those that are not empty.
    largest : float
        The largest of the whole numbers, without their signs.
    times : list of DataType
        As which times all cells of text so far can be read.
    """

    types: set[pa.DataType] = field(default_factory=set)
    largest: float = 0.0
    times: list[pa.DataType] = field(default_factory=lambda: [_BARE, _ZONED])

    def add(self, values: pa.Array) -> None:
        """Take account of further values."""
        if values.null_count == len(values):
            return
        self.types.add(values.type)
        if pa.types.is_integer(values.type):
            self.largest = max(self.largest, size_of(values))
        elif pa.types.is_string(values.type):
            self.times = [kind for kind in self.times if _is_read(values, kind)]

    @property
    def type(self) -> pa.DataType:
        """The narrowest that holds all of them."""
        if not self.types:
            return pa.null()
        if self.types == {pa.string()}:
            return self.times[0] if self.times else pa.string()
        if len(self.types) == 1:
            return next(iter(self.types))
        if self.types == {pa.int64(), pa.float64()} and self.largest < EXACT:
            return pa.float64()
        return pa.string()


def parse_lines(block: bytes, first: int, file: str) -> pa.RecordBatch:
    """The rows of lines of which pyarrow cannot make columns, or not the same; a `DataError` names a line that is none.

    Parameters
    ----------
    block : bytes
        Lines in UTF-8.
    first : int
        The number of the first one.
    file : str
        Where they stand.
    """
    columns: dict[str, list[Any]] = {}
    rows = 0
    for number, line in enumerate(block.split(b"\n"), first):
        if not line.strip():
            continue
        for name, value in _members(_object(line.decode(), f"{file}: cannot be read as JSON Lines: line {number}")):
            cells = columns.setdefault(name, [])
            if len(cells) > rows:
                raise DataError(f"{file}: line {number}: column {name!r} is there twice; rename one of the two")
            cells += [None] * (rows - len(cells))
            cells.append(value)
        rows += 1
    arrays = [_array([*cells, *[None] * (rows - len(cells))]) for cells in columns.values()]
    if not arrays:
        return pa.RecordBatch.from_struct_array(pa.array([{}] * rows, pa.struct([])))
    return pa.RecordBatch.from_arrays(arrays, names=list(columns))


def is_deep(block: bytes) -> bool:
    """Whether a line may hold more than `MOST_DEEP` objects and lists inside one another; marks in text count, too."""
    opened = block.count(b"{") + block.count(b"[")
    if opened <= block.count(b"\n") + 1 + MOST_DEEP:
        return False
    steps = _STEPS[np.frombuffer(block, np.uint8)]
    depth = np.cumsum(steps, dtype=np.int32)
    starts = np.concatenate([[0], np.flatnonzero(np.frombuffer(block, np.uint8)[:-1] == 10) + 1])
    before = np.where(starts > 0, depth[starts - 1], 0)
    return bool((np.maximum.reduceat(depth, starts) - before).max() > MOST_DEEP)


def size_of(numbers: pa.Array) -> float:
    """The largest of some numbers, without their signs; 0 without any."""
    return max((abs(end) for end in pc.min_max(numbers).as_py().values() if end is not None), default=0.0)


def _levels(value: Any) -> int:
    """How many objects and lists are inside one another."""
    levels, inner = 0, [value]
    while inner := [each for each in inner if isinstance(each, dict | list)]:
        levels += 1
        inner = [x for each in inner for x in (each.values() if isinstance(each, dict) else each)]
    return levels


def _is_read(values: pa.Array, kind: pa.DataType) -> bool:
    try:
        values.cast(kind)
    except pa.ArrowInvalid:
        return False
    return True


def _object(line: str, where: str) -> Mapping[str, Any]:
    def once(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
        require_distinct([name for name, _ in pairs], where)
        return dict(pairs)

    if line.lstrip().startswith("["):
        raise DataError(f"{where} begins a list; write one object a line, {{...}}, and nothing around them")
    try:
        found = json.loads(line, object_pairs_hook=once)
        deep = is_deep(line.encode()) and _levels(found) > MOST_DEEP
    except RecursionError:
        deep = True
    except json.JSONDecodeError as error:
        cut = error.pos >= len(line.rstrip())
        what = "ends within the object" if cut else f"is no JSON at character {error.pos + 1}: {error.msg}"
        todo = "deliver the whole file, one object a line" if cut else "write one object a line"
        raise DataError(f"{where} {what}: {line.strip()[:80]!r}; {todo}") from None
    except ValueError as error:  # a number of thousands of digits
        raise DataError(f"{where} cannot be read: {error}; write numbers of at most 300 digits") from None
    if deep:
        raise DataError(f"{where} has more than {MOST_DEEP} objects or lists inside one another; write fewer levels")
    if not isinstance(found, dict):
        raise DataError(
            f"{where} holds {_CALLED[type(found)]}; write one object a line, {{...}}, and nothing around them"
        )
    return found


def _members(row: Mapping[str, Any], before: str = "") -> Iterator[tuple[str, Any]]:
    """The values of a row; those of objects in it with the names that lead to them."""
    for name, value in row.items():
        if isinstance(value, dict):
            yield from _members(value, f"{before}{name}.")
        else:
            yield _SURROGATES.sub("\ufffd", f"{before}{name}"), value


def _array(cells: list[Any]) -> pa.Array:
    """The cells as the narrowest type that holds them; lists as their text."""
    made = [json.dumps(cell, ensure_ascii=False) if isinstance(cell, list) else cell for cell in cells]
    kinds = {type(cell) for cell in made} - {type(None)}
    if kinds == {bool}:
        return pa.array(made, pa.bool_())
    whole = [cell for cell in made if type(cell) is int]
    largest = max(map(abs, whole), default=0)
    if kinds == {int} and largest <= _MOST:
        return pa.array(made, pa.int64())
    if kinds and kinds <= {int, float} and largest < EXACT:
        return pa.array(made, pa.float64())
    return pa.array([_text(cell) for cell in made], pa.string() if kinds else pa.null())


def _text(cell: Any) -> str | None:
    if cell is None or isinstance(cell, str):
        return cell and _SURROGATES.sub("\ufffd", cell)
    if isinstance(cell, float):
        if cell.is_integer() and abs(cell) < EXACT:
            return str(int(cell))  # as `as_type` does for a column
        return str(pa.scalar(cell).cast(pa.string()).as_py())  # as the reader of whole blocks writes it
    return json.dumps(cell)
