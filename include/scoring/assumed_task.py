"""Whether predictions and actuals are classes or quantities, where nobody has said so."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import numpy.typing as npt

from include.scoring.labelled_rows import Task

FEW = 20  # classes; numbers of more values are quantities, unless they are hit and missed as names are
MOST = 1_000  # values, from which on nothing but names would be told by a table of all of them
HITS = 0.5  # of more than `FEW` values: the agreement beyond chance
FEWEST_MISSES = 20  # of so many: rows that show how far off the others are
AGREEMENT = 0.3  # Cohen's kappa: a classifier is right more often than that by chance
ORDERED = 0.5  # of the distance that chance would leave: errors nearer to the truth are those of a quantity
GAPS = 1.5  # times as many values as there are: numbers with gaps between them are no counts


def assumed_task(predicted: npt.NDArray[Any], actual: npt.NDArray[Any]) -> tuple[Task, str]:
    """The task that the values speak of, and how sure it is: an empty text, or what was assumed and how to say it.

    Anything but numbers is classes. Numbers are classes where all are whole, the predictions take no values but those
    of at most 20 that the actuals have, and agree with them beyond chance (Cohen's kappa of 0.3 [1]_); counts that are
    rounded do so too, but where they are wrong they are near: their mean distance is less than half of chance's. Values
    with gaps between them, as 0, 1, 8, 9, are no counts. Of more than 20 values half have to be right beyond chance,
    and the others as far off as chance has them. Predictions of as many other values are classes in another coding if
    both have two, or if they agree so once they are put in the same order, as 0 … 9 and 1 … 10.

    Parameters
    ----------
    predicted, actual : array of shape (n,)
        Without missing values.

    References
    ----------
    .. [1] J. Cohen, "A coefficient of agreement for nominal scales", Educational and Psychological Measurement 20
       (1960); with distances, "Weighted kappa", Psychological Bulletin 70 (1968).

    Examples
    --------
    >>> labels = np.array([0, 1, 8, 9] * 50)
    >>> assumed_task(np.where(np.arange(200) % 10, labels, 9), labels)[0].value
    'classification'
    >>> assumed_task(labels + 0.5, labels)
    (<Task.REGRESSION: 'regression'>, '')
    """
    if not all(np.issubdtype(values.dtype, np.number) for values in (predicted, actual)):
        return Task.CLASSIFICATION, ""
    told, guessed = actual.astype(float), predicted.astype(float)
    if not len(told) or not (np.isfinite(guessed).all() and np.isfinite(told).all()):
        return Task.REGRESSION, ""
    if not (_whole(guessed) and _whole(told)):
        return Task.REGRESSION, ""
    values = np.unique(told)
    if len(values) > MOST:
        return Task.REGRESSION, ""
    if not np.isin(others := np.unique(guessed), values).all():
        return _of_other_values(guessed, told, others, values)
    many = len(values) > FEW
    task = Task.CLASSIFICATION if _like_classes(guessed, told, values, many=many) else Task.REGRESSION
    if many and task is Task.REGRESSION:
        return task, ""
    word, other = ("classes", "regression") if task is Task.CLASSIFICATION else ("quantities", "classification")
    return task, f"whole numbers of {len(values)} values, taken for {word}; if they are not, say task={other!r}"


def _of_other_values(
    guessed: npt.NDArray[np.float64], told: npt.NDArray[np.float64], others: npt.NDArray[Any], values: npt.NDArray[Any]
) -> tuple[Task, str]:
    """The task where predictions take values that the actuals do not have: classes of another coding, or quantities."""
    if max(len(others), len(values)) > FEW or len(told) < FEWEST_MISSES:
        return Task.REGRESSION, ""
    what = f"whole numbers of {len(values)} values, of which predictions take others, taken for "
    if len(others) == len(values) and len(values) > 1:
        matched = values[np.searchsorted(others, guessed)]
        if len(values) == 2 or _like_classes(matched, told, values, many=False):
            out = "give both in one coding, or say task='regression'"
            return Task.CLASSIFICATION, f"{what}classes of another coding; {out}"
    return Task.REGRESSION, f"{what}quantities; if they are not, say task='classification'"


def _whole(values: npt.NDArray[np.float64]) -> bool:
    return bool((values == np.floor(values)).all())


def _like_classes(
    guessed: npt.NDArray[np.float64], told: npt.NDArray[np.float64], values: npt.NDArray[Any], *, many: bool
) -> bool:
    if len(values) < 2 or (many and np.count_nonzero(guessed != told) < FEWEST_MISSES):
        return False
    places = [np.searchsorted(values, each) for each in (told, guessed)]
    table = np.bincount(places[0] * len(values) + places[1], minlength=len(values) ** 2).reshape(len(values), -1)
    shares = table / table.sum()
    chance = np.outer(shares.sum(axis=1), shares.sum(axis=0))
    wrong = ~np.eye(len(values), dtype=bool)
    missed, expected = float(shares[wrong].sum()), float(chance[wrong].sum())
    if expected == 0.0 or 1.0 - missed / expected < (HITS if many else AGREEMENT):
        return False
    if missed == 0.0 or (_has_gaps(values) and not many):
        return True
    distance = np.abs(values[:, None] - values[None, :])
    return float((shares * distance).sum() / missed) >= ORDERED * float((chance * distance).sum() / expected)


def _has_gaps(values: npt.NDArray[np.float64]) -> bool:
    """Whether the values leave out many of those that lie between them."""
    steps = np.diff(values)
    if steps.max() > 1e15:
        return True
    step = math.gcd(*(int(each) for each in steps))
    return bool((values[-1] - values[0]) / step + 1 > GAPS * len(values))
