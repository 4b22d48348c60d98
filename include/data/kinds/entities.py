"""Counters of several things in one column: meters, mileages, numbers of cycles, each rising at its own rate."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.kinds.row_times import ONE_WAY
from include.data.kinds.standing import AT_A_GLANCE
from include.data.profile.cells import to_floats
from include.registry.kinds import ColumnKind, Kind

FEWEST = 20  # steps of all things together, below which one way may be chance
MOVING = 0.5  # share of the steps of a thing that change the value, below which it is a state, such as an age in years
STAYING = 0.95  # share of the rows of each half whose thing is in the other half, too: else things come and go

Codes = npt.NDArray[np.int64]


def counters_of_entities(
    table: pd.DataFrame, kinds: Mapping[str, ColumnKind], names: Sequence[str]
) -> Iterator[tuple[str, ColumnKind]]:
    """Those of the columns `names` that go one way for each thing, though not for all rows together.

    Their distribution moves by itself as long as the things stay the same. Where these come and go, as customers do,
    it need not, and is compared.

    Parameters
    ----------
    table : DataFrame
        Rows in time order.
    kinds : mapping of str to ColumnKind
        Of all its columns.
    names : sequence of str
        Columns of numbers.
    """
    first = table.head(AT_A_GLANCE)
    glance = _floats(first, names)
    left = set(names)
    for entity in kinds if left else ():
        ways = _go_one_way(_codes(first[entity], kinds[entity]), glance)
        seen = [name for name, way in zip(names, ways, strict=True) if way and name in left - {entity}]
        if seen and _stay(codes := _codes(table[entity], kinds[entity])):
            for name in (name for name in seen if _go_one_way(codes, _floats(table, [name])).all()):
                left.remove(name)
                yield name, ColumnKind(kind=Kind.CALENDAR, why=f"it goes one way for each {entity!r}")


def _floats(table: pd.DataFrame, names: Sequence[str]) -> npt.NDArray[np.float64]:
    return np.column_stack([to_floats(table[name])[0] for name in names]) if names else np.empty((len(table), 0))


def _codes(cells: pd.Series[Any], kind: ColumnKind) -> Codes:
    """A number for the thing of each row; none where the column does not name things that come again."""
    if kind.kind not in (Kind.CATEGORY, Kind.BOOLEAN, Kind.NUMBER):
        return np.empty(0, dtype=np.int64)
    codes, found = pd.factorize(cells)
    return codes if 1 < len(found) <= len(codes) / 2 else codes[:0]


def _stay(codes: Codes) -> bool:
    """Whether the things of the earlier half of the rows are those of the later one."""
    before, after = np.array_split(codes, 2)
    return len(codes) > 0 and min(np.isin(before, after).mean(), np.isin(after, before).mean()) >= STAYING


def _go_one_way(codes: Codes, values: npt.NDArray[np.float64]) -> npt.NDArray[np.bool_]:
    """Whether each column of `values`, of shape (rows, columns), goes one way for each thing."""
    order = np.argsort(codes, kind="stable")
    steps = np.diff(values[order], axis=0)[np.diff(codes[order]) == 0]
    up, down = (steps > 0.0).sum(axis=0), (steps < 0.0).sum(axis=0)
    changes = up + down
    enough = changes >= max(FEWEST, MOVING * len(steps))
    found: npt.NDArray[np.bool_] = enough & (np.maximum(up, down) >= ONE_WAY * changes)
    return found
