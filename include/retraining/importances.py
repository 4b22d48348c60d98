"""How much a version's errors hang on each of its columns: permutation importances on rows that were held out."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.registry.spec import ModelSpec
from include.retraining.contest.predictions import judged_rows
from include.retraining.trainers.trainer import Predictor
from include.scoring import METRICS

MOST_ROWS = 2_000
MOST_SECONDS = 5.0  # that all columns together may take; a version that answers more slowly is not measured

log = logging.getLogger(__name__)

Floats = npt.NDArray[np.float64]


def permutation_importances(
    spec: ModelSpec, predictor: Predictor, features: pd.DataFrame, actual: npt.NDArray[Any], weight: Floats | None
) -> Mapping[str, float] | None:
    """Share of each column in the rise of the mean loss when one column at a time is shuffled [1]_.

    A column that others tell as well seems less important than it is, for they step in for it.

    Parameters
    ----------
    features : DataFrame
        Held-out rows as `include.retraining.prepare.feature_table` makes them; of more than `MOST_ROWS` as many are
        taken, evenly spaced.
    actual : array
        Labels of the same rows.
    weight : array or None
        How much each row counts.

    Returns
    -------
    mapping of str to float, or None
        In [0, 1], 1 in all, by column; 0 for each where no column matters. None where the version answers too slowly,
        where the metric has no value on these rows, and where it cannot answer to shuffled rows, which the log tells.

    References
    ----------
    .. [1] L. Breiman, "Random forests", Machine Learning 45, 2001.
    """
    chosen = np.unique(np.linspace(0, len(features) - 1, min(len(features), MOST_ROWS)).astype(int))
    rows, labels = features.iloc[chosen], actual[chosen]
    counts = None if weight is None else weight[chosen]
    began = time.perf_counter()
    usual = mean_loss(spec, predictor, rows, labels, counts)
    if not math.isfinite(usual) or (time.perf_counter() - began) * len(rows.columns) > MOST_SECONDS:
        return None
    order, rises = np.random.default_rng(0).permutation(len(rows)), {}
    try:
        for name in rows.columns:
            shuffled = rows.assign(**{name: rows[name].array[order]})
            rises[str(name)] = max(mean_loss(spec, predictor, shuffled, labels, counts) - usual, 0.0)
    except Exception as error:  # a version that refuses rows which never were is still a good one
        log.warning("%s: importances of the columns were not measured: %s: %s", spec.name, type(error).__name__, error)
        return None
    total = sum(rises.values())
    if not math.isfinite(total):
        return None
    return {name: rise / total if total else 0.0 for name, rise in rises.items()}


def mean_loss(
    spec: ModelSpec, predictor: Predictor, features: pd.DataFrame, actual: npt.NDArray[Any],
    weight: Floats | None = None,
) -> float:  # fmt: skip
    """Mean row loss of the primary metric; infinite where it cannot be computed."""
    metric, rows = METRICS[spec.metric], judged_rows(spec, predictor, features, actual, weight=weight)
    return math.inf if metric.hindrance(rows) else metric.judged(rows).mean(metric.row_loss(rows))
