"""Performance: is the champion worse on recent labelled rows than it was when it was accepted?"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import NormalDist
from typing import ClassVar

from include.data.profile import NO_EXTRAS, Extra
from include.decision.signals import Signal, SignalKind, Verdict, worse_or_better
from include.detectors.comparison import Comparison
from include.scoring import METRICS, Baseline, LabelledRows, Metric, interval
from include.scoring.rhythm import Rhythm
from include.scoring.statistics import lag1_of, welch_p_value

_NORMAL = NormalDist()
_NINETY = _NORMAL.inv_cdf(0.95)  # standard errors on each side of a 90 % interval
DEFAULT_THRESHOLDS: Mapping[str, float] = {name: metric.threshold for name, metric in METRICS.items()}


@dataclass(frozen=True, kw_only=True)
class Worsening:
    """How much worse a metric is than it was at acceptance: value, p-value, the metric then and now, labelled rows."""

    value: float
    p_value: float
    current: float
    baseline: float
    rows: int

    @property
    def reason(self) -> str:
        """Half a sentence."""
        return f"{self.baseline:.4g} at acceptance ({worse_or_better(self.value)}, p {self.p_value:.2g})"

    @property
    def detail(self) -> dict[str, float]:
        """The numbers of a signal."""
        return {"current": self.current, "baseline": self.baseline, "rows": float(self.rows)}


def compare_with_baseline(metric: Metric, baseline: Baseline, labelled: LabelledRows) -> Worsening:
    """Compare recent labelled rows, without a hindrance to the metric, with a baseline that has its score.

    Where the losses of both show a rhythm of the week, they are compared as if both had as many rows of each of its
    phases (`include.scoring.rhythm`): otherwise more weekends than then would be harm.
    """
    usual = 1.0 if not baseline.rows else lag1_of(baseline.effective_rows, baseline.rows)
    now = Baseline.measure(metric, labelled, usual=usual, others=False)
    before, after = baseline.scores[metric.name], now.scores[metric.name]
    known, seen = _without_rhythm(baseline, now)
    p_value = welch_p_value(
        mean_before=known.loss_mean, variance_before=known.loss_variance, size_before=known.effective_rows,
        mean_after=seen.loss_mean, variance_after=seen.loss_variance, size_after=seen.effective_rows,
    )  # fmt: skip
    value = metric.worsening(baseline=before, recent=after)
    return Worsening(value=value, p_value=p_value, current=after, baseline=before, rows=now.rows)


def _without_rhythm(*both: Baseline) -> Sequence[Baseline]:
    """The losses of both as they would be without the rhythm that they show; as they are where they show none."""
    groups = [each.losses for each in both if each.losses is not None]
    rhythm = Rhythm.find(groups) if len(groups) == len(both) else None
    if rhythm is None:
        return both
    return [
        replace(
            each, loss_mean=level, loss_variance=rhythm.variance(group, level),
            effective_rows=each.effective_rows / rhythm.inflation,
        )
        for each, group, level in zip(both, groups, rhythm.levels.tolist(), strict=True)
    ]  # fmt: skip


def compare_score(metric: Metric, baseline: Baseline, labelled: LabelledRows) -> Worsening:
    """As `compare_with_baseline`, for a metric of which the baseline has the score alone.

    The standard error of the score now is that of its 90 % interval; then it is taken to have been the same for as many
    rows. The p-value is that of the difference, one-sided, by the normal distribution.
    """
    score, bounds = metric.score(labelled), interval(metric, labelled)
    before, rows = baseline.scores[metric.name], len(metric.judged(labelled))
    error = math.inf if bounds is None else (bounds[1] - bounds[0]) / (2.0 * _NINETY)
    error *= math.sqrt(1.0 + rows / max(baseline.rows, 1))
    worse = before - score if metric.larger_is_better else score - before
    p_value = 1.0 - _NORMAL.cdf(worse / error) if error > 0.0 else float(worse <= 0.0)
    value = metric.worsening(baseline=before, recent=score)
    return Worsening(value=value, p_value=p_value, current=score, baseline=before, rows=rows)


@dataclass(frozen=True, kw_only=True)
class ModelPerformanceMonitor:
    """The primary metric on recent labelled rows against the champion's baseline, and others that decide as well.

    Changed when it worsened by at least the metric's threshold and the mean row loss rose beyond chance
    (one-sided Welch test on effective rows, against the spread of the baseline's own losses). On record are also the
    metric's 90 % interval and the coverage: the share of recent rows whose label has arrived.

    Parameters
    ----------
    thresholds : mapping of str to float
        For each metric the worsening that matters, counted as `include.scoring.Metric.worsening` does; for one that is
        not named the metric's own: RMSE, MAE, MAPE, log-loss and Brier +10 %, R² -5 %, shares of right answers -0.05,
        Sharpe ratio -25 %, maximum drawdown +0.05.
    also : sequence of str
        Other metrics that are judged, too. What is known of each at acceptance is its score alone; it is called worse
        where the difference is beyond chance by the width of its own interval now, and that of as many rows as there
        were then.
    level : float, default 0.01
        Probability of calling an unchanged model worse on one check; several metrics share it. Measured at 0.05 for the
        metrics of classifiers, accuracy excepted: 0.04 to 0.06 on independent rows, 0.05 to 0.08 on 2,000 rows whose
        scores and luck are autocorrelated by 0.9, up to 0.1 on 300 of them.

    Examples
    --------
    >>> ModelPerformanceMonitor().detect_degradation({"r2": 0.70, "rmse": 1.0}, {"r2": 0.85, "rmse": 1.0})[0]
    True
    """

    extras: ClassVar[Extra] = NO_EXTRAS

    thresholds: Mapping[str, float] = field(default_factory=lambda: dict(DEFAULT_THRESHOLDS))
    level: float = 0.01
    also: Sequence[str] = ()

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal for the primary metric and for each of `also`; none for a model without a metric."""
        if comparison.metric is None:
            return []
        shared = replace(self, level=self.level / (1 + len(self.also)))
        return [
            signal
            for metric in (comparison.metric, *(METRICS[name] for name in self.also))
            for signal in shared._of(metric, comparison)
        ]

    def _of(self, metric: Metric, comparison: Comparison) -> Sequence[Signal]:
        baseline, labelled = comparison.baseline, comparison.labelled
        if labelled is None or len(labelled) == 0:
            return [self._signal(metric, Verdict.NO_DATA, "no recent row has a label")]
        if baseline is None or metric.name not in baseline.scores:
            return [self._signal(metric, Verdict.NO_DATA, f"no baseline of {metric.name} is known")]
        if labelled.evidence < comparison.minimum_rows:
            reason = f"{labelled.amount} labelled rows, {comparison.minimum_rows} needed"
            return [self._signal(metric, Verdict.INCONCLUSIVE, reason)]
        hindrance = metric.hindrance(labelled)
        if hindrance:
            reason = f"{metric.name} cannot be computed on the recent rows: {hindrance}"
            return [self._signal(metric, Verdict.INCONCLUSIVE, reason)]
        return [self._compare(metric, baseline, labelled, comparison.coverage)]

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
                "threshold": self._threshold(METRICS[name]),
                "degraded": worsening >= self._threshold(METRICS[name]),
            }
        return any(bool(entry["degraded"]) for entry in found.values()), found

    def _threshold(self, metric: Metric) -> float:
        return self.thresholds.get(metric.name, metric.threshold)

    def _compare(self, metric: Metric, baseline: Baseline, labelled: LabelledRows, coverage: float) -> Signal:
        judge = compare_score if metric.name in self.also else compare_with_baseline
        found = judge(metric, baseline, labelled)
        changed = found.value >= self._threshold(metric) and found.p_value < self.level
        bounds = interval(metric, labelled)
        between = "" if bounds is None else f" (90 % interval {bounds[0]:.4g} to {bounds[1]:.4g})"
        reason = f"{metric.name} {found.current:.4g}{between}, {found.reason}; {coverage:.0%} of recent rows labelled"
        detail = {**found.detail, "coverage": coverage}
        if bounds is not None:
            detail.update(low=bounds[0], high=bounds[1])
        return self._signal(
            metric, Verdict.CHANGED if changed else Verdict.STABLE, reason, found.value, found.p_value, detail
        )  # fmt: skip

    def _signal(
        self, metric: Metric, verdict: Verdict, reason: str, value: float | None = None, p_value: float | None = None,
        detail: Mapping[str, float] | None = None,
    ) -> Signal:  # fmt: skip
        return Signal(
            kind=SignalKind.PERFORMANCE, statistic=metric.name, verdict=verdict, value=value,
            threshold=self._threshold(metric), p_value=p_value, level=self.level, reason=reason,
            detail=detail or {},
        )  # fmt: skip
