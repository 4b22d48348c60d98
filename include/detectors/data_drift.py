"""Data drift: has the distribution of an input changed?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from include.data.profile import CategoricalColumn, Column, NumericColumn, profile_table
from include.detectors.comparison import Comparison
from include.signals import Signal, SignalKind, Verdict

FEWEST_EFFECTIVE_ROWS = 4.0  # below this no distribution test has a chance, whatever the number of rows
LEAST_EXPECTED = 5.0  # categories expected less often than this are pooled, the usual condition of the χ² test


@dataclass(frozen=True, kw_only=True)
class DataDriftDetector:
    """Kolmogorov-Smirnov test for each numeric column, χ² test for each column of categories.

    The KS statistic is the largest distance of two distribution functions [1]_, here read off the bins of two
    profiles: exact when the reference has no more distinct values than bins, else too small by at most the share of
    one bin. The effect size of the χ² test is Cramér's V.

    Two corrections make the p-values honest. Rows that follow each other in time are alike, so that the tests count
    *effective* rows: as measured on the reference (see `include.data.calibration`), or where that is too short by
    its autocorrelation (see `include.statistics.effective_size`). And with many columns one of them will look changed
    by chance, so that each column has to meet ``threshold / columns`` (Bonferroni; valid for correlated columns too).

    Parameters
    ----------
    threshold : float, default 0.05
        Probability that any column is called changed on one check although nothing changed.
    minimum_effect : float, default 0.02
        Smallest KS distance or Cramér's V, both in [0, 1], that matters: with a million rows every
        difference is significant. A normal column moved by 0.05 standard deviations has a KS distance of 0.02.

    References
    ----------
    .. [1] F. J. Massey, "The Kolmogorov-Smirnov test for goodness of fit", JASA 46 (1951).

    Examples
    --------
    >>> reference = pd.DataFrame({"x": np.arange(500) % 50})
    >>> DataDriftDetector(threshold=0.05).detect_distribution_shift(reference, reference + 30)[0]
    True
    """

    threshold: float = 0.05
    minimum_effect: float = 0.02

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal for each column that both profiles have."""
        reference, recent = comparison.reference, comparison.recent
        names = [name for name in reference.columns if name in recent.columns]
        level = self.threshold / max(len(names), 1)
        return [self._signal(name, reference.columns[name], recent.columns[name], level, comparison) for name in names]

    def detect_distribution_shift(
        self, reference: pd.DataFrame, current: pd.DataFrame
    ) -> tuple[bool, dict[str, dict[str, object]]]:
        """Compare two tables directly, rows in time order.

        Returns
        -------
        bool
            Whether any column changed.
        dict
            For each column: statistic, value, p_value, level, verdict, reason.
        """
        known = profile_table(reference, list(reference.columns))
        comparison = Comparison(
            reference=known, recent=profile_table(current, list(known.columns), against=known), minimum_rows=1
        )
        signals = self.detect(comparison)
        return any(signal.changed for signal in signals), {
            signal.feature: {
                "statistic": signal.statistic,
                "value": signal.value,
                "p_value": signal.p_value,
                "level": signal.level,
                "verdict": str(signal.verdict),
                "reason": signal.reason,
            }
            for signal in signals
        }

    def _signal(self, name: str, reference: Column, recent: Column, level: float, comparison: Comparison) -> Signal:
        statistic = "ks" if isinstance(recent, NumericColumn) else "cramers_v"
        before, here = _values(reference), _values(recent)
        size = (
            comparison.effective_rows(name, reference, before),
            comparison.effective_rows(name, reference, here),
        )
        verdict, value, p_value = Verdict.STABLE, None, None
        if here == 0 or before == 0:
            verdict, reason = Verdict.NO_DATA, f"{name}: no values{'' if before else ' in the reference'}"
        elif here < comparison.minimum_rows or min(size) < FEWEST_EFFECTIVE_ROWS:
            verdict, reason = Verdict.INCONCLUSIVE, f"{name}: {here} values, {min(size):.1f} effective: too few to tell"
        else:
            value, p_value = _compare(reference, recent, *size)
            if p_value < level and value >= self.minimum_effect:
                verdict = Verdict.CHANGED
            reason = f"{name}: {statistic} {value:.3f}, p {p_value:.2g} against {level:.2g}"
        return Signal(
            kind=SignalKind.DATA_DRIFT, statistic=statistic, feature=name, verdict=verdict, value=value,
            threshold=self.minimum_effect, p_value=p_value, level=level, reason=reason,
            detail={"rows": float(here), "effective_rows": size[1]},
        )  # fmt: skip


def ks_distance(reference: NumericColumn, recent: NumericColumn) -> float:
    """Largest distance of the two distribution functions at and just below the reference's bin edges, in [0, 1]."""
    first = np.cumsum(reference.counts)[:-1] / reference.finite
    second = np.cumsum(recent.counts)[:-1] / recent.finite
    below = (first - np.array(reference.at_edges) / reference.finite) - (
        second - np.array(recent.at_edges) / recent.finite
    )
    return float(max(np.max(np.abs(first - second), initial=0.0), np.max(np.abs(below), initial=0.0)))


def _values(column: Column) -> int:
    return column.finite if isinstance(column, NumericColumn) else column.present


def _compare(reference: Column, recent: Column, before: float, after: float) -> tuple[float, float]:
    if isinstance(reference, NumericColumn) and isinstance(recent, NumericColumn):
        return _kolmogorov_smirnov(reference, recent, before, after)
    assert isinstance(reference, CategoricalColumn)  # a profile against a reference has its kinds
    assert isinstance(recent, CategoricalColumn)
    return _chi_square(reference, recent, before, after)


def _kolmogorov_smirnov(
    reference: NumericColumn, recent: NumericColumn, before: float, after: float
) -> tuple[float, float]:
    from scipy import stats

    distance = ks_distance(reference, recent)
    size = max(round(before * after / (before + after)), 1)
    return distance, float(np.clip(stats.kstwo.sf(distance, size), 0.0, 1.0))


def _chi_square(
    reference: CategoricalColumn, recent: CategoricalColumn, before: float, after: float
) -> tuple[float, float]:
    from scipy import stats

    names = sorted(set(reference.counts) | set(recent.counts))
    table = np.array([[c.counts.get(name, 0) for name in names] for c in (reference, recent)], dtype=float)
    table *= np.array([[before], [after]]) / table.sum(axis=1, keepdims=True)
    rare = table.sum(axis=0) * min(before, after) / (before + after) < LEAST_EXPECTED
    pooled = np.column_stack([table[:, ~rare], table[:, rare].sum(axis=1)]) if rare.any() else table
    pooled = pooled[:, pooled.sum(axis=0) > 0]
    if pooled.shape[1] < 2:
        return 0.0, 1.0
    outcome = stats.chi2_contingency(pooled, correction=False)
    return float(np.sqrt(outcome.statistic / pooled.sum())), float(outcome.pvalue)
