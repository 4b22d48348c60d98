"""An even part of rows: bounded, of every stretch alike, the same however the rows come, deaf to rhythms."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pytest

from include.data.batches import Batch
from include.data.rows.evenly import Evenly, KeptRows

ROWS = 50_000


def kept_of(sizes: list[int], most: int = 1_000) -> tuple[npt.NDArray[np.int64], int]:
    """Numbers of the rows that are kept of rows that come in batches of these sizes, and of how many each is."""
    held, first = KeptRows(parts=(Evenly(most=most),)), 0
    for size in sizes:
        batch = Batch(size, {"row": pa.array(np.arange(first, first + size))})
        held.add(batch, np.zeros(size, dtype=np.int8))
        first += size
        assert held.held[0] <= most
    rows = [batch.columns["row"].to_numpy(zero_copy_only=False) for batch in held.batches]
    return np.concatenate(rows), held.parts[0].every


@pytest.mark.parametrize("size", [1_000, 777, 3_000, 50_000])
def test_choice_does_not_depend_on_how_rows_come(size: int) -> None:
    whole, _ = kept_of([ROWS])
    parts, _ = kept_of([size] * (ROWS // size) + ([ROWS % size] if ROWS % size else []))
    assert np.array_equal(whole, parts)


def test_one_row_of_each_few_neighbours_is_kept() -> None:
    rows, every = kept_of([ROWS])
    assert every == 64
    assert np.array_equal((rows // every)[: ROWS // every], np.arange(ROWS // every))
    assert len(rows) - ROWS // every in (0, 1)  # of the neighbours that the end has cut off


@pytest.mark.parametrize("rhythm", [2, 7, 24, 64, 128])
def test_no_rhythm_of_the_rows_meets_that_of_the_choice(rhythm: int) -> None:
    rows, _ = kept_of([ROWS])
    shares = np.bincount(rows % rhythm, minlength=rhythm) / len(rows)
    assert np.abs(shares - 1.0 / rhythm).max() < 5.0 * np.sqrt(1.0 / rhythm / len(rows))


def test_few_rows_are_kept_as_they_came() -> None:
    batch = Batch(900, {"row": pa.array(np.arange(900))})
    held = KeptRows(parts=(Evenly(most=1_000),))
    held.add(batch, np.zeros(900, dtype=np.int8))
    assert held.batches[0] is batch
    assert not held.thinned


def test_parts_do_not_take_room_from_each_other() -> None:
    held = KeptRows(parts=(Evenly(most=100), Evenly(most=100)))
    part = (np.arange(5_000) >= 4_950).astype(np.int8)
    held.add(Batch(5_000, {"row": pa.array(np.arange(5_000))}), part)
    assert [each.every for each in held.parts] == [64, 1]
    assert held.held.tolist()[1] == 50
