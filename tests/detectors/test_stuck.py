"""A column that stands still for a part of the window, and columns that are quiet now and then by nature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.data.profile import profile_table
from include.detectors.stuck import HELD, stuck_columns
from tests.series import autoregression

Floats = npt.NDArray[np.float64]
DAYS, WINDOW = 70, 10  # of 24 rows
HOURS = np.arange(DAYS * 24)


def traded(rng: np.random.Generator) -> Floats:
    """A price that stands still from Friday evening to Monday morning."""
    open_now = HOURS % 168 < 104
    return np.asarray(100.0 + np.cumsum(np.where(open_now, rng.normal(size=len(HOURS)), 0.0)))


USUAL: dict[str, Callable[[np.random.Generator], Floats]] = {
    "normal": lambda rng: rng.normal(size=len(HOURS)),
    "rounded and slow": lambda rng: np.round(autoregression(rng, rows=len(HOURS), coefficient=0.95), 1),
    "sun": lambda rng: np.maximum(np.sin(HOURS / 24 * 2 * np.pi) * rng.uniform(0.5, 1.5, len(HOURS)), 0.0),
    "traded": traded,
    "counts": lambda rng: rng.poisson(0.3, len(HOURS)).astype(float),
    "set once a day": lambda rng: np.repeat(rng.normal(size=DAYS), 24),
    "rare": lambda rng: (rng.random(len(HOURS)) < 0.01).astype(float),
    "off for long": lambda rng: np.where(np.repeat(rng.random(DAYS) < 0.4, 24), 0.0, rng.normal(size=len(HOURS))),
}


def found(values: Floats) -> list[str]:
    table = pd.DataFrame({"x": values})
    cut = (DAYS - WINDOW) * 24
    signals = stuck_columns(table[cut:], table[:cut], profile_table(table[: 30 * 24], ["x"]), ["x"])
    return [signal.reason for signal in signals]


@pytest.mark.parametrize("name", USUAL)
def test_what_is_quiet_now_and_then_is_not_called_stuck(name: str) -> None:
    alarms = [found(USUAL[name](np.random.default_rng(seed))) for seed in range(100)]
    assert sum(map(bool, alarms)) <= 1, [said for said in alarms if said]


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize(
    ("name", "hours"), [("normal", 24), ("rounded and slow", 100), ("sun", 60), ("set once a day", 100)]
)
def test_a_number_that_is_held_for_longer_than_ever_is_found(name: str, hours: int, gaps: bool) -> None:
    values = USUAL[name](np.random.default_rng(0))
    values[-hours - 30 : -30] = values[-hours - 30] if name != "sun" else 0.7
    if gaps:
        values[np.random.default_rng(1).random(len(values)) < 0.1] = np.nan
    [said] = found(values)
    assert "in turn" in said


def test_what_is_held_is_told() -> None:
    table = pd.DataFrame({"x": USUAL["normal"](np.random.default_rng(0))})
    table.loc[len(HOURS) - 48 :, "x"] = 21.5
    cut = (DAYS - WINDOW) * 24
    [signal] = stuck_columns(table[cut:], table[:cut], profile_table(table[:cut], ["x"]), ["x"])
    assert signal.blocks
    assert signal.detail[HELD] == 21.5
    assert signal.value == pytest.approx(48 / 240)


def test_of_whose_past_little_is_known_nothing_is_said() -> None:
    values = np.random.default_rng(0).normal(size=400)
    values[-150:] = 1.0
    table = pd.DataFrame({"x": values, "y": "a"})
    known = profile_table(table[:200], ["x", "y"])
    assert not list(stuck_columns(table[200:], table[:200], known, ["x", "y", "z"]))
    assert not list(stuck_columns(table[260:], table[:260], known, ["x"]))  # all of them: the window's own check
