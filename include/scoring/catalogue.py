"""All metrics by name."""

from __future__ import annotations

import math
from collections.abc import Mapping

from include.scoring.classification import CLASS_METRICS
from include.scoring.labelled_rows import LabelledRows, Task
from include.scoring.metric import Metric
from include.scoring.probabilities import PROBABILITY_METRICS
from include.scoring.regression import REGRESSION_METRICS
from include.scoring.trading import TRADING_METRICS

METRICS: Mapping[str, Metric] = {
    metric.name: metric for metric in (*REGRESSION_METRICS, *TRADING_METRICS, *CLASS_METRICS, *PROBABILITY_METRICS)
}


def score_all(task: Task, rows: LabelledRows) -> dict[str, float]:
    """Every metric of `task` that can be computed on the rows; one that cannot is left out, never NaN."""
    scores = {
        name: metric.score(rows)
        for name, metric in METRICS.items()
        if metric.task is task and not metric.hindrance(rows)
    }
    return {name: score for name, score in scores.items() if not math.isnan(score)}
