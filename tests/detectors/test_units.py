from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.data.profile import NumericColumn, profile_table
from include.decision.signals import Verdict
from include.detectors import Comparison
from include.detectors.units import UnitChange, UnitChangeDetector, unit_change

Floats = npt.NDArray[np.float64]
Make = Callable[[np.random.Generator, int], Floats]

MAKERS: dict[str, Make] = {
    "normal": lambda rng, n: rng.normal(size=n),
    "temperature": lambda rng, n: rng.normal(15.0, 5.0, n),
    "price": lambda rng, n: rng.uniform(1.0, 3.0, n),
    "negative": lambda rng, n: -rng.uniform(1.0, 3.0, n),
    "count": lambda rng, n: rng.poisson(3.0, n).astype(float),
}
HEAVY: dict[str, Make] = {
    "log-normal": lambda rng, n: rng.lognormal(0.0, 2.0, n),
    "pareto": lambda rng, n: rng.pareto(1.0, n) + 1.0,
    "student": lambda rng, n: rng.standard_t(2.0, n),
}


def found(make: Make, change: Callable[[Floats], Floats], seed: int = 0) -> UnitChange | None:
    rng = np.random.default_rng(seed)
    reference, recent = pd.DataFrame({"x": make(rng, 2000)}), pd.DataFrame({"x": change(make(rng, 300))})
    known = profile_table(reference, ["x"])
    columns = [known.columns["x"], profile_table(recent, ["x"], against=known).columns["x"]]
    assert isinstance(columns[0], NumericColumn)
    assert isinstance(columns[1], NumericColumn)
    return unit_change(columns[0], columns[1])


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("factor", [1000.0, 0.001, 100.0, 60.0])
def test_another_unit_is_recognised_with_its_factor(name: str, factor: float) -> None:
    changes = [found(MAKERS[name], lambda values: values * factor, seed) for seed in range(20)]
    seen = [change for change in changes if change is not None]
    assert len(seen) >= 18
    assert all(change.share == 1.0 for change in seen)
    assert all(factor / 1.6 <= change.factor <= factor * 1.6 for change in seen)


@pytest.mark.parametrize("name", ["price", "temperature", "count"])
def test_a_unit_that_changed_within_the_window_is_recognised(name: str) -> None:
    def change(values: Floats) -> Floats:
        return np.append(values[:-30], 1000.0 * values[-30:])

    seen = [found(MAKERS[name], change, seed) for seed in range(10)]
    assert sum(change is not None for change in seen) >= 8
    assert all(0.05 < change.share < 0.15 for change in seen if change is not None)


@pytest.mark.parametrize("name", [*MAKERS, *HEAVY])
@pytest.mark.parametrize(
    "change",
    [lambda values: values, lambda values: values + 4.0 * values.std(), lambda values: 2.0 * values,
     lambda values: 3.0 * values + 1.0],
    ids=["unchanged", "moved", "doubled", "moved and widened"],
)  # fmt: skip
def test_drift_is_not_taken_for_another_unit(name: str, change: Callable[[Floats], Floats]) -> None:
    make = {**MAKERS, **HEAVY}[name]
    assert [found(make, change, seed) for seed in range(30)] == [None] * 30


def test_signal_names_the_column_and_blocks() -> None:
    rng = np.random.default_rng(0)
    reference = pd.DataFrame({"price": rng.uniform(1.0, 3.0, 500), "x": rng.normal(size=500)})
    known = profile_table(reference, ["price", "x"])
    recent = profile_table(reference.assign(price=reference["price"] * 1000.0), ["price", "x"], against=known)
    (signal,) = UnitChangeDetector().detect(Comparison(reference=known, recent=recent))
    assert (signal.feature, signal.blocks, signal.value) == ("price", True, 1000.0)
    assert "price: all values came 1000 times as large" in signal.reason
    (few,) = UnitChangeDetector().detect(Comparison(reference=known, recent=recent, minimum_rows=501))
    assert (few.verdict, few.blocks) == (Verdict.STABLE, False)


def rain(rng: np.random.Generator, rows: int, dry: float, scale: float) -> Floats:
    return np.where(rng.random(rows) < dry, 0.0, rng.gamma(0.7, scale, rows))


@pytest.mark.parametrize("factor", [10.0, 24.0])
def test_a_dry_spell_is_no_other_unit_and_another_unit_of_rain_is(factor: float) -> None:
    def recent(dry: float, scale: float, seed: int) -> UnitChange | None:
        rng = np.random.default_rng(seed)
        known = profile_table(pd.DataFrame({"x": rain(rng, 2000, 0.55, 6.0)}), ["x"])
        there = profile_table(pd.DataFrame({"x": rain(rng, 300, dry, scale)}), ["x"], against=known)
        columns = known.columns["x"], there.columns["x"]
        assert isinstance(columns[0], NumericColumn)
        assert isinstance(columns[1], NumericColumn)
        return unit_change(*columns)

    for seed in range(20):
        assert recent(0.93, 6.0 / factor * 3.0, seed) is None
        assert recent(0.93, 6.0 / factor, seed) is None
    assert sum(recent(0.55, 6.0 * factor, seed) is not None for seed in range(20)) >= 15


@pytest.mark.parametrize(
    ("before", "after"), [(0.001, 0.05), (0.0005, 0.03), (0.003, 0.2), (0.05, 0.001), (0.999, 0.9)]
)
@pytest.mark.parametrize("value", [1.0, 100.0, -1.0])
def test_a_flag_that_comes_more_or_less_often_is_in_no_other_unit(before: float, after: float, value: float) -> None:
    for seed in range(6):
        rng = np.random.default_rng(seed)
        sides = [value * (rng.random(rows) < share) for rows, share in ((20_000, before), (1000, after))]
        known = profile_table(pd.DataFrame({"x": sides[0]}), ["x"])
        columns = [known.columns["x"], profile_table(pd.DataFrame({"x": sides[1]}), ["x"], against=known).columns["x"]]
        assert all(isinstance(column, NumericColumn) for column in columns)
        assert unit_change(*columns) is None  # type: ignore[arg-type]  # numbers, as said above
