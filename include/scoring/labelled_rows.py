"""Rows whose label has arrived: what every metric is computed from."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
Values = npt.NDArray[Any]
Moments = npt.NDArray[np.intp]  # a number for each row, the same for those of one time; see `moments_of`

FEWEST_OF_A_CLASS = 5  # labels, for a class to count as much as any other


class Task(StrEnum):
    """What kind of prediction a model makes."""

    REGRESSION = "regression"
    CLASSIFICATION = "classification"


@dataclass(frozen=True, kw_only=True)
class Classes:
    """Labels and predictions as numbers of classes.

    Parameters
    ----------
    names : tuple
        All classes that occur or that the model knows, sorted.
    actual, predicted : array of shape (n,)
        Positions in `names`.
    positive : int or None
        Position of the positive class; None where metrics are averaged over all classes.
    """

    names: tuple[Any, ...]
    actual: npt.NDArray[np.intp]
    predicted: npt.NDArray[np.intp]
    positive: int | None

    @property
    def rare(self) -> npt.NDArray[np.bool_]:
        """Which classes too few labels have to say anything: fewer than 5, and a quarter of an equal share.

        Such a class is in one window and not in the next; where classes count alike, one row would move the metric as
        much as a whole class.
        """
        return self.too_few(np.bincount(self.actual, minlength=len(self.names)))

    def too_few(self, counts: npt.NDArray[np.intp]) -> npt.NDArray[np.bool_]:
        """The same of other counts, one for each class, among as many rows."""
        equal = len(self.actual) / max(int((counts > 0).sum()), 2)
        return np.asarray((counts > 0) & (counts < FEWEST_OF_A_CLASS) & (4 * counts < equal))


@dataclass(frozen=True, kw_only=True)
class LabelledRows:
    """Rows in time order, with what was predicted and what came true.

    Parameters
    ----------
    actual, predicted : array of shape (n,)
        Numbers, or class names. For a trading model `actual` is the return realised in the row (0.01 is +1 %) and
        `predicted` the position held over it, as a share of the capital: 1 is long with all, -0.5 short with half.
    probability : array of shape (n, k) or None
        Probability of each of `classes`, as the model gave it.
    classes : tuple of str
        The classes that the model knows; empty for those that occur in the rows.
    positive : str, default ""
        The positive class of a model with two classes. Empty: with two classes the last in sorted order, as in
        scikit-learn; with more there is none, and metrics are averages over the classes, each counted once ("macro").
    periods_per_year : float or None
        For a trading model the rows that a year has; 1 leaves the Sharpe ratio per row. None: not a trading model.
    weight : array of shape (n,) or None
        How much each row counts, from 0 up; None: all the same. A weight of 2 is the row twice, in every metric; how
        sure a metric is depends on the weights' proportions only.
    slices : mapping of str to array of shape (n,)
        Values of the columns by which performance is looked at in parts.
    moment : array of shape (n,) or None
        Rows of one time have one number, which rises with time; see `moments_of`. None: no two rows share theirs.
    stretch : array of shape (n,) or None
        How many times six hours passed from 1970-01-01 UTC to each row; None without times.
    """

    actual: Values
    predicted: Values
    probability: Floats | None = None
    classes: tuple[str, ...] = ()
    positive: str = ""
    periods_per_year: float | None = None
    weight: Floats | None = None
    slices: Mapping[str, Values] = field(default_factory=dict)
    moment: Moments | None = None
    stretch: Moments | None = None

    def __post_init__(self) -> None:
        """Refuse probabilities that do not fit the rows and classes, and weights that do not fit the rows."""
        if self.weight is not None and self.weight.shape != (len(self.actual),):
            raise ValueError(f"weight has shape {self.weight.shape}; one for each of {len(self.actual)} rows is needed")
        if self.probability is not None and self.probability.shape != (len(self.actual), len(self.classes)):
            raise ValueError(
                f"probability has shape {self.probability.shape}; {len(self.actual)} rows of {len(self.classes)} "
                "classes are needed"
            )

    def __len__(self) -> int:
        return len(self.actual)

    def where(self, mask: npt.NDArray[np.bool_]) -> LabelledRows:
        """The rows that `mask` chooses; of the classes nothing is forgotten."""
        return self._chosen(mask)

    def at(self, places: npt.NDArray[np.intp]) -> LabelledRows:
        """The rows at these places, in that order and as often; of the classes nothing is forgotten."""
        return self._chosen(places)

    def _chosen(self, places: npt.NDArray[Any]) -> LabelledRows:
        return replace(
            self, actual=self.actual[places], predicted=self.predicted[places],
            probability=None if self.probability is None else self.probability[places],
            weight=None if self.weight is None else self.weight[places],
            slices={name: values[places] for name, values in self.slices.items()},
            moment=None if self.moment is None else self.moment[places],
            stretch=None if self.stretch is None else self.stretch[places],
        )  # fmt: skip

    @classmethod
    def joined(cls, parts: Sequence[LabelledRows]) -> LabelledRows:
        """The rows of all parts (at least one), one after the other; slices and stretches are left behind.

        A class that a part does not know has probability 0 there. Without probabilities in a part, there are none.
        """
        classes = tuple(dict.fromkeys(name for part in parts for name in part.classes))
        probability = None
        if all(part.probability is not None for part in parts):
            probability = np.concatenate(
                [np.column_stack([part.chance_of(name) for name in classes]) for part in parts]
            )
        return cls(
            actual=np.concatenate([part.actual for part in parts]),
            predicted=np.concatenate([part.predicted for part in parts]),
            probability=probability, classes=classes, positive=parts[0].positive,
            periods_per_year=parts[0].periods_per_year, weight=_joined_weights(parts),
            moment=_joined_moments(parts),
        )  # fmt: skip

    @cached_property
    def coded(self) -> Classes:
        """Labels and predictions as numbers of classes."""
        import pandas as pd

        both = np.concatenate([self.actual, self.predicted])
        codes, found = pd.factorize(both if both.dtype.kind in "iufb" else both.astype(object))
        seen = {str(name) for name in found}
        names = [*found.tolist(), *(name for name in self.classes if name not in seen)]
        if self.positive and self.positive not in {str(name) for name in names}:
            names.append(self.positive)
        order = sorted(range(len(names)), key=lambda place: _key(names[place]))
        rank = np.empty(len(names), dtype=np.intp)
        rank[order] = np.arange(len(names))
        ordered = tuple(names[place] for place in order)
        last = 1 if len(ordered) == 2 else None
        positive = next((place for place, name in enumerate(ordered) if str(name) == self.positive), last)
        return Classes(
            names=ordered, actual=rank[codes[: len(self)]], predicted=rank[codes[len(self) :]], positive=positive
        )

    def chance(self, place: int) -> Floats:
        """Probability of the class at `place` among the coded names."""
        return self.chance_of(str(self.coded.names[place]))

    def chance_of(self, name: str) -> Floats:
        """Probability of a class; zeros for one that the model does not know."""
        assert self.probability is not None
        if name in self.classes:
            return self.probability[:, self.classes.index(name)]
        return np.zeros(len(self))

    def mean(self, values: Floats) -> float:
        """Mean of a number for each row, with the rows' weights."""
        return float(values.mean() if self.weight is None else np.average(values, weights=self.weight))

    def sum(self, values: Floats) -> float:
        """Sum of a number for each row, each as often as its weight says."""
        return float(values.sum() if self.weight is None else self.weight @ values)

    @cached_property
    def evidence(self) -> float:
        """How many rows of one weight are as sure as these, ``(sum w)^2 / sum w^2`` [1]_: all where weights are equal.

        References
        ----------
        .. [1] L. Kish, "Survey Sampling", Wiley (1965).

        >>> rows = LabelledRows(actual=np.ones(3), predicted=np.ones(3), weight=np.array([1.0, 1.0, 0.0]))
        >>> rows.evidence
        2.0
        """
        return float(len(self)) if self.weight is None else equal_weights(self.weight)

    @property
    def amount(self) -> str:
        """The number of rows in words, with the evidence where that is less."""
        return f"{len(self)}" if self.weight is None else f"{len(self)} (worth {self.evidence:.0f} of equal weight)"

    def deviation(self, values: Floats) -> float:
        """Standard deviation of a number for each row, for all that the rows are a sample of (ddof 1)."""
        if self.weight is None:
            return float(values.std(ddof=1))
        whole = bool((self.weight == np.floor(self.weight)).all())
        count = float(self.weight.sum()) if whole else self.evidence  # whole numbers say how often a row is there
        variance = self.mean(np.square(values - self.mean(values)))
        return math.sqrt(variance * count / (count - 1.0)) if count > 1.0 else 0.0

    def total(self, codes: npt.NDArray[np.intp], values: npt.NDArray[Any] | None = None) -> Floats:
        """For each class the share of all rows that `codes` puts there (where `values` holds, if given)."""
        weights = np.full(len(self), 1.0 / len(self)) if self.weight is None else self.weight / self.weight.sum()
        if values is not None:
            weights = weights * values
        return np.bincount(codes, weights=weights, minlength=len(self.coded.names)).astype(float)


