"""The reference in stretches as long as a recent window: how its levels, spreads and correlations vary in time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import array_of_series
from include.data.profile import CategoricalColumn, NumericColumn, Profile, to_floats
from include.data.profile.cells import names_of
from include.data.profile.cross import CROSS_COLUMNS
from include.data.profile.near import reach
from include.data.reference.scores import bin_scores

FEWEST_BLOCKS = 20  # stretches needed to measure how statistics vary between them
MOST_BLOCKS = 400  # more of them tell hardly more
MOST_ROWS = 500_000  # in all blocks together, once there are enough of them
TOP_CATEGORIES = 5

Floats = npt.NDArray[np.float64]
Cells = npt.NDArray[np.float32]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class ColumnBlocks:
    """One column's statistics, block by block.

    Parameters
    ----------
    level : array of shape (k, blocks)
        Numbers: the mean normal score. Categories: shares of the most frequent ones.
    level_variance : array of shape (k,)
        Of a single row, for each of them.
    spread : array of shape (1, blocks)
        Mean square of the normal scores around the reference's mean; shape (0, blocks) for categories.
    spread_variance : array of shape (1,) or (0,)
    """

    level: Floats
    level_variance: Floats
    spread: Floats
    spread_variance: Floats


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Statistics of consecutive stretches of the reference, in time order.

    Parameters
    ----------
    columns : mapping of str to ColumnBlocks
    correlations : array of shape (blocks, d, d) or None
        Of the normal scores of the first numeric columns; None where the reference has no cross moments.
    sizes, middles : array of shape (blocks,)
        Rows of each block; number of its middle row.
    phases : array of shape (blocks,)
        The phase of the season that each block is in; all 0 without seasons.
    block_rows, window_rows : int
    """

    columns: Mapping[str, ColumnBlocks]
    correlations: Floats | None
    sizes: Floats
    middles: Floats
    phases: Integers
    block_rows: int
    window_rows: int

    @property
    def freedom(self) -> int:
        """Degrees of freedom of the blocks' deviations from the mean of their phase."""
        return len(self.sizes) - len(np.unique(self.phases))

    @property
    def windows_in_blocks(self) -> float:
        """Length of a recent window, in blocks."""
        return max(self.window_rows / self.block_rows, 1.0)

    def deviations(self, values: Floats) -> Floats:
        """Each block's value less the mean of all blocks in its phase."""
        _, phase = np.unique(self.phases, return_inverse=True)
        means = np.bincount(phase, self.sizes * values) / np.bincount(phase, self.sizes)
        return np.asarray(values - means[phase])


def cut_blocks(
    table: pd.DataFrame, reference: Profile, window_rows: int, phases: npt.NDArray[Any] | None
) -> Blocks | None:
    """Cut `table` into stretches; None when it is too short for 20 of at least two rows.

    With `phases` the stretches are those of one phase each, else as long as a window, or a twentieth of the table.
    """
    stops = _stops(len(table), window_rows, phases)
    if stops is None:
        return None
    starts = np.concatenate([[0], stops[:-1]])
    columns = {name: _cells(table[name], column) for name, column in reference.columns.items()}
    keep = _spread_out(starts, stops)
    starts, stops = starts[keep], stops[keep]
    sizes = (stops - starts).astype(np.float64)
    numeric = [name for name, column in reference.columns.items() if isinstance(column, NumericColumn)][:CROSS_COLUMNS]
    return Blocks(
        columns={name: _column(columns[name], reference.columns[name], starts, stops) for name in reference.columns},
        correlations=_correlations([columns[name] for name in numeric], starts, stops)
        if reference.cross is not None
        else None,
        sizes=sizes,
        middles=(starts + stops) / 2.0,
        phases=np.zeros(len(sizes), dtype=np.intp) if phases is None else np.asarray(phases)[starts].astype(np.intp),
        block_rows=round(float(np.median(sizes))),
        window_rows=window_rows,
    )


def _stops(rows: int, window_rows: int, phases: npt.NDArray[Any] | None) -> Integers | None:
    if phases is not None:
        return np.append(np.flatnonzero(np.diff(phases)) + 1, rows)
    block_rows = min(window_rows, rows // FEWEST_BLOCKS)
    return np.arange(block_rows, rows + 1, block_rows) if block_rows >= 2 else None


def _spread_out(starts: Integers, stops: Integers) -> Integers:
    """Numbers of the blocks to look at, evenly spread when there are very many."""
    wanted = max(FEWEST_BLOCKS, min(MOST_BLOCKS, MOST_ROWS // max(round(float(np.mean(stops - starts))), 1)))
    return np.unique(np.linspace(0, len(starts) - 1, min(wanted, len(starts))).round().astype(np.intp))


def _cells(values: pd.Series[Any], column: NumericColumn | CategoricalColumn) -> Cells:
    """Numbers as normal scores, categories as their rank by frequency; NaN where there is none."""
    if isinstance(column, NumericColumn):
        floats = column.possible.only(to_floats(values)[0])[0]
        finite = np.isfinite(floats)
        edges = np.array(column.edges)
        places = np.searchsorted(edges + reach(edges), np.where(finite, floats, 0.0), side="left")
        return np.where(finite, bin_scores(column)[places], np.nan).astype(np.float32)
    ranked = sorted(column.counts, key=lambda name: (-column.counts[name], name))
    ranks = {name: float(place) for place, name in enumerate(ranked)}
    codes, names = names_of(array_of_series(values))
    return np.array([np.nan if n is None else ranks.get(n, np.inf) for n in (*names, None)], np.float32)[codes]


def _column(cells: Cells, column: NumericColumn | CategoricalColumn, starts: Integers, stops: Integers) -> ColumnBlocks:
    present = ~np.isnan(cells)
    scores = cells[present]
    numeric = isinstance(column, NumericColumn)
    if numeric:
        rows = [scores] if len(scores) else []
    else:
        rows = [scores == rank for rank in range(TOP_CATEGORIES) if (scores == rank).any()]
    squares = [np.square(scores - scores.mean())] if numeric and len(scores) else []
    seen = np.concatenate([[0], np.cumsum(present)])
    level, level_variance = _means(rows, seen[starts], seen[stops])
    spread, spread_variance = _means(squares, seen[starts], seen[stops])
    return ColumnBlocks(level=level, level_variance=level_variance, spread=spread, spread_variance=spread_variance)


def _means(rows: Sequence[npt.NDArray[Any]], starts: Integers, stops: Integers) -> tuple[Floats, Floats]:
    """Mean of each row of values in each block, that of all where a block has none; and the variances."""
    means, variances = [], []
    for values in rows:
        sums = np.concatenate([[0.0], np.cumsum(values, dtype=np.float64)])
        sizes = stops - starts
        whole = float(np.mean(values))
        means.append(np.where(sizes > 0, (sums[stops] - sums[starts]) / np.maximum(sizes, 1), whole))
        variances.append(float(np.var(values, dtype=np.float64)))
    return np.array(means).reshape(len(means), len(starts)), np.array(variances)


def _correlations(columns: Sequence[Cells], starts: Integers, stops: Integers) -> Floats:
    """Correlation matrix of each block, cells without a value counted as average ones."""
    found = []
    for start, stop in zip(starts.tolist(), stops.tolist(), strict=True):
        if stop - start < 2:  # one row has no correlations
            found.append(np.full((len(columns), len(columns)), np.nan))
            continue
        block = np.stack([cells[start:stop] for cells in columns])
        with np.errstate(invalid="ignore", divide="ignore"):
            found.append(np.asarray(np.corrcoef(np.nan_to_num(block))))
    return np.stack(found)
