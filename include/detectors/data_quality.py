"""Data quality: are the recent rows broken rather than changed?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from include.data.profile import REST, CategoricalColumn, Column, NumericColumn
from include.detectors.comparison import Comparison
from include.signals import Signal, SignalKind, Verdict
from include.statistics import effective_size

IMPOSSIBLE = 1e-6  # probability below which a column that stands still is broken, not quiet


@dataclass(frozen=True, kw_only=True)
class DataQualityDetector:
    """Columns gone, gone empty, gone constant, holding text instead of numbers, infinities or unseen categories.

    A broken feed is not drift: a model trained on it learns the fault. Signals that `block` say that the rows must not
    be trained on until the source is mended: a column is gone, mostly empty or mostly unreadable, or stands still
    although it never would. With fewer rows than the model's minimum only a column that is gone is a fault.

    Parameters
    ----------
    missing_rise : float, default 0.10
        Rise of the share of empty cells, in [0, 1], that is worth a signal.
    blocking_share : float, default 0.50
        Rise of the share of empty cells, or share of unreadable cells, from which on the rows are broken.
    unseen_share : float, default 0.01
        Share of cells in categories that the reference did not have, or that are unreadable or infinite.
    """

    missing_rise: float = 0.10
    blocking_share: float = 0.50
    unseen_share: float = 0.01

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """A signal for each fault; one `stable` signal if there is none, `no_data` without recent rows."""
        if comparison.recent.rows == 0:
            return [_signal("", "faults", Verdict.NO_DATA, None, None, "no recent rows")]
        found = [
            signal
            for name, known in comparison.reference.columns.items()
            for signal in self._column(name, known, comparison.recent.columns.get(name), comparison.minimum_rows)
        ]
        columns = len(comparison.reference.columns)
        return found or [_signal("", "faults", Verdict.STABLE, 0.0, None, f"{columns} columns without a fault")]

    def _column(self, name: str, known: Column, recent: Column | None, minimum_rows: int) -> Iterator[Signal]:
        if recent is None:
            yield _signal(name, "column_gone", Verdict.CHANGED, 1.0, 0.0, f"{name}: the column is gone", blocks=True)
            return
        if recent.rows < minimum_rows:
            return
        rows = recent.rows
        rise = recent.missing / rows - (known.missing / known.rows if known.rows else 0.0)
        if rise >= self.missing_rise:
            yield _signal(
                name, "missing_rise", Verdict.CHANGED, rise, self.missing_rise,
                f"{name}: {recent.missing / rows:.0%} of the cells are empty, {rise * 100:.0f} points more than before",
                blocks=rise >= self.blocking_share,
            )  # fmt: skip
        if isinstance(recent, CategoricalColumn) and isinstance(known, CategoricalColumn):
            expected = round(known.counts.get(REST, 0) / max(known.rows, 1) * rows)
            unseen = recent.counts.get(REST, 0) - expected
            yield from self._share(name, "unseen_categories", unseen, recent, "in unseen categories")
        if isinstance(recent, NumericColumn) and isinstance(known, NumericColumn):
            was_empty = known.missing == known.rows  # of what kind such a column is could not be told then
            yield from self._share(
                name, "unreadable", recent.unreadable, recent, "not a number", may_block=not was_empty
            )
            yield from self._share(name, "infinite", recent.infinite - known.infinite, recent, "infinite")
            if known.minimum < known.maximum and recent.minimum == recent.maximum and recent.finite >= minimum_rows:
                reason = f"{name}: always {recent.minimum:g}, but it varied in the reference"
                blocks = _chance_of_constant(known, recent) < IMPOSSIBLE
                yield _signal(name, "constant", Verdict.CHANGED, 1.0, None, reason, blocks=blocks)

    def _share(
        self, name: str, statistic: str, cells: int, recent: Column, what: str, *, may_block: bool = False
    ) -> Iterator[Signal]:
        share = cells / recent.rows
        if share >= self.unseen_share:
            blocks = may_block and share >= self.blocking_share
            reason = f"{name}: {share:.0%} of the cells are {what}"
            yield _signal(name, statistic, Verdict.CHANGED, share, self.unseen_share, reason, blocks=blocks)


def _chance_of_constant(known: NumericColumn, recent: NumericColumn) -> float:
    """Probability that as many rows of the reference would all have that value: a rare flag may well be 0 for weeks."""
    place = int(np.searchsorted(known.edges, recent.minimum, side="left"))
    share = known.counts[place] / known.finite
    return float(share ** effective_size(recent.finite, known.lag1))


def _signal(
    feature: str, statistic: str, verdict: Verdict, value: float | None, threshold: float | None, reason: str, *,
    blocks: bool = False,
) -> Signal:  # fmt: skip
    return Signal(
        kind=SignalKind.DATA_QUALITY, feature=feature, statistic=statistic, verdict=verdict, value=value,
        threshold=threshold, reason=reason, blocks=blocks,
    )  # fmt: skip
