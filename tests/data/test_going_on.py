"""What goes on in later rows as it went before is no drift, also with noise; what jumps, or was only sorted, is one."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.data.kinds.row_times import goes_on
from include.data.pairs import profile_pair
from include.orchestrator import AutomaticRetrainingOrchestrator
from include.registry.kinds import Kind

Floats = npt.NDArray[np.float64]
ROWS, SIZES = 6_000, [(5_000, 1_000), (1_000, 300), (2_000, 40), (3_000, 3_000)]
STEP = np.arange(float(ROWS))
GOING: dict[str, Callable[[np.random.Generator], Floats]] = {
    "numbers of rows out of order": lambda rng: STEP + rng.integers(0, 30, ROWS),
    "the same, falling": lambda rng: 9_000.0 - STEP - rng.integers(0, 30, ROWS),
    "seconds since 1970": lambda rng: 1.7e9 + 3_600.0 * STEP + rng.integers(0, 36_000, ROWS),
    "a meter that is read with noise": lambda rng: np.cumsum(rng.exponential(1.0, ROWS)) + rng.normal(0.0, 3.0, ROWS),
    "an age": lambda rng: STEP / 24.0 + rng.normal(0.0, 0.5, ROWS),
}


def decided(values: Floats, reference: int, recent: int, name: str = "x") -> bool:
    rows = pd.DataFrame({name: values, "z": np.random.default_rng(9).normal(size=len(values))})[: reference + recent]
    return AutomaticRetrainingOrchestrator(min_samples_for_retraining=30).should_retrain(
        rows[:reference], rows[reference:]
    ).triggered  # fmt: skip


@pytest.mark.parametrize("sizes", SIZES)
@pytest.mark.parametrize("made", GOING.values(), ids=GOING)
def test_column_that_goes_on_with_noise_asks_for_nothing(
    made: Callable[[np.random.Generator], Floats], sizes: tuple[int, int]
) -> None:
    assert not decided(made(np.random.default_rng(0)), *sizes)


@pytest.mark.parametrize("jump", [0.4, -0.4, 3.0])
@pytest.mark.parametrize("made", GOING.values(), ids=GOING)
def test_column_that_jumps_is_compared(made: Callable[[np.random.Generator], Floats], jump: float) -> None:
    values = made(np.random.default_rng(0))
    values = values + np.where(STEP >= 5_000, jump * np.ptp(values[:5_000]), 0.0)
    assert not goes_on(values[:5_000], values[5_000:])


@pytest.mark.parametrize("name", ["customer_id", "OrderNo"])
def test_numbers_of_customers_of_whom_new_ones_come_ask_for_nothing(name: str) -> None:
    rng = np.random.default_rng(0)
    assert not decided(1.0 + np.floor(rng.random(ROWS) * (STEP + 100.0)), 5_000, 1_000, name)
    assert decided(rng.integers(1, 4_000, ROWS) + np.where(STEP >= 5_000, 2_000.0, 0.0), 5_000, 1_000, name)


@pytest.mark.parametrize("seed", range(20))
def test_columns_that_vary_are_hardly_ever_taken_for_going_on(seed: int) -> None:
    rng = np.random.default_rng(seed)
    slow = np.convolve(rng.normal(size=ROWS + 400), np.ones(401) / 401, "valid")
    rising = np.linspace(0.0, 3.0, ROWS) + rng.normal(size=ROWS)
    for values in (rng.normal(size=ROWS), slow, np.cumsum(rng.normal(size=ROWS)), rising):
        assert not goes_on(values[:5_000], values[5_000:])


def test_table_that_somebody_sorted_is_compared() -> None:
    rng = np.random.default_rng(0)
    pair = profile_pair(
        pd.DataFrame({"x": np.sort(rng.normal(size=3_000))}), pd.DataFrame({"x": np.sort(rng.normal(5.0, 1.0, 900))})
    )
    assert pair.kinds["x"].kind is Kind.NUMBER


def flowers(rng: np.random.Generator, rows: int) -> pd.DataFrame:
    kind = rng.integers(0, 3, rows)
    made = pd.DataFrame(rng.normal(size=(rows, 3)) + 1.5 * kind[:, None], columns=list("abc"))
    return made.assign(amount=rng.lognormal(size=rows).round(2), species=np.array(["x", "y", "z"])[kind])


@pytest.mark.parametrize("by", [None, "species", "a", "amount"])
@pytest.mark.parametrize("target", ["species", ""])
def test_what_the_reference_was_sorted_by_hides_no_drift(by: str | None, target: str) -> None:
    rng = np.random.default_rng(0)
    reference, recent = flowers(rng, 2_000), flowers(rng, 500)
    if by is not None:
        reference = reference.sort_values(by, kind="stable", ignore_index=True)
    moved = recent.assign(a=recent["a"] + 0.4 * reference["a"].std())
    asked = AutomaticRetrainingOrchestrator()
    found = [asked.should_retrain(reference, rows, target=target).triggered for rows in (recent, moved)]
    assert found == [False, True]


def test_rows_that_were_sorted_keep_their_order_beside_their_labels() -> None:
    rng = np.random.default_rng(0)
    reference = flowers(rng, 2_000).sort_values("a", ignore_index=True)
    pair = profile_pair(reference, flowers(rng, 500))
    pd.testing.assert_frame_equal(pair.reference, reference)
    assert pair.calibrating.index.tolist() != reference.index.tolist()


SWITCHES: dict[str, Callable[[int, int], npt.NDArray[np.generic]]] = {
    "a flag switched on for good": lambda rows, more: np.arange(rows + more) > rows * 3 // 4,
    "a flag that goes off again": lambda rows, more: np.append(np.arange(rows) > rows // 2, np.arange(more) % 100 < 50),
    "the month": lambda rows, more: np.append(np.arange(rows) * 12 // rows, np.arange(more) * 3 // more),
    "the day": lambda rows, more: np.append(np.arange(rows) * 31 // rows, np.arange(more) * 56 // more % 28),
}


@pytest.mark.parametrize("name", SWITCHES)
def test_columns_that_go_one_way_in_time_are_not_what_rows_were_sorted_by(name: str) -> None:
    cells = pd.Series(SWITCHES[name](2_000, 500))
    walk = pd.Series(np.cumsum(np.random.default_rng(0).normal(size=2_500)))
    rows = pd.DataFrame({"x": walk, "s": cells})
    pair = profile_pair(rows[:2_000], rows[2_000:])
    assert pair.calibrating is pair.reference
