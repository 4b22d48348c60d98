"""The rhythm of a week in errors: weekends may be harder to predict than other days, and nights than noons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import timedelta
from typing import Any

import numpy as np

from include.scoring.labelled_rows import Floats, Moments
from include.scoring.statistics import inflation

STRETCH = timedelta(hours=6)
A_DAY = 4  # stretches
A_WEEK = 7 * A_DAY
LEVEL = 0.01  # probability of seeing a rhythm where there is none
FAR = 7.5  # medians; an error beyond counts as one just there when rhythms are looked for
MOST = 50.0  # a stretch of the week whose errors are so many times those of another cannot be compared with it
STEPS = 30
NOTHING = 1e-12  # in logarithms: a fit that moves by less is done
WIDEST = 50.0  # logarithms; a fit goes no farther
TINY = 1e-300


@dataclass(frozen=True, kw_only=True)
class ByPhase:
    """A number of each row, 0 or more, added up by the 28 quarters of a day that a week has (UTC).

    Each is a tuple with a number for each phase; what several weeks hold is told by the `stretches`, six hours of one
    date each.

    Parameters
    ----------
    rows : tuple of float
    means, squares : tuple of float
        Mean of the numbers, and of their squares; 0 without rows.
    capped : tuple of float
        Mean where a number beyond `FAR` medians of those above 0 counts as one just there.
    stretches : tuple of float
    scatter : tuple of float
        Sum over the stretches of their rows times the square of how far their capped mean is from that of the phase.
    steps : tuple of float
        The same sum of the products with what the stretch just before, if there is one, is apart from its own phase.
    """

    rows: tuple[float, ...]
    means: tuple[float, ...]
    squares: tuple[float, ...]
    capped: tuple[float, ...]
    stretches: tuple[float, ...]
    scatter: tuple[float, ...]
    steps: tuple[float, ...]

    @classmethod
    def of(cls, values: Floats, stretch: Moments | None, weight: Floats | None = None) -> ByPhase | None:
        """Add up `values`, shape (n,); None without times, with a negative or no finite number, and for nothing but 0.

        Parameters
        ----------
        stretch : array of shape (n,) or None
            As `include.scoring.labelled_rows.LabelledRows.stretch`, in any order.
        weight : array of shape (n,), optional
            How much each row counts.
        """
        if stretch is None or not len(values) or not (np.isfinite(values).all() and 0.0 <= values.min() < values.max()):
            return None
        rows = np.ones(len(values)) if weight is None else weight / weight.mean()
        dates, place = np.unique(stretch, return_inverse=True)
        near = np.minimum(values, FAR * float(np.median(values[values > 0.0])))
        number, phase = np.bincount(place, rows), dates % A_WEEK
        means = np.bincount(place, rows * near) / np.maximum(number, TINY)
        total = np.maximum(np.bincount(phase, number, A_WEEK), TINY)
        mean = np.bincount(phase, number * means, A_WEEK) / total
        with np.errstate(over="ignore", invalid="ignore"):
            sums = [np.bincount(phase[place], rows * each, A_WEEK) / total for each in (values, np.square(values))]
        apart = np.sqrt(number) * (means - mean[phase])
        before = np.where(np.diff(dates, prepend=dates[0] - 2) == 1, np.roll(apart, 1), 0.0)
        found = (
            np.bincount(phase, number, A_WEEK), *sums, mean, np.bincount(phase, number > 0.0, A_WEEK),
            np.bincount(phase, np.square(apart), A_WEEK), np.bincount(phase, apart * before, A_WEEK),
        )  # fmt: skip
        if not all(np.isfinite(each).all() for each in found):
            return None
        return cls(**dict(zip(_FIELDS, (tuple(each.tolist()) for each in found), strict=True)))

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ByPhase:
        """Read what `dataclasses.asdict` made."""
        return cls(**{name: tuple(stored[name]) for name in _FIELDS})


_FIELDS = tuple(each.name for each in fields(ByPhase))


@dataclass(frozen=True, kw_only=True)
class Rhythm:
    """How errors vary over the week, whatever they rise or fall by between the groups of rows that show it.

    The mean error of a stretch of six hours is the product of a level for each group, a factor for each day of the week
    and one for each quarter of a day: a generalized linear model with the logarithm as its link and a variance that
    grows with the square of the mean [1]_. Groups that hold different days are so compared as if they held the same.
    That there is a rhythm is tested with the scatter of stretches about their phase (F test at a level of 0.01, of
    capped means, for one enormous error makes no rhythm; divided by how alike stretches are that follow each other). A
    rise between the groups is none, for each has its own level.

    Parameters
    ----------
    factors : array of shape (28,)
        Of each phase, 1 in the mean over all rows; 1 for one without rows.
    levels : array of shape (number of groups,)
        Mean of each group, had it as many rows in each phase as all groups have together.
    inflation : float
        So many times the variance of the difference of the last two groups' logarithms grows because the factors have
        to be estimated, too (the variance inflation factor); 1 for groups that hold the same days.

    References
    ----------
    .. [1] P. McCullagh and J. A. Nelder, "Generalized Linear Models", Chapman and Hall (1989), chapter 8.
    """

    factors: Floats
    levels: Floats
    inflation: float

    @classmethod
    def find(cls, groups: Sequence[ByPhase], *, capped: bool = False) -> Rhythm | None:
        """The rhythm that the groups show, at least two; None without one, or where they hold no days to compare.

        With `capped` factors and levels are of the capped numbers.
        """
        cells = _Cells.of(groups, "capped")
        if not cells.differ():
            return None
        inflation, found = cells.inflation(), cells if capped else _Cells.of(groups, "means")
        logarithms = found.fit()
        factors = np.exp(np.clip(_columns(np.arange(A_WEEK)) @ logarithms[len(groups) :], -WIDEST, WIDEST))
        known = found.rows_of_phase > 0.0
        if inflation is None or factors[known].max() > MOST * factors[known].min():
            return None
        unit = float(np.average(factors, weights=found.rows_of_phase))
        return cls(
            factors=np.where(known, factors / unit, 1.0), inflation=inflation,
            levels=np.exp(logarithms[: len(groups)]) * found.unit * unit,
        )  # fmt: skip

    def at(self, stretch: Moments) -> Floats:
        """The factor of each row."""
        return np.asarray(self.factors[stretch % A_WEEK])

    def variance(self, group: ByPhase, level: float) -> float:
        """Variance of a group's numbers less the rhythm, about its `level`."""
        return max(float(np.average(group.squares / self.factors**2, weights=group.rows)) - level**2, 0.0)


