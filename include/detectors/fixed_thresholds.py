"""Rules of thumb: a fixed threshold for a named statistic, as many teams have it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from include.data.profile import NO_EXTRAS, Column, Extra, NumericColumn
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison, values_in
from include.detectors.statistics.distances import DIVERGENCES, grouped, ks_distance, wasserstein
from include.detectors.statistics.score_tests import Sizes, column_tests

P_VALUE = "p_value"
NAMES = (*DIVERGENCES, "ks", "wasserstein", P_VALUE)


@dataclass(frozen=True, kw_only=True)
class FixedThresholdDetector:
    """Calls a column changed when a statistic reaches a fixed threshold, however often chance does that too.

    In place of the calibrated tests, for who has to keep to thresholds agreed upon elsewhere: nothing corrects for the
    number of columns, for rows that are alike, or for small windows. `docs/detection.md` has the rate of false alarms
    of the usual ones.

    Parameters
    ----------
    thresholds : mapping of str to float
        ``psi``, ``kl_divergence`` (nats), ``js_divergence`` (bits, in [0, 1]), ``js_distance`` (its root), ``ks`` (in
        [0, 1]; numbers only),
        ``wasserstein`` (standard deviations; numbers only), ``p_value`` (of the KS or χ² test of all rows as if they
        were independent; changed *below* it).

    Raises
    ------
    ValueError
        For a name that is not among these.
    """

    extras: ClassVar[Extra] = NO_EXTRAS

    thresholds: Mapping[str, float]

    def __post_init__(self) -> None:
        """Refuse names that nothing is known under."""
        unknown = sorted(set(self.thresholds) - set(NAMES))
        if unknown:
            raise ValueError(f"unknown statistic {unknown[0]!r}; known: {', '.join(NAMES)}")

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """A signal for each column that both profiles have and each statistic that is for its kind."""
        return [
            signal
            for name, reference in comparison.reference.columns.items()
            if (recent := comparison.recent.columns.get(name)) is not None
            for signal in self._column(name, reference, recent, comparison.minimum_rows)
        ]

    def _column(self, name: str, reference: Column, recent: Column, minimum_rows: int) -> Iterator[Signal]:
        numeric = isinstance(reference, NumericColumn)
        sizes = [values_in(column) for column in (reference, recent)]
        for statistic, threshold in self.thresholds.items():
            if statistic in ("ks", "wasserstein") and not numeric:
                continue
            if min(sizes) == 0 or sizes[1] < minimum_rows:
                verdict = Verdict.INCONCLUSIVE if min(sizes) else Verdict.NO_DATA
                yield _signal(name, statistic, verdict, None, None, threshold, f"{name}: {sizes[1]} values")
                continue
            value, p_value = _measure(statistic, reference, recent)
            changed = p_value < threshold if p_value is not None else value >= threshold
            verdict = Verdict.CHANGED if changed else Verdict.STABLE
            reason = f"{name}: {statistic} {value if p_value is None else p_value:.3g}, fixed threshold {threshold:g}"
            yield _signal(name, statistic, verdict, value, p_value, threshold, reason)


def _measure(statistic: str, reference: Column, recent: Column) -> tuple[float, float | None]:
    """The statistic's value, and for a test its p-value."""
    if statistic in DIVERGENCES:
        return DIVERGENCES[statistic](grouped(reference, recent)), None
    if statistic == P_VALUE:
        rows = [float(values_in(column)) for column in (reference, recent)]
        sizes = Sizes(before=rows[0], after=rows[1], spread_before=rows[0], spread_after=rows[1])
        found = column_tests(reference, recent, sizes)[0]
        return found.effect, found.p_value
    assert isinstance(reference, NumericColumn)  # the others are for numbers only
    assert isinstance(recent, NumericColumn)
    return (ks_distance(reference, recent) if statistic == "ks" else wasserstein(reference, recent)[0]), None


def _signal(
    feature: str, statistic: str, verdict: Verdict, value: float | None, p_value: float | None, threshold: float,
    reason: str,
) -> Signal:  # fmt: skip
    tested = statistic == P_VALUE
    return Signal(
        kind=SignalKind.DATA_DRIFT, feature=feature, statistic=statistic, verdict=verdict, value=value,
        p_value=p_value, level=threshold if tested else None, threshold=None if tested else threshold, reason=reason,
    )  # fmt: skip
