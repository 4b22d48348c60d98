from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from scipy import stats

from include.data.profile import REST, CategoricalColumn, Profile
from include.data.profile.categorical import CategoricalState, cut_categories
from include.detectors import DataDriftDetector, DataQualityDetector
from include.detectors.comparison import Comparison
from include.detectors.statistics.categories import NAMED_ONLY, category_cells, compare_cells, pool, rows_to_come
from include.detectors.statistics.score_tests import Sizes, column_tests
from tests.detectors.comparisons import compare
from tests.series import most
from tests.sweeps import first_of

Counts = npt.NDArray[np.int64]
Shares = npt.NDArray[np.float64]
TRIALS, LEVEL = 400, 0.05


def law(categories: int, exponent: float) -> Shares:
    weights = np.arange(1, categories + 1, dtype=float) ** -exponent
    return np.asarray(weights / weights.sum())


def column(counts: Counts, names: list[str], known: CategoricalColumn | None = None) -> CategoricalColumn:
    """A column with so many rows of each category, as production counts it."""
    there = [names[place] for place in np.flatnonzero(counts)]
    times = counts[counts > 0]
    if known is None:
        cut = cut_categories(dict(zip(there, times.tolist(), strict=True)))
        known = CategoricalColumn(rows=0, missing=0, counts=cut)
    state = CategoricalState(known)
    state.neighbours.lag1 = False
    state.add(np.repeat(np.arange(len(there)), times), there, begins=True)
    return state.result(int(counts.sum()), placed=False)


def pair(
    rng: np.random.Generator, shares: Shares, before: int, after: int, changed: Shares | None = None
) -> tuple[CategoricalColumn, CategoricalColumn]:
    names = [f"c{number}" for number in range(len(shares))]
    known = column(rng.multinomial(before, shares), names)
    return known, column(rng.multinomial(after, shares if changed is None else changed), names, known)


def p_value(before: CategoricalColumn, after: CategoricalColumn) -> float:
    sizes = Sizes(before=before.rows, after=after.rows, spread_before=before.rows, spread_after=after.rows)
    return column_tests(before, after, sizes)[0].p_value


@pytest.mark.parametrize(
    ("categories", "exponent", "before", "after"),
    first_of(
        [(2, 0.0, 300, 300), (8, 0.0, 5000, 1000), (100, 0.0, 300, 300), (300, 0.0, 300, 300), (300, 1.4, 5000, 1000),
         (300, 0.0, 5000, 1000), (2000, 0.0, 5000, 300), (2000, 1.1, 300, 5000), (2000, 2.0, 5000, 300)], 3,
    ),
)  # fmt: skip
def test_unchanged_categories_keep_the_level(categories: int, exponent: float, before: int, after: int) -> None:
    rng, shares = np.random.default_rng([categories, before, after]), law(categories, exponent)
    found = np.array([p_value(*pair(rng, shares, before, after)) for _ in range(TRIALS)])
    assert np.mean(found < LEVEL) <= most(LEVEL, TRIALS)
    assert np.mean(found < 0.01) <= most(0.01, TRIALS)


@pytest.mark.parametrize("worth", [(1.01, 1.01), (1.003, 1.017), (2.5, 1.0)])
def test_effective_sizes_do_not_put_cells_of_one_total_in_the_order_of_their_splits(worth: tuple[float, float]) -> None:
    rng, found = np.random.default_rng(8), []
    for _ in range(TRIALS):
        counts = np.array([rng.multinomial(rows, law(5000, 0.0)) for rows in (2500, 500)], dtype=float)
        counts = counts[:, counts.sum(axis=0) > 0.0]
        found.append(compare_cells(counts, (2500 / worth[0], 500 / worth[1]))[1])
    assert np.mean(np.array(found) < LEVEL) <= most(LEVEL, TRIALS)


@pytest.mark.sweep
def test_100_000_unchanged_categories_keep_the_level() -> None:
    rng, shares = np.random.default_rng(4), law(100_000, 0.0)
    found = np.array([p_value(*pair(rng, shares, 20_000, 5_000)) for _ in range(60)])
    assert np.mean(found < LEVEL) <= most(LEVEL, 60)


def test_five_points_in_one_of_eight_are_seen_as_often_as_by_the_plain_test() -> None:
    rng, usual = np.random.default_rng(1), np.full(8, 0.125)
    changed = np.where(np.arange(8) == 0, 0.175, 0.825 / 7.0)
    ours = plain = 0
    for _ in range(200):
        before, after = pair(rng, usual, 5000, 1000, changed)
        table = [[side.counts.get(f"c{number}", 0) for number in range(8)] for side in (before, after)]
        ours += p_value(before, after) < 0.0019
        plain += stats.chi2_contingency(table, correction=False).pvalue < 0.0019
    assert abs(ours - plain) <= 2


@pytest.mark.parametrize("categories", [300, 2000])
def test_one_tail_category_that_becomes_frequent_is_seen(categories: int) -> None:
    rng, shares = np.random.default_rng(2), law(categories, 0.0)
    changed = shares * 0.95
    changed[-1] += 0.05
    assert np.mean([p_value(*pair(rng, shares, 5000, 1000, changed)) < 0.0019 for _ in range(40)]) > 0.9


def test_p_value_of_large_cells_is_scipys() -> None:
    table = np.array([[300.0, 150.0, 50.0], [90.0, 90.0, 20.0]])
    assert compare_cells(table)[1] == pytest.approx(stats.chi2_contingency(table, correction=False).pvalue, rel=0.2)


