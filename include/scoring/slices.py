"""Slices: the parts of the rows that share a value of a column, or a quarter of a numeric column's range."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import numpy.typing as npt

from include.scoring.labelled_rows import Values
from include.scoring.spelling import alike, by_look

MOST_SLICES = 20  # of one column: its most frequent values; the rest is in no slice


@dataclass(frozen=True, kw_only=True)
class SliceRule:
    """How a column's values make slices. Cut once, on the rows that a version is accepted on.

    A numeric column with more than 20 different values is cut at its quartiles; any other has a slice for each of its
    most frequent values.

    Parameters
    ----------
    values : tuple of str
        The values that are slices; empty for a numeric column.
    edges : tuple of float
        The quartiles, each the upper end of a slice (included); empty for values.
    """

    values: tuple[str, ...] = ()
    edges: tuple[float, ...] = ()

    @classmethod
    def cut(cls, column: Values) -> SliceRule:
        """The rule for a column: numbers (NaN where missing), or names (None where missing).

        >>> SliceRule.cut(np.array(["b", "a", "b", None], dtype=object)).names
        ('b', 'a')
        >>> SliceRule.cut(np.arange(101.0)).names
        ('up to 25', '25 to 50', '50 to 75', 'above 75')
        """
        if column.dtype.kind == "f":
            known = column[np.isfinite(column)]
            if len(np.unique(known)) > MOST_SLICES:
                return cls(edges=tuple(np.unique(np.quantile(known, (0.25, 0.5, 0.75))).tolist()))
        names, counts = np.unique(_names(column)[_known(column)].astype(str), return_counts=True)
        frequent = sorted(zip(names.tolist(), counts.tolist(), strict=True), key=lambda pair: (-pair[1], pair[0]))
        return cls(values=tuple(name for name, _ in frequent[:MOST_SLICES]))

    @property
    def names(self) -> tuple[str, ...]:
        """What each slice is called."""
        if not self.edges:
            return self.values
        ends = [f"{edge:.6g}" for edge in self.edges]
        inner = [f"{low} to {high}" for low, high in pairwise(ends)]
        return (f"up to {ends[0]}", *inner, f"above {ends[-1]}")

    def assign(self, column: Values) -> npt.NDArray[np.intp]:
        """The slice of each row as its place in `names`; -1 for rows in none."""
        if self.edges:
            if column.dtype.kind != "f":  # text where numbers were
                return np.full(len(column), -1)
            return np.where(np.isfinite(column), np.searchsorted(self.edges, column), -1)
        place = {name: number for number, name in enumerate(self.values)}
        looks = by_look(self.values)
        names = _names(column).tolist()
        known = {name: place.get(alike(name, place, looks), -1) for name in set(names) if name is not None}
        found = [known.get(name, -1) for name in names]
        return np.where(_known(column), np.array(found, dtype=np.intp), -1)


def _known(column: Values) -> npt.NDArray[np.bool_]:
    if column.dtype.kind == "f":
        return np.isfinite(column)
    return np.array([value is not None for value in column.tolist()], dtype=bool)


def _names(column: Values) -> Values:
    if column.dtype.kind != "f":
        return column
    values, place = np.unique(column, return_inverse=True)
    return np.array([f"{value:.15g}" for value in values.tolist()], dtype=object)[place]
