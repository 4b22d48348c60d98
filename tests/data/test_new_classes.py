"""Classes that turn up: by themselves, in the place of another, or for labels that are still to come."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from include.data.new_classes import replaced, still_to_come

Codes = npt.NDArray[np.intp]
ROWS, NEW = 960, 2
PLACES = np.arange(ROWS)
World = Callable[[np.random.Generator], Codes]


def drawn(rng: np.random.Generator, *shares: float) -> Codes:
    return rng.choice(len(shares), ROWS, p=shares)


def since(rng: np.random.Generator, rows: int, share: float, codes: Codes) -> Codes:
    """The same with so much of the new class among the last rows."""
    return np.where((ROWS - rows <= PLACES) & (rng.random(ROWS) < share), NEW, codes)


#: A new class comes among the others, or another one goes.
BY_ITSELF: dict[str, World] = {
    "one in ten": lambda rng: since(rng, 200, 0.1, drawn(rng, 0.5, 0.5)),
    "one in three": lambda rng: since(rng, 100, 0.33, drawn(rng, 0.5, 0.5)),
    "one in three, since yesterday": lambda rng: since(rng, 24, 0.33, drawn(rng, 0.5, 0.5)),
    "half": lambda rng: since(rng, 100, 0.5, drawn(rng, 0.3, 0.7)),
    "two in three": lambda rng: since(rng, 150, 0.67, drawn(rng, 0.5, 0.5)),
    "part of one of them": lambda rng: np.where(
        (PLACES > 700) & (rng.random(ROWS) < 0.6) & ((codes := drawn(rng, 0.5, 0.5)) == 1), NEW, codes
    ),
    "all along": lambda rng: since(rng, ROWS, 0.05, drawn(rng, 0.5, 0.5)),
    "beside a rare one": lambda rng: since(rng, 60, 0.2, drawn(rng, 0.98, 0.02)),
    "after another one went": lambda rng: np.where(
        PLACES < 500, drawn(rng, 0.5, 0.5), np.where(PLACES < 800, 0, since(rng, 160, 0.3, np.zeros(ROWS, dtype=int)))
    ),
    "none, one gone": lambda rng: np.where(PLACES < 800, drawn(rng, 0.5, 0.5), 0),
    "a slip of the pen": lambda rng: np.where(PLACES == 900, NEW, drawn(rng, 0.5, 0.5)),
}  # fmt: skip


def told(codes: Codes) -> bool:
    new = {code for code in set(codes.tolist()) if code >= NEW}
    return still_to_come(codes, new) is not None or replaced(codes, {0, 1}, new) is not None


@pytest.mark.parametrize("name", BY_ITSELF)
def test_a_class_that_turns_up_by_itself_is_told_as_one(name: str) -> None:
    assert sum(told(BY_ITSELF[name](np.random.default_rng(seed))) for seed in range(300)) <= 3


@pytest.mark.parametrize("rows", [5, 24, 119, 120, 500])
def test_a_new_class_that_has_the_newest_labels_for_itself_is_still_to_come(rows: int) -> None:
    for seed in range(20):
        rng = np.random.default_rng(seed)
        codes = since(rng, rows, 1.0, drawn(rng, 0.5, 0.5))
        assert still_to_come(codes, {NEW}) == (NEW, ROWS - rows)


def test_a_few_that_are_decided_early_or_were_marked_before_hide_nothing() -> None:
    codes = since(np.random.default_rng(0), 100, 1.0, drawn(np.random.default_rng(0), 0.5, 0.5))
    codes[[200, 880, 930]] = NEW, 0, 1
    found = still_to_come(codes, {NEW})
    assert found is not None
    assert found[0] == NEW


@pytest.mark.parametrize("rows", [48, 100, 240])
@pytest.mark.parametrize("share", [0.2, 0.5, 0.8])
def test_a_class_in_the_place_of_another_is_a_coding(rows: int, share: float) -> None:
    if share == 0.2 and rows == 48:
        rows = 140  # so rare that it was missing for 40 before
    for seed in range(20):
        rng = np.random.default_rng(seed)
        codes = drawn(rng, share, 1.0 - share)
        later = ROWS - rows <= PLACES
        found = [
            replaced(np.where(later, codes + 1, codes), {0, 1}, {NEW}),  # 0 and 1, then 1 and 2
            replaced(np.where(later & (codes == 0), NEW, codes), {0, 1}, {NEW}),  # 0 and 1, then 2 and 1
        ]
        if rows > 100 or share > 0.2:
            assert [None if each is None else each[:2] for each in found] == [(0, NEW)] * 2, seed


def test_where_all_known_classes_are_gone_no_other_took_the_place_of_one() -> None:
    codes = drawn(np.random.default_rng(0), 0.5, 0.5)
    assert replaced(np.where(PLACES >= 800, codes + 2, codes), {0, 1}, {2, 3}) is None
