"""How much less a row of the reference tells than an independent one, measured on the reference itself."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import CategoricalColumn, NumericColumn, Profile, category_name, to_floats
from include.statistics import inflation

BLOCKS = 20  # stretches of the reference needed to measure how shares vary between them
CONFIDENCE = 0.8  # of the upper bound that is taken: too little inflation is a false alarm, too much a late one
QUARTILES = (0.25, 0.5, 0.75)
TOP_CATEGORIES = 5

Booleans = npt.NDArray[np.bool_]


@dataclass(frozen=True, kw_only=True)
class Calibration:
    """For each column, how many rows carry as much as one independent row.

    Parameters
    ----------
    inflation : mapping of str to float
        1 for independent rows; 13.6 for a first-order autoregression of 0.9.
    block_rows : int
        Length of the stretches that were compared.
    window_rows : int
        Length of the recent window that it was made for. When `block_rows` is shorter the reference is short too, and
        dependence beyond a block is only guessed at, from the autocorrelation.
    """

    inflation: Mapping[str, float]
    block_rows: int
    window_rows: int

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {"inflation": dict(self.inflation), "block_rows": self.block_rows, "window_rows": self.window_rows}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Calibration:
        """Read what `to_json` wrote."""
        return cls(**stored)


def calibrate(table: pd.DataFrame, reference: Profile, window_rows: int) -> Calibration | None:
    """Measure on the reference how much shares vary between stretches as long as a recent window.

    A distribution test on n independent rows expects the share of rows below a point to vary by ``p * (1 - p) / n``
    between stretches. Rows in time vary more, by a factor that is averaged over the three quartiles (or the most
    frequent categories), and taken at the upper end of its confidence interval [1]_. Seasons shorter than the window
    and any other dependence are in it, because it is measured rather than modelled.

    Parameters
    ----------
    table : DataFrame
        The reference's rows in time order.
    reference : Profile
        Their profile.
    window_rows : int
        Rows of a usual recent window.

    Returns
    -------
    Calibration or None
        None when the reference is too short to be cut into 20 stretches of at least two rows.

    References
    ----------
    .. [1] M. S. Meketon and B. Schmeiser, "Overlapping batch means: something for nothing?", Winter Simulation
       Conference 1984.
    """
    block_rows = min(window_rows, len(table) // BLOCKS)
    if block_rows < 2:
        return None
    short = block_rows < window_rows
    found = {}
    for name, column in reference.columns.items():
        measured = _measured_inflation(_indicators(table[name], column), block_rows)
        found[name] = max(measured, inflation(column.lag1)) if short else measured
    return Calibration(inflation=found, block_rows=block_rows, window_rows=window_rows)


def _indicators(values: pd.Series[Any], column: NumericColumn | CategoricalColumn) -> Sequence[Booleans]:
    """For each of a few points whether a row lies below it, or for each frequent category whether it is that one."""
    if isinstance(column, NumericColumn):
        floats = to_floats(values)[0]
        finite = floats[np.isfinite(floats)]
        return [finite <= point for point in np.quantile(finite, QUARTILES)] if len(finite) else []
    names = values[values.notna()].map(category_name)
    frequent = sorted(column.counts, key=lambda name: column.counts[name], reverse=True)[:TOP_CATEGORIES]
    return [np.asarray(names == name, dtype=bool) for name in frequent]


def _measured_inflation(indicators: Sequence[Booleans], block_rows: int) -> float:
    from scipy import stats

    factors, blocks = [], 0
    for indicator in indicators:
        blocks, share = len(indicator) // block_rows, float(indicator.mean())
        if blocks < 2 or share in (0.0, 1.0):
            continue
        shares = indicator[: blocks * block_rows].reshape(blocks, block_rows).mean(axis=1)
        factors.append(block_rows * float(np.mean(np.square(shares - share))) / (share * (1.0 - share)))
    if not factors:
        return 1.0
    upper = blocks / float(stats.chi2.ppf(1.0 - CONFIDENCE, blocks))
    return max(float(np.mean(factors)) * upper, 1.0)
