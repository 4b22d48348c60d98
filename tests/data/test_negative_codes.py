"""-1 and the like in what is never below 0, and how what stands for no value is told."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import numpy as np
import pytest

from include.data.profile import Possible
from include.data.profile.sentinels import sentinels_beside, sentinels_of_reference
from include.detectors.without_value import without_value
from tests.data.test_sentinels import COLUMNS, Make, column_of, spoiled

NEVER_BELOW: dict[str, Make] = {
    "incomes": lambda rng, rows: np.rint(rng.lognormal(10.0, 0.6, rows)),
    "prices": lambda rng, rows: rng.lognormal(3.0, 0.5, rows).round(2),
    "amounts": lambda rng, rows: rng.exponential(100.0, rows).round(2),
    "counts": COLUMNS["counts"],
    "visits": lambda rng, rows: (rng.zipf(1.8, rows) - 1.0).clip(0.0, 500.0),
    "days since": lambda rng, rows: rng.integers(0, 30, rows).astype(float),
    "grades": lambda rng, rows: rng.integers(1, 6, rows).astype(float),
}


@pytest.mark.parametrize("code", [-1.0, -9.0, -99.0])
@pytest.mark.parametrize("share", [0.01, 0.05, 0.3])
@pytest.mark.parametrize("kind", NEVER_BELOW)
def test_negative_code_is_found_in_what_is_never_below_nought(kind: str, share: float, code: float) -> None:
    rng = np.random.default_rng(0)
    clean, other = NEVER_BELOW[kind](rng, 2000), NEVER_BELOW[kind](rng, 500)
    assert sentinels_beside(spoiled(rng, other, code, share), column_of(clean)) == (code,)
    if kind in ("incomes", "prices", "amounts"):  # of whole numbers one apart -1 may be the next
        assert sentinels_of_reference(spoiled(rng, clean, code, share)) == (code,)


@pytest.mark.parametrize("kind", NEVER_BELOW)
def test_column_that_falls_below_nought_has_no_negative_codes(kind: str) -> None:
    rng = np.random.default_rng(0)
    clean, other = NEVER_BELOW[kind](rng, 2000), NEVER_BELOW[kind](rng, 500)
    for moved in (1.0, 2.0, 5.0):
        fell = np.where(rng.random(500) < 0.3, other - moved * max(clean.std(), 1.0) - clean.min(), other)
        assert sentinels_beside(np.rint(fell), column_of(clean)) == ()
    for values in ([-1.0, 0.0, 1.0], [-1.0, 0.0], [-1.0, 7.0]):
        assert sentinels_of_reference(rng.choice(values, 2000)) == ()


def test_temperatures_that_fall_below_nought_for_the_first_time_are_temperatures() -> None:
    found = 0
    for seed in range(40):
        rng = np.random.default_rng(seed)
        known = column_of(np.rint(rng.normal(9.0, 3.0, 2000)).clip(0.0))
        cold = np.rint(rng.normal(8.0, 3.0, 500))
        found += bool(sentinels_beside(cold[cold >= -1.0], known))
    assert found == 0


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "9999-12-31"])
def test_date_that_stands_for_none_is_told_as_iso_8601(day: str) -> None:
    seconds = datetime(2024, 1, 1, tzinfo=UTC).timestamp() + 86_400.0 * np.random.default_rng(0).integers(0, 700, 1000)
    code = datetime.fromisoformat(day).replace(tzinfo=UTC).timestamp()
    column = replace(column_of(np.where(np.arange(1000) % 50 == 3, code, seconds)), quantity="datetime")
    column = replace(column, impossible=20, possible=Possible(sentinels=(code,)))
    assert any(f"({day})" in reason for _, _, reason in without_value("born", column))
