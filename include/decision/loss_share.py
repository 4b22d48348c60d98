"""How much of a rise of the loss do changed inputs explain?"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

STRATA = 8  # kinds of rows that are told apart by their usual loss
FEWEST_IN_STRATUM = 20

Floats = npt.NDArray[np.float64]


def explained_share(before: pd.DataFrame, losses_before: Floats, after: pd.DataFrame, losses_after: Floats) -> float:
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

    Returns
    -------
    float
        In [0, 1]; 0 if the loss did not rise.
    """
    from sklearn.tree import DecisionTreeRegressor  # here, not above: few checks need it

    rise = float(losses_after.mean() - losses_before.mean())
    if not rise > 0.0:
        return 0.0
    least = max(FEWEST_IN_STRATUM, len(before) // 20)
    strata = DecisionTreeRegressor(max_leaf_nodes=STRATA, min_samples_leaf=least, random_state=0)
    strata.fit(_numbers(before, before, losses_before), losses_before)
    expected = strata.predict(_numbers(after, before, losses_before)).mean() - losses_before.mean()
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
