"""Metrics of trading models: Sharpe ratio, win rate, maximum drawdown.

A row's return is the position times the realised return, ``predicted * actual`` (see `LabelledRows`), before costs. A
model that forecasts returns is measured as if its position were its forecast: the Sharpe ratio and the win rate do not
depend on the size of positions, the maximum drawdown does. A row with a weight of 2 is two periods with its return.
"""

from __future__ import annotations

import math

import numpy as np

from include.scoring.labelled_rows import Floats, LabelledRows, Task
from include.scoring.metric import Harm, Metric, Scale


def returns(rows: LabelledRows) -> Floats:
    """Each row's return, as a share of the capital."""
    return np.asarray(np.asarray(rows.predicted, dtype=float) * np.asarray(rows.actual, dtype=float))


def drawdown(gained: Floats, weight: Floats | None = None) -> float:
    """Largest loss from a peak, as a share of it, of a capital that gains `gained` in each row, compounded.

    A row is gone through as often as its `weight` says, once by default.
    From 0 (never below an earlier height) to 1 (all lost; there is no way back). The start counts as a peak.

    >>> round(drawdown(np.array([0.10, -0.20, 0.05])), 12)
    0.2
    """
    with np.errstate(divide="ignore"):
        steps = np.log1p(np.maximum(gained, -1.0))
    if weight is not None:
        steps = np.where(weight > 0.0, steps, 0.0) * weight
    height = np.concatenate([[0.0], np.cumsum(steps)])
    return float(-np.expm1(np.min(height - np.maximum.accumulate(height))))


def _sharpe(rows: LabelledRows) -> float:
    """Mean over standard deviation (ddof 1) of the rows' returns, times the root of the rows in a year."""
    gained = returns(rows)
    return math.sqrt(rows.periods_per_year or 1.0) * rows.mean(gained) / rows.deviation(gained)


def _sharpe_influence(rows: LabelledRows) -> Floats:
    """Influence on mean over standard deviation.

    A. W. Lo, "The statistics of Sharpe ratios", Financial Analysts Journal 58 (2002); for returns that are not normal
    E. Mertens, "Comments on variance of the IID estimator in Lo" (2002): the mean square is the same as here.
    """
    gained = returns(rows)
    mean = rows.mean(gained)
    centred = gained - mean
    spread = float(gained.std()) if rows.weight is None else math.sqrt(rows.mean(np.square(centred)))
    bend = mean / (2.0 * spread**3)
    each = centred / spread - bend * (np.square(centred) - spread**2)
    return np.asarray(math.sqrt(rows.periods_per_year or 1.0) * each)


def _sharpe_losses(rows: LabelledRows) -> Floats:
    return np.asarray(-_sharpe(rows) - _sharpe_influence(rows))


def _sharpe_obstacle(rows: LabelledRows) -> str:
    return "" if len(rows) > 1 and float(np.ptp(returns(rows))) > 0.0 else "all rows have the same return"


def _wins(rows: LabelledRows) -> tuple[float, Floats]:
    """Share of the rows with a position that gained, and each row's influence on it."""
    held = np.asarray(np.asarray(rows.predicted, dtype=float) != 0.0, dtype=float)
    won = np.asarray(returns(rows) > 0.0, dtype=float)
    share = rows.mean(held)
    rate = rows.mean(won) / share
    return rate, (won - rate * held) / share


def _win_losses(rows: LabelledRows) -> Floats:
    rate, influence = _wins(rows)
    return np.asarray(1.0 - rate - influence)


def _win_obstacle(rows: LabelledRows) -> str:
    return "" if np.any(np.asarray(rows.predicted, dtype=float) != 0.0) else "no row has a position"


TRADING_METRICS = (
    Metric(
        name="sharpe_ratio", task=Task.REGRESSION, larger_is_better=True, harm=Harm.RELATIVE_DROP, threshold=0.25,
        scale=Scale.ANY, score=_sharpe, losses=_sharpe_losses, influence=_sharpe_influence,
        obstacle=_sharpe_obstacle, for_trading=True, loss_from_zero=False,
    ),
    Metric(
        name="win_rate", task=Task.REGRESSION, larger_is_better=True, harm=Harm.ABSOLUTE_DROP, threshold=0.05,
        scale=Scale.SHARE, score=lambda rows: _wins(rows)[0], losses=_win_losses,
        influence=lambda rows: _wins(rows)[1], obstacle=_win_obstacle, for_trading=True,
    ),
    Metric(
        name="max_drawdown", task=Task.REGRESSION, larger_is_better=False, harm=Harm.ABSOLUTE_RISE, threshold=0.05,
        scale=Scale.SHARE, score=lambda rows: drawdown(returns(rows), rows.weight), losses=None, influence=None,
        for_trading=True,
    ),
)  # fmt: skip
