"""A bounded part of rows that come one after the other: evenly over all of them, and the same part every time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from include.data.batches import Batch

Numbers = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


@dataclass(kw_only=True)
class Evenly:
    """One row of every `every` neighbours, at most `most` in all; `every` is a power of two that grows with the rows.

    Which one of its neighbours a row is kept of is drawn by the rows' numbers alone: no rhythm of the rows (every 24th
    is of midnight) can meet that of the choice, and the same rows give the same choice. A choice that has grown too
    large is thinned to one of every two of its rows, which is what would have been chosen at once.

    Examples
    --------
    >>> part = Evenly(most=4)
    >>> numbers = part.offered(16)
    >>> while part.keeps(numbers).sum() > part.most:
    ...     part.thin()
    >>> part.every, (numbers[part.keeps(numbers)] // 4).tolist()
    (4, [0, 1, 2, 3])
    """

    most: int
    rows: int = 0
    level: int = 0

    @property
    def every(self) -> int:
        """Of how many neighbours one row is kept."""
        return 1 << self.level

    def offered(self, rows: int) -> Numbers:
        """Count in the next rows; their numbers."""
        self.rows += rows
        return np.arange(self.rows - rows, self.rows, dtype=np.int64)

    def thin(self) -> None:
        """Keep one of every two from now on."""
        self.level += 1

    def keeps(self, numbers: Numbers) -> Mask:
        """Which rows with these numbers are kept as things stand; shape (n,)."""
        kept = np.ones(len(numbers), dtype=bool)
        for level in range(1, self.level + 1):
            places = np.flatnonzero(kept)
            some = numbers[places]
            kept[places] = ((some >> (level - 1)) & 1) == _drawn(some >> level, level)
        return kept


def _drawn(blocks: Numbers, level: int) -> Numbers:
    """0 or 1 for each block of rows, as if by chance [1]_.

    References
    ----------
    .. [1] G. L. Steele, D. Lea and C. H. Flood, "Fast splittable pseudorandom number generators", OOPSLA (2014).
    """
    apart = np.uint64(level * 0xD1B54A32D192ED03 % 2**64)
    mixed = blocks.astype(np.uint64) * np.uint64(0x9E3779B97F4A7C15) + apart
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return ((mixed >> np.uint64(31)) & np.uint64(1)).astype(np.int64)


@dataclass(kw_only=True)
class KeptRows:
    """Rows of several parts in the order in which they were read, of each part an even choice.

    Parameters
    ----------
    parts : tuple of Evenly
    """

    parts: tuple[Evenly, ...]
    _kept: list[tuple[Batch, npt.NDArray[np.int8], Numbers]] = field(default_factory=list, repr=False)
    _held: Numbers = field(init=False, repr=False)  # rows of each part

    def __post_init__(self) -> None:
        self._held = np.zeros(len(self.parts), dtype=np.int64)

    @property
    def batches(self) -> list[Batch]:
        """What is kept. As long as nothing is left out, these are the batches that were added."""
        return [batch for batch, _, _ in self._kept]

    @property
    def held(self) -> Numbers:
        """How many rows of each part are kept."""
        return self._held

    @property
    def thinned(self) -> bool:
        """Whether any row was left out."""
        return any(part.level for part in self.parts)

    def add(self, batch: Batch, part: npt.NDArray[np.int8]) -> None:
        """Take in the next rows; `part` says for each of which part it is."""
        numbers = np.zeros(batch.rows, dtype=np.int64)
        for place, evenly in enumerate(self.parts):
            mine = np.flatnonzero(part == place)
            numbers[mine] = evenly.offered(len(mine))
        self._kept.append(self._chosen(batch, part, numbers))
        self._held += np.bincount(self._kept[-1][1], minlength=len(self.parts))
        for place, evenly in enumerate(self.parts):
            while self._held[place] > evenly.most:
                evenly.thin()
                self._kept = [self._chosen(*each) for each in self._kept]
                self._held[:] = sum(np.bincount(each, minlength=len(self.parts)) for _, each, _ in self._kept)

    def _chosen(
        self, batch: Batch, part: npt.NDArray[np.int8], numbers: Numbers
    ) -> tuple[Batch, npt.NDArray[np.int8], Numbers]:
        kept = np.ones(batch.rows, dtype=bool)
        for place, evenly in enumerate(self.parts):
            if evenly.level:
                mine = np.flatnonzero(part == place)
                kept[mine] = evenly.keeps(numbers[mine])
        if kept.all():
            return batch, part, numbers
        return rows_at(batch, np.flatnonzero(kept)), part[kept], numbers[kept]


def rows_at(batch: Batch, places: npt.NDArray[Any]) -> Batch:
    """The rows at these places, in memory of their own: what is left of text is not held by all of it."""
    chosen = pa.array(places)
    columns = {name: _plain(values.take(chosen)) for name, values in batch.columns.items()}
    return Batch(len(places), columns, batch.file)


def _plain(values: pa.Array) -> pa.Array:
    return values.dictionary_decode() if pa.types.is_dictionary(values.type) else values
