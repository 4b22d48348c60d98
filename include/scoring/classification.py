"""Metrics of predicted classes: accuracy, balanced accuracy, F1, precision, recall.

With two classes F1, precision and recall are those of the positive class. With more they are computed for each class
against the rest and averaged, each class counted once ("macro"); a class that is never predicted has precision 0.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from include.scoring.labelled_rows import Floats, LabelledRows, Task
from include.scoring.metric import Harm, Metric, Scale, mean_metric

Weights = Callable[["_Counts"], Floats]


class _Counts:
    """For each class the share of rows that have it, that are predicted as it, and both (weights counted)."""

    def __init__(self, rows: LabelledRows) -> None:
        coded = rows.coded
        self.actual, self.predicted = coded.actual, coded.predicted
        self.right = coded.actual == coded.predicted
        self.of_actual = rows.total(coded.actual)
        self.of_predicted = rows.total(coded.predicted)
        self.hits = rows.total(coded.actual, self.right)
        self.positive = coded.positive
        self.rare = coded.rare
        said = [np.bincount(each, minlength=len(coded.names)) for each in (coded.actual, coded.predicted)]
        self.hardly_there = self.rare | coded.too_few(said[0] + said[1])


def _wrong(rows: LabelledRows) -> Floats:
    return np.asarray(np.asarray(rows.actual) != np.asarray(rows.predicted), dtype=float)


def _over(part: Floats, whole: Floats) -> Floats:
    """Quotient, 0 where there is nothing to divide by."""
    return np.asarray(np.where(whole > 0.0, part / np.where(whole > 0.0, whole, 1.0), 0.0))


def _averaged(counts: _Counts) -> Floats:
    """Weight of each class in the metric: the positive one alone, or all alike that occur and are not too rare."""
    if counts.positive is not None:
        return np.asarray(np.arange(len(counts.hits)) == counts.positive, dtype=float)
    occurs = ((counts.of_actual + counts.of_predicted > 0.0) & ~counts.hardly_there).astype(float)
    return np.asarray(occurs / occurs.sum())


def _labelled(counts: _Counts) -> Floats:
    """Weight of each class in balanced accuracy: all alike that labels have, and not too few of them."""
    occurs = ((counts.of_actual > 0.0) & ~counts.rare).astype(float)
    return np.asarray(occurs / occurs.sum())


def _recall(counts: _Counts, share: Floats) -> tuple[float, Floats]:
    recall, each = _over(counts.hits, counts.of_actual), _over(share, counts.of_actual)
    return float(share @ recall), each[counts.actual] * (counts.right - recall[counts.actual])


def _precision(counts: _Counts, share: Floats) -> tuple[float, Floats]:
    precision, each = _over(counts.hits, counts.of_predicted), _over(share, counts.of_predicted)
    return float(share @ precision), each[counts.predicted] * (counts.right - precision[counts.predicted])


def _f1(counts: _Counts, share: Floats) -> tuple[float, Floats]:
    both = counts.of_actual + counts.of_predicted
    f1, each = _over(2.0 * counts.hits, both), _over(share, both)
    missed = each * f1
    return float(share @ f1), (
        2.0 * counts.right * each[counts.actual] - missed[counts.actual] - missed[counts.predicted]
    )


def _one_class(rows: LabelledRows) -> str:
    coded = rows.coded
    counts = np.bincount(coded.actual, minlength=len(coded.names))
    labels = np.flatnonzero((counts > 0) & ~coded.rare)
    but = int(counts[coded.rare].sum())
    return "" if len(labels) > 1 else f"all labels{f' but {but}' if but else ''} are {str(coded.names[labels[0]])!r}"


def _never(*, predicted: bool) -> Callable[[LabelledRows], str]:
    """The obstacle that the positive class is in no label, or, with `predicted`, in no prediction.

    Where no label has it, it may be that its labels come later than the others': nothing is said of the model.
    """

    def obstacle(rows: LabelledRows) -> str:
        coded = rows.coded
        if len(coded.names) < 2:
            return f"there is only one class, {str(coded.names[0])!r}"
        if coded.positive is None:
            return ""
        for word, each in (("label", coded.actual), *([("prediction", coded.predicted)] if predicted else [])):
            counts = np.bincount(each, minlength=len(coded.names))
            count = int(counts[coded.positive])
            if not count or coded.too_few(counts)[coded.positive]:
                return f"{f'only {count}' if count else 'no'} {word} is {str(coded.names[coded.positive])!r}"
        return ""

    return obstacle


def _rate(
    name: str, rate: Callable[[_Counts, Floats], tuple[float, Floats]], weights: Weights,
    obstacle: Callable[[LabelledRows], str],
) -> Metric:  # fmt: skip
    def both(rows: LabelledRows) -> tuple[float, Floats]:
        counts = _Counts(rows)
        return rate(counts, weights(counts))

    def losses(rows: LabelledRows) -> Floats:
        score, influence = both(rows)
        return np.asarray(1.0 - score - influence)

    return Metric(
        name=name, task=Task.CLASSIFICATION, larger_is_better=True, harm=Harm.ABSOLUTE_DROP, threshold=0.05,
        scale=Scale.SHARE, score=lambda rows: both(rows)[0], losses=losses, influence=lambda rows: both(rows)[1],
        obstacle=obstacle,
    )  # fmt: skip


CLASS_METRICS = (
    mean_metric(
        "accuracy", _wrong, task=Task.CLASSIFICATION, harm=Harm.ABSOLUTE_DROP, threshold=0.05, scale=Scale.SHARE,
        good_share=True, lasting=False,
    ),
    _rate("balanced_accuracy", _recall, _labelled, _one_class),
    _rate("f1", _f1, _averaged, _never(predicted=False)),
    _rate("precision", _precision, _averaged, _never(predicted=True)),
    _rate("recall", _recall, _averaged, _never(predicted=False)),
)  # fmt: skip
