"""What a metric is: its score, how a worsening is counted, and what each row contributes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np
import numpy.typing as npt

from include.errors import ConfigurationError
from include.scoring.labelled_rows import Floats, LabelledRows, Task

NO_ROW_LOSS = (
    "has no loss of a single row, so that no test can compare two models by it; choose another primary metric, and "
    "give this one a floor"
)


def mean_constant(numbers: Floats, weight: Floats) -> tuple[float, str]:
    """The constant with the smallest squared error, and what it is."""
    return float(np.average(numbers, weights=weight)), "mean"


class Harm(StrEnum):
    """How a worsening of a metric is counted, as in ``policy.performance_threshold``."""

    RELATIVE_RISE = "relative_rise"  # rmse, mae: 0.10 is +10 %
    RELATIVE_DROP = "relative_drop"  # r2: 0.05 is -5 % of the baseline
    ABSOLUTE_DROP = "absolute_drop"  # accuracy: 0.05 is five points
    ABSOLUTE_RISE = "absolute_rise"  # max_drawdown: 0.05 is five points of the capital


class Scale(StrEnum):
    """The values that a metric can take, which decides the shape of its interval."""

    POSITIVE = "positive"  # from 0 up: the interval is even on the logarithm
    SHARE = "share"  # 0 to 1: Wilson's interval
    ANY = "any"  # the interval is even


def no_obstacle(rows: LabelledRows) -> str:  # the signature of `Metric.obstacle`
    """For metrics that any rows allow."""
    return ""


@dataclass(frozen=True, kw_only=True)
class Metric:
    """One metric: how it is computed, which way is better, and what each row contributes.

    Parameters
    ----------
    name : str
    task : Task
    larger_is_better : bool
    harm : Harm
    threshold : float
        The worsening that matters if nobody says otherwise, counted as `harm` says.
    scale : Scale
    score : callable
        The metric on labelled rows (at least one, and no obstacle).
    losses : callable or None
        What paired tests use, see `row_loss`; None for a metric that no row contributes to on its own.
    influence : callable or None
        For each row how much it moves the score, with mean zero: the empirical influence function, also called the
        infinitesimal jackknife [1]_. Its mean square over the number of independent rows is the score's variance.
        None for a metric whose interval is found by drawing rows anew (`include.scoring.intervals`).
    obstacle : callable
        Why the score cannot be computed on these rows; an empty text if it can.
    needs_probability : bool
    for_trading : bool
        Whether it is a metric of a trading model's returns.
    lasting : bool
        Whether tests follow the dependence of rows as far as it lasts (`include.scoring.dependence`), or, as for RMSE,
        MAE, R² and accuracy, take it from neighbours alone.
    usable : callable or None
        Which rows the metric has a value on: it is computed from these alone, see `judged`; None for all.
    loss_from_zero : bool
        Whether the mean loss is 0 for a perfect model, so that a relative cut of it makes sense.
    constant : callable
        Of a metric of numbers: given labels and weights, both of shape (n,), the constant answer that scores best on
        them, and what it is: a first version has to beat it.

    References
    ----------
    .. [1] L. A. Jaeckel, "The infinitesimal jackknife", Bell Laboratories memorandum MM 72-1215-11 (1972); B. Efron,
       "The jackknife, the bootstrap and other resampling plans", SIAM (1982), chapter 6.
    """

    name: str
    task: Task
    larger_is_better: bool
    harm: Harm
    threshold: float
    scale: Scale
    score: Callable[[LabelledRows], float]
    losses: Callable[[LabelledRows], Floats] | None
    influence: Callable[[LabelledRows], Floats] | None
    obstacle: Callable[[LabelledRows], str] = no_obstacle
    needs_probability: bool = False
    for_trading: bool = False
    lasting: bool = True
    loss_from_zero: bool = True
    usable: Callable[[LabelledRows], npt.NDArray[np.bool_]] | None = None
    constant: Callable[[Floats, Floats], tuple[float, str]] = mean_constant

    def judged(self, rows: LabelledRows) -> LabelledRows:
        """The rows that the metric is computed from; `row_loss` has one loss for each of them."""
        chosen = None if self.usable is None else self.usable(rows)
        return rows if chosen is None or chosen.all() else rows.where(chosen)

    def left_out(self, rows: LabelledRows) -> str:
        """For a reason: how many rows the metric has no value on; an empty text if it has on all."""
        count = len(rows) - len(self.judged(rows))
        return f"{count} rows without a value of {self.name} left out" if count else ""

    def row_loss(self, rows: LabelledRows) -> Floats:
        """The loss of each row of `judged`: a model with the smaller mean has the better metric on the same rows.

        A row's squared error for R² and RMSE. For all others the mean is the metric's own loss: the metric where small
        is good, 1 less the metric for shares, minus the Sharpe ratio. Where the metric is no mean over rows, a
        row's loss is the metric's loss less the row's influence on the score, so that means and variances are right to
        first order, and the tests made for means apply.

        Raises
        ------
        ConfigurationError
            For maximum drawdown: it is the worst stretch of all rows together, and no row has a share in it.
        """
        if self.losses is None:
            raise ConfigurationError("metric", f"{self.name} {NO_ROW_LOSS}")
        return self.losses(rows)

    def hindrance(self, rows: LabelledRows) -> str:
        """Why the score cannot be computed on these rows; an empty text if it can."""
        if len(rows) == 0:
            return "there are no rows"
        if self.needs_probability and rows.probability is None:
            return f"{self.name} needs probabilities"
        if self.for_trading and rows.periods_per_year is None:
            return f"{self.name} is for models with a section `trading`"
        return self.obstacle(rows)

    def worsening(self, *, baseline: float, recent: float) -> float:
        """How much worse `recent` is than `baseline`, counted as `harm` says; negative when it is better.

        >>> from include.scoring import METRICS
        >>> METRICS["rmse"].worsening(baseline=10.0, recent=12.0)
        0.2
        >>> round(METRICS["accuracy"].worsening(baseline=0.9, recent=0.8), 12)
        0.1
        """
        change = (baseline - recent) if self.larger_is_better else (recent - baseline)
        if self.harm in (Harm.ABSOLUTE_DROP, Harm.ABSOLUTE_RISE):
            return change
        return change / abs(baseline) if baseline else (0.0 if change == 0 else float(np.sign(change)) * np.inf)


def mean_metric(
    name: str, losses: Callable[[LabelledRows], Floats], *, task: Task, harm: Harm, threshold: float, scale: Scale,
    good_share: bool = False, obstacle: Callable[[LabelledRows], str] = no_obstacle, needs_probability: bool = False,
    lasting: bool = True, constant: Callable[[Floats, Floats], tuple[float, str]] = mean_constant,
) -> Metric:  # fmt: skip
    """A metric that is the mean of its rows' losses, or with `good_share` 1 less that mean."""

    def score(rows: LabelledRows) -> float:
        mean = rows.mean(losses(rows))
        return 1.0 - mean if good_share else mean

    def influence(rows: LabelledRows) -> Floats:
        values = losses(rows)
        centred = values - rows.mean(values)
        return np.asarray(-centred if good_share else centred)

    return Metric(
        name=name, task=task, larger_is_better=good_share, harm=harm, threshold=threshold, scale=scale, score=score,
        losses=losses, influence=influence, obstacle=obstacle, needs_probability=needs_probability,
        lasting=lasting, constant=constant,
    )  # fmt: skip
