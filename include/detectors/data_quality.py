"""Data quality: are the recent rows broken rather than changed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import numpy as np

from include.data.pairs import column_gone
from include.data.profile import REST, CategoricalColumn, Column, Extra, NumericColumn
from include.data.rows.arrivals import Arrivals
from include.data.rows.odd_times import OddTimes
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison, values_in
from include.detectors.statistics.categories import rows_to_come
from include.detectors.statistics.rates import absence_lag1, inflation_of_flags, rise_p_value, shortfall
from include.detectors.without_value import without_value
from include.registry.kinds import told, unwatched

IMPOSSIBLE = 1e-6  # probability below which a column that stands still is broken, not quiet
STALE = 3.0  # times its usual age from which on the newest row is stale
SOURCE_EMPTY = (
    "the source stopped: it holds no row of before this check, old ones neither; was it emptied, or are its times in "
    "another unit or zone?"
)
DELIVERY = timedelta(days=2)  # a day's rows often come on the day after: no row is stale before


@dataclass(frozen=True, kw_only=True)
class DataQualityDetector:
    """Columns gone, of another type, emptier, constant, holding text, infinities or unseen categories; rows that lack.

    A broken feed is not drift: a model trained on it learns the fault. Signals that `block` say that the rows must not
    be trained on until the source is mended: a column is gone, mostly empty, unreadable or of another type, or stands
    still although it never would. With fewer rows than the model's minimum only a column that is gone is a fault.
    New columns, rows that are too few or too old are told and block nothing.

    What could be chance is tested: shares of empty cells and of unseen categories by their effective rows, a constant
    by the chance that the reference's rows would all have that value, the number of rows by how it varied before. Text
    where the reference had numbers never is.

    Parameters
    ----------
    level : float, default 1e-4
        Probability that any column is called faulty on one check although nothing changed.
    missing_rise : float, default 0.10
        Rise of the share of empty cells, in [0, 1], that always matters. A smaller one matters if the share at least
        doubles, and rises by a point; then one outage among many rows is not enough, it has to be many cells.
    blocking_share : float, default 0.50
        Rise of the share of empty cells, or share of unreadable cells or of cells of another type, from which on the
        rows are broken.
    unseen_share : float, default 0.01
        Share of cells that are unreadable or infinite, or in categories that the reference did not have (of more than
        can be counted by name: that are not among those); beyond what is to be expected of the reference's long tail.
    row_share : float, default 0.5
        Rows less than this share of the usual number are too few.
    """

    extras: ClassVar[Extra] = Extra.NEIGHBOURS

    level: float = 1e-4
    missing_rise: float = 0.10
    blocking_share: float = 0.50
    unseen_share: float = 0.01
    row_share: float = 0.5

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """A signal for each fault, or one `stable` signal if there is none; and how many rows came, and how late."""
        known, recent = comparison.reference.columns, comparison.recent.columns
        found = [
            signal
            for name, column in known.items()
            for signal in self._column(name, column, recent.get(name), comparison)
            if comparison.recent.rows
        ]
        if comparison.new_columns:
            names = ", ".join(comparison.new_columns)
            reason = f"columns that the champion does not know: {names}"
            found.append(_signal("", "new_columns", reason, float(len(comparison.new_columns)), 1.0))
        if not comparison.recent.rows:
            found = [_signal("", "faults", "no recent rows", None, None, verdict=Verdict.NO_DATA)]
        elif not found:
            reason = f"{len(known)} columns without a fault"
            found = [_signal("", "faults", reason, 0.0, None, verdict=Verdict.STABLE)]
        found += odd_times_signals(comparison.odd_times)
        if kinds := told(comparison.kinds):
            found.append(_signal("", "not_compared", f"not compared: {kinds}", None, None, verdict=Verdict.STABLE))
        if comparison.source_empty:
            found.append(_signal("", "staleness", SOURCE_EMPTY, None, None))
        return found if comparison.arrivals is None else [*found, *self._arrivals(comparison.arrivals)]

    def _column(self, name: str, known: Column, recent: Column | None, comparison: Comparison) -> Iterator[Signal]:
        if recent is None:
            yield _signal(name, "column_gone", column_gone(name, comparison.new_columns), 1.0, None, blocks=True)
            return
        if recent.rows < comparison.minimum_rows or not known.rows:
            return
        level = self.level / len(comparison.reference.columns)
        yield from self._missing(name, known, recent, level)
        if isinstance(recent, CategoricalColumn) and isinstance(known, CategoricalColumn):
            yield from self._categories(name, known, recent, comparison, level)
        elif isinstance(recent, NumericColumn) and isinstance(known, NumericColumn):
            yield from self._numbers(name, known, recent, level)
        if values_in(recent) >= comparison.minimum_rows and name not in unwatched(comparison.kinds):
            yield from self._constant(name, known, recent, comparison, level)

    def _missing(self, name: str, known: Column, recent: Column, level: float) -> Iterator[Signal]:
        before, after = empty_share(known), empty_share(recent)
        least = min(max(before, self.missing_rise / 10.0), self.missing_rise)
        if after - before < least - 1e-12:
            return
        bursts = _bursts(known)
        if after - before < self.missing_rise:
            bursts = max(bursts, _bursts(recent))
        p_value = rise_p_value(before, known.rows / bursts, after, recent.rows / bursts)
        if p_value < level:
            yield _signal(
                name, "missing_rise", f"{name}: {after:.1%} of the cells are empty, {before:.1%} in the reference",
                after - before, least, p_value=p_value, level=level, blocks=after - before >= self.blocking_share,
            )  # fmt: skip

    def _categories(
        self, name: str, known: CategoricalColumn, recent: CategoricalColumn, comparison: Comparison, level: float
    ) -> Iterator[Signal]:
        expected, passing = rows_to_come(known)
        unseen = recent.rest
        sizes = tuple(comparison.effective_rows(name, known, column.rows) for column in (known, recent))
        sizes = sizes[0] / passing, sizes[1]
        yield from self._share(name, "unseen_categories", expected, known, unseen, recent, sizes, level)
        numbers = _share(recent.retyped, recent) - _share(known.retyped, known)
        if known.present and min(numbers, _share(unseen, recent)) >= self.blocking_share:
            reason = f"{name}: {numbers:.0%} of the categories are numbers or dates now, and unknown"
            yield _signal(name, "type_change", reason, numbers, self.blocking_share, blocks=True)

    def _numbers(self, name: str, known: NumericColumn, recent: NumericColumn, level: float) -> Iterator[Signal]:
        was_empty = known.missing == known.rows  # of what kind such a column is could not be told then
        text = recent.unreadable / recent.rows
        if text >= self.unseen_share:
            blocks = text >= self.blocking_share and not was_empty
            reason = f"{name}: {text:.0%} of the cells are not a number"
            yield _signal(name, "unreadable", reason, text, self.unseen_share, blocks=blocks)
        other = _share(recent.retyped, recent)
        if other >= self.blocking_share and not was_empty:
            reason = f"{name}: {other:.0%} of the values are no {known.quantity} any more"
            yield _signal(name, "type_change", reason, other, self.blocking_share, blocks=True)
        bursts = _bursts(known)
        sizes = known.rows / bursts, recent.rows / bursts
        before = {statistic: share for statistic, share, _ in without_value(name, known)}
        for statistic, share, sentence in without_value(name, recent):
            yield self._no_values(name, statistic, sentence, (before.get(statistic, 0.0), share), sizes, level)

    def _no_values(
        self, name: str, statistic: str, reason: str, shares: tuple[float, float], sizes: tuple[float, float],
        level: float,
    ) -> Signal:  # fmt: skip
        """That cells hold no value: a fault where the reference had none such, or where there are more than it had."""
        before, share = shares
        p_value = rise_p_value(before, sizes[0], share, sizes[1]) if before else None
        usual = p_value is not None and (p_value >= level or share - before < self.unseen_share)
        if before:
            reason = f"{reason}; {before:.2%} in the reference"
        return _signal(
            name, statistic, reason, share, self.blocking_share, p_value=p_value,
            verdict=Verdict.STABLE if usual else Verdict.CHANGED, blocks=share - before >= self.blocking_share,
        )  # fmt: skip

    def _share(
        self, name: str, statistic: str, before: float, known: Column, after: int, recent: Column,
        sizes: tuple[float, ...], level: float,
    ) -> Iterator[Signal]:  # fmt: skip
        """Whether cells that were rare or absent in the reference have become more than chance and unseen_share."""
        shares = before / max(known.rows, 1), after / recent.rows
        if shares[1] - shares[0] < self.unseen_share:
            return
        p_value = rise_p_value(shares[0], sizes[0], shares[1], sizes[1])
        if p_value < level:
            what = statistic.replace("_", " ")
            reason = f"{name}: {shares[1]:.1%} of the cells are {what}, {shares[0]:.1%} at most in the reference"
            yield _signal(
                name, statistic, reason, shares[1] - shares[0], self.unseen_share, p_value=p_value, level=level
            )

    def _constant(
        self, name: str, known: Column, recent: Column, comparison: Comparison, level: float
    ) -> Iterator[Signal]:
        rows, held = values_in(recent), _only_value(known, recent)
        if held is None:
            return
        value, share, most = held
        chance = 0.0  # for a value that comes more often now than any ever came
        if rows <= 2 * most:
            chance = float(share ** comparison.effective_rows(name, known, rows))
        if chance < level:
            reason = f"{name}: always {value}, but it varied in the reference"
            blocks = chance < IMPOSSIBLE
            yield _signal(name, "constant", reason, 1.0, None, p_value=chance, level=level, blocks=blocks)

    def _arrivals(self, arrivals: Arrivals) -> Iterator[Signal]:
        yield _staleness(arrivals)
        if not arrivals.earlier:
            return
        usual, p_value = shortfall(arrivals.rows, arrivals.earlier)
        share = arrivals.rows / usual if usual else 1.0
        few = Verdict.CHANGED if share < self.row_share and p_value < self.level else Verdict.STABLE
        reason = f"{arrivals.rows} rows up to the newest, {usual:.0f} usual in that time (p {p_value:.2g})"
        yield _signal("", "row_count", reason, share, self.row_share, verdict=few, p_value=p_value, level=self.level)


def odd_times_signals(odd: OddTimes | None) -> list[Signal]:
    """That rows are left out for their times; nothing where none is."""
    return [] if odd is None else [_signal("", "odd_times", odd.sentence, odd.share, None)]


def _staleness(arrivals: Arrivals) -> Signal:
    """Whether the newest row is older than the owner allows, or than the source's habits let expect."""
    age, limit = timedelta(seconds=round(arrivals.age)), arrivals.max_age
    if limit is None and arrivals.usual_age is None:
        reason = f"the newest row is {age} old; the rows before came at one moment: `max_age` says what is stale"
        return _signal("", "staleness", reason, arrivals.age, None, verdict=Verdict.INCONCLUSIVE)
    if limit is None:
        limit = max(STALE * (arrivals.usual_age or 0.0), DELIVERY.total_seconds())
    since = timedelta(seconds=round(limit))
    if arrivals.age <= limit:
        reason = f"the newest row is {age} old; stale from {since} on"
        return _signal("", "staleness", reason, arrivals.age, limit, verdict=Verdict.STABLE)
    newest = f"of {arrivals.newest:%Y-%m-%d %H:%M} UTC, " if arrivals.newest is not None else ""
    reason = f"the source stopped: its newest row is {newest}{age} old; stale from {since} on"
    return _signal("", "staleness", reason, arrivals.age, limit)


