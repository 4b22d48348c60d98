"""Performance: is the champion worse on recent labelled rows than it was when it was accepted?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from include.detectors.comparison import Comparison
from include.scoring import METRICS, Baseline, LabelledRows, Metric
from include.signals import Signal, SignalKind, Verdict
from include.statistics import lag1_of, welch_p_value

DEFAULT_THRESHOLDS: Mapping[str, float] = {"rmse": 0.10, "mae": 0.10, "r2": 0.05, "accuracy": 0.05}


@dataclass(frozen=True, kw_only=True)
class ModelPerformanceMonitor:
    """The primary metric on recent labelled rows against the champion's baseline.

    Changed when it worsened by at least the metric's threshold and the mean row loss rose beyond chance
    (one-sided Welch test on effective rows, against the spread of the baseline's own losses).

    Parameters
    ----------
    thresholds : mapping of str to float
        For each metric the worsening that matters, counted as `include.scoring.Metric.worsening` does:
        RMSE and MAE +10 %, R² -5 %, accuracy -0.05.
    level : float, default 0.01
        Probability of calling an unchanged model worse on one check.

    Examples
    --------
    >>> ModelPerformanceMonitor().detect_degradation({"r2": 0.70, "rmse": 1.0}, {"r2": 0.85, "rmse": 1.0})[0]
    True
    """

    thresholds: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_THRESHOLDS))
    level: float = 0.01

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal for the primary metric; none for a model without one."""
        metric, baseline, labelled = comparison.metric, comparison.baseline, comparison.labelled
        if metric is None:
            return []
        if labelled is None or len(labelled) == 0:
            return [self._signal(metric, Verdict.NO_DATA, "no recent row has a label")]
        if baseline is None or metric.name not in baseline.scores:
            return [self._signal(metric, Verdict.NO_DATA, f"no baseline of {metric.name} is known")]
        if len(labelled) < comparison.minimum_rows:
            reason = f"{len(labelled)} labelled rows, {comparison.minimum_rows} needed"
            return [self._signal(metric, Verdict.INCONCLUSIVE, reason)]
        return [self._compare(metric, baseline, labelled)]

    def detect_degradation(
        self, current: Mapping[str, float], baseline: Mapping[str, float]
    ) -> tuple[bool, dict[str, dict[str, float | bool]]]:
        """Compare bare metric values, where rows are not at hand; without rows there is no p-value.

        Returns
        -------
        bool
            Whether any metric worsened by its threshold or more.
        dict
            For each metric known to both: current, baseline, worsening, threshold, degraded.
        """
        found: dict[str, dict[str, float | bool]] = {}
        for name in sorted(set(current) & set(baseline) & set(METRICS)):
            worsening = METRICS[name].worsening(baseline=baseline[name], recent=current[name])
            found[name] = {
                "current": current[name],
                "baseline": baseline[name],
                "worsening": worsening,
                "threshold": self.thresholds[name],
                "degraded": worsening >= self.thresholds[name],
            }
        return any(bool(entry["degraded"]) for entry in found.values()), found

    def _compare(self, metric: Metric, baseline: Baseline, labelled: LabelledRows) -> Signal:
        usual = 1.0 if not baseline.rows else lag1_of(baseline.effective_rows, baseline.rows)
        now = Baseline.measure(metric, labelled, usual=usual)
        worsening = metric.worsening(baseline=baseline.scores[metric.name], recent=now.scores[metric.name])
        p_value = welch_p_value(
            mean_before=baseline.loss_mean, variance_before=baseline.loss_variance,
            size_before=baseline.effective_rows, mean_after=now.loss_mean, variance_after=now.loss_variance,
            size_after=now.effective_rows,
        )  # fmt: skip
        changed = worsening >= self.thresholds[metric.name] and p_value < self.level
        reason = (
            f"{metric.name} {now.scores[metric.name]:.4g}, {baseline.scores[metric.name]:.4g} at acceptance "
            f"({worsening:+.1%} worse, p {p_value:.2g})"
        )
        detail = {"current": now.scores[metric.name], "baseline": baseline.scores[metric.name], "rows": float(now.rows)}
        return self._signal(
            metric, Verdict.CHANGED if changed else Verdict.STABLE, reason, worsening, p_value, detail
        )  # fmt: skip

    def _signal(
        self, metric: Metric, verdict: Verdict, reason: str, value: float | None = None, p_value: float | None = None,
        detail: Mapping[str, float] | None = None,
    ) -> Signal:  # fmt: skip
        return Signal(
            kind=SignalKind.PERFORMANCE, statistic=metric.name, verdict=verdict, value=value,
            threshold=self.thresholds[metric.name], p_value=p_value, level=self.level, reason=reason,
            detail=detail or {},
        )  # fmt: skip
