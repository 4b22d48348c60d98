"""Concept drift: does the champion err more as time goes on?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from include.data.answers import in_one_coding, present_values
from include.data.profile import NO_EXTRAS, Extra
from include.decision.signals import Signal, SignalKind, Verdict, in_percent
from include.detectors.comparison import Comparison
from include.detectors.statistics.error_score import ErrorScore
from include.scoring import Task
from include.scoring.assumed_task import assumed_task
from include.scoring.dependence import rows_by_moment
from include.scoring.labelled_rows import Moments
from include.scoring.rhythm import ByPhase, Rhythm
from include.scoring.row_errors import row_errors
from include.scoring.statistics import (
    autocorrelation,
    bootstrap_means,
    effective_size,
    steady_autocorrelation,
    trend_p_value,
    welch_p_value,
)

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[Any]

TREND_SHARE = 0.1  # of the level; the trend finds little that the halves do not, and what it spends they miss
LINE = 1.5  # a straight line fitted to a jump halfway rises by so many times the jump
FAR = 5.0  # scales; an error beyond counts as one just there when the size of the rise is judged
DRAWS = 400
NOTE = "; what is usual of each time of the week is taken out"
POINTS = 250  # a longer half is averaged over stretches before it is resampled


@dataclass(frozen=True, kw_only=True)
class ConceptDriftDetector:
    """Errors of the later half of the recent rows against those of the earlier half, and their trend over all rows.

    The error of a row is the absolute error, or 0 and 1 for right and wrong classes. Two questions:

    - Is the rise beyond chance? Each error is scored by an `ErrorScore` fitted to all of them, so that heavy tails
      neither alarm nor blind; the scores of the halves are compared by a one-sided Welch test on effective rows
      (signal ``error_increase``), and their correlation with time is tested (``error_trend``). The level is shared
      out, nine tenths to the halves, so that both together call an unchanged stream changed at most that often.
    - Does it matter? The halves: unless the rise of the mean error is below `threshold` with 95 % confidence (block
      bootstrap [1]_). On few rows that asks little, on many rows it keeps a small rise quiet however certain it is.
      The trend: when the line through the errors rises by at least as much, from the first row to the last, as the
      line through a jump by `threshold` would: half as much again.

    Where the errors of both halves, and those that the champion was accepted with, show a rhythm of the week
    (`include.scoring.rhythm`), each is divided by what is usual in its phase, and rows count for as many fewer as that
    makes the difference of the halves less sure: a half with two weekends does not err more than one with none.

    Only ratios of errors matter, so that errors in cents and in millions are judged alike. Without the champion's
    earlier errors no test whatever finds more than 79 % of rises by 20 % in 1,000 t-distributed errors (3 degrees of
    freedom) at 2 % false alarms: that is what the likelihood ratio, the best test there is, finds.

    Parameters
    ----------
    window_size : int, default 100
        Rows in a window; at least two windows are needed.
    threshold : float, default 0.15
        Relative rise of the mean error that matters.
    level : float, default 0.02
        Probability of calling an unchanged stream changed on one check.

    References
    ----------
    .. [1] H. R. Künsch, "The jackknife and the bootstrap for general stationary observations", Annals of Statistics
       17 (1989).

    Examples
    --------
    >>> actuals = np.zeros(400)
    >>> errors = np.random.default_rng(0).normal(size=400) * np.repeat([1.0, 2.0], 200)
    >>> ConceptDriftDetector(window_size=100).detect_prediction_error_drift(errors, actuals)[0]
    True
    """

    extras: ClassVar[Extra] = NO_EXTRAS

    window_size: int = 100
    threshold: float = 0.15
    level: float = 0.02

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Two signals about the labelled recent rows: the later half against the earlier one, and the trend."""
        labelled = comparison.labelled
        if labelled is not None and labelled.periods_per_year is not None:
            return self._unknown(Verdict.NO_DATA, "a trading model's rows have returns, not errors")
        if labelled is None:
            return self._judge(np.empty(0), comparison.minimum_rows)
        classes = comparison.metric is not None and comparison.metric.task is Task.CLASSIFICATION
        errors = row_errors(labelled.predicted, labelled.actual, classes=classes)
        accepted = None if comparison.baseline is None else comparison.baseline.errors
        return self._judge(errors, comparison.minimum_rows, labelled.moment, labelled.stretch, accepted)

    def detect_prediction_error_drift(
        self, predictions: npt.ArrayLike, actuals: npt.ArrayLike, *, task: Task | str | None = None
    ) -> tuple[bool, dict[str, object]]:
        """Judge predictions and actuals directly, in time order.

        Parameters
        ----------
        task : Task or str, optional
            ``classification`` or ``regression``; by default what the values speak of: what is no number is a class, and
            so are whole numbers where few values are taken from few (`include.scoring.assumed_task`). Where both could
            be, the reason says what was assumed.

        Returns
        -------
        bool
            Whether the errors rose.
        dict
            verdict, error_increase, p_value, trend, trend_p_value, trend_increase, first_mae, second_mae,
            increase_low, increase_high, confidence, reason.
        """
        predicted, actual = np.asarray(predictions), np.asarray(actuals)
        errors, assumed = _direct_errors(predicted, actual, task)
        rise, trend = self._judge(errors, 0)
        told = trend if trend.changed and not rise.changed else rise
        return told.changed, {
            "verdict": str(told.verdict),
            "error_increase": rise.value,
            "p_value": rise.p_value,
            "trend_increase": trend.value,
            "trend_p_value": trend.p_value,
            "confidence": None if told.p_value is None else 1.0 - told.p_value,
            "reason": f"{told.reason}; {assumed}" if assumed else told.reason,
            **rise.detail,
            **trend.detail,
        }

    def _judge(
        self, errors: Floats, minimum_rows: int, moment: Moments | None = None, stretch: Moments | None = None,
        accepted: ByPhase | None = None,
    ) -> tuple[Signal, Signal]:  # fmt: skip
        there = np.isfinite(errors)
        errors = errors[there]
        moment, stretch = (None if each is None else each[there] for each in (moment, stretch))
        needed = max(2 * self.window_size, minimum_rows)
        if len(errors) == 0:
            return self._unknown(Verdict.NO_DATA, "no recent row has a label")
        if len(errors) < needed:
            return self._unknown(Verdict.INCONCLUSIVE, f"{len(errors)} labelled rows, {needed} needed")
        unit = float(errors.max()) or 1.0
        errors = errors / unit
        means = [float(half.mean()) * unit for half in np.array_split(errors, 2)]
        rhythm = None if stretch is None else _rhythm(errors, stretch, accepted)
        calm = errors if rhythm is None or stretch is None else errors / rhythm.at(stretch)
        alike = rhythm is not None and not np.any((errors > 0.0) & (errors < 1.0))  # classes: no size says more
        errors, fit = calm, None if alike else ErrorScore.fit(calm)
        scores = errors if fit is None else fit(errors)
        capped = errors if fit is None else np.minimum(errors, FAR * fit.scale)
        moments = [None, None] if moment is None else np.array_split(moment, 2)
        halves, dearer = np.array_split(scores, 2), 1.0 if rhythm is None else rhythm.inflation
        sizes = [_effective(half, halves[0], of) / dearer for half, of in zip(halves, moments, strict=True)]
        note = "" if rhythm is None else NOTE
        return self._halves(means, capped, scores, sizes, note), self._line(capped, scores, sum(sizes), note)

    def _halves(
        self, means: Sequence[float], capped: Floats, scores: Floats, sizes: Sequence[float], note: str
    ) -> Signal:
        first, second = np.array_split(scores, 2)
        p_value = welch_p_value(
            mean_before=float(first.mean()), variance_before=float(first.var(ddof=1)), size_before=sizes[0],
            mean_after=float(second.mean()), variance_after=float(second.var(ddof=1)), size_after=sizes[1],
        )  # fmt: skip
        value, low, high = _rise(*np.array_split(capped, 2))
        level = (1.0 - TREND_SHARE) * self.level
        return Signal(
            kind=SignalKind.CONCEPT_DRIFT, statistic="error_increase", value=value, threshold=self.threshold,
            verdict=Verdict.CHANGED if p_value < level and high >= self.threshold else Verdict.STABLE,
            p_value=p_value, level=level,
            reason=f"mean error {in_percent(value)} from the earlier to the later half, p {p_value:.2g}{note}",
            detail={"first_mae": means[0], "second_mae": means[1], "increase_low": low, "increase_high": high},
        )  # fmt: skip

    def _line(self, capped: Floats, scores: Floats, size: float, note: str) -> Signal:
        p_value = trend_p_value(scores, size)
        value, threshold, level = _line_rise(capped), LINE * self.threshold, TREND_SHARE * self.level
        windows = len(capped) // self.window_size
        return Signal(
            kind=SignalKind.CONCEPT_DRIFT, statistic="error_trend", value=value, threshold=threshold,
            verdict=Verdict.CHANGED if p_value < level and value >= threshold else Verdict.STABLE,
            p_value=p_value, level=level,
            reason=f"errors follow a line: {in_percent(value)} from the first row to the last, p {p_value:.2g}{note}",
            detail={"trend": _rank_correlation([float(part.mean()) for part in np.array_split(capped, windows)])},
        )  # fmt: skip

    def _unknown(self, verdict: Verdict, reason: str) -> tuple[Signal, Signal]:
        rise, trend = (
            Signal(
                kind=SignalKind.CONCEPT_DRIFT, statistic=statistic, verdict=verdict, threshold=scale * self.threshold,
                level=share * self.level, reason=reason,
            )
            for statistic, scale, share in (
                ("error_increase", 1.0, 1.0 - TREND_SHARE),
                ("error_trend", LINE, TREND_SHARE),
            )
        )  # fmt: skip
        return rise, trend


