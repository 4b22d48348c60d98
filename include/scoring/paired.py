"""Two models on the same rows: what the one gains on the other, and whether by chance."""

from __future__ import annotations

from dataclasses import dataclass

from include.scoring.intervals import mean_error
from include.scoring.labelled_rows import LabelledRows
from include.scoring.metric import Metric

FEWEST_ROWS = 20  # paired rows below which nothing is proven, whatever they show


@dataclass(frozen=True, kw_only=True)
class PairedGain:
    """What a challenger gains on a champion.

    Parameters
    ----------
    gain : float
        Relative cut of the mean row loss; of the Sharpe ratio, which has no zero of loss, its rise. Positive is better.
    error : float
        Its standard error.
    freedom : float
        Degrees of freedom behind the error.
    p_value : float
        Probability of such a gain from a challenger that is no better.
    """

    gain: float
    error: float
    freedom: float
    p_value: float

    def half_width(self, level: float) -> float:
        """Half the width of the two-sided interval of the gain that misses with the probability `level`."""
        from scipy import stats

        return float(stats.t.isf(level / 2.0, self.freedom)) * self.error


def paired_gain(metric: Metric, champion: LabelledRows, challenger: LabelledRows) -> PairedGain:
    """Compare the losses of two models, row by row.

    The mean difference over its standard error is compared with Student's t; see
    `include.scoring.intervals.mean_error`. Rows that follow each other are alike, and count for fewer; so do
    rows of one moment.

    Parameters
    ----------
    metric : Metric
        One with row losses, without a hindrance on either model's rows.
    champion, challenger : LabelledRows
        The same rows (at least two), in time order, with the predictions of the one and of the other, and the same
        weights.
    """
    from scipy import stats

    losses = metric.row_loss(champion)
    cut = losses - metric.row_loss(challenger)
    if len(cut) < 2:  # the metric has a value on one row
        return PairedGain(gain=0.0, error=0.0, freedom=1.0, p_value=0.5)
    rows = metric.judged(champion)
    mean = rows.mean(cut)
    spread, freedom = mean_error(cut, weight=rows.weight, moment=rows.moment, lasting=metric.lasting)
    unit = rows.mean(losses) if metric.loss_from_zero else 1.0
    if spread > 0.0:
        better = float(stats.t.sf(mean / spread, freedom))
    else:
        better = 0.5 if mean == 0.0 else (0.0 if mean > 0.0 else 1.0)
    scale = 1.0 / unit if unit > 0.0 else 0.0
    return PairedGain(gain=mean * scale, error=spread * scale, freedom=freedom, p_value=better)
