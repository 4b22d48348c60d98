"""Does a column stand still for a part of the window? A sensor that hangs repeats the last number that it measured."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import NumericColumn, Profile, to_floats
from include.decision.signals import Signal, SignalKind, Verdict

FEWEST_ROWS = 20  # equal numbers in turn, below which a column may be quiet
LEAST_SHARE = 0.05  # of the recent numbers
LONGER = 3.0  # times the longest that a column has stood still before
ROOM = 3.0  # times as many numbers before the recent ones, for such a time to have been among them

HELD = "held"  # in a signal's detail: the number that was repeated

Floats = npt.NDArray[np.float64]


def stuck_columns(
    recent: pd.DataFrame, earlier: pd.DataFrame, reference: Profile, names: Iterable[str]
) -> Iterator[Signal]:
    """A blocking signal ``constant`` for each column that has one number for longer than ever before.

    Weekends without trade and nights without sun come again: how long they last is known from the rows before. A column
    that is one number in all recent rows is not looked at here (`include.detectors.data_quality`), nor one that has
    stood still like this before, or of whose past too little is known.

    Parameters
    ----------
    recent, earlier : DataFrame
        Rows in time order: those to be judged, and those before them.
    reference : Profile
        Its columns of numbers are looked at.
    names : iterable of str
        Columns to look at.
    """
    for name in names:
        column = reference.columns.get(name)
        if not isinstance(column, NumericColumn) or name not in earlier.columns:
            continue
        values = _there(recent[name], column)
        if len(values) < FEWEST_ROWS:
            continue
        starts, lengths = runs_of(values)
        longest = int(np.argmax(lengths))
        rows, held = int(lengths[longest]), float(values[starts[longest]])
        if rows < max(FEWEST_ROWS, LEAST_SHARE * len(values)) or rows == len(values):
            continue
        before, others = _there(earlier[name], column), np.delete(lengths, longest)
        known = max(int(others.max(initial=1)), int(runs_of(before)[1].max(initial=1)))
        if rows < LONGER * known or len(before) < ROOM * rows:
            continue
        yield Signal(
            kind=SignalKind.DATA_QUALITY, statistic="constant", feature=name, verdict=Verdict.CHANGED, blocks=True,
            value=rows / len(values), reason=f"{name}: {held:g} in {rows} rows in turn, {known} at most before",
            detail={HELD: held},
        )  # fmt: skip


def _there(values: pd.Series, column: NumericColumn) -> Floats:
    """The numbers that are values of the column: a code for none that is repeated is a fault of its own."""
    floats = column.possible.only(to_floats(values)[0])[0]
    return np.asarray(floats[np.isfinite(floats)])


def runs_of(values: npt.NDArray[Any]) -> tuple[npt.NDArray[np.intp], npt.NDArray[np.intp]]:
    """Where equal values in turn begin, and how many they are."""
    starts = np.flatnonzero(np.concatenate([[len(values) > 0], values[1:] != values[:-1]]))
    return starts, np.diff(starts, append=len(values))
