"""How much of a rise of the loss do changed inputs explain?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STRATA = 8  # kinds of rows that are told apart by their usual loss
FEWEST_IN_STRATUM = 20

Floats = npt.NDArray[np.float64]


def explained_share(
    before: pd.DataFrame, losses_before: Floats, after: pd.DataFrame, losses_after: Floats,
    weights: tuple[Floats | None, Floats | None] = (None, None),
) -> float:  # fmt: skip
    """Share of the rise of the mean loss that would have come by more rows of the kinds that always were hard.

    The earlier rows are cut into strata by the inputs that changed, so that the losses in a stratum are alike (a
    regression tree of at most `STRATA` leaves). The later rows are weighed by the strata they fall into: what the mean
    loss would be, had the loss in each stratum stayed as it was, is explained. An estimate, and rather a low one: of
    inputs that have never been met the loss of the nearest stratum is expected.

    Parameters
    ----------
    before, after : DataFrame
        The changed inputs, of at least one earlier and one later row: floats, and strings for categories.
    losses_before, losses_after : array
        The champion's row losses on the same rows.
    weights : pair of array or None
        How much each of the earlier and of the later rows counts; None: all the same.

    Returns
    -------
    float
        In [0, 1]; 0 if the loss did not rise.
    """
    from sklearn.tree import DecisionTreeRegressor  # here, not above: few checks need it

    usual = np.average(losses_before, weights=weights[0])
    rise = float(np.average(losses_after, weights=weights[1]) - usual)
    if not rise > 0.0:
        return 0.0
    least = max(FEWEST_IN_STRATUM, len(before) // 20)
    strata = DecisionTreeRegressor(max_leaf_nodes=STRATA, min_samples_leaf=least, random_state=0)
    strata.fit(_numbers(before, before, losses_before), losses_before, sample_weight=weights[0])
    expected = np.average(strata.predict(_numbers(after, before, losses_before)), weights=weights[1]) - usual
    return float(np.clip(expected / rise, 0.0, 1.0))


def _numbers(table: pd.DataFrame, before: pd.DataFrame, losses: Floats) -> npt.NDArray[Any]:
    """The inputs as floats, a category as the mean loss that it had; an unknown one as the mean of all."""
    made = []
    for name in before.columns:
        if before[name].dtype.kind == "f":
            made.append(table[name].to_numpy(dtype=np.float64))
        else:
            usual = pd.Series(losses).groupby(before[name].to_numpy()).mean()
            made.append(table[name].map(usual).fillna(losses.mean()).to_numpy(dtype=np.float64))
    return np.column_stack(made)
