"""Has a column's unit changed? Cents for euros, grams for kilograms, milliseconds for seconds."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from include.data.profile import NO_EXTRAS, Extra, NumericColumn
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison

#: Ratios of units in use, besides powers of ten; smaller ones a column reaches by itself.
FACTORS = (12.0, 24.0, 25.4, 60.0, 453.592, 1024.0, 3600.0, 86_400.0, 1024.0**2)
MOST_POWERS = 9  # from 10 to 10 to this
WITHIN = 1.35  # how much a measured ratio may differ from a ratio of units, and one from another
LEAST_SHARE = 0.01  # of the recent values, in the new unit
FEWEST = 5  # values in the new unit
HEAVY = 3.0  # times what the middle of the values says, from which on the spread is that of single values
PLAIN = 50.0  # times as large: from here on some values in another unit cannot be mistaken for drift
SAME_ZEROS = 0.1  # by how much the share of zeros, which are zeros in any unit, may differ
MOVED = 0.35  # KS distance: a centred column moves by 0.4 when its unit does, by 0.5 at most


@dataclass(frozen=True, kw_only=True)
class UnitChange:
    """A column's values come `factor` times as large as before, a `share` in [0, 1] of them."""

    factor: float
    share: float


@dataclass(frozen=True)
class UnitChangeDetector:
    """Numeric columns that come in another unit: a broken feed, not drift; it blocks every retrain."""

    extras: ClassVar[Extra] = NO_EXTRAS

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """A blocking signal for each such column, or one that says that there is none."""
        found = []
        for name, known in comparison.reference.columns.items():
            recent = comparison.recent.columns.get(name)
            if not (isinstance(known, NumericColumn) and isinstance(recent, NumericColumn)):
                continue
            change = unit_change(known, recent) if recent.finite >= comparison.minimum_rows else None
            if change is not None:
                found.append(_signal(name, change))
        if found:
            return found
        verdict = Verdict.STABLE if comparison.recent.rows else Verdict.NO_DATA
        reason = "no column in another unit" if comparison.recent.rows else "no recent rows"
        return [Signal(kind=SignalKind.DATA_QUALITY, statistic="unit_changes", verdict=verdict, reason=reason)]


def _signal(name: str, change: UnitChange) -> Signal:
    which = "all values" if change.share == 1.0 else f"{change.share:.0%} of the values"
    times = f"{change.factor:g} times as large" if change.factor > 1.0 else f"{1.0 / change.factor:g} times smaller"
    return Signal(
        kind=SignalKind.DATA_QUALITY, statistic="unit_change", feature=name, verdict=Verdict.CHANGED, blocks=True,
        value=change.factor, reason=f"{name}: {which} came {times} than in the reference: another unit?",
        detail={"share": change.share},
    )  # fmt: skip


def unit_change(known: NumericColumn, recent: NumericColumn) -> UnitChange | None:
    """Find a change of unit: the same shape on another scale, in all recent values or in those since some moment.

    In all: spread, level and both ends have the same ratio to the reference's, and this is one of units. In some,
    upwards only: the values beyond the reference's range have that ratio. A column whose spread is that of its
    rarest values (a log-normal one with a standard deviation of 2, say) is left alone: its spread jumps by itself.
    """
    if known.quantity != "number" or min(known.finite, recent.finite) < FEWEST or _erratic(known, recent):
        return None
    ratio = math.sqrt(recent.variance / known.variance)
    for factor in sorted(_factors(), key=lambda factor: abs(math.log(max(ratio, 1e-300) / factor))):
        if _all(known, recent, factor):
            return UnitChange(factor=factor, share=1.0)
    for factor in _factors():
        share = _some(known, recent, factor) if factor >= PLAIN else 0.0
        if share:
            return UnitChange(factor=factor, share=share)
    return None


def _erratic(known: NumericColumn, recent: NumericColumn) -> bool:
    """Whether the spread says nothing: there is none, or single values make it."""
    if not (known.variance > 0.0 and math.isfinite(recent.variance)):
        return True
    middle = (known.knots[3] - known.knots[1]) / 2.0 if known.knots else 0.0  # a normal column's standard deviation
    return middle > 0.0 and math.sqrt(known.variance) > HEAVY * middle


def _factors() -> Iterator[float]:
    for larger in sorted({*(10.0**power for power in range(1, MOST_POWERS + 1)), *FACTORS}):
        yield larger
        yield 1.0 / larger


def _all(known: NumericColumn, recent: NumericColumn, factor: float) -> bool:
    sd = math.sqrt(known.variance)
    if not _alike(math.sqrt(recent.variance) / sd / factor):
        return False
    if abs(_zeros(recent) - _zeros(known)) > SAME_ZEROS:
        return False  # a dry spell, say: another unit leaves the zeros where they are
    if _distance(known, recent) < MOVED * (1.0 - _zeros(known)):
        return False
    level = abs(recent.mean / factor - known.mean) < sd
    if abs(known.mean) > sd / 2.0:
        level = _alike(recent.mean / known.mean / factor)
    if abs(math.log(_reach(recent) / _reach(known) / factor)) > abs(math.log(factor)) / 2.0:
        return False  # a flag that has become frequent is 0 and 1 as before
    ends = recent.minimum / factor, recent.maximum / factor
    return level and all(known.minimum - 2.0 * sd <= end <= known.maximum + 2.0 * sd for end in ends)


def _some(known: NumericColumn, recent: NumericColumn, factor: float) -> float:
    """Share of the values that came in the larger unit; 0 for none."""
    above, below = recent.counts[-1], recent.counts[0] - recent.at_edges[0]  # beyond the reference's ends
    if above + below < max(FEWEST, LEAST_SHARE * recent.finite) or not _far(recent.maximum, known.maximum, factor):
        return 0.0
    if known.mean > 2.0 * math.sqrt(known.variance) or known.minimum >= 0.0:
        within = float(np.dot(recent.counts[1:-1], known.edges[1:])) + (recent.counts[0] - below) * known.edges[0]
        mean = (recent.mean * recent.finite - within) / max(above + below, 1)
        found = known.mean > 0.0 and above > below and _alike(mean / known.mean / factor)
    else:
        found = min(above, below) >= FEWEST and _far(recent.minimum, known.minimum, factor)
    return (above + below) / recent.finite if found else 0.0


def _far(recent: float, known: float, factor: float) -> bool:
    """Whether an end of the range has moved by the factor, give or take: it is that of few values now."""
    return known != 0.0 and 1.0 / (2.0 * WITHIN) <= recent / known / factor <= WITHIN


def _reach(column: NumericColumn) -> float:
    """The size of the largest value, above 0."""
    return max(abs(column.minimum), abs(column.maximum), sys.float_info.min)


def _zeros(column: NumericColumn) -> float:
    """Share of zeros, which are zeros in any unit."""
    return sum(at for edge, at in zip(column.edges, column.at_edges, strict=True) if edge == 0.0) / column.finite


def _alike(ratio: float) -> bool:
    return math.isfinite(ratio) and 1.0 / WITHIN <= ratio <= WITHIN


def _distance(known: NumericColumn, recent: NumericColumn) -> float:
    """Largest distance of the two distribution functions at the bins' edges."""
    shares = [np.cumsum(column.counts) / column.finite for column in (known, recent)]
    return float(np.max(np.abs(shares[0] - shares[1])))
