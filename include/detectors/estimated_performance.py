"""Estimated performance: what will a classifier's metric be once the labels arrive?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import ClassVar

from include.data.profile import NO_EXTRAS, Extra
from include.decision.signals import Signal, SignalKind, Verdict, worse_or_better
from include.detectors.comparison import Comparison
from include.scoring import Baseline, Estimate, Metric, PredictedRows, Task, estimate
from include.scoring.dependence import steady_lasting
from include.scoring.intervals import around
from include.scoring.statistics import effective_size, lag1_of, welch_p_value


@dataclass(frozen=True, kw_only=True)
class EstimatedPerformanceMonitor:
    """The primary metric of a classifier, estimated on recent rows whose label has not arrived.

    From the champion's probabilities, calibrated on the rows that it was accepted on (`include.scoring.estimate`). It
    is an estimate and says so; it asks for no retrain and never counts as known performance. It sees that rows have
    become harder to tell apart. It cannot see concept drift: where the relation to the target changes, probabilities
    are as confident as before, and wrong.

    Changed when the estimate is worse than the baseline by at least the threshold, and by more than chance in the rows
    and in the baseline explains (one-sided Welch test on effective rows, with the spread that row losses will have once
    labels arrive; the estimate itself spreads less, so that the level is an upper bound).

    Parameters
    ----------
    threshold : float or None
        Worsening that matters, counted as the metric does; None for the metric's own.
    level : float, default 0.01
        Upper bound of the probability of calling unchanged rows worse on one check.
    """

    extras: ClassVar[Extra] = NO_EXTRAS

    threshold: float | None = None
    level: float = 0.01

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal for a classifier with probabilities; none for other models."""
        metric, baseline, rows = comparison.metric, comparison.baseline, comparison.unlabelled
        if metric is None or baseline is None or metric.task is not Task.CLASSIFICATION or not baseline.classes:
            return []
        if baseline.calibration is None:
            reason = f"no estimate: {baseline.rows} rows at acceptance were too few to calibrate probabilities"
            return [self._signal(metric, Verdict.NO_DATA, reason)]
        if rows is None or len(rows) == 0:
            return [self._signal(metric, Verdict.NO_DATA, "no recent row waits for its label with a probability")]
        if len(rows) < comparison.minimum_rows:
            reason = f"{len(rows)} rows without a label, {comparison.minimum_rows} needed"
            return [self._signal(metric, Verdict.INCONCLUSIVE, reason)]
        return [self._compare(metric, baseline, rows)]

    def _compare(self, metric: Metric, baseline: Baseline, rows: PredictedRows) -> Signal:
        assert baseline.calibration is not None
        found = estimate(metric, rows, baseline.calibration, baseline.positive)
        if found is None or metric.name not in baseline.scores:
            return self._signal(metric, Verdict.INCONCLUSIVE, f"{metric.name} cannot be estimated on these rows")
        before, now = baseline.scores[metric.name], found.scores[metric.name]
        value = metric.worsening(baseline=before, recent=now)
        usual = lag1_of(baseline.effective_rows, baseline.rows)
        effective = effective_size(found.evidence, max(usual, steady_lasting(found.losses, usual)))
        p_value = welch_p_value(
            mean_before=baseline.loss_mean, variance_before=baseline.loss_variance,
            size_before=baseline.effective_rows, mean_after=found.loss_mean,
            variance_after=found.loss_variance, size_after=effective,
        )  # fmt: skip
        low, high = _bounds(metric, baseline, found, now)
        changed = value >= self._threshold(metric) and p_value < self.level
        reason = (
            f"{metric.name} estimated without labels at {now:.4g} (90 % interval {low:.4g} to {high:.4g}), "
            f"{before:.4g} at acceptance ({worse_or_better(value)}, p {p_value:.2g}); blind to concept "
            "drift"
        )
        others = {f"estimated_{name}": score for name, score in found.scores.items() if name != metric.name}
        detail = {"current": now, "baseline": before, "low": low, "high": high, "rows": float(found.rows), **others}
        verdict = Verdict.CHANGED if changed else Verdict.STABLE
        return self._signal(metric, verdict, reason, value, p_value, detail)

    def _threshold(self, metric: Metric) -> float:
        return metric.threshold if self.threshold is None else self.threshold

    def _signal(
        self, metric: Metric, verdict: Verdict, reason: str, value: float | None = None, p_value: float | None = None,
        detail: Mapping[str, float] | None = None,
    ) -> Signal:  # fmt: skip
        return Signal(
            kind=SignalKind.ESTIMATED_PERFORMANCE, statistic=metric.name, verdict=verdict, reason=reason, value=value,
            threshold=self._threshold(metric), p_value=p_value, level=self.level, detail=detail or {},
        )  # fmt: skip


def _bounds(metric: Metric, baseline: Baseline, found: Estimate, score: float) -> tuple[float, float]:
    """Interval of what the labels of these very rows will show: chance in them, and in what calibrated the estimate."""
    alike = baseline.rows / baseline.effective_rows
    chance = found.noise_variance / found.evidence * alike + baseline.loss_variance / baseline.effective_rows
    freedom = max(min(found.evidence / alike, baseline.effective_rows) - 1.0, 1.0)
    return around(score, math.sqrt(chance), freedom, metric.scale, support=found.evidence)
