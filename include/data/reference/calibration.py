"""How much less a row of the reference tells than an independent one, measured on the reference itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import Profile
from include.data.reference.blocks import Blocks, ColumnBlocks, cut_blocks
from include.data.reference.joint import SquaredDistance
from include.data.reference.shrinkage import moderate
from include.scoring.statistics import autocorrelation, inflation

CONFIDENCE = 0.8  # of the upper bound that is taken: too little inflation is a false alarm, too much a late one
UPPER_NORMAL = 0.84  # below it lie 80 % of a standard normal variable
TREND_LEVEL = 0.001  # probability of taking an unchanging reference for one that moves steadily
LEAST_RATIO = 1e-3  # of measured to explained inflation: seasons shorter than a block even them out
FEWEST_PAIRED_ROWS = 20  # rows of a block below which its correlations say nothing

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """For each column, how many rows carry as much as one independent row.

    Parameters
    ----------
    inflation : mapping of str to float
        For statements on shape and location: 1 for independent rows; 19 for a first-order autoregression of 0.9.
    spread_inflation : mapping of str to float
        For statements on spread: 9.5 in that example. A column that is not in it counts as in `inflation`.
    correlation_inflation : float or None
        For statements on correlations; None where the blocks were too short to know.
    joint_inflation : float
        Of the squared distance of all means together, beyond what the columns' own inflations explain.
    trending : tuple of str
        Columns that move steadily through the reference; how they vary is measured around that trend.
    block_rows : int
        Length of the stretches that were compared.
    window_rows : int
        Length of the recent window that it was made for. When `block_rows` is shorter the reference is short too, and
        dependence beyond a block is extrapolated from how alike neighbouring blocks are.
    """

    inflation: Mapping[str, float]
    spread_inflation: Mapping[str, float] = field(default_factory=dict)
    correlation_inflation: float | None = None
    joint_inflation: float = 1.0
    trending: tuple[str, ...] = ()
    block_rows: int
    window_rows: int

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {**asdict(self), "trending": list(self.trending)}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote."""
        return cls(**{**stored, "trending": tuple(stored.get("trending", ()))})


def calibrate(
    table: pd.DataFrame, reference: Profile, window_rows: int, *, phases: npt.NDArray[Any] | None = None,
    straightened: Collection[str] = (),
) -> Calibration | None:  # fmt: skip
    """Measure on the reference how much its statistics vary between stretches as long as a recent window.

    A test on n independent rows expects the share of rows below a point to vary by ``p * (1 - p) / n`` between
    stretches, and the mean of normal scores by their variance over n. Rows in time vary more, by a factor that is
    averaged over three quartiles and the mean (or the most frequent categories), and taken at the upper end of its
    confidence interval [1]_. Seasons shorter than the window and any other dependence are in it, because it is
    measured rather than modelled. A column that moves steadily through the reference is measured around that trend:
    a season that the reference saw half of is no licence for the recent rows to be anywhere.

    Parameters
    ----------
    table : DataFrame
        The reference's rows in time order.
    reference : Profile
        Their profile.
    window_rows : int
        Rows of a usual recent window.
    phases : array of int, shape (rows,), optional
        The phase of the season that each row is in, where recent rows are compared with the same phase only.
    straightened : collection of str
        Columns whose trend was taken out of `table`.

    Returns
    -------
    Calibration or None
        None when the reference is too short to be cut into 20 stretches of at least two rows.

    References
    ----------
    .. [1] M. S. Meketon and B. Schmeiser, "Overlapping batch means: something for nothing?", Winter Simulation
       Conference 1984.
    """
    blocks = cut_blocks(table, reference, window_rows, phases)
    if blocks is None:
        return None
    trending = tuple(name for name, column in blocks.columns.items() if name in straightened or _trends(column, blocks))
    inflations = _inflations(blocks, reference, trending, spread=False)
    return Calibration(
        inflation=inflations,
        spread_inflation=_inflations(blocks, reference, trending, spread=True),
        correlation_inflation=_correlation_inflation(blocks, reference),
        joint_inflation=_joint_inflation(blocks, reference, inflations),
        trending=trending,
        block_rows=blocks.block_rows,
        window_rows=window_rows,
    )


def _trends(column: ColumnBlocks, blocks: Blocks) -> bool:
    """Whether the column's first measure rises or falls with time beyond chance."""
    from scipy import stats

    if not len(column.level):
        return False
    values = blocks.deviations(column.level[0])
    if not np.ptp(values) > 0.0:
        return False
    return float(stats.spearmanr(values, np.arange(len(values))).pvalue) < TREND_LEVEL


