from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.data.profile import NumericColumn, profile_table
from include.data.reference.blocks import FEWEST_BLOCKS, MOST_BLOCKS, Blocks, cut_blocks
from include.data.reference.scores import bin_scores


def blocks_of(table: pd.DataFrame, window_rows: int, phases: np.ndarray | None = None) -> Blocks:
    found = cut_blocks(table, profile_table(table, list(table.columns)), window_rows, phases)
    assert found is not None
    return found


def scores_of(values: np.ndarray) -> np.ndarray:
    """The normal score of each value, by the definition."""
    column = profile_table(pd.DataFrame({"x": values}), ["x"]).columns["x"]
    assert isinstance(column, NumericColumn)
    return bin_scores(column)[np.searchsorted(np.array(column.edges), values)]


def normal(rows: int, columns: int = 1, seed: int = 0) -> pd.DataFrame:
    values = np.random.default_rng(seed).normal(size=(rows, columns))
    return pd.DataFrame(values, columns=[f"x{number}" for number in range(columns)])


@pytest.mark.parametrize(
    ("rows", "window", "block", "count"),
    [(1000, 10, 10, 100), (1000, 50, 50, 20), (1000, 400, 50, 20), (1009, 50, 50, 20), (40, 40, 2, 20)],
)
def test_blocks_are_windows_or_twentieths(rows: int, window: int, block: int, count: int) -> None:
    found = blocks_of(normal(rows), window)
    assert (found.block_rows, len(found.sizes), set(found.sizes)) == (block, count, {float(block)})
    assert found.windows_in_blocks == pytest.approx(max(window / block, 1.0))
    assert found.freedom == count - 1


@pytest.mark.parametrize("rows", [0, 1, 2 * FEWEST_BLOCKS - 1])
def test_table_too_short_is_not_cut(rows: int) -> None:
    table = normal(rows)
    assert cut_blocks(table, profile_table(table, ["x0"]), 100, None) is None


def test_level_and_spread_are_means_of_scores_and_of_their_squares() -> None:
    table = normal(600)
    found, scores = blocks_of(table, 30).columns["x0"], scores_of(table["x0"].to_numpy())
    assert found.level[0] == pytest.approx(scores.reshape(20, 30).mean(axis=1), abs=1e-6)
    squares = np.square(scores - scores.mean())
    assert found.spread[0] == pytest.approx(squares.reshape(20, 30).mean(axis=1), abs=1e-6)
    assert (found.level_variance[0], found.spread_variance[0]) == (
        pytest.approx(scores.var(), rel=1e-5), pytest.approx(squares.var(), rel=1e-5),
    )  # fmt: skip


def test_levels_of_categories_are_shares_of_the_most_frequent() -> None:
    names = np.array(["a"] * 3 + ["b"] * 2 + ["c"])
    table = pd.DataFrame({"c": np.tile(names, 100)})
    found = blocks_of(table, 6).columns["c"]
    assert found.level.shape == (3, 100)
    assert found.level[:, 0] == pytest.approx([1 / 2, 1 / 3, 1 / 6])
    assert found.spread.shape == (0, 100)


def test_block_without_a_value_has_the_level_of_all() -> None:
    table = normal(600)
    table.loc[:29, "x0"] = np.nan
    found = blocks_of(table, 30).columns["x0"]
    assert found.level[0][0] == pytest.approx(np.average(found.level[0][1:]), abs=1e-6)


def test_correlations_are_those_of_the_scores_in_each_block() -> None:
    table = normal(1000, 3)
    found = blocks_of(table, 50)
    assert found.correlations is not None
    assert found.correlations.shape == (20, 3, 3)
    scores = [scores_of(table[name].to_numpy())[:50] for name in table]
    assert found.correlations[0] == pytest.approx(np.corrcoef(scores), abs=1e-5)
    assert blocks_of(normal(1000, 1), 50).correlations is None


def test_phases_cut_where_they_change_and_deviations_are_from_their_mean() -> None:
    phases = np.arange(960) // 24 % 2
    found = blocks_of(pd.DataFrame({"x": 5.0 * phases + normal(960)["x0"]}), 24, phases)
    assert (found.block_rows, len(found.sizes), found.freedom) == (24, 40, 38)
    assert found.phases.tolist() == [0, 1] * 20
    level = found.columns["x"].level[0]
    assert found.deviations(level)[::2] == pytest.approx(level[::2] - level[::2].mean())
    assert np.abs(found.deviations(level)).max() < 0.5 < np.ptp(level)


def test_very_many_blocks_are_looked_at_here_and_there() -> None:
    found = blocks_of(normal(20_000), 10)
    assert len(found.sizes) == MOST_BLOCKS
    assert np.all(np.diff(found.middles) > 0)
    assert (found.middles[0], found.middles[-1]) == (5.0, 19_995.0)