def empty_share(column: Column) -> float:
    """Share of the cells that are empty, those that hold an impossible number not among them."""
    impossible = column.impossible if isinstance(column, NumericColumn) else 0
    return (column.missing - impossible) / column.rows if column.rows else 0.0


def _only_value(known: Column, recent: Column) -> tuple[str, float, float] | None:
    """The one value that all recent cells have, its share in the reference, and how often any value came there.

    None if the recent cells vary, or the reference's do not.
    """
    if isinstance(known, NumericColumn) and isinstance(recent, NumericColumn):
        if not (known.minimum < known.maximum and recent.minimum == recent.maximum):
            return None
        place = int(np.flatnonzero(recent.in_bins)[0])
        between = 0.0 if known.exact else known.finite / max(len(known.edges) - 1, 1)  # a value that is no edge
        return f"{recent.minimum:g}", known.counts[place] / known.finite, max(*known.at_edges, between)
    if not (isinstance(known, CategoricalColumn) and isinstance(recent, CategoricalColumn)):
        return None
    seen = [category for category, n in recent.counts.items() if n]
    varied = sum(n > 0 for n in known.counts.values()) > 1
    if len(seen) != 1 or seen[0] == REST or not varied:
        return None
    return repr(seen[0]), known.counts.get(seen[0], 0) / known.present, max(known.counts.values())


def _bursts(column: Column) -> float:
    """How many cells without a value count as one: twice what their dependence says, for bursts vary in length."""
    absent = 1.0 - values_in(column) / column.rows if column.rows else 0.0
    return 1.0 + 2.0 * (inflation_of_flags(absent, absence_lag1(column)) - 1.0)


def _share(cells: int, column: Column) -> float:
    """Share of the cells that are not empty."""
    there = column.rows - column.missing
    return cells / there if there else 0.0


def _signal(
    feature: str, statistic: str, reason: str, value: float | None, threshold: float | None, *,
    verdict: Verdict = Verdict.CHANGED, p_value: float | None = None, level: float | None = None, blocks: bool = False,
) -> Signal:  # fmt: skip
    return Signal(
        kind=SignalKind.DATA_QUALITY, feature=feature, statistic=statistic, verdict=verdict, value=value,
        threshold=threshold, p_value=p_value, level=level, reason=reason, blocks=blocks,
    )  # fmt: skip
