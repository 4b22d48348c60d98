from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.detectors import DataQualityDetector
from include.signals import Signal, Verdict
from tests.detectors.comparisons import compare

REFERENCE = pd.DataFrame({"x": np.arange(200.0), "c": ["a", "b"] * 100})


def faults(recent: pd.DataFrame, reference: pd.DataFrame = REFERENCE) -> dict[tuple[str, str], Signal]:
    found = DataQualityDetector().detect(compare(reference, recent))
    return {(signal.statistic, signal.feature): signal for signal in found}


def test_sound_rows_give_one_stable_signal() -> None:
    found = faults(REFERENCE)
    assert list(found) == [("faults", "")]
    assert found["faults", ""].verdict is Verdict.STABLE


@pytest.mark.parametrize(
    ("empty", "changed", "blocks"), [(19, False, False), (20, True, False), (99, True, False), (100, True, True)]
)
def test_ten_percent_more_empty_cells_are_changed_and_fifty_block(empty: int, changed: bool, blocks: bool) -> None:
    found = faults(REFERENCE.assign(x=REFERENCE["x"].where(REFERENCE.index >= empty)))
    assert (("missing_rise", "x") in found) is changed
    assert not changed or found["missing_rise", "x"].blocks is blocks


def test_empty_cells_that_the_reference_had_too_are_no_fault() -> None:
    holed = REFERENCE.assign(x=REFERENCE["x"].where(REFERENCE.index % 2 == 0))
    assert list(faults(holed, holed)) == [("faults", "")]


def test_column_gone_blocks() -> None:
    assert faults(REFERENCE[["c"]])["column_gone", "x"].blocks


@pytest.mark.parametrize(("texts", "changed", "blocks"), [(1, False, False), (2, True, False), (100, True, True)])
def test_text_among_numbers_is_changed_and_half_of_it_blocks(texts: int, changed: bool, blocks: bool) -> None:
    found = faults(REFERENCE.assign(x=REFERENCE["x"].astype(object).where(REFERENCE.index >= texts, "n/a")))
    assert (("unreadable", "x") in found) is changed
    assert not changed or found["unreadable", "x"].blocks is blocks


@pytest.mark.parametrize(("new", "changed"), [(1, False), (2, True)])
def test_one_percent_in_unseen_categories_is_changed_and_never_blocks(new: int, changed: bool) -> None:
    found = faults(REFERENCE.assign(c=REFERENCE["c"].where(REFERENCE.index >= new, "new")))
    assert (("unseen_categories", "c") in found) is changed
    assert not any(signal.blocks for signal in found.values())


def test_infinite_values_are_changed_and_do_not_block() -> None:
    found = faults(REFERENCE.assign(x=REFERENCE["x"].where(REFERENCE.index >= 10, np.inf)))
    assert found["infinite", "x"].value == pytest.approx(0.05)
    assert not found["infinite", "x"].blocks


def test_column_gone_constant_is_changed_unless_it_always_was() -> None:
    constant = REFERENCE.assign(x=7.0)
    assert ("constant", "x") in faults(constant)
    assert ("constant", "x") not in faults(constant, constant)


def test_column_empty_in_the_reference_that_comes_to_life_does_not_block() -> None:
    signals = faults(REFERENCE.assign(note="text"), REFERENCE.assign(note=None))
    assert not any(signal.blocks for signal in signals.values())