@dataclass(frozen=True, kw_only=True)
class _Cells:
    """The groups' phases that have rows, one after the other: means in units of their group's mean."""

    means: Floats
    rows: Floats
    stretches: Floats
    scatter: Floats
    steps: Floats
    group: Floats  # a column for each group, 1 for its cells
    phase: Floats  # as `_columns`
    rows_of_phase: Floats
    unit: Floats  # of each group

    @classmethod
    def of(cls, groups: Sequence[ByPhase], means: str) -> _Cells:
        rows = np.array([each.rows for each in groups])
        number, phase = np.nonzero(rows)
        unit = np.array([np.average(getattr(each, means), weights=each.rows) for each in groups])
        found, stretches, scatter, steps = (
            np.array([getattr(each, name) for each in groups])[number, phase]
            for name in (means, "stretches", "scatter", "steps")
        )
        own = unit[number]
        return cls(
            means=found / own, rows=rows[number, phase], stretches=stretches, scatter=scatter / own**2,
            steps=steps / own**2, group=np.eye(len(groups))[number], phase=_columns(phase),
            rows_of_phase=rows.sum(axis=0), unit=unit,
        )  # fmt: skip

    @property
    def both(self) -> Floats:
        return np.column_stack([self.group, self.phase])

    def fit(self) -> Floats:
        """Logarithms of the groups' levels and of the phases' factors, by iteratively reweighted least squares."""
        design, root = self.both, np.sqrt(self.rows)
        aim, found = np.log(np.maximum(self.means, 0.1)), np.zeros(design.shape[1])
        for _ in range(STEPS):
            before, found = found, np.linalg.lstsq(design * root[:, None], aim * root, rcond=None)[0]
            if np.abs(found - before).max() < NOTHING:
                break
            line = np.clip(design @ found, -WIDEST, WIDEST)
            aim = line + self.means / np.exp(line) - 1.0
        return np.asarray(found)

    def differ(self) -> bool:
        """Whether phases differ by more than stretches of one phase do."""
        from scipy import stats

        design = self.both
        rank = int(np.linalg.matrix_rank(design))
        between, within = rank - self.group.shape[1], float(self.stretches.sum()) - rank
        if between < 1 or within < 2.0:
            return False
        left = self._left(np.exp(np.clip(design @ self.fit(), -WIDEST, WIDEST)))
        explained, scatter = self._left(np.ones(len(self.rows))) - left, float(self.scatter.sum())
        if not (left > 0.0 and scatter > 0.0):
            return False
        alike = inflation(float(self.steps.sum()) / scatter)
        return bool(stats.f.sf(explained / between / (left / within) / alike, between, within) < LEVEL)

    def _left(self, expected: Floats) -> float:
        """Sum of the squares of what is left of the stretches, each as a share of what is expected."""
        return float(np.sum((self.scatter + self.rows * np.square(self.means - expected)) / expected))

    def inflation(self) -> float | None:
        """As `Rhythm.inflation`; None where the last two groups cannot be compared, whatever the rhythm."""
        groups, design = self.group.shape[1], self.both
        contrast = np.zeros(design.shape[1])
        contrast[groups - 2 : groups] = -1.0, 1.0
        information = design.T @ (design * self.rows[:, None])
        inverse = np.linalg.pinv(information)
        if not np.allclose(information @ inverse @ contrast, contrast, atol=1e-6):
            return None
        apart = float(np.sum(1.0 / (self.group.T @ self.rows)[-2:]))
        return max(float(contrast @ inverse @ contrast) / apart, 1.0)


def _columns(phase: Moments) -> Floats:
    """For each phase a column for each day of the week, and for each quarter of a day, but for the first."""
    days, quarters = phase[:, None] // A_DAY == np.arange(1, 7), phase[:, None] % A_DAY == np.arange(1, A_DAY)
    return np.hstack([days, quarters]).astype(float)
