"""Features that hold the target: what is known only when the target is, and would make a model look perfect."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import to_floats, to_names
from include.data.profile.sentinels import sentinels_of_many

ROWS = 20_000  # looked at, spread evenly over all
FEWEST = 50  # rows with a label; from fewer nothing is told
EXACT = 1e-3  # what a sum may leave over (rounding), of the target's standard deviation
NEEDED = 5e-3  # standard deviations of the target that a column of a sum has to add
MOST_COLUMNS = 60  # numbers that a sum is looked for in
CALLED = 4  # columns of a sum that are named; with more it is a recipe and no slip
SHARED = 0.5  # share of the rows whose value another row has too, from which on a column can say anything of the target
WRONG = 0.01  # errors of always saying what a value's rows mostly have, of those of always saying the same

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Giveaway:
    """Features that the target can be read from.

    Parameters
    ----------
    columns : tuple of str
    text : str
        How.
    """

    columns: tuple[str, ...]
    text: str


def find_giveaways(table: pd.DataFrame, features: Sequence[str], target: str) -> list[Giveaway]:
    """The features that hold the target: one of them, or a sum of a few.

    A column holds it where rows of one value have one target; a sum of numbers does where least squares leave nothing
    over but rounding. Columns that hold it alone are left out of the sums. A relation that is neither, such as a
    product, is not seen.

    Parameters
    ----------
    table : DataFrame
        Rows of the reference.
    features : sequence of str
        What the model learns from.
    target : str
        What it predicts; rows without are left out.

    Examples
    --------
    >>> rows = pd.DataFrame({"members": range(60), "guests": [3, 1] * 30})
    >>> rows["riders"] = rows["members"] + rows["guests"]
    >>> find_giveaways(rows, ["members", "guests"], "riders")[0].text
    'members + guests is riders'
    """
    known = table[table[target].notna()]
    known = known.iloc[:: max(1, -(-len(known) // ROWS))]
    names = [name for name in features if name in known.columns and name != target]
    if len(known) < FEWEST:
        return []
    alone = [name for name in names if _holds(known[name], known[target])]
    found = [Giveaway(columns=(name,), text=f"each value of {name} has one {target}") for name in alone]
    actual = _numbers(known[target])
    numbers = {name: each for name in names if name not in alone and (each := _numbers(known[name])) is not None}
    summed = None if actual is None else _sum(dict(list(numbers.items())[:MOST_COLUMNS]), actual, target)
    return [*found, *([] if summed is None else [summed])]


def _numbers(values: pd.Series[Any]) -> Floats | None:
    """The cells of a column of numbers, half of which there are at least; None for any other.

    What stands for no value is none.
    """
    if pd.api.types.is_bool_dtype(values):
        return None
    floats, unreadable = to_floats(values)
    if unreadable or np.isfinite(floats).mean() < SHARED:
        return None
    odd = sentinels_of_many(floats)
    return np.where(np.isin(floats, odd), np.nan, floats) if odd else floats


def _holds(values: pd.Series[Any], labels: pd.Series[Any]) -> bool:
    """Whether rows of one value have one label, where several rows have it."""
    codes, _ = pd.factorize(to_names(values), use_na_sentinel=False)
    classes, names = pd.factorize(to_names(labels))
    shared = np.bincount(codes)[codes] > 1
    if shared.mean() < SHARED:
        return False
    codes, classes = codes[shared], classes[shared]
    cells, rows = np.unique(codes * len(names) + classes, return_counts=True)
    wrong = len(codes) - int(pd.Series(rows).groupby(cells // len(names)).max().sum())
    constant = len(codes) - int(np.bincount(classes).max())
    return constant >= FEWEST // 2 and wrong <= WRONG * constant


def _sum(numbers: Mapping[str, Floats], actual: Floats, target: str) -> Giveaway | None:
    """The weighted sum of a few numbers that is the target, if there is one."""
    if not numbers:
        return None
    columns = np.column_stack(list(numbers.values()))
    whole = np.isfinite(columns).all(axis=1) & np.isfinite(actual)
    columns, wanted = columns[whole], actual[whole]
    if len(wanted) < max(FEWEST, 3 * len(numbers)) or not wanted.std():
        return None
    scale = columns.std(axis=0)
    scale[scale == 0.0] = np.inf  # a constant adds nothing
    standard, wanted = (columns - columns.mean(axis=0)) / scale, (wanted - wanted.mean()) / wanted.std()
    weights = np.linalg.lstsq(standard, wanted, rcond=None)[0]
    if float((wanted - standard @ weights).std()) > EXACT:
        return None
    used = {name: weight for name, weight in zip(numbers, weights, strict=True) if abs(weight) > NEEDED}
    if not used or len(used) > CALLED:
        return None
    factors = (weights / scale)[np.abs(weights) > NEEDED] * actual[whole].std()
    how = " + ".join(used) if np.allclose(factors, 1.0, rtol=0.0, atol=EXACT) else _weighted(list(used))
    return Giveaway(columns=tuple(used), text=f"{how} is {target}")


def _weighted(names: Sequence[str]) -> str:
    return f"a multiple of {names[0]}" if len(names) == 1 else f"a weighted sum of {' and '.join(names)}"
