"""Cells that stand for no value say nothing of what kind of thing the others are."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.data.kinds.find import find_kinds
from include.registry.kinds import Kind

ROWS = 4_000
RNG = np.random.default_rng(0)
HOURS = pd.Series(pd.date_range("2025-07-01", periods=ROWS, freq="h", tz="UTC"))
COLUMNS: dict[str, tuple[npt.NDArray[np.float64], Kind]] = {
    "row number": (np.arange(5_000.0, 5_000.0 + ROWS), Kind.CALENDAR),
    "a meter": (np.cumsum(RNG.exponential(size=ROWS)), Kind.CALENDAR),
    "steps": (np.repeat([4.25, 4.0, 3.75, 3.5, 3.75], ROWS // 5), Kind.CALENDAR),
    "customer": (RNG.permutation(ROWS) + 5_000.0, Kind.IDENTIFIER),
    "measurement": (RNG.normal(50.0, 10.0, ROWS), Kind.NUMBER),
}


@pytest.mark.parametrize("name", COLUMNS)
@pytest.mark.parametrize("value", [-99999.0, 1e20, 1e308])
@pytest.mark.parametrize("cells", [1, 40, 400])
def test_a_column_is_of_the_kind_that_it_is_without_its_sentinels(name: str, value: float, cells: int) -> None:
    values, kind = COLUMNS[name]
    if cells == 1 and value == -99999.0:
        cells = 2  # a single one may be a value
    spoilt = values.copy()
    spoilt[np.linspace(5, ROWS - 50, cells).astype(int)] = value
    assert find_kinds(pd.DataFrame({"x": spoilt}), {}, times=HOURS, window_rows=336)["x"].kind is kind
