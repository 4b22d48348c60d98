"""Outliers: do recent rows hold more extreme values than the reference did?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from include.data.profile import OUTLIER_Z, Extra, NumericColumn
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison, varying


@dataclass(frozen=True, kw_only=True)
class OutlierDetector:
    """Share of values with |z| > 3, where z counts in the *reference's* mean and standard deviation.

    Measured against the recent rows' own mean and deviation an outlier would hide itself, and clean data would always
    have some. Changed when the share is above `share` and above the reference's own share beyond chance (one-sided
    binomial test of how many of all outliers are recent, on effective rows for level or for spread, whichever are
    fewer: values that are independent may still be far out in clusters, as returns are. `level` is divided by the
    number of columns).

    Parameters
    ----------
    share : float, default 0.05
        Share of outlying values, in [0, 1], from which on it matters.
    z : float, default 3
        What the profiles that are compared have counted by.
    level : float, default 0.001
        Probability that any column is called changed on one check although nothing changed.
    """

    extras: ClassVar[Extra] = Extra.NEIGHBOURS

    share: float = 0.05
    level: float = 0.001
    z: float = OUTLIER_Z

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal for each numeric column that both profiles have."""
        pairs = [
            (name, known, recent)
            for name, known in comparison.reference.columns.items()
            if isinstance(known, NumericColumn)
            and isinstance(recent := comparison.recent.columns.get(name), NumericColumn)
        ]
        level = self.level / varying(known for _, known, _ in pairs)
        return [self._signal(*pair, level, comparison) for pair in pairs]

    def _signal(
        self, name: str, known: NumericColumn, recent: NumericColumn, level: float, comparison: Comparison
    ) -> Signal:
        value, p_value = None, None
        if recent.finite == 0 or known.finite == 0:
            verdict, reason = Verdict.NO_DATA, f"{name}: no values"
        elif why := comparison.too_far(name):
            verdict, reason = Verdict.INCONCLUSIVE, f"{name}: {why}"
        elif recent.finite < comparison.minimum_rows:
            verdict, reason = Verdict.INCONCLUSIVE, f"{name}: {recent.finite} values: too few to tell"
        else:
            from scipy import stats

            value = recent.outliers / recent.finite
            before, after = (_effective_rows(comparison, name, known, side.finite) for side in (known, recent))
            usual = max(known.outliers / known.finite, 1.0 / known.finite)
            found, all_found = round(value * after), round(value * after) + max(round(usual * before), 1)
            p_value = float(stats.binom.sf(found - 1, all_found, after / (before + after)))
            verdict = Verdict.CHANGED if value > self.share and p_value < level else Verdict.STABLE
            reason = f"{name}: {value:.1%} of values beyond {self.z:g} sd, {usual:.1%} in the reference"
        return Signal(
            kind=SignalKind.OUTLIERS, statistic="outlier_share", feature=name, verdict=verdict, value=value,
            threshold=self.share, p_value=p_value, level=level, reason=reason,
        )  # fmt: skip


def _effective_rows(comparison: Comparison, name: str, known: NumericColumn, rows: int) -> int:
    return max(round(min(comparison.effective_rows(name, known, rows, spread=spread) for spread in (False, True))), 1)