def _direct_errors(predicted: Values, actual: Values, task: Task | str | None) -> tuple[Floats, str]:
    """The error of each row, NaN where a value is missing, and what was assumed about the task."""
    if predicted.shape != actual.shape or predicted.ndim != 1:
        return row_errors(predicted, actual, classes=False), ""  # says so
    there, assumed = present_values(predicted) & present_values(actual), ""
    if task is None:
        task, assumed = assumed_task(predicted[there], actual[there])
    if Task(task) is Task.REGRESSION:
        return row_errors(predicted, actual, classes=False), assumed
    errors = row_errors(*in_one_coding(predicted, actual), classes=True)
    return np.where(there, errors, np.nan), assumed


def _rhythm(errors: Floats, stretch: Moments, accepted: ByPhase | None) -> Rhythm | None:
    """What the errors of both halves, and those that the champion was accepted with, show of a rhythm of the week."""
    halves = zip(np.array_split(errors, 2), np.array_split(stretch, 2), strict=True)
    groups = [accepted, *(ByPhase.of(half, of) for half, of in halves)]
    there = [group for group in groups if group is not None]
    return Rhythm.find(there, capped=True) if None not in groups[1:] else None


def _effective(half: Floats, first: Floats, moment: Moments | None) -> float:
    """Effective rows of one half, whose scores are at least as alike as those before a change."""
    rows = effective_size(len(half), steady_autocorrelation(half, autocorrelation(first)))
    return min(rows, rows_by_moment(half, moment))


