"""The changes that `benchmarks.power` looks for: 16 columns of numbers and 4 of categories, of which one thing changes.

Unchanged, the numbers are standard normal and independent but for the last two, whose correlation is 0.5; a category is
one of five, with the shares of `SHARES`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

NUMBERS, CATEGORIES = 16, 4
SHARES = (0.4, 0.25, 0.15, 0.12, 0.08)


@dataclass(frozen=True, kw_only=True)
class Change:
    """One thing that is different in recent rows.

    Parameters
    ----------
    title : str
    columns : int
        How many of the numeric columns are moved or widened.
    shift : float
        What is added to their means, in standard deviations.
    variance : float
        What their variance is multiplied by.
    points : float
        Share of rows in which the first category of one column becomes the second.
    pair : float
        Correlation of the first two columns.
    last_pair : float
        Correlation of the last two, which is 0.5 in the reference.
    common : float
        Correlation of any two of the others.
    """

    title: str
    columns: int = NUMBERS
    shift: float = 0.0
    variance: float = 1.0
    points: float = 0.0
    pair: float = 0.0
    last_pair: float = 0.5
    common: float = 0.0


NOTHING = Change(title="nothing")
CHANGES = (
    Change(title="mean of one column, 0.2 sd", columns=1, shift=0.2),
    Change(title="mean of all numeric columns, 0.1 sd", shift=0.1),
    Change(title="variance of one column, x 1.5", columns=1, variance=1.5),
    Change(title="variance of all numeric columns, x 1.5", variance=1.5),
    Change(title="categories of one column, 20 points", points=0.20),
    Change(title="categories of one column, 5 points", points=0.05),
    Change(title="correlation of one pair, 0 to 0.5", pair=0.5),
    Change(title="correlation of one pair, 0.5 to 0", last_pair=0.0),
    Change(title="correlation of all pairs, 0 to 0.2", common=0.2),
)


def draw(rng: np.random.Generator, rows: int, change: Change) -> pd.DataFrame:
    """Independent rows with `change`; marginals stay as they are where only correlations change."""
    numbers = rng.normal(size=(rows, NUMBERS))
    numbers[:, :-2] *= np.sqrt(1.0 - change.common)
    numbers[:, :-2] += np.sqrt(change.common) * rng.normal(size=(rows, 1))
    for first, second, correlation in ((0, 1, change.pair), (NUMBERS - 2, NUMBERS - 1, change.last_pair)):
        if correlation:
            rest = np.sqrt(1.0 - correlation**2)
            numbers[:, second] = correlation * numbers[:, first] + rest * numbers[:, second]
    numbers[:, : change.columns] *= np.sqrt(change.variance)
    numbers[:, : change.columns] += change.shift
    table = pd.DataFrame(numbers, columns=[f"x{number}" for number in range(NUMBERS)])
    for number in range(CATEGORIES):
        shares = np.array(SHARES)
        if number == 0:
            shares[:2] += (-change.points, change.points)
        names = np.array([f"category {place}" for place in range(len(SHARES))])
        table[f"c{number}"] = names[np.searchsorted(np.cumsum(shares)[:-1], rng.random(rows))]
    return table
