"""How sure a metric is: the standard error of a mean of dependent rows, and intervals of metrics."""

from __future__ import annotations

import math

import numpy as np

from include.scoring.dependence import by_moment, lasting_autocorrelation
from include.scoring.labelled_rows import Floats, LabelledRows, Moments, Task, equal_weights, linearized
from include.scoring.metric import Metric, Scale
from include.scoring.statistics import autocorrelation, block_length, effective_size
from include.scoring.trading import returns

COVERAGE = 0.9  # of the intervals that go on record
DRAWS = 500  # resamples behind the interval of a metric without influences, such as a maximum drawdown


def mean_error(
    values: Floats, *, weight: Floats | None = None, moment: Moments | None = None, lasting: bool = True
) -> tuple[float, float]:
    """Standard error of the mean of `values` in time order, and its degrees of freedom.

    Rows that follow each other are alike, so that the error is the larger of two: that of the circular block bootstrap
    [1]_, computed without drawing, which sees any dependence shorter than a block, and that of a first-order
    autoregression, which holds on few rows too; with `lasting` of the one that is as unsure as the rows are. The
    degrees of freedom count effective rows: few of them prove little.

    Parameters
    ----------
    values : array of shape (n,), n >= 2
    weight : array of shape (n,), optional
        Of the rows, not all 0: then the error is that of the weighted mean, a quotient of two sums, by what each row
        moves it to first order (linearization [2]_); and the degrees of freedom are those of so many rows of equal
        weight as are as sure (`LabelledRows.evidence`).
    moment : array of shape (n,), optional
        As `LabelledRows.moment`: where rows of one moment are alike, moments count instead of rows (`by_moment`).

    References
    ----------
    .. [1] D. N. Politis and J. P. Romano, "A circular block-resampling procedure for stationary data", in Exploring
       the Limits of Bootstrap (1992); the method is H. R. Künsch's (1989).
    .. [2] W. G. Cochran, "Sampling Techniques", Wiley (1977), chapter 6.
    """
    share = 1.0
    if weight is not None:
        values, share = linearized(values, weight), equal_weights(weight) / len(weight)
    together = by_moment(values, moment)
    values = values if together is None else together
    length = block_length(values)
    alike = lasting_autocorrelation(values) if lasting else autocorrelation(values)
    rows = effective_size(len(values), alike)
    sums = np.concatenate([[0.0], np.cumsum(np.concatenate([values, values[: length - 1]]) - values.mean())])
    blocks = math.ceil(len(values) / length)
    spread = float((sums[length:] - sums[:-length]).std()) / length / math.sqrt(blocks)
    freedom = max(min(rows, len(values) / length) * share - 1.0, 1.0)
    return max(spread, float(values.std(ddof=1)) / math.sqrt(rows)), freedom


def interval(metric: Metric, rows: LabelledRows, *, coverage: float = COVERAGE) -> tuple[float, float] | None:
    """Interval that covers the metric's true value with the given probability; rows in time order.

    Parameters
    ----------
    metric : Metric
        Without a hindrance on `rows`.
    rows : LabelledRows
    coverage : float, default 0.9
        Measured for classifiers at 0.9: 0.90 to 0.94 on 200 independent rows, 0.85 to 0.87 on 400 rows whose scores and
        luck are autocorrelated by 0.9, and 0.88 to 0.92 on 4,000 such rows.

    Returns
    -------
    low, high : float
        None for fewer than three rows, or where a number overflows. Of a metric without `Metric.influence` it is found
        by a block bootstrap: None where the metric has no value on rows drawn anew. For a maximum drawdown it so holds
        what the same rows show in another order: how deep such a window may fall, rather than what the true value is,
        which no finite window has.
    """
    rows = metric.judged(rows)
    if len(rows) < 3:
        return None
    if metric.influence is None:
        return _resampled(metric, rows, coverage)
    score = metric.score(rows)
    with np.errstate(over="ignore", invalid="ignore"):
        spread, freedom = mean_error(metric.influence(rows), weight=rows.weight, moment=rows.moment)
    if not (math.isfinite(score) and math.isfinite(spread)):
        return None
    return around(score, spread, freedom, metric.scale, support=_support(metric, rows), coverage=coverage)


def around(
    score: float, spread: float, freedom: float, scale: Scale, *, support: float, coverage: float = COVERAGE
) -> tuple[float, float]:
    """Interval around `score` with that standard error, in the shape that the scale asks for.

    A share has Wilson's interval [1]_ for as many independent rows as give its standard error; `support` rows where
    the share is 0 or 1 and shows no error of its own.

    References
    ----------
    .. [1] L. D. Brown, T. T. Cai and A. DasGupta, "Interval estimation for a binomial proportion", Statistical Science
       16 (2001); with effective rows, E. L. Korn and B. I. Graubard, Survey Methodology 24 (1998).
    """
    from scipy import stats

    width = float(stats.t.isf((1.0 - coverage) / 2.0, freedom))
    if scale is Scale.POSITIVE:
        factor = math.exp(min(width * spread / score, 700.0)) if score > 0.0 else 1.0
        return score / factor, score * factor
    if scale is Scale.ANY:
        return score - width * spread, score + width * spread
    rows = score * (1.0 - score) / spread**2 if spread > 0.0 and 0.0 < score < 1.0 else support
    extra = width**2 / rows
    middle = (score + extra / 2.0) / (1.0 + extra)
    half = math.sqrt(score * (1.0 - score) * extra + extra**2 / 4.0) / (1.0 + extra)
    return max(middle - half, 0.0), min(middle + half, 1.0)


def _support(metric: Metric, rows: LabelledRows) -> float:
    """Rows behind a share of 0 or 1: all for accuracy, those of the rarest class where classes count alike."""
    if metric.scale is not Scale.SHARE or metric.name in ("accuracy", "win_rate"):
        return rows.evidence
    counts = np.bincount(rows.coded.actual)
    return float(counts[counts > 0].min()) * (rows.evidence / len(rows))


def _resampled(metric: Metric, rows: LabelledRows, coverage: float) -> tuple[float, float] | None:
    """The metric of the same rows drawn anew, in circular blocks of consecutive ones; None where it has no value."""
    length, count = block_length(returns(rows) if metric.for_trading else _errors(metric, rows)), len(rows)
    order = np.concatenate([np.arange(count), np.arange(length - 1)])
    rng, within = np.random.default_rng(0), np.arange(length)
    found = []
    for _ in range(DRAWS):
        sample = rows.at(order[(rng.integers(0, count, math.ceil(count / length))[:, None] + within).ravel()[:count]])
        if metric.hindrance(sample):
            return None
        found.append(metric.score(sample))
    low, high = np.quantile(found, [(1.0 - coverage) / 2.0, (1.0 + coverage) / 2.0])
    return float(low), float(high)


def _errors(metric: Metric, rows: LabelledRows) -> Floats:
    """How far off each row is; 1 for a wrong class."""
    if metric.task is Task.CLASSIFICATION:
        return np.asarray(rows.actual != rows.predicted, dtype=float)
    return np.asarray(np.abs(np.asarray(rows.predicted, dtype=float) - np.asarray(rows.actual, dtype=float)))
