"""Counters of several things in one column move by themselves; what only differs from thing to thing does not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.data.kinds.find import find_kinds
from include.registry.kinds import Kind

ROWS = 6_000
TIMES = pd.Series(pd.date_range("2026-01-01", periods=ROWS, freq="10min", tz="UTC"))
Floats = npt.NDArray[np.float64]


def kind_of(cells: Any, things: Any) -> Kind:
    """The kind of a column beside one that names the thing of each row."""
    table = pd.DataFrame({"cells": cells, "noise": np.random.default_rng(9).normal(size=ROWS), "thing": things})
    found = find_kinds(table, {}, times=TIMES, window_rows=ROWS // 10)
    assert found["noise"].kind is Kind.NUMBER
    return found["cells"].kind


def by_thing(things: npt.NDArray[Any], rule: Callable[[np.random.Generator, int, int], Floats]) -> Floats:
    """A column made for each thing by a rule: given its number and how many rows it has."""
    cells, rng = np.empty(ROWS), np.random.default_rng(4)
    for number, thing in enumerate(np.unique(things)):
        cells[things == thing] = rule(rng, number, int((things == thing).sum()))
    return cells


def mileage(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return 1e3 * (7 * number % 100) + np.cumsum(rng.exponential(1 + number % 5, rows))


def fuel(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return -mileage(rng, number, rows)


def idle(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return 1e3 * number + np.cumsum(rng.integers(0, 3, rows)).astype(float)


def patchy(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return np.where(rng.random(rows) < 0.1, np.nan, mileage(rng, number, rows))


def weight(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return 40.0 * number + rng.normal(size=rows)


def age(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return 20.0 + 3 * number + np.floor(np.arange(rows) / rows * 10)


def stock(rng: np.random.Generator, number: int, rows: int) -> Floats:
    return 100.0 - np.arange(rows) % 20


@pytest.mark.parametrize("count", [2, 5, 60, 400])
@pytest.mark.parametrize("written", [str, int])
@pytest.mark.parametrize("rule", [mileage, fuel, idle, patchy])
def test_counters_of_several_things_are_calendar_columns(rule: Any, written: type, count: int) -> None:
    things = np.random.default_rng(count).integers(0, count, ROWS)
    names = things if written is int else [f"car {thing}" for thing in things]
    assert kind_of(by_thing(things, rule), names) is Kind.CALENDAR


@pytest.mark.parametrize("count", [2, 5, 60])
@pytest.mark.parametrize("rule", [weight, age, stock])
def test_what_differs_from_thing_to_thing_is_compared(rule: Any, count: int) -> None:
    things = np.random.default_rng(count).integers(0, count, ROWS)
    assert kind_of(by_thing(things, rule), [f"car {thing}" for thing in things]) is Kind.NUMBER


def test_what_rises_for_things_that_come_and_go_is_compared() -> None:
    things = np.arange(ROWS) // 100 + np.random.default_rng(0).integers(0, 5, ROWS)
    assert kind_of(by_thing(things, idle) % 1e3, [f"customer {thing}" for thing in things]) is Kind.NUMBER
