from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.profile import NumericColumn, profile_table
from include.data.profile.grid import Grid
from include.data.profile.near import snapped
from include.data.profile.numeric import NumericState
from include.data.profile.scales import STEPS, Scale
from tests.series import Floats

DRAWS = {
    "normal": lambda rng, n: rng.normal(5.0, 2.0, n),
    "lognormal": lambda rng, n: rng.lognormal(size=n),
    "far from zero": lambda rng, n: 1.7e9 + rng.normal(size=n),
    "rounded": lambda rng, n: rng.normal(size=n).round(3),
    "mostly zero": lambda rng, n: rng.normal(size=n) * (rng.random(n) < 0.3),
    "heavy tails": lambda rng, n: rng.standard_cauchy(n) ** 3,
}


def state_of(reference: Floats) -> tuple[NumericState, NumericColumn]:
    known = profile_table(pd.DataFrame({"x": reference}), ["x"]).columns["x"]
    assert isinstance(known, NumericColumn)
    return NumericState(known), known


@pytest.mark.parametrize("shift", [0.0, 1.5])
@pytest.mark.parametrize("kind", DRAWS)
def test_counts_by_grid_are_those_of_the_values_one_by_one(kind: str, shift: float) -> None:
    rng = np.random.default_rng(1)
    reference, recent = DRAWS[kind](rng, 5000), DRAWS[kind](rng, 150_000) + shift
    recent[:5000] = reference  # values equal to edges
    recent[rng.random(len(recent)) < 0.02] = np.nan
    recent[[7, 70_000]] = np.inf, -np.inf
    known = profile_table(pd.DataFrame({"x": reference}), ["x"])
    found = profile_table(pd.DataFrame({"x": recent}), ["x"], against=known).columns["x"]
    assert isinstance(found, NumericColumn)
    finite, edges = recent[np.isfinite(recent)], np.array(found.edges)
    same = snapped(finite, edges)
    expected = np.bincount(np.searchsorted(edges, same, side="left"), minlength=len(edges) + 1)
    assert found.counts == tuple(expected.tolist())
    assert found.at_edges == tuple((same == edge).sum() for edge in edges)
    assert (found.minimum, found.maximum, found.infinite) == (finite.min(), finite.max(), 2)
    away = np.abs(finite - reference.mean()) > 3.0 * reference.std(ddof=1)
    assert found.outliers == np.count_nonzero(away)
    assert found.mean == pytest.approx(finite.mean(), rel=1e-9)
    assert found.variance == pytest.approx(finite.var(ddof=1), rel=1e-7)


@pytest.mark.parametrize(("kind", "there"), [("normal", True), ("far from zero", True), ("heavy tails", False)])
def test_a_grid_is_used_unless_the_middle_is_too_uneven_for_it(kind: str, there: bool) -> None:
    assert (state_of(DRAWS[kind](np.random.default_rng(2), 5000))[0].grid is not None) is there


@pytest.mark.parametrize("kind", ["normal", "lognormal", "mostly zero"])
def test_scores_by_grid_are_at_most_one_step_off_and_rarely(kind: str) -> None:
    rng = np.random.default_rng(3)
    state, known = state_of(DRAWS[kind](rng, 5000))
    values = DRAWS[kind](rng, 60_000)
    found, exact = (np.empty(len(values), dtype=form) for form in (np.int8, np.float32))
    state.add(values, 0, begins=True, scores=found)
    Scale.of(known.knots).enter(values, exact)
    assert np.abs(found - exact).max() <= 1.0
    assert np.mean(found != exact) < 0.02
    assert np.abs(exact).max() == 2 * STEPS


def test_few_values_in_clear_cells_make_sorting_all_of_them_cheaper() -> None:
    whole = np.arange(300.0)
    state, _ = state_of(whole)
    assert isinstance(state.grid, Grid)
    state.add(np.tile(whole, 10), 0, begins=True, scores=None)
    state.add(np.tile(whole, 10), 0, begins=False, scores=None)
    assert state.crowded
    assert state.result(6000, placed=False).counts == (*(20,) * 300, 0)


@pytest.mark.parametrize("missing", [0.0, 0.01, 0.6])
def test_cross_moments_leave_out_exactly_the_rows_where_one_of_a_pair_is_absent(missing: float) -> None:
    rng = np.random.default_rng(4)
    table = pd.DataFrame(rng.normal(size=(70_000, 5)), columns=list("abcde"))
    known = profile_table(table, list(table.columns))
    table = table.mask(rng.random(table.shape) < missing)
    found = profile_table(table, list(table.columns), against=known).cross
    assert found is not None
    there = table.notna().to_numpy().astype(np.int64)
    scores = np.zeros(table.shape, dtype=np.int8)
    for place, name in enumerate(table):
        column = known.columns[name]
        assert isinstance(column, NumericColumn)
        values = table[name].to_numpy(copy=True)
        NumericState(column).add(values, 0, begins=True, scores=scores[:, place])
    whole = scores.astype(np.int64)
    assert found.pairs == tuple((there.T @ there).ravel().tolist())
    assert found.sums == tuple((whole.T @ there).ravel().tolist())
    assert found.products == tuple((whole.T @ whole).ravel().tolist())
