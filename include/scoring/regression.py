"""Metrics of predicted numbers."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from include.scoring.labelled_rows import Floats, LabelledRows, Task
from include.scoring.metric import Harm, Metric, Scale, mean_metric


def _errors(rows: LabelledRows) -> Floats:
    return np.asarray(np.asarray(rows.predicted, dtype=float) - np.asarray(rows.actual, dtype=float))


def _squared(rows: LabelledRows) -> Floats:
    return np.asarray(np.square(_errors(rows)))


def _absolute(rows: LabelledRows) -> Floats:
    return np.asarray(np.abs(_errors(rows)))


def _relative(rows: LabelledRows) -> Floats:
    return np.asarray(_absolute(rows) / np.abs(np.asarray(rows.actual, dtype=float)))


def _rmse(rows: LabelledRows) -> float:
    return math.sqrt(rows.mean(_squared(rows)))


def _rmse_influence(rows: LabelledRows) -> Floats:
    squared = _squared(rows)
    mean = rows.mean(squared)
    return np.zeros(len(rows)) if mean == 0.0 else np.asarray((squared - mean) / (2.0 * math.sqrt(mean)))


def _r2(rows: LabelledRows) -> float:
    """1 less the residual over the total sum of squares; of a constant target 1 or 0, as in scikit-learn."""
    total, residual = rows.sum(_deviations(rows)), rows.sum(_squared(rows))
    if total == 0.0:  # a constant target has no variance to explain
        return 1.0 if residual == 0.0 else 0.0
    return 1.0 - residual / total


def _r2_influence(rows: LabelledRows) -> Floats:
    deviations, squared = _deviations(rows), _squared(rows)
    total = rows.mean(deviations)
    if total == 0.0:
        return np.zeros(len(rows))
    return np.asarray((rows.mean(squared) / total * deviations - squared) / total)


def _deviations(rows: LabelledRows) -> Floats:
    values = np.asarray(rows.actual, dtype=float)
    if values.min() == values.max():  # the mean of equal numbers may differ from them in the last digit
        return np.zeros(len(values))
    return np.asarray(np.square(values - rows.mean(values)))


def _median(numbers: Floats, weight: Floats) -> tuple[float, str]:
    order = np.argsort(numbers, kind="stable")
    sums = np.cumsum(weight[order])
    middle = int(np.searchsorted(sums, sums[-1] / 2.0))
    return float(numbers[order[middle]]), "median"


def _relative_median(numbers: Floats, weight: Floats) -> tuple[float, str]:
    """The median with weights of one over the label; the plain one where all labels are 0."""
    there = numbers != 0.0
    if not there.any():
        return _median(numbers, weight)
    value, _ = _median(numbers[there], weight[there] / np.abs(numbers[there]))
    return value, "median weighted for mape"


def _not_zero(rows: LabelledRows) -> npt.NDArray[np.bool_]:
    return np.asarray(np.asarray(rows.actual, dtype=float) != 0.0)


def _all_of_zero(rows: LabelledRows) -> str:
    return "" if _not_zero(rows).any() else f"mape has no value where the actual is 0, as in all {len(rows)} rows"


def _of_not_zero(metric: Metric) -> Metric:
    """The same metric of the rows whose actual is not 0."""

    def on_them(compute: Callable[[LabelledRows], Any]) -> Callable[[LabelledRows], Any]:
        return lambda rows: compute(made.judged(rows))

    assert metric.losses is not None  # it is a mean over rows
    assert metric.influence is not None
    made = replace(
        metric, usable=_not_zero, score=on_them(metric.score), losses=on_them(metric.losses),
        influence=on_them(metric.influence),
    )  # fmt: skip
    return made


REGRESSION_METRICS = (
    Metric(
        name="rmse", task=Task.REGRESSION, larger_is_better=False, harm=Harm.RELATIVE_RISE, threshold=0.10,
        scale=Scale.POSITIVE, score=_rmse, losses=_squared, influence=_rmse_influence, lasting=False,
    ),
    mean_metric(
        "mae", _absolute, task=Task.REGRESSION, harm=Harm.RELATIVE_RISE, threshold=0.10, scale=Scale.POSITIVE,
        lasting=False, constant=_median,
    ),
    Metric(
        name="r2", task=Task.REGRESSION, larger_is_better=True, harm=Harm.RELATIVE_DROP, threshold=0.05,
        scale=Scale.ANY, score=_r2, losses=_squared, influence=_r2_influence, lasting=False,
    ),
    _of_not_zero(
        mean_metric(
            "mape", _relative, task=Task.REGRESSION, harm=Harm.RELATIVE_RISE, threshold=0.10, scale=Scale.POSITIVE,
            obstacle=_all_of_zero, constant=_relative_median,
        )
    ),
)  # fmt: skip
