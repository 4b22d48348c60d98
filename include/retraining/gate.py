"""The gate: is the challenger better than the champion on the same rows, beyond chance?"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy.typing as npt

from include.scoring import METRICS, Metric, score_all
from include.statistics import autocorrelation, block_length, bootstrap_means, effective_size

DRAWS = 2000
FEWEST_ROWS = 20  # paired rows below which nothing is proven, whatever they show


class GateVerdict(StrEnum):
    """What becomes of the challenger."""

    PROMOTE = "promote"  # proven better, and above every floor
    HOLD = "hold"  # not proven better: the champion stays
    REJECT = "reject"  # proven worse, or below a floor


@dataclass(frozen=True, kw_only=True)
class GateResult:
    """The gate's answer and the figures behind it.

    Parameters
    ----------
    verdict : GateVerdict
    reason : str
    scores, champion_scores : mapping of str to float
        Metrics on the same held-out rows; the champion's are empty for a first version.
    rows : int
        Held-out rows.
    gain : float or None
        Relative cut of the mean row loss by the challenger; positive is better.
    gain_low, gain_high : float or None
        Interval of the gain at the gate's level, two-sided.
    p_value : float or None
        Probability of such a gain from a challenger that is no better.
    """

    verdict: GateVerdict
    reason: str
    scores: Mapping[str, float]
    champion_scores: Mapping[str, float]
    rows: int
    gain: float | None = None
    gain_low: float | None = None
    gain_high: float | None = None
    p_value: float | None = None


@dataclass(frozen=True, kw_only=True)
class PromotionGate:
    """Paired comparison on rows later than anything either model was trained on.

    The mean difference of the two models' losses, row by row, over its standard error is compared with Student's t.
    Rows that follow each other are alike, so that the error is the larger of two: that of a block bootstrap [1]_, which
    sees any dependence shorter than a block, and that of a first-order autoregression, which holds on few rows too. The
    degrees of freedom count effective rows: few of them prove little.

    Parameters
    ----------
    metric : Metric
    level : float, default 0.05
        Share of challengers no better than the champion that are promoted all the same. Measured at 0.05 with errors of
        first-order autocorrelation up to 0.97: 3 to 8 %.
    minimum_gain : float, default 0
        Smallest relative cut of the mean loss worth a promotion.
    floors : mapping of str to float
        Worst acceptable value of each metric named.

    References
    ----------
    .. [1] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics
       17 (1989).
    """

    metric: Metric
    level: float = 0.05
    minimum_gain: float = 0.0
    floors: Mapping[str, float]

    def judge_first(self, actual: npt.NDArray[Any], challenger: npt.NDArray[Any]) -> GateResult:
        """Judge a first version: there is nothing to compare it with, only floors."""
        scores = score_all(self.metric.task, actual, challenger)
        below = self._below_floor(scores)
        verdict = GateVerdict.REJECT if below else GateVerdict.PROMOTE
        reason = below or "first version: no champion to beat, above every floor"
        return GateResult(verdict=verdict, reason=reason, scores=scores, champion_scores={}, rows=len(actual))

    def judge(self, actual: npt.NDArray[Any], champion: npt.NDArray[Any], challenger: npt.NDArray[Any]) -> GateResult:
        """Judge a challenger.

        Parameters
        ----------
        actual, champion, challenger : array of shape (n,)
            Labels and both models' predictions of the same rows, in time order.
        """
        scores = score_all(self.metric.task, actual, challenger)
        rivals = score_all(self.metric.task, actual, champion)
        below = self._below_floor(scores)
        if below:
            return GateResult(
                verdict=GateVerdict.REJECT, reason=below, scores=scores, champion_scores=rivals, rows=len(actual)
            )
        if len(actual) < FEWEST_ROWS:
            reason = f"only {len(actual)} held-out labelled rows, {FEWEST_ROWS} needed to prove anything"
            return GateResult(
                verdict=GateVerdict.HOLD, reason=reason, scores=scores, champion_scores=rivals, rows=len(actual)
            )
        return self._compare(actual, champion, challenger, scores, rivals)

    def _compare(
        self, actual: npt.NDArray[Any], champion: npt.NDArray[Any], challenger: npt.NDArray[Any],
        scores: Mapping[str, float], rivals: Mapping[str, float],
    ) -> GateResult:  # fmt: skip
        from scipy import stats

        losses = self.metric.row_loss(actual, champion)
        cut = losses - self.metric.row_loss(actual, challenger)
        mean = float(cut.mean())
        rows = effective_size(len(cut), autocorrelation(cut))
        freedom = max(min(rows, len(cut) / block_length(cut)) - 1.0, 1.0)
        spread = max(float(bootstrap_means(cut, draws=DRAWS, seed=0).std()), float(cut.std(ddof=1)) / math.sqrt(rows))
        before = float(losses.mean())
        gain = mean / before if before > 0.0 else 0.0
        width = float(stats.t.isf(self.level / 2.0, freedom)) * spread / before if before > 0.0 else 0.0
        if spread > 0.0:
            better = float(stats.t.sf(mean / spread, freedom))
        else:
            better = 0.5 if mean == 0.0 else (0.0 if mean > 0.0 else 1.0)
        verdict, word = GateVerdict.HOLD, "not proven better"
        if better < self.level and gain >= self.minimum_gain:
            verdict, word = GateVerdict.PROMOTE, "proven better"
        elif 1.0 - better < self.level:
            verdict, word = GateVerdict.REJECT, "proven worse"
        name = self.metric.name
        return GateResult(
            verdict=verdict, scores=scores, champion_scores=rivals, rows=len(actual), gain=gain,
            gain_low=gain - width, gain_high=gain + width, p_value=better,
            reason=f"{word}: {name} {scores[name]:.4g} against the champion's {rivals[name]:.4g} on {len(actual)} "
            f"held-out rows (loss cut {gain:+.1%}, p {better:.2g})",
        )  # fmt: skip

    def _below_floor(self, scores: Mapping[str, float]) -> str:
        for name, floor in self.floors.items():
            value, metric = scores.get(name, math.nan), METRICS[name]
            if not (value >= floor if metric.larger_is_better else value <= floor):
                return f"{name} {value:.4g} does not reach the floor {floor:g}"
        return ""
