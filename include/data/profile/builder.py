"""Counting a table into a reference's bins, a batch at a time."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from include.data.batches import FRAME_ROWS, Batch
from include.data.profile.categorical import CategoricalState
from include.data.profile.cells import floats_of, names_of, quantity_of
from include.data.profile.columns import Column, NumericColumn
from include.data.profile.cross import CrossState, crossed
from include.data.profile.extras import ALL_EXTRAS, Extra
from include.data.profile.numeric import NumericState
from include.data.profile.profiles import Profile


@dataclass(slots=True, kw_only=True)
class ProfileBuilder:
    """Counts consecutive rows, in one pass and in memory that does not depend on their number.

    Parameters
    ----------
    known : mapping of str to Column
        The columns to count, with the bins, categories and kinds to count them into.
    start : int, optional
        Number of the first row in the whole table. With it, profiles of adjacent parts merge without losing the pair
        of neighbours at the seam.
    cut : bool, default False
        Whether `known` was cut from these same rows: the result is then a reference of its own.
    extras : Extra, default `ALL_EXTRAS`
        What to add up besides counts and moments.

    Examples
    --------
    >>> import pandas as pd
    >>> from include.data.batches import FrameBatches
    >>> from include.data.profile import profile_table
    >>> reference = profile_table(pd.DataFrame({"x": [1.0, 2.0, 2.0]}), ["x"])
    >>> builder = ProfileBuilder(known=reference.columns)
    >>> for part in ([0.5], [2.0, 9.0]):
    ...     for batch in FrameBatches(pd.DataFrame({"x": part})):
    ...         builder.add(batch)
    >>> builder.finish().columns["x"].counts
    (1, 1, 1)
    """

    known: Mapping[str, Column]
    start: int | None = None
    cut: bool = False
    extras: Extra = ALL_EXTRAS
    rows: int = field(default=0, init=False)
    _states: dict[str, NumericState | CategoricalState] = field(default_factory=dict, init=False)
    _cross: CrossState = field(init=False)

    def __post_init__(self) -> None:
        with np.errstate(all="ignore"):
            for name, column in self.known.items():
                self._states[name] = _state_of(column)
                self._states[name].neighbours.lag1 = Extra.NEIGHBOURS in self.extras
        self._cross = CrossState(crossed(self.known) if Extra.CROSS in self.extras else ())

    def add(self, batch: Batch) -> None:
        """Count the next rows; a column that the batch lacks counts as empty in them."""
        with np.errstate(all="ignore"):  # beyond the range of floats a result is NaN, and said to be
            for first in range(0, max(batch.rows, 1), FRAME_ROWS):
                self._add(batch.slice(first, FRAME_ROWS) if batch.rows > FRAME_ROWS else batch)

    def finish(self) -> Profile:
        """The profile of all rows added; columns that no batch had are left out of it."""
        placed = self.start is not None and self.rows > 0
        return Profile(
            rows=self.rows,
            columns={
                name: state.result(self.rows, placed=placed, cut=self.cut)
                for name, state in self._states.items()
                if state.seen
            },
            cross=self._cross.result(),
            places=((self.start, self.rows),) if self.start is not None and self.rows else (),
        )

    def _add(self, batch: Batch) -> None:
        self._cross.begin(batch.rows)
        for name, state in self._states.items():
            if name not in batch.columns:
                if batch.rows:
                    state.skip()
                continue
            quantity = quantity_of(batch.columns[name].type)
            if isinstance(state, CategoricalState):
                retyped = quantity is not None
                state.add(*names_of(batch.columns[name], state.expected), begins=self.rows == 0, retyped=retyped)
                continue
            floats, unreadable = floats_of(batch.columns[name])
            floats, impossible = state.known.possible.only(floats)
            state.impossible += impossible
            if quantity not in (None, state.known.quantity):
                state.retyped += int(np.count_nonzero(~np.isnan(floats)))
            absent = state.add(floats, unreadable, begins=self.rows == 0, scores=self._cross.scores(name))
            self._cross.absent[name] = absent
        self._cross.end()
        self.rows += batch.rows


def _state_of(column: Column) -> NumericState | CategoricalState:
    """What counts a column of this kind."""
    return NumericState(column) if isinstance(column, NumericColumn) else CategoricalState(column)
