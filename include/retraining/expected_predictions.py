"""What a published version is expected to predict on rows like those that it was trained on, but new to it."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from include.retraining.prepare import TrainingRows
from include.retraining.trainers.trainer import Predictor

MOST_OWN_ROWS = 100_000  # of the rows that the trial was trained on: more tell no more
LEAST_SHRINKAGE = 0.93  # of the spread; what is nearer to 1 no test of spread calls a change (a log ratio of 0.15)

Values = npt.NDArray[Any]


def predictions_to_come(published: Predictor, trial: Predictor, rows: TrainingRows, first: int, stop: int) -> Values:
    """What later checks compare the published version's predictions with; shape (len(rows) - stop,).

    `trial` was trained on the rows from `first` to `stop` and judged on those after. Where it is itself what is
    published, these are new to it, and its predictions on them are taken as they are.
    """
    held_out = rows.slice(stop, len(rows))[0]
    predicted = published.predict(held_out)
    if published is trial:
        return predicted
    own = rows.slice(max(first, stop - MOST_OWN_ROWS), stop)[0]
    return expected_predictions((predicted, published.predict(own)), (trial.predict(held_out), trial.predict(own)))


def expected_predictions(published: tuple[Values, Values], trial: tuple[Values, Values]) -> Values:
    """Predictions of the published version on held-out rows, less what it remembers of them.

    A version that passed the gate is trained once more, on the held-out rows too. There it remembers: predictions of
    boosted trees vary up to 1.4 times as much on their own rows as on new ones. How much, its trial tells, which was
    trained without the held-out rows: the ratio of the spread of its predictions on these and on its own rows, over the
    same ratio of the published version, which was trained on both, and so differs only by what the rows are. Numbers
    are drawn towards their mean by that factor, if it is below 0.93 and below 1 by two standard errors; of classes the
    shares change in that proportion. Linear models remember nothing, and predictions that repeat themselves, as those
    of a single tree, stay as they are: any move of a value that many rows have would be a change of distribution.

    Parameters
    ----------
    published, trial : tuple of two arrays, shapes (m,) and (n,)
        Predictions on the held-out rows and on those that the trial was trained on: floats, or names of classes.

    Returns
    -------
    array of shape (m,)
    """
    if len(published[1]) == 0 or len(published[0]) == 0:
        return published[0]
    if published[0].dtype.kind == "f":
        return _drawn_in(published, trial)
    return _reweighted(published, trial)


def _drawn_in(published: tuple[Values, Values], trial: tuple[Values, Values]) -> Values:
    if not all(np.isfinite(values).all() for values in (*published, *trial)):
        return published[0]
    spreads = [float(np.std(values)) for values in (*published, *trial)]
    if not min(spreads) > 0.0:
        return published[0]
    if len(np.unique(published[0])) < len(published[0]) / 2:
        return published[0]
    factor = (spreads[2] / spreads[3]) / (spreads[0] / spreads[1])
    error = np.sqrt(1.0 / len(published[0]) + 1.0 / len(published[1]))  # of independent normal predictions
    if factor >= min(LEAST_SHRINKAGE, 1.0 - 2.0 * error):
        return published[0]
    middle = published[0].mean()
    return np.asarray(middle + (published[0] - middle) * factor)


def _reweighted(published: tuple[Values, Values], trial: tuple[Values, Values]) -> Values:
    """The names in their order, of which as few become others as bring each to its new share.

    In their order, because how much rows say follows from how alike those are that follow each other.
    """
    names = sorted({str(name) for name in published[0]})
    shares = [
        np.array([np.count_nonzero(values == name) + 0.5 for name in names]) / len(values)
        for values in (*published, *trial)
    ]
    wanted = shares[1] * shares[2] / shares[3]
    ends = np.round(np.cumsum(wanted) / wanted.sum() * len(published[0])).astype(int)
    change = np.diff(ends, prepend=0) - np.array([np.count_nonzero(published[0] == name) for name in names])
    given_up = [
        _evenly(np.flatnonzero(published[0] == name), -int(less))
        for name, less in zip(names, change, strict=True) if less < 0
    ]  # fmt: skip
    if not given_up:
        return published[0]
    places, made = np.sort(np.concatenate(given_up)), published[0].copy()
    taken = np.concatenate([
        np.column_stack([(np.arange(more) + 0.5) / more, np.full(more, place)])
        for place, more in enumerate(change) if more > 0
    ])  # fmt: skip
    made[places] = np.array(names, dtype=made.dtype)[taken[np.argsort(taken[:, 0], kind="stable"), 1].astype(int)]
    return made


def _evenly(places: npt.NDArray[np.intp], count: int) -> npt.NDArray[np.intp]:
    return np.asarray(places[((np.arange(count) + 0.5) * len(places) / count).astype(int)])