def _rise(before: Floats, after: Floats) -> tuple[float, float, float]:
    """Relative rise of the mean, and its 90 % interval by block bootstrap."""
    means = [bootstrap_means(_averaged(half), draws=DRAWS, seed=seed) for seed, half in enumerate((before, after))]
    with np.errstate(divide="ignore", invalid="ignore"):
        rises = np.nan_to_num(means[1] / means[0] - 1.0, nan=0.0, posinf=math.inf)
    low, high = np.quantile(rises, [0.05, 0.95], method="nearest")
    start, end = float(before.mean()), float(after.mean())
    value = end / start - 1.0 if start > 0.0 else (math.inf if end > 0.0 else 0.0)
    return value, float(low), float(high)


def _averaged(values: Floats) -> Floats:
    """At most `POINTS` means of consecutive rows: resampling a million rows costs as little as a thousand."""
    if len(values) <= POINTS:
        return values
    starts = np.arange(POINTS) * len(values) // POINTS
    return np.asarray(np.add.reduceat(values, starts) / np.diff(starts, append=len(values)))


def _line_rise(errors: Floats) -> float:
    """Relative rise, from the first row to the last, of the straight line fitted to the errors."""
    time = np.linspace(-0.5, 0.5, len(errors))
    middle, slope = float(errors.mean()), float(time @ errors) / float(time @ time)
    start, end = middle - 0.5 * slope, middle + 0.5 * slope
    if start > 0.0:
        return max(end / start - 1.0, -1.0)
    return math.inf if end > start else 0.0


def _rank_correlation(means: Sequence[float]) -> float:
    """Spearman's rank correlation of the windows' mean errors with time, in [-1, 1]."""
    if min(means) == max(means):
        return 0.0
    from scipy import stats

    return float(stats.spearmanr(means, np.arange(len(means))).statistic)
