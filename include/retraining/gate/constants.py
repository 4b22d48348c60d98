"""What a first version has to beat: constants that know labels and no feature."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from include.scoring import LabelledRows, Metric, Task

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Constant:
    """One of them.

    Parameters
    ----------
    rows : LabelledRows
        The held-out rows as it answers them.
    words : str
        What it is.
    foreseen : bool
        Whether it could be known beforehand: a version has to be better only than such a one.
    """

    rows: LabelledRows
    words: str
    foreseen: bool = True


def constants(
    metric: Metric, learnt: npt.NDArray[np.generic], held_out: LabelledRows, weight: Floats | None = None
) -> Iterator[Constant]:
    """Always the same answer: of all labels before the held-out ones, of the latest of them, and of themselves.

    Where the target drifts all labels make a constant that is easy to beat: whoever knows the latest ones alone does
    better. The constant of the held-out labels themselves nobody could have known: it is told, and decides nothing.

    Parameters
    ----------
    learnt : array
        The labels before, in time order.
    held_out : LabelledRows
    weight : array, optional
        How much each of `learnt` counts; by default all count the same.
    """
    latest = len(held_out)
    yield _constant(metric, learnt, held_out, weight, f"the {len(learnt):,} rows before")
    if latest < len(learnt):
        part = None if weight is None else weight[-latest:]
        yield _constant(metric, learnt[-latest:], held_out, part, f"the latest {latest:,} rows before")
    judged = metric.judged(held_out)
    if len(judged):
        found = _constant(metric, judged.actual, held_out, judged.weight, "these rows")
        yield replace(found, foreseen=False)


def _constant(
    metric: Metric, learnt: npt.NDArray[np.generic], rows: LabelledRows, weight: Floats | None, of: str
) -> Constant:
    made, what = constant_answers(metric, learnt, rows, weight)
    return Constant(rows=made, words=f"{what} of {of}")


def constant_answers(
    metric: Metric, learnt: npt.NDArray[np.generic], rows: LabelledRows, weight: Floats | None = None
) -> tuple[LabelledRows, str]:
    """The same rows as the best constant would answer them that knows the labels `learnt`, and what that is.

    Numbers: what the metric says (`Metric.constant`). Classes: the most frequent, or by F1 and precision the positive
    class, with the share of each as its probability where the version gives probabilities.
    """
    counted = np.ones(len(learnt)) if weight is None else weight
    if metric.task is Task.REGRESSION:
        value, what = metric.constant(np.asarray(learnt, dtype=float), counted)
        return replace(rows, predicted=np.full(len(rows), value)), f"always {value:.4g}, the {what}"
    names, codes = np.unique(np.asarray(learnt).astype(str), return_inverse=True)
    counts = np.bincount(codes, weights=counted).astype(float)
    often = _best_class(metric, names, counts, rows.positive)
    probability = None
    if rows.probability is not None:
        shares = dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))
        row = np.array([shares.get(name, 0.0) for name in rows.classes])
        probability = np.tile(row / row.sum() if row.sum() > 0.0 else 1.0 / max(len(row), 1), (len(rows), 1))
    made = replace(rows, predicted=np.full(len(rows), often, dtype=object), probability=probability)
    if metric.needs_probability:
        return made, "always the shares of the classes"
    return made, f"always {often!r}, the {'most frequent' if often == names[np.argmax(counts)] else 'positive'} class"


def _best_class(metric: Metric, names: npt.NDArray[np.str_], counts: Floats, positive: str) -> str:
    """The class that is best always to answer; by recall, which always saying yes has in full, the most frequent."""
    often = str(names[np.argmax(counts)])
    if metric.name not in ("f1", "precision") or len(names) != 2:
        return often
    return positive or str(names[-1])
