"""What a classifier's metrics will be once labels arrive, if its calibrated probabilities still hold."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from include.scoring.calibration import ProbabilityCalibration
from include.scoring.catalogue import score_all
from include.scoring.labelled_rows import Floats, LabelledRows, PredictedRows, Task, equal_weights
from include.scoring.metric import Metric

MOST_ROWS = 100_000  # the latest of them: each becomes as many rows as there are classes


@dataclass(frozen=True, kw_only=True)
class Estimate:
    """An estimate without labels.

    Parameters
    ----------
    scores : mapping of str to float
        Every metric that probabilities allow.
    rows : int
    evidence : float
        How many rows of equal weight are as sure.
    losses : array of shape (rows,)
        Expected row loss of the primary metric.
    loss_mean : float
        Their mean, by the rows' weights.
    loss_variance : float
        Of the row losses as they will be: the expected ones, and chance around them.
    noise_variance : float
        The part of it that is chance around the expected loss, mean over rows.
    """

    scores: dict[str, float]
    rows: int
    evidence: float
    losses: Floats
    loss_mean: float
    loss_variance: float
    noise_variance: float


def estimate(
    metric: Metric, rows: PredictedRows, calibration: ProbabilityCalibration, positive: str
) -> Estimate | None:
    """Estimate the metrics of a classifier on rows without labels.

    Each row is taken once with each class as its label, weighted by the class's calibrated probability: the confusion
    matrix that results is the expected one, and so are the mean losses [1]_. Only as good as its assumption: that a
    calibrated probability still means what it meant. It sees that rows have become harder, never that the relation to
    the target has changed (concept drift).

    Returns
    -------
    Estimate or None
        None where the primary metric cannot be computed.

    References
    ----------
    .. [1] J. Kivimäki, J. Białek, W. Kuberski and J. K. Nurminen, "Performance estimation in binary classification
       using calibrated confidence", Machine Learning 114 (2025); known as confidence-based performance estimation.
    """
    count, classes = min(len(rows), MOST_ROWS), rows.classes
    probability = rows.probability[-count:]
    weight = calibration.apply(probability, classes)
    each = None if rows.weight is None else rows.weight[-count:]
    expected = LabelledRows(
        actual=np.tile(np.array(classes, dtype=object), count),
        predicted=np.repeat(np.asarray(rows.predicted[-count:]).astype(str).astype(object), len(classes)),
        probability=np.repeat(probability, len(classes), axis=0),
        classes=classes, positive=positive, weight=(weight if each is None else weight * each[:, None]).ravel(),
    )  # fmt: skip
    if metric.hindrance(expected):
        return None
    losses = metric.row_loss(expected).reshape(count, len(classes))
    means = (weight * losses).sum(axis=1)
    chance = (weight * np.square(losses - means[:, None])).sum(axis=1)
    mean, noise = (float(np.average(values, weights=each)) for values in (means, chance))
    spread = float(means.var()) if each is None else float(np.average(np.square(means - mean), weights=each))
    return Estimate(
        scores=score_all(Task.CLASSIFICATION, expected), rows=count, losses=means,
        evidence=float(count) if each is None else equal_weights(each), loss_mean=mean,
        loss_variance=spread + noise, noise_variance=noise,
    )  # fmt: skip