def _inflations(blocks: Blocks, reference: Profile, trending: Collection[str], *, spread: bool) -> dict[str, float]:
    """Each column's inflation at the upper end of its confidence interval, and at least 1.

    What the column's autocorrelation explains is taken out first; the rest is much the same for all columns, as a rule,
    and is then estimated from all of them. A column that is different from the others stays so.
    """
    explained = {name: _explained(column.lag1, spread=spread) for name, column in reference.columns.items()}
    found = {}
    for name, column in blocks.columns.items():
        chosen = (column.spread, column.spread_variance) if spread else (column.level, column.level_variance)
        ratio = _ratio(*chosen, blocks, trend=name in trending)
        if ratio is not None:
            found[name] = max(ratio / explained[name], LEAST_RATIO)
    steady = {name: ratio for name, ratio in found.items() if name not in trending}
    upper: dict[str, float] = {}
    for group, lost in ((steady, 0), ({name: found[name] for name in found if name in trending}, 2)):
        moderated = moderate(np.array(list(group.values())), blocks.freedom - lost)
        upper |= dict(zip(group, moderated.upper(CONFIDENCE).tolist(), strict=True))
    return {name: max(explained[name] * upper.get(name, 1.0), 1.0) for name in reference.columns}


def _explained(lag1: float, *, spread: bool) -> float:
    """Inflation of a first-order autoregression; squares of its values are one too, with the square of its lag-1."""
    return inflation(lag1 * lag1 if spread else lag1)


def _ratio(sequences: Floats, variances: Floats, blocks: Blocks, *, trend: bool) -> float | None:
    """Mean square of the blocks' deviations over that of independent rows, for a whole window; None if constant."""
    factors, longer = [], []
    freedom = blocks.freedom - 2 * trend
    for values, variance in zip(sequences, variances, strict=True):
        if not variance > 0.0:
            continue
        deviations = blocks.deviations(values)
        if trend:
            deviations = deviations - np.polyval(np.polyfit(blocks.middles, deviations, 1), blocks.middles)
        factors.append(float(np.sum(blocks.sizes * np.square(deviations))) / (variance * freedom))
        longer.append(_beyond_blocks(autocorrelation(deviations), blocks.windows_in_blocks))
    return float(np.mean(factors)) * float(np.mean(longer)) if factors else None


def _beyond_blocks(lag1: float, length: float) -> float:
    """How much more the mean of `length` blocks varies when neighbours are alike, as in a first-order autoregression.

    >>> round(_beyond_blocks(0.5, 2.0), 3), _beyond_blocks(-0.3, 4.0), _beyond_blocks(0.9, 1.0)
    (1.5, 1.0, 1.0)
    """
    lags = np.arange(1, int(np.ceil(length)))
    return 1.0 + 2.0 * float(np.sum((1.0 - lags / length) * min(max(lag1, 0.0), 0.99) ** lags))


def _joint_inflation(blocks: Blocks, reference: Profile, inflation: Mapping[str, float]) -> float:
    """Mean of the blocks' squared distances over what is expected, at the upper end."""
    if reference.cross is None:
        return 1.0
    places = [
        place
        for place, name in enumerate(reference.cross.names)
        if len(blocks.columns[name].level) and blocks.columns[name].level_variance[0] > 0.0
    ]
    if len(places) < 2:
        return 1.0
    distance = SquaredDistance.of(reference.cross.correlations()[np.ix_(places, places)])
    z = np.empty((len(blocks.sizes), len(places)))
    for number, place in enumerate(places):
        name = reference.cross.names[place]
        column = blocks.columns[name]
        error = np.sqrt(column.level_variance[0] * inflation[name] / blocks.sizes)
        z[:, number] = blocks.deviations(column.level[0]) / error
    ratios = distance(z) / distance.mean * len(z) / blocks.freedom
    return max(_upper_mean(ratios), 1.0)


def _upper_mean(values: Floats) -> float:
    """Mean of a few values, at the upper end of its confidence interval."""
    return float(values.mean()) + UPPER_NORMAL * float(values.std(ddof=1)) / float(np.sqrt(len(values)))


def _correlation_inflation(blocks: Blocks, reference: Profile) -> float | None:
    """The same for correlations of pairs, pooled over all pairs.

    Blocks shorter than a window miss the slow movements that correlations are mostly told by: then it is at least that
    of two first-order autoregressions as steady as the steadiest column.
    """
    if blocks.correlations is None or reference.cross is None or blocks.block_rows < FEWEST_PAIRED_ROWS:
        return None
    upper = np.triu_indices(blocks.correlations.shape[1], 1)
    whole = _fisher_z(reference.cross.correlations())[upper]
    changes = _changes(_fisher_z(blocks.correlations), _fisher_z(reference.cross.correlations()), blocks)
    squares = blocks.sizes[:, None] * np.square(changes[:, *upper])
    usable = np.isfinite(squares).all(axis=0) & np.isfinite(whole)
    if not usable.any():
        return None
    steadiest = max(reference.columns[name].lag1 for name in reference.cross.names)
    least = _explained(steadiest, spread=True) if blocks.windows_in_blocks > 1.0 else 1.0
    return max(_upper_mean(squares[:, usable].mean(axis=1) * len(blocks.sizes) / blocks.freedom), least)


def _changes(correlations: Floats, whole: Floats, blocks: Blocks) -> Floats:
    """Each block's deviation from what recent rows are compared with: the whole reference, or the phase's mean."""
    if len(np.unique(blocks.phases)) == 1:
        return np.asarray(correlations - whole)
    flat = correlations.reshape(len(correlations), -1).T
    return np.stack([blocks.deviations(pair) for pair in flat]).T.reshape(correlations.shape)


def _fisher_z(correlations: Floats) -> Floats:
    return np.asarray(np.arctanh(correlations.clip(-0.999, 0.999)))
