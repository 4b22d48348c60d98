"""Concept drift: does the champion err more as time goes on?"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from include.detectors.comparison import Comparison
from include.scoring import Task
from include.signals import Signal, SignalKind, Verdict
from include.statistics import autocorrelation, effective_size, steady_autocorrelation, welch_p_value

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class ConceptDriftDetector:
    """Errors of the later half of the recent rows against those of the earlier half.

    The error of a row is the absolute error, or 0 and 1 for right and wrong classes. Changed when the mean error rose
    by at least `threshold` and the rise is beyond chance (one-sided Welch test on effective rows). Both depend on
    ratios only, so that errors in cents and in millions are judged alike. The trend over windows of
    `window_size` rows goes on record: a gradual decline has a high rank correlation with time, a jump a lower one.

    Parameters
    ----------
    window_size : int, default 100
        Rows in a window; at least two windows are needed.
    threshold : float, default 0.15
        Relative rise of the mean error that matters.
    level : float, default 0.01
        Probability of calling an unchanged stream changed.

    Examples
    --------
    >>> actuals = np.zeros(400)
    >>> errors = np.random.default_rng(0).normal(size=400) * np.repeat([1.0, 2.0], 200)
    >>> ConceptDriftDetector(window_size=100).detect_prediction_error_drift(errors, actuals)[0]
    True
    """

    window_size: int = 100
    threshold: float = 0.15
    level: float = 0.01

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal, about the labelled recent rows."""
        labelled = comparison.labelled
        if labelled is None:
            return [self._judge(np.empty(0), comparison.minimum_rows)]
        classes = comparison.metric is not None and comparison.metric.task is Task.CLASSIFICATION
        errors = _errors(labelled.predicted, labelled.actual, classes=classes)
        return [self._judge(errors, comparison.minimum_rows)]

    def detect_prediction_error_drift(
        self, predictions: npt.ArrayLike, actuals: npt.ArrayLike
    ) -> tuple[bool, dict[str, object]]:
        """Judge predictions and actuals directly, in time order; numbers are a regression, anything else classes.

        Returns
        -------
        bool
            Whether the errors rose.
        dict
            verdict, error_increase, p_value, trend, first_mae, second_mae, confidence, reason.
        """
        predicted, actual = np.asarray(predictions), np.asarray(actuals)
        classes = not (np.issubdtype(predicted.dtype, np.number) and np.issubdtype(actual.dtype, np.number))
        signal = self._judge(_errors(predicted, actual, classes=classes), 0)
        return signal.changed, {
            "verdict": str(signal.verdict),
            "error_increase": signal.value,
            "p_value": signal.p_value,
            "confidence": None if signal.p_value is None else 1.0 - signal.p_value,
            "reason": signal.reason,
            **signal.detail,
        }

    def _judge(self, errors: Floats, minimum_rows: int) -> Signal:
        value, p_value, detail = None, None, {}
        needed = max(2 * self.window_size, minimum_rows)
        if len(errors) == 0:
            verdict, reason = Verdict.NO_DATA, "no recent row has a label"
        elif len(errors) < needed:
            verdict, reason = Verdict.INCONCLUSIVE, f"{len(errors)} labelled rows, {needed} needed"
        else:
            before, after = np.array_split(errors, 2)
            value = _rise(float(before.mean()), float(after.mean()))
            usual = autocorrelation(before)
            p_value = welch_p_value(**_moments("before", before, usual), **_moments("after", after, usual))
            detail = {
                "first_mae": float(before.mean()),
                "second_mae": float(after.mean()),
                "trend": self._trend(errors),
            }
            verdict = Verdict.CHANGED if value >= self.threshold and p_value < self.level else Verdict.STABLE
            reason = f"mean error {value:+.1%} from the earlier to the later half, p {p_value:.2g}"
        return Signal(
            kind=SignalKind.CONCEPT_DRIFT, statistic="error_increase", verdict=verdict, value=value,
            threshold=self.threshold, p_value=p_value, level=self.level, reason=reason, detail=detail,
        )  # fmt: skip

    def _trend(self, errors: Floats) -> float:
        """Rank correlation of the windows' mean errors with time, in [-1, 1]."""
        means = [float(window.mean()) for window in np.array_split(errors, len(errors) // self.window_size)]
        if min(means) == max(means):
            return 0.0
        from scipy import stats

        return float(stats.spearmanr(means, np.arange(len(means))).statistic)


def _errors(predicted: npt.NDArray[Any], actual: npt.NDArray[Any], *, classes: bool) -> Floats:
    if predicted.shape != actual.shape or predicted.ndim != 1:
        raise ValueError(f"predictions {predicted.shape} and actuals {actual.shape} must be 1-d and of equal length")
    if classes:
        return np.asarray(predicted != actual, dtype=float)
    errors = np.abs(predicted.astype(float) - actual.astype(float))
    return np.asarray(errors[np.isfinite(errors)])


def _rise(before: float, after: float) -> float:
    if before == 0.0:
        return math.inf if after > 0.0 else 0.0
    return after / before - 1.0


def _moments(name: str, errors: Floats, usual: float) -> dict[str, float]:
    return {
        f"mean_{name}": float(errors.mean()),
        f"variance_{name}": float(errors.var(ddof=1)),
        f"size_{name}": effective_size(len(errors), steady_autocorrelation(errors, usual)),
    }
