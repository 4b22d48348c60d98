"""Is one label repeated as it never was? A placeholder for labels that are still to come, or the last one carried on.

A feature that stands still is another fault (`include.detectors.stuck`): in labels a placeholder may also stand between
true ones, and what is learnt from them is what a retrain is judged by.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.stuck import FEWEST_ROWS, HELD, LEAST_SHARE, LONGER, ROOM, runs_of

FEWEST_BEFORE = 100  # labels before the recent ones, below which nothing is said of them
MOST_STRETCHES = 20  # stretches of earlier labels, the latest, that are looked at
FEWEST_DISTINCT = 50  # different labels from which on those at either end may be where they are cut off; or changes
RARE = 0.01  # share of the earlier labels up to which a value has hardly ever been there
ALONE = 0.1  # for each label of a new value, how many others may be near to it: a level that moves brings them
APART = 2.0  # times the way from the least label to the middle one, beyond which a value is no further step down
MORE, MOST_SHARE = 3.0, 0.9  # times as common, and the share, that a label may become without a fault
AGAIN, EACH = 3, 0.2  # times that a label is there, and share of the recent ones that are so, each for itself
MOST_DIGITS = 6  # after the point, by which it is told whether labels are only written more coarsely
CHANCE = 1e-4  # of a run of a label that is as common as that, from which on it is beyond chance

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Labels:
    """The labels that have arrived, in the order of their rows.

    Parameters
    ----------
    recent, earlier : array of shape (n,) and (m,)
        Those to be judged and those before them: numbers, or codes of classes.
    ordered : bool
        Whether the order is that of time and no row between is missing: else runs say nothing.
    """

    recent: npt.NDArray[Any]
    earlier: npt.NDArray[Any]
    ordered: bool = True


def repeated_number(target: str, labels: Labels) -> Iterator[Signal]:
    """A blocking signal ``repeated_label`` for a number that comes as no number did before.

    It is one of four things. *In turn*: at least 20 labels, 5 % of the recent ones, and three times the longest run so
    far. *Among others*: as many labels, three times as many as any number had in as many rows before, and three times
    as many as the third most frequent one has: 0, the ends of the range and what is common are left out, so that sales
    of which many are 0 hide nothing and are not told themselves. *Below all*: as many labels that are 0 or less, where
    all were above, with next to nothing near to them. *Each its own*, as where each of many shops has its last one: a
    fifth of the labels are such as come three times or more, which one in a hundred did at most in as many rows before,
    and they are written as finely as those were.

    Where a number comes to m of as many rows at most, and rows are independent, it comes to 3m, 20 or more, with a
    probability of less than 2e-5 (a Poisson variable with a mean of 20 / 3 is 20 or more); how much rows of this column
    hang together shows in the stretches and runs before. Of a number that is common already a run is told as that of a
    class is, and a run of 0 is not: what was 0 in one row of ten may be so in all of them where a shop is closed.

    Parameters
    ----------
    target : str
        The column's name.
    labels : Labels
        Finite numbers.
    """
    recent, earlier = labels.recent, labels.earlier
    if len(recent) < FEWEST_ROWS or len(earlier) < FEWEST_BEFORE:
        return
    numbers, counts = np.unique(recent, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    third = int(counts[order[2]]) if len(order) > 2 else 0
    for place in order[counts[order] >= _least(recent)]:
        value, rows = float(numbers[place]), int(counts[place])
        if np.mean(earlier == value) <= RARE:
            said = _in_turn(labels, value) or _among(labels, value, rows, third) or _below(labels, value, rows)
        else:
            said = _in_turn(labels, value) if value != 0.0 else ""
        if said:
            yield _signal(target, f"{value:.15g}", value, rows, recent, said)
            return
    if said := _each_its_own(labels):
        rows = int(np.count_nonzero(_again(recent)))
        yield _signal(target, "numbers", None, rows, recent, said)


def repeated_class(target: str, names: tuple[str, ...], labels: Labels) -> Iterator[Signal]:
    """A blocking signal ``repeated_label`` for a class that comes in turn as none did.

    At least 20 labels, 5 % of the recent ones, three times the longest run so far, and beyond chance: with a
    probability of less than 1e-4 where the class has become three times as common as before, up to nine labels in ten,
    or is as common as in a quarter of the other recent labels. A class that was half of the labels takes 88 in turn.

    Parameters
    ----------
    target : str
        The column's name.
    names : tuple of str
        Of the classes, by their codes.
    labels : Labels
        Codes of classes.
    """
    recent, earlier = labels.recent, labels.earlier
    if not labels.ordered or len(recent) < FEWEST_ROWS or len(earlier) < FEWEST_BEFORE:
        return
    for code in np.unique(recent):
        if said := _in_turn(labels, float(code)):
            rows = int(np.count_nonzero(recent == code))
            yield _signal(target, repr(names[int(code)]), float(code), rows, recent, said)
            return


def those_repeated(values: Floats, held: float | None, earlier: Floats) -> Floats:
    """The label in the rows in which it is repeated, else NaN: in all that have it, of a common one in its long runs.

    Parameters
    ----------
    values : array of shape (n,)
        Of the recent rows, NaN where no label has arrived.
    held : float or None
        The label that is repeated; None for many.
    earlier : array of shape (m,)
        Labels before them.
    """
    if held is None:
        again = _again(values)
        again[np.unique(values, return_index=True)[1]] = False  # the first is its own
        return np.where(again, values, np.nan)
    those = values == held
    if np.mean(earlier == held) > RARE:
        there = np.flatnonzero(np.isfinite(values))
        starts, lengths = runs_of(values[there])
        long = (values[there][starts] == held) & (lengths >= LONGER * _longest(earlier))
        those[there[~np.repeat(long, lengths)]] = False
    return np.where(those, held, np.nan)


def _least(recent: npt.NDArray[Any]) -> float:
    return max(float(FEWEST_ROWS), LEAST_SHARE * len(recent))


def _longest(values: npt.NDArray[Any]) -> int:
    return int(runs_of(values)[1].max(initial=1))


def _in_turn(labels: Labels, value: float) -> str:
    """What is said of a label that stands still for longer than any did, beyond chance; empty for nothing."""
    if not labels.ordered:
        return ""
    recent, earlier = labels.recent, labels.earlier
    starts, lengths = runs_of(recent)
    held = recent[starts] == value
    place = int(np.argmax(np.where(held, lengths, 0)))
    first, rows = int(starts[place]), int(lengths[place])
    known = max(_longest(earlier), int(lengths[~held].max(initial=1)))
    if rows < max(_least(recent), LONGER * known) or len(earlier) < ROOM * rows:
        return ""
    others = np.delete(recent, slice(first, first + rows)) == value
    parts = [part for part in np.array_split(others, 4) if len(part) >= FEWEST_ROWS]
    common = min(MORE * float(np.mean(earlier == value)), MOST_SHARE)
    if max(common, *(float(part.mean()) for part in parts), 0.0) ** rows >= CHANCE:
        return ""
    return f"in {rows} labels in turn, {known} at most before"


def _among(labels: Labels, value: float, rows: int, third: int) -> str:
    """What is said of a number that is more frequent than any was; empty for nothing."""
    earlier, recent = labels.earlier, labels.recent
    size = min(len(recent), len(earlier) // int(ROOM))
    known = most_frequent(earlier, size)
    here = rows * size / len(recent)
    if not known or here < LONGER * known or rows < LONGER * third:
        return ""
    return f"in {rows} of {len(recent)} labels, where no other number comes to more than {known} of {size}"


def most_frequent(values: Floats, size: int) -> int:
    """How many of so many values one number has at most; 0 does not count, nor the ends of what else has many values.

    >>> most_frequent(np.array([1.0, 2.0, 2.0, 3.0, 3.0, 4.0, 0.0, 0.0, 0.0, 9.0]), 5)
    2
    """
    left_out = values == 0.0
    if len(np.unique(values)) >= FEWEST_DISTINCT:
        left_out |= (values == values.min()) | (values == values.max())
    counted = np.where(left_out, np.nan, values)
    most = 0
    for first in range(len(values) - size, -1, -max(size // 2, 1))[: 2 * MOST_STRETCHES]:
        part = counted[first : first + size]
        counts = np.unique(part[~np.isnan(part)], return_counts=True)[1]
        most = max(most, int(counts.max(initial=0)))
    return most


def _below(labels: Labels, value: float, rows: int) -> str:
    """What is said of a number at or below 0 where all were above, and where none is near to it; empty for nothing.

    A count that falls to 0 comes there by steps: the least ones of before become common. From a level that moves, 0 is
    as far as twice what the lower half of the labels covers.
    """
    recent, least = labels.recent, float(labels.earlier.min())
    if not value <= 0.0 <= least or value == least or len(runs_of(labels.earlier)[0]) < FEWEST_DISTINCT:
        return ""
    low, middle = np.quantile(labels.earlier, [RARE, 0.5])
    others = recent[recent != value]
    near = np.count_nonzero(others <= (value + least) / 2.0)
    by_steps = np.count_nonzero(others <= low) > ALONE * rows + MORE * RARE * len(others)
    if near > ALONE * rows or (value == 0.0 and by_steps and least < APART * (middle - least)):
        return ""
    return f"in {rows} of {len(recent)} labels, {least:.4g} was the least before"


def _each_its_own(labels: Labels) -> str:
    """What is said of many numbers that are repeated, each for itself; empty for nothing."""
    recent, earlier = labels.recent, labels.earlier
    rows, size = int(np.count_nonzero(_again(recent))), len(recent)
    if rows < max(float(FEWEST_ROWS), EACH * size) or len(earlier) < ROOM * size:
        return ""
    parts = [earlier[first : first + size] for first in range(len(earlier) - size, -1, -size)[:MOST_STRETCHES]]
    known = max(int(np.count_nonzero(_again(part))) for part in parts)
    if known > RARE * size or _digits(recent[_again(recent)]) < _digits(earlier):
        return ""
    return f"that come three times or more in {rows} of {size} labels, {known} of as many at most before"


def _again(values: Floats) -> npt.NDArray[np.bool_]:
    """Which values are there three times or more; NaN is none."""
    _, places, counts = np.unique(values, return_inverse=True, return_counts=True, equal_nan=False)
    again: npt.NDArray[np.bool_] = counts[places] >= AGAIN
    return again


def _digits(values: Floats) -> int:
    """How many digits after the point nine in ten values can do with."""
    for digits in range(MOST_DIGITS):
        if np.mean(np.abs(values - np.round(values, digits)) < 10.0**-MOST_DIGITS) >= MOST_SHARE:
            return digits
    return MOST_DIGITS


def _signal(target: str, shown: str, held: float | None, rows: int, recent: npt.NDArray[Any], said: str) -> Signal:
    return Signal(
        kind=SignalKind.DATA_QUALITY, statistic="repeated_label", feature=target, verdict=Verdict.CHANGED, blocks=True,
        value=rows / len(recent), detail={} if held is None else {HELD: held},
        reason=f"{target}: {shown} {said}: does it stand for labels that are still to come, or for the last one? Mend "
        "the source; if it is right, lift the quarantine with `--accept`",
    )  # fmt: skip
