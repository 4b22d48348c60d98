"""Metrics of predicted probabilities: AUC, log-loss, Brier score.

With two classes AUC is that of the positive class; with more it is computed for each class against the rest and
averaged over the classes that labels have ("one-vs-rest macro").
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from include.scoring.labelled_rows import Floats, LabelledRows, Task
from include.scoring.metric import Harm, Metric, Scale, mean_metric

_SMALLEST = float(np.finfo(np.float64).eps)  # of a probability in log-loss, as in scikit-learn


def area(score: Floats, positive: npt.NDArray[np.bool_], weight: Floats | None = None) -> tuple[float, Floats]:
    """Area under the ROC curve, and each row's influence on it.

    The area is the probability that a positive row has a higher score than a negative one, ties counted half. A row's
    influence follows from its placement: the share of the other side that it is ranked right against [1]_.

    Parameters
    ----------
    score : array of shape (n,)
    positive : array of shape (n,)
        Both kinds must occur.
    weight : array of shape (n,), optional

    References
    ----------
    .. [1] E. R. DeLong, D. M. DeLong and D. L. Clarke-Pearson, "Comparing the areas under two or more correlated
       receiver operating characteristic curves: a nonparametric approach", Biometrics 44 (1988).
    """
    share = np.full(len(score), 1.0 / len(score)) if weight is None else weight / weight.sum()
    levels, place = np.unique(score, return_inverse=True)
    above = np.bincount(place, weights=share * positive, minlength=len(levels))
    below = np.bincount(place, weights=share * ~positive, minlength=len(levels))
    positives, negatives = float(above.sum()), float(below.sum())
    beaten = (np.cumsum(below) - below / 2.0) / negatives  # share of the negatives below each level, ties half
    beating = (positives - np.cumsum(above) + above / 2.0) / positives
    value = float(above @ beaten) / positives
    influence = np.where(positive, (beaten[place] - value) / positives, (beating[place] - value) / negatives)
    return value, influence


def _auc(rows: LabelledRows) -> tuple[float, Floats]:
    coded = rows.coded
    if coded.positive is not None:
        return area(rows.chance(coded.positive), coded.actual == coded.positive, rows.weight)
    found = [area(rows.chance(place), coded.actual == place, rows.weight) for place in _weighted_labels(rows)]
    return float(np.mean([value for value, _ in found])), np.mean([influence for _, influence in found], axis=0)


def _weighted_labels(rows: LabelledRows) -> npt.NDArray[np.intp]:
    return np.flatnonzero((rows.total(rows.coded.actual) > 0.0) & ~rows.coded.rare)


def _auc_losses(rows: LabelledRows) -> Floats:
    value, influence = _auc(rows)
    return np.asarray(1.0 - value - influence)


def _auc_obstacle(rows: LabelledRows) -> str:
    coded, labels = rows.coded, _weighted_labels(rows)
    if coded.positive is not None and coded.positive not in labels:
        count = int((coded.actual == coded.positive).sum())
        return f"{f'only {count}' if count else 'no'} label is {str(coded.names[coded.positive])!r}"
    rare = int(coded.rare[coded.actual].sum())
    return "" if len(labels) > 1 else f"all labels{f' but {rare}' if rare else ''} are {str(coded.names[labels[0]])!r}"


def _of_true_class(rows: LabelledRows) -> Floats:
    """Probability that the model gave to what came true."""
    coded = rows.coded
    if coded.positive is not None:
        chance = rows.chance(coded.positive)
        return np.where(coded.actual == coded.positive, chance, 1.0 - chance)
    chance = np.zeros(len(rows))
    for place in np.unique(coded.actual):
        mine = coded.actual == place
        chance[mine] = rows.chance(place)[mine]
    return chance


def _log_losses(rows: LabelledRows) -> Floats:
    return np.asarray(-np.log(np.clip(_of_true_class(rows), _SMALLEST, 1.0 - _SMALLEST)))


def _brier_losses(rows: LabelledRows) -> Floats:
    """Squared distance of the probabilities from 0 and 1: of the positive class, or summed over several classes."""
    coded = rows.coded
    if coded.positive is not None:
        return np.asarray(np.square(rows.chance(coded.positive) - (coded.actual == coded.positive)))
    assert rows.probability is not None
    return np.asarray(np.square(rows.probability).sum(axis=1) + 1.0 - 2.0 * _of_true_class(rows))


PROBABILITY_METRICS = (
    Metric(
        name="auc", task=Task.CLASSIFICATION, larger_is_better=True, harm=Harm.ABSOLUTE_DROP, threshold=0.05,
        scale=Scale.SHARE, score=lambda rows: _auc(rows)[0], losses=_auc_losses, influence=lambda rows: _auc(rows)[1],
        obstacle=_auc_obstacle, needs_probability=True,
    ),
    mean_metric(
        "log_loss", _log_losses, task=Task.CLASSIFICATION, harm=Harm.RELATIVE_RISE, threshold=0.10,
        scale=Scale.POSITIVE, needs_probability=True,
    ),
    mean_metric(
        "brier", _brier_losses, task=Task.CLASSIFICATION, harm=Harm.RELATIVE_RISE, threshold=0.10,
        scale=Scale.POSITIVE, needs_probability=True,
    ),
)  # fmt: skip
