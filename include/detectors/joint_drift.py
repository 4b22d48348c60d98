"""Joint drift: have all inputs together moved, or has what ties them to each other changed?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from include.data.profile import ALL_EXTRAS, Column, CrossMoments, Extra, NumericColumn
from include.data.profile.scales import Scale
from include.data.reference.joint import CorrelationDistance, SquaredDistance
from include.data.reference.scores import bin_scores
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison
from include.detectors.data_drift import FEWEST_EFFECTIVE_ROWS
from include.detectors.statistics.score_tests import MeanShift, compare_means, two_sided

ROWS_PER_COLUMN = 3.0  # of the reference, effective, below which its correlations are too uncertain to weigh means by
FEWEST_PAIRS = 20.0  # effective rows below which correlations are not compared
NORMAL = 9.0  # fourth moment of the product of two independent standard normal variables
SHIFT, PAIR, CORRELATION = "joint_shift", "pair_correlation", "joint_correlation"

SMALLEST_EFFECTS: Mapping[str, float] = {SHIFT: 0.1, PAIR: 0.1, CORRELATION: 0.02}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class JointDriftDetector:
    """What no column shows alone: small moves of many columns, and changed correlations under unchanged marginals.

    ``joint_shift`` is Hotelling's test of all mean normal scores at once [1]_. ``pair_correlation`` tests the pair of
    columns whose correlation changed most, ``joint_correlation`` all changes together (see
    `include.data.reference.joint.CorrelationDistance`). Correlations are those of bounded normal scores, because those
    of raw values are decided by single rows. What decides correlations of columns that are mostly 0 are the few rows
    that are 0 in neither: by chance they are as skewed, and as peaked, as products of two such scores are. What looks
    changed is judged so (Pearson type III instead of normal), which can only make it less sure.

    Parameters
    ----------
    level : float, default 0.001
        Probability that any of the three is called changed on one check although nothing changed.
    minimum_effects : mapping of str to float
        The smallest that matter: ``joint_shift`` as Mahalanobis distance of the means, in standard deviations; the
        other two as the largest, and the root mean square, change of a correlation, in [0, 2]. What chance alone
        contributes is taken off the first and the last.

    References
    ----------
    .. [1] H. Hotelling, "The generalization of Student's ratio", Annals of Mathematical Statistics 2 (1931).
    """

    extras: ClassVar[Extra] = ALL_EXTRAS

    level: float = 0.001
    minimum_effects: Mapping[str, float] = field(default_factory=lambda: dict(SMALLEST_EFFECTS))

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Three signals about the numeric columns; none for a reference with fewer than two."""
        before, after = comparison.reference.cross, comparison.recent.cross
        if before is None:
            return []
        if comparison.recent.rows == 0:
            return [self._silent(name, Verdict.NO_DATA, "no recent rows") for name in SMALLEST_EFFECTS]
        if after is None or after.names != before.names or comparison.recent.rows < comparison.minimum_rows:
            reason = f"{comparison.recent.rows} recent rows, or columns gone: nothing to say about all of them together"
            return [self._silent(name, Verdict.INCONCLUSIVE, reason) for name in SMALLEST_EFFECTS]
        return [self._shift(comparison, before), *self._correlations(comparison, before, after)]

    def _shift(self, comparison: Comparison, cross: CrossMoments) -> Signal:
        found = {place: shift for place, name in enumerate(cross.names) if (shift := _mean_shift(name, comparison))}
        if len(found) < 2:
            return self._silent(SHIFT, Verdict.INCONCLUSIVE, "fewer than two columns with enough effective rows")
        rows = min(_rows_of_spread(cross.names[place], comparison) for place in found)
        if rows < ROWS_PER_COLUMN * len(found):
            reason = f"{rows:.0f} effective rows in the reference: too few for the correlations of {len(found)} columns"
            return self._silent(SHIFT, Verdict.INCONCLUSIVE, reason)
        places = list(found)
        distance = SquaredDistance.of(cross.correlations()[np.ix_(places, places)])
        inflation = comparison.calibration.joint_inflation if comparison.calibration is not None else 1.0
        inflation *= rows / (rows - len(found) - 1.0)  # Hotelling: the correlations are themselves a sample's
        value = float(distance(np.array([shift.z for shift in found.values()]))) / inflation
        square = float(distance(np.array([shift.difference for shift in found.values()])))
        effect = float(np.sqrt(square * max(1.0 - distance.mean / value, 0.0))) if value > 0.0 else 0.0
        told = f"the means of {len(found)} columns together moved by {effect:.3f} sd"
        return self._judged(SHIFT, effect, distance.p_value(value), told, columns=len(found))

    def _correlations(self, comparison: Comparison, before: CrossMoments, after: CrossMoments) -> list[Signal]:
        first, second = before.correlations(), after.correlations()
        known = np.flatnonzero(np.isfinite(np.diag(first)) & np.isfinite(np.diag(second)))
        inflation = _correlation_inflation(comparison, before.names)
        sides = [_pairs(moments)[np.ix_(known, known)] / (inflation or np.inf) for moments in (before, after)]
        if len(known) < 2 or inflation is None or min(float(np.median(side)) for side in sides) < FEWEST_PAIRS:
            reason = "too few effective rows, or too few columns that vary, to compare correlations"
            return [self._silent(name, Verdict.INCONCLUSIVE, reason) for name in (PAIR, CORRELATION)]
        first, second = np.nan_to_num(first[np.ix_(known, known)]), np.nan_to_num(second[np.ix_(known, known)])
        names = [before.names[place] for place in known]
        with np.errstate(divide="ignore"):
            errors = 1.0 / sides[0] + 1.0 / sides[1]
        change = second - first
        np.fill_diagonal(change, 0.0)
        rows = (float(np.median(sides[0])), float(np.median(sides[1])))
        distance = CorrelationDistance.of(first, change, *rows, inflation)
        z = np.arctanh(second.clip(-0.999, 0.999)) - np.arctanh(first.clip(-0.999, 0.999))
        sizes = np.triu(np.nan_to_num(np.abs(z) / np.sqrt(errors)), 1)
        found = [self._pair(names, first, second, sizes), self._all_pairs(change, distance)]
        if not any(signal.changed for signal in found):
            return found
        third, fourth = (
            np.outer(each, each) for each in np.array([_shape(comparison.reference.columns[name]) for name in names]).T
        )
        with np.errstate(divide="ignore"):
            skewness = np.abs(third) * np.where(z * third > 0.0, sides[1], sides[0]) ** -2.0 / errors**1.5
        peaked = np.mean((fourth - NORMAL) / np.minimum(*sides), where=~np.eye(len(names), dtype=bool))
        wider = replace(distance, variance=distance.variance * (1.0 + max(float(peaked), 0.0) / 2.0))
        return [self._pair(names, first, second, sizes, np.nan_to_num(skewness)), self._all_pairs(change, wider)]

    def _pair(
        self, names: Sequence[str], first: Floats, second: Floats, sizes: Floats, skewness: Floats | None = None
    ) -> Signal:
        """The pair that changed most: `sizes` are z values above the diagonal, `skewness` is theirs by chance."""
        skewness = np.zeros_like(sizes) if skewness is None else skewness
        pairs = len(names) * (len(names) - 1) // 2
        telling = -NormalDist().inv_cdf(self.level / len(SMALLEST_EFFECTS) / pairs / 2.0)
        places = np.argwhere(sizes >= min(telling, float(sizes.max()))).tolist()
        one, other = min(places, key=lambda place: two_sided(sizes[*place], skewness[*place]))
        p_value = min(two_sided(sizes[one, other], skewness[one, other]) * pairs, 1.0)
        told = (
            f"{names[int(one)]} and {names[int(other)]}: correlation {first[one, other]:.2f}, "
            f"now {second[one, other]:.2f}"
        )
        return self._judged(PAIR, abs(float(second[one, other] - first[one, other])), p_value, told, pairs=pairs)

    def _all_pairs(self, change: Floats, distance: CorrelationDistance) -> Signal:
        pairs = len(change) * (len(change) - 1)
        square = float(np.sum(np.square(change))) / pairs
        beyond = max(1.0 - distance.mean / distance.value, 0.0) if distance.value > 0.0 else 0.0
        effect = float(np.sqrt(square * beyond))
        told = f"correlations of {len(change)} columns changed by {effect:.3f} (root mean square)"
        return self._judged(CORRELATION, effect, distance.p_value, told, pairs=pairs // 2)

    def _judged(self, statistic: str, value: float, p_value: float, told: str, **detail: float) -> Signal:
        level, threshold = self.level / len(SMALLEST_EFFECTS), self.minimum_effects[statistic]
        changed = p_value < level and value >= threshold
        return Signal(
            kind=SignalKind.DATA_DRIFT, statistic=statistic, value=value, threshold=threshold, p_value=p_value,
            level=level, verdict=Verdict.CHANGED if changed else Verdict.STABLE,
            reason=f"{told}, p {p_value:.2g} against {level:.2g}", detail={k: float(v) for k, v in detail.items()},
        )  # fmt: skip

    def _silent(self, statistic: str, verdict: Verdict, reason: str) -> Signal:
        return Signal(
            kind=SignalKind.DATA_DRIFT, statistic=statistic, verdict=verdict, reason=reason,
            threshold=self.minimum_effects[statistic], level=self.level / len(SMALLEST_EFFECTS),
        )  # fmt: skip


def _mean_shift(name: str, comparison: Comparison) -> MeanShift | None:
    reference, recent = comparison.reference.columns[name], comparison.recent.columns.get(name)
    if not isinstance(reference, NumericColumn) or not isinstance(recent, NumericColumn) or not recent.finite:
        return None
    before = comparison.reference_rows(name, reference, reference.finite)
    after = comparison.effective_rows(name, reference, recent.finite)
    if min(before, after) < FEWEST_EFFECTIVE_ROWS:
        return None
    return compare_means(bin_scores(reference), reference, recent, before, after)


def _shape(column: Column) -> tuple[float, float]:
    """Skewness and fourth standardised moment of a column's scores in the reference: 0 and 3 of normal ones."""
    assert isinstance(column, NumericColumn)  # cross moments are of numbers
    scores = np.empty(len(column.edges) + 1, dtype=np.float32)
    Scale.of(column.knots).enter(np.append(column.edges, column.maximum), scores)
    shares = column.in_bins / column.finite
    apart = scores - shares @ scores
    spread = float(np.sqrt(shares @ np.square(apart)))
    return (float(shares @ apart**3) / spread**3, float(shares @ apart**4) / spread**4) if spread > 0.0 else (0.0, 3.0)


def _rows_of_spread(name: str, comparison: Comparison) -> float:
    column = comparison.reference.columns[name]
    assert isinstance(column, NumericColumn)  # cross moments are of numbers
    return comparison.effective_rows(name, column, column.finite, spread=True)


def _pairs(moments: CrossMoments) -> Floats:
    size = len(moments.names)
    return np.array(moments.pairs, dtype=np.float64).reshape(size, size)


def _correlation_inflation(comparison: Comparison, names: Sequence[str]) -> float | None:
    """As measured on the reference; without a calibration that of two autoregressions as steady as the steadiest."""
    if comparison.calibration is not None:
        return comparison.calibration.correlation_inflation
    steadiest = max(abs(comparison.reference.columns[name].lag1) for name in names)
    square = min(steadiest, 0.999) ** 2
    return (1.0 + square) / (1.0 - square)