@dataclass(frozen=True, kw_only=True)
class PredictedRows:
    """Rows whose label has not arrived: `predicted`, `probability`, `classes` and `weight` as in `LabelledRows`."""

    predicted: Values
    probability: Floats
    classes: tuple[str, ...]
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.predicted)


def moments_of(times: npt.NDArray[Any]) -> Moments | None:
    """A number for each row, the same where `times`, shape (n,) and in order, are; None where all of them differ.

    >>> moments_of(np.array([3, 3, 5])), moments_of(np.array([3, 4, 5]))
    (array([0, 0, 1]), None)
    """
    later = times[1:] != times[:-1]
    return None if later.all() else np.concatenate([[0], np.cumsum(later)])


def equal_weights(weight: Floats) -> float:
    """How many rows of one weight are as sure as rows with these; see `LabelledRows.evidence`."""
    largest = float(weight.max(initial=0.0))
    shares = weight / largest if largest > 0.0 else weight
    square = float(shares @ shares)
    return float(shares.sum()) ** 2 / square if square > 0.0 else 0.0


def linearized(values: Floats, weight: Floats) -> Floats:
    """Values whose plain mean is the weighted mean, and is as unsure to first order; the weights are not all 0."""
    mean = float(np.average(values, weights=weight))
    return np.asarray(mean + (values - mean) * (weight / weight.mean()))


def _joined_weights(parts: Sequence[LabelledRows]) -> Floats | None:
    if all(part.weight is None for part in parts):
        return None
    return np.concatenate([np.ones(len(part)) if part.weight is None else part.weight for part in parts])


def _joined_moments(parts: Sequence[LabelledRows]) -> Moments | None:
    """Those of all parts; no moment is in two of them."""
    if all(part.moment is None for part in parts):
        return None
    found, first = [], 0
    for part in parts:
        numbers = np.arange(len(part)) if part.moment is None else np.unique(part.moment, return_inverse=True)[1]
        found.append(first + numbers)
        first += len(part)
    return np.concatenate(found)


def _key(name: Any) -> tuple[bool, Any]:
    """Numbers by value, then names; a mixture must not fail."""
    number = isinstance(name, int | float)
    return not number, name if number else str(name)