def test_effect_is_cramers_v_of_equal_sides_less_what_chance_contributes() -> None:
    table = np.array([[30_000.0, 15_000.0, 5_000.0], [25_000.0, 20_000.0, 5_000.0]])
    squares = stats.chi2_contingency(table, correction=False).statistic / table.sum()
    assert compare_cells(table)[0] == pytest.approx(np.sqrt(squares - 2 / table.sum()), rel=1e-3)
    assert compare_cells(np.array([[500.0, 0.0], [0.0, 20.0]]))[0] == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("categories", [2, 50, 1000])
def test_effect_without_change_is_about_zero_for_any_number_of_categories(categories: int) -> None:
    rng, shares = np.random.default_rng(categories), law(categories, 0.0)
    squares = [compare_cells(np.array([rng.multinomial(20_000, shares) for _ in range(2)], float))[0] ** 2
               for _ in range(40)]  # fmt: skip
    assert np.mean(squares) < 0.02**2 * 2.0


def test_effect_does_not_depend_on_how_unequal_the_sides_are() -> None:
    usual, changed = np.array([0.5, 0.3, 0.2]), np.array([0.4, 0.35, 0.25])
    found = [compare_cells(np.array([n * usual, m * changed]))[0] for n, m in ((1e7, 1e7), (1e7, 1e5))]
    assert found[0] == pytest.approx(found[1], rel=0.02)


def test_rare_cells_are_pooled_by_their_totals_until_they_are_filled() -> None:
    counts = np.array([[900.0, 4, 8, 4, 2, 2], [900.0, 4, 2, 6, 2, 2]])
    cells, left = pool(counts, 3.9)
    assert not left.any()
    assert cells.sum(axis=1) == pytest.approx(counts.sum(axis=1))
    assert sorted(cells.sum(axis=0)) == [8.0, 8.0, 10.0, 10.0, 1800.0]


def test_rare_cells_that_fill_none_are_tested_by_themselves() -> None:
    counts = np.array([[900.0, 100.0, 1.0, 0.0], [450.0, 50.0, 6.0, 5.0]])
    assert pool(counts, 8.0)[1] == pytest.approx([1.0, 11.0])
    assert compare_cells(counts)[1] < 0.01
    assert compare_cells(np.array([[900.0, 100.0, 2.0, 2.0], [450.0, 50.0, 1.0, 1.0]]))[1] > 0.5


def test_column_stored_by_an_older_version_is_compared_by_its_frequent_names_and_says_so() -> None:
    rng, shares = np.random.default_rng(3), law(300, 0.0)
    found = []
    for _ in range(100):
        before, after = pair(rng, shares, 5000, 1000)
        old = replace(before, buckets=(), sample=None)
        assert category_cells(old, after).note == NAMED_ONLY
        found.append(p_value(old, after))
    assert np.mean(np.array(found) < LEVEL) <= most(LEVEL, 100)
    zipf = law(300, 1.4)
    moved = np.where(np.arange(300) == 0, zipf + 0.2, zipf * (0.8 - zipf[0]) / (1.0 - zipf[0]))
    before, after = pair(rng, zipf, 5000, 1000, moved)
    assert p_value(replace(before, buckets=(), sample=None), after) < 1e-6
    given = Comparison(
        reference=Profile(rows=5000, columns={"x": replace(before, buckets=(), sample=None)}),
        recent=Profile(rows=1000, columns={"x": after}),
    )
    assert "older version" in DataDriftDetector().detect(given)[0].reason


def test_stored_columns_of_many_categories_give_the_same_test_and_stay_small() -> None:
    rng = np.random.default_rng(5)
    before, after = pair(rng, law(100_000, 0.0), 50_000, 5_000)
    text = json.dumps(Profile(rows=before.rows, columns={"x": before}).to_json())
    read = Profile.from_json(json.loads(text)).columns["x"]
    assert read == before
    assert p_value(read, after) == p_value(before, after)  # type: ignore[arg-type]  # as it was written
    assert len(text) < 30_000


@pytest.mark.parametrize(("categories", "exponent"), [(8, 2.0), (150, 0.0), (300, 0.0), (300, 1.4), (2000, 1.1)])
@pytest.mark.parametrize(("before", "after"), [(300, 300), (5000, 1000)])
def test_categories_that_the_reference_happened_to_miss_are_no_fault(
    categories: int, exponent: float, before: int, after: int
) -> None:
    rng, shares = np.random.default_rng(6), law(categories, exponent)
    calls = 0
    for _ in range(60):
        known, recent = pair(rng, shares, before, after)
        given = Comparison(
            reference=Profile(rows=before, columns={"x": known}), recent=Profile(rows=after, columns={"x": recent})
        )
        calls += any(s.statistic == "unseen_categories" for s in DataQualityDetector(level=0.01).detect(given))
    assert calls / 60 <= most(0.01, 60)


def test_rows_to_come_are_what_the_next_rows_hold() -> None:
    rng, shares = np.random.default_rng(7), law(300, 0.0)
    expected, came = [], []
    for _ in range(40):
        before, after = pair(rng, shares, 5000, 5000)
        expected.append(rows_to_come(before)[0])
        came.append(after.counts[REST])
    assert np.mean(came) <= np.mean(expected) <= 1.3 * np.mean(came)


def test_rows_to_come_of_few_categories_are_those_that_came_once() -> None:
    table = pd.DataFrame({"x": ["a"] * 50 + ["b"] * 2 + ["c", "d"]})
    known = compare(table, table).reference.columns["x"]
    assert isinstance(known, CategoricalColumn)
    assert rows_to_come(known)[0] == 2.0
    assert known.unseen == pytest.approx(2 / 54)
    assert known.distinct == 4
