"""Metrics of a model on labelled rows, and the loss of each row that statistical comparisons are made of."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from include.statistics import effective_size, steady_autocorrelation

Floats = npt.NDArray[np.float64]


class Task(StrEnum):
    """What kind of prediction a model makes."""

    REGRESSION = "regression"
    CLASSIFICATION = "classification"


class Harm(StrEnum):
    """How a worsening of a metric is counted, as in ``policy.performance_threshold``."""

    RELATIVE_RISE = "relative_rise"  # rmse, mae: 0.10 is +10 %
    RELATIVE_DROP = "relative_drop"  # r2: 0.05 is -5 % of the baseline
    ABSOLUTE_DROP = "absolute_drop"  # accuracy: 0.05 is five points


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: how it is computed, which way is better, and the loss of a single row.

    `row_loss` is what paired tests and intervals use: a row's squared error for R² and RMSE, its absolute error
    for MAE, 0 or 1 for accuracy. A model with the smaller mean row loss has the better metric on the same rows.
    """

    name: str
    task: Task
    larger_is_better: bool
    harm: Harm
    score: Callable[[npt.NDArray[Any], npt.NDArray[Any]], float]
    row_loss: Callable[[npt.NDArray[Any], npt.NDArray[Any]], Floats]

    def worsening(self, *, baseline: float, recent: float) -> float:
        """How much worse `recent` is than `baseline`, counted as `harm` says; negative when it is better.

        >>> METRICS["rmse"].worsening(baseline=10.0, recent=12.0)
        0.2
        >>> round(METRICS["accuracy"].worsening(baseline=0.9, recent=0.8), 12)
        0.1
        """
        change = (baseline - recent) if self.larger_is_better else (recent - baseline)
        if self.harm is Harm.ABSOLUTE_DROP:
            return change
        return change / abs(baseline) if baseline else (0.0 if change == 0 else float(np.sign(change)) * np.inf)


def _squared(actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.square(np.asarray(predicted, dtype=float) - np.asarray(actual, dtype=float)))


def _absolute(actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.abs(np.asarray(predicted, dtype=float) - np.asarray(actual, dtype=float)))


def _wrong(actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> Floats:
    return np.asarray(np.asarray(actual) != np.asarray(predicted), dtype=float)


def _r2(actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> float:
    values = np.asarray(actual, dtype=float)
    total = float(np.sum(np.square(values - values.mean())))
    residual = float(np.sum(_squared(actual, predicted)))
    if total == 0.0:  # a constant target has no variance to explain
        return 1.0 if residual == 0.0 else 0.0
    return 1.0 - residual / total


METRICS: Mapping[str, Metric] = {
    metric.name: metric
    for metric in (
        Metric(
            name="rmse",
            task=Task.REGRESSION,
            larger_is_better=False,
            harm=Harm.RELATIVE_RISE,
            row_loss=_squared,
            score=lambda actual, predicted: float(np.sqrt(np.mean(_squared(actual, predicted)))),
        ),
        Metric(
            name="mae",
            task=Task.REGRESSION,
            larger_is_better=False,
            harm=Harm.RELATIVE_RISE,
            row_loss=_absolute,
            score=lambda actual, predicted: float(np.mean(_absolute(actual, predicted))),
        ),
        Metric(
            name="r2",
            task=Task.REGRESSION,
            larger_is_better=True,
            harm=Harm.RELATIVE_DROP,
            row_loss=_squared,
            score=_r2,
        ),
        Metric(
            name="accuracy",
            task=Task.CLASSIFICATION,
            larger_is_better=True,
            harm=Harm.ABSOLUTE_DROP,
            row_loss=_wrong,
            score=lambda actual, predicted: float(1.0 - np.mean(_wrong(actual, predicted))),
        ),
    )
}


def score_all(task: Task, actual: npt.NDArray[Any], predicted: npt.NDArray[Any]) -> dict[str, float]:
    """Every metric of `task` on the same labelled rows (arrays of equal length, at least one row)."""
    return {name: metric.score(actual, predicted) for name, metric in METRICS.items() if metric.task is task}


@dataclass(frozen=True, kw_only=True)
class LabelledRows:
    """Rows whose label has arrived, in time order: `actual` and `predicted`, arrays of the same length."""

    actual: npt.NDArray[Any]
    predicted: npt.NDArray[Any]

    def __len__(self) -> int:
        return len(self.actual)


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """How good a version was on rows it had not been trained on, when it was accepted.

    Parameters
    ----------
    scores : mapping of str to float
        Each metric's value; may hold metrics that the caller measured.
    rows : int
        Labelled rows behind it; 0 when only the scores are known.
    effective_rows : float
        The same with autocorrelation of the row losses taken into account.
    loss_mean, loss_variance : float
        Of the primary metric's row losses.
    """

    scores: Mapping[str, float]
    rows: int = 0
    effective_rows: float = 0.0
    loss_mean: float = 0.0
    loss_variance: float = 0.0

    @classmethod
    def measure(cls, metric: Metric, labelled: LabelledRows, *, usual: float = 1.0) -> Baseline:
        """Measure the baseline of `metric` on labelled rows (at least one).

        `usual` is the losses' autocorrelation as known from unchanged rows, if it is; see `steady_autocorrelation`.
        """
        losses = metric.row_loss(labelled.actual, labelled.predicted)
        return cls(
            scores=score_all(metric.task, labelled.actual, labelled.predicted),
            rows=len(losses),
            effective_rows=effective_size(len(losses), steady_autocorrelation(losses, usual)),
            loss_mean=float(losses.mean()),
            loss_variance=float(losses.var(ddof=1)) if len(losses) > 1 else 0.0,
        )
