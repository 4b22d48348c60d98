"""Rows that were delivered more than once, known by their key; nothing else makes a row a copy."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import EXACT, LONG, POWER, array_of_series
from include.data.profile.cells import names_of
from include.errors import DataError, found_instead
from include.registry.spec import ModelSpec

Places = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Deliveries:
    """Which rows are left of several with one key: the last one's values, in the place of the first.

    So a correction counts, and a row stays on the side of every boundary in time where it was: no version is judged
    by a row whose earlier delivery it was trained on.

    Parameters
    ----------
    first, last : array of shape (n,)
        For each key, in order of its first row, the place of that row and of its last one.
    copies : array of shape (n,)
        How many rows of it are left out.
    """

    first: Places
    last: Places
    copies: Places

    @classmethod
    def of(cls, numbers: Places) -> Deliveries:
        """By the number of each row's key.

        >>> found = Deliveries.of(np.array([0, 1, 0, 2]))
        >>> found.first.tolist(), found.last.tolist(), found.copies.tolist()
        ([0, 1, 3], [2, 1, 3], [1, 0, 0])
        """
        first = np.flatnonzero(~pd.Series(numbers).duplicated().to_numpy())
        last = np.zeros(int(numbers.max(initial=-1)) + 1, dtype=np.intp)
        last[numbers] = np.arange(len(numbers))  # of equal numbers the last assignment stays
        counts = np.bincount(numbers, minlength=len(last))
        return cls(first=first, last=last[numbers[first]], copies=counts[numbers[first]] - 1)

    @property
    def total(self) -> int:
        """Rows left out."""
        return int(self.copies.sum())


def timed_without_copies(spec: ModelSpec, history: pd.DataFrame) -> tuple[pd.DataFrame, Places]:
    """Rows in time order, each key once, and how many copies of each are left out; the same rows without a `key`.

    Of one key the row with the latest time counts, of several with that time the one read last. It stands at the
    earliest time of them all.

    Raises
    ------
    DataError
        When a column of the key is not there, or cannot tell rows apart.
    """
    if not spec.key:
        return history, np.zeros(0, dtype=np.intp)
    assert spec.timestamp is not None
    found = Deliveries.of(key_numbers(spec, history))
    if not found.total:
        return history, found.copies
    table = history.iloc[found.last].reset_index(drop=True)
    table[spec.timestamp] = history[spec.timestamp].iloc[found.first].array
    return table, found.copies


def pair_without_copies(
    spec: ModelSpec, reference: pd.DataFrame, recent: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame, Places]:
    """The same for a model without timestamps, whose rows are read in the order reference, recent.

    A recent row with the key of a reference row is that row, corrected: it counts among the reference, not the recent.
    """
    if not spec.key:
        return reference, recent, np.zeros(0, dtype=np.intp)
    names = [name for name in spec.key if name in reference.columns and name in recent.columns]
    found = Deliveries.of(key_numbers(spec, pd.concat([reference[names], recent[names]], ignore_index=True)))
    if not found.total:
        return reference, recent, found.copies
    begin = len(reference)
    known, new = found.last[found.first < begin], found.last[found.first >= begin]
    corrected = bool((known >= begin).any())
    whole = pd.concat([reference, recent], ignore_index=True) if corrected else reference
    kept = whole.iloc[known].reset_index(drop=True)
    return kept, recent.iloc[new - begin].reset_index(drop=True), found.copies


def key_numbers(spec: ModelSpec, table: pd.DataFrame) -> Places:
    """A number for each row that is the same for rows of one key; a row with an empty cell in it has its own.

    Numbers are compared by value, text by its letters; where a column holds both, 17 is "17".
    """
    missing = [name for name in spec.key if name not in table.columns]
    if missing:
        found = found_instead(missing[0], table.columns)
        raise DataError(f"model {spec.name}: field key: no column {', '.join(missing)} in the rows{found}")
    columns = [_codes(spec, table[name]) for name in spec.key]
    numbers = _combined(columns)
    alone = np.flatnonzero(np.any([codes < 0 for codes in columns], axis=0))
    numbers[alone] = len(table) + np.arange(len(alone))
    return np.asarray(pd.factorize(numbers)[0], dtype=np.intp)


def _combined(columns: Sequence[Places]) -> Places:
    numbers = columns[0].copy()
    for codes in columns[1:]:
        numbers = np.asarray(pd.factorize(numbers * (int(codes.max(initial=0)) + 1) + codes)[0], dtype=np.intp)
    return numbers


def _codes(spec: ModelSpec, values: pd.Series[Any]) -> Places:
    """A number for each different cell; -1 for one that says nothing: an empty one, which blank text is too."""
    kind = values.dtype
    if pd.api.types.is_object_dtype(kind) or isinstance(kind, pd.StringDtype | pd.CategoricalDtype):
        numbers, names = names_of(array_of_series(values))
        lost = _without_digits(names)
        filled = [None if name is None or not name.strip() or name in lost else name for name in names]
        return np.asarray(pd.factorize(np.array([*filled, None], dtype=object))[0][numbers], dtype=np.intp)
    if pd.api.types.is_float_dtype(kind) and bool((values.abs() >= EXACT).any()):
        raise DataError(
            f"model {spec.name}: field key: column {values.name!r} was read as floating point numbers and holds "
            f"{values[values.abs() >= EXACT].iloc[0]:.0f}: from 2^53 on these cannot tell rows apart; deliver it "
            "as text, or as whole numbers without an empty cell"
        )
    return np.asarray(pd.factorize(values)[0], dtype=np.intp)


def _without_digits(names: Sequence[str | None]) -> set[str]:
    """Names such as 9.0072E+15 among whole numbers from 2^53 on: several of those may have been rounded to one."""
    there = [name for name in names if name is not None]
    if not any(re.fullmatch(LONG, name) and abs(float(name)) >= EXACT for name in there):
        return set()
    return {name for name in there if re.fullmatch(POWER, name) and abs(float(name)) >= EXACT}
