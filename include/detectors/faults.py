"""In which rows of the recent window is a column broken, and is it broken still?

The other data-quality detectors judge a whole window, most of which may be in order. Here the window is cut into
stretches, and each is judged by how far it has gone: by its share of empty, unreadable or retyped cells, or by how much
of the way to another unit its values have come.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import NO_EXTRAS, Column, NumericColumn, profile_table, to_floats
from include.data.rows.spans import Span, within
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.broken_rows import Fault, Pardon
from include.detectors.comparison import Comparison
from include.detectors.data_quality import empty_share
from include.detectors.new_categories import new_categories
from include.detectors.stuck import HELD

STRETCHES, FEWEST_ROWS = 40, 20  # into how many a window is cut, and the rows that each has at least
BROKEN, TAINTED = 0.5, 0.1  # how far a stretch has gone that is broken, and one beside it that may be so in part
HEALTHY = 2  # stretches in order, one after the other, that show that a fault is over: one may be so by chance

#: Faults of cells. A column that is gone says nothing of its rows: when it is back, they show whether they are empty.
LOCATABLE = frozenset(
    {"missing_rise", "unreadable", "impossible", "infinite", "type_change", "constant", "unit_change", "repeated_label"}
)

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class RecentWindow:
    """Where faults are looked for.

    Parameters
    ----------
    comparison : Comparison
        Of all rows of the window.
    table : DataFrame
        These rows, in time order.
    times : Series of timestamps or None
        Theirs, in UTC; None for models without.
    end : datetime
        Where the window ends.
    """

    comparison: Comparison
    table: pd.DataFrame
    times: pd.Series[Any] | None
    end: datetime


@dataclass(frozen=True, kw_only=True)
class Located:
    """A signal, and the rows in which its column is broken.

    `settled` says that it speaks of such rows only, or of none at all; the others are to be judged without them.
    """

    signal: Signal
    faults: tuple[Fault, ...] = ()
    settled: bool = False


def locate_faults(signals: Iterable[Signal], window: RecentWindow, pardons: Sequence[Pardon]) -> list[Located]:
    """Find out for each signal on broken cells in which rows they are.

    A fault that reaches the end of the window blocks, also one that is too short for the whole window to be called
    broken. One that is over does not: `HEALTHY` stretches after it are in order. Where a column is pardoned it is not
    broken.
    """
    return [_locate(signal, window, pardons) for signal in signals]


def _locate(signal: Signal, window: RecentWindow, pardons: Sequence[Pardon]) -> Located:
    signal = _named(signal, window)
    telling = signal.changed and signal.kind is SignalKind.DATA_QUALITY and signal.statistic in LOCATABLE
    if not telling or (signal.statistic == "constant" and not signal.blocks):
        return Located(signal=signal)
    signal = _dated(signal, window)
    key = signal.feature, signal.statistic
    mine = [pardon.span for pardon in pardons if (pardon.feature, pardon.statistic) == key]
    if None in mine:
        return Located(signal=_over(signal, "accepted until the next champion"), settled=True)
    if window.times is None:
        whole = Fault(feature=signal.feature, statistic=signal.statistic, reason=signal.reason, span=None)
        return Located(signal=signal, faults=(whole,) if signal.blocks else ())
    lifted = [span for span in mine if span is not None]
    kept = ~within(window.times, lifted)
    spans, lasting = _broken_spans(signal, window, np.flatnonzero(kept), whole=signal.blocks and not lifted)
    if not spans:
        return (
            Located(signal=_over(signal, "only in rows whose quarantine was lifted"), settled=True)
            if signal.blocks
            else Located(signal=signal)
        )
    faults = tuple(
        Fault(feature=signal.feature, statistic=signal.statistic, reason=signal.reason, span=span) for span in spans
    )
    if lasting:
        since = f"{signal.reason}; broken since {spans[-1].start:%Y-%m-%d %H:%M}"
        return Located(signal=replace(signal, blocks=True, reason=since), faults=faults)
    where = ", ".join(map(str, spans))
    return Located(signal=_over(signal, f"quarantined: {where}; in order since"), faults=faults, settled=True)


def _named(signal: Signal, window: RecentWindow) -> Signal:
    """A signal on unseen categories with some of them."""
    if signal.statistic != "unseen_categories" or not signal.changed or signal.feature not in window.table.columns:
        return signal
    names = new_categories(window.table[signal.feature], window.comparison.reference.columns.get(signal.feature))
    return replace(signal, reason=f"{signal.reason}; {names}") if names else signal


def _dated(signal: Signal, window: RecentWindow) -> Signal:
    """A signal on impossible or infinite cells, with the time of the first of them."""
    known = window.comparison.reference.columns.get(signal.feature)
    if (
        signal.statistic not in ("impossible", "infinite")
        or window.times is None
        or not isinstance(known, NumericColumn)
    ):
        return signal
    floats = to_floats(window.table[signal.feature])[0]
    impossible = np.isnan(known.possible.only(floats)[0]) & ~np.isnan(floats)
    wrong = impossible if signal.statistic == "impossible" else np.isinf(floats)
    first = window.times.iloc[int(np.argmax(wrong))]
    return replace(signal, reason=f"{signal.reason}; the first is of {first:%Y-%m-%d %H:%M}")


def _over(signal: Signal, why: str) -> Signal:
    """The signal of a fault that the rows to be trained on do not have."""
    return replace(
        signal, verdict=Verdict.STABLE, blocks=False, value=None, threshold=None, p_value=None, level=None,
        reason=f"{signal.reason}; {why}",
    )  # fmt: skip


def _broken_spans(
    signal: Signal, window: RecentWindow, rows: npt.NDArray[np.intp], *, whole: bool
) -> tuple[list[Span], bool]:
    """When the column was broken, and whether it is so at the end; `whole` says that it must have been some time."""
    if not len(rows):
        return [], False
    assert window.times is not None
    times = window.times
    stretches = np.array_split(rows, min(max(len(rows) // FEWEST_ROWS, 1), STRETCHES))
    far = _how_far(signal, window, stretches)
    if whole and not (far >= BROKEN).any():
        far = np.ones(len(stretches))
    spans, lasting = [], False
    for first, last in _groups(far):
        lasting = last == len(stretches) - 1
        end = window.end if lasting else times.iloc[stretches[last][-1]].to_pydatetime() + timedelta(microseconds=1)
        spans.append(Span(times.iloc[stretches[first][0]].to_pydatetime(), end))
    return spans, lasting


def _groups(far: Floats) -> Iterator[tuple[int, int]]:
    """First and last stretch of each time that the column was broken, parts of a break among them."""
    broken = np.flatnonzero(far >= BROKEN)
    for group in np.split(broken, np.flatnonzero(np.diff(broken) > HEALTHY) + 1):
        if not len(group):
            continue
        first, last = int(group[0]), int(group[-1])
        if first > 0 and far[first - 1] >= TAINTED:
            first -= 1
        if last + HEALTHY >= len(far):
            last = len(far) - 1
        elif far[last + 1] >= TAINTED:
            last += 1
        yield first, last


def _how_far(signal: Signal, window: RecentWindow, stretches: Sequence[npt.NDArray[np.intp]]) -> Floats:
    """How far each stretch has gone from what is usual, which is 0, to broken all through, which is 1.

    Usual is the reference. In a window that is not broken as a whole it is the better part of that window if this is
    worse: a fault that all rows share has no beginning.
    """
    comparison, name = window.comparison, signal.feature
    if signal.statistic == "constant":
        if (held := signal.detail.get(HELD)) is None:
            return np.ones(len(stretches))
        floats = to_floats(window.table[name])[0]
        return np.array([float(np.mean(floats[rows] == held)) for rows in stretches])
    if signal.statistic == "repeated_label":  # the window has no others
        there = window.table[name].notna().to_numpy()
        return _of_usual(np.array([float(np.mean(there[rows])) for rows in stretches]))
    known = comparison.reference.columns[name]
    against = replace(comparison.reference, columns={name: known})
    parts = [
        profile_table(window.table.iloc[rows], [name], against=against, extras=NO_EXTRAS).columns[name]
        for rows in stretches
    ]
    usual = _degree(signal, known, known)
    degrees = np.array([_degree(signal, part, known) for part in parts])
    return degrees - (usual if signal.blocks else max(usual, float(np.quantile(degrees, 0.25))))


def _of_usual(shares: Floats) -> Floats:
    """Shares of stretches in units of what is usual where a value is repeated: it may stand between others all along.

    >>> _of_usual(np.array([0.0, 0.05, 0.4, 0.3, 0.5])).round(3).tolist()
    [0.0, 0.125, 1.0, 0.75, 1.25]
    """
    usual = float(shares[shares >= BROKEN * shares.max()].mean())
    return shares / usual if usual > 0.0 else shares


def _degree(signal: Signal, part: Column, known: Column) -> float:
    """Share of the cells that are as the signal says, or how much of the way to another unit they have come."""
    if signal.statistic == "missing_rise":
        return empty_share(part)
    if signal.statistic == "type_change":
        return part.retyped / max(part.rows - part.missing, 1)
    if not (isinstance(part, NumericColumn) and isinstance(known, NumericColumn)):
        return 0.0
    if signal.statistic in ("impossible", "infinite"):
        return (part.impossible if signal.statistic == "impossible" else part.infinite) / max(part.rows, 1)
    if signal.statistic == "unreadable":
        return part.unreadable / max(part.rows, 1)
    sizes = [math.hypot(column.mean, math.sqrt(column.variance)) for column in (part, known)]
    if not signal.value or not all(0.0 < size < math.inf for size in sizes):
        return 0.0
    return min(max(math.log(sizes[0] / sizes[1]) / math.log(signal.value), 0.0), 1.0)
