"""Labels of which one is repeated as none was, and labels that repeat by nature."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
import pytest

from include.detectors.repeated_labels import Labels, repeated_class, repeated_number, those_repeated
from include.detectors.stuck import HELD
from tests.series import autoregression

Floats = npt.NDArray[np.float64]
DAYS, WINDOW = 45, 10  # of 24 rows
ROWS, CUT = DAYS * 24, (DAYS - WINDOW) * 24
HOURS = np.arange(ROWS)
LATE = HOURS >= CUT + 60
OPEN = HOURS % 168 < 104

World = Callable[[np.random.Generator], Floats]


def list_prices(rng: np.random.Generator) -> Floats:
    """Of which one is new in the window."""
    old, new = np.array([4.99, 9.99, 19.99, 49.0]), np.array([4.99, 9.99, 14.99, 19.99, 49.0])
    return np.where(LATE, rng.choice(new, ROWS), rng.choice(old, ROWS))


#: Unchanged, and changed as true labels change.
USUAL: dict[str, World] = {
    "normal": lambda rng: rng.normal(20.0, 3.0, ROWS),
    "to one digit": lambda rng: np.round(rng.normal(20.0, 3.0, ROWS), 1),
    "whole numbers": lambda rng: np.round(rng.normal(20.0, 3.0, ROWS)),
    "slow, to one digit": lambda rng: np.round(autoregression(rng, rows=ROWS, coefficient=0.97), 1),
    "counts": lambda rng: rng.poisson(3.0, ROWS).astype(float),
    "rare counts": lambda rng: rng.poisson(0.05, ROWS).astype(float),
    "sales of which a third are 0": lambda rng: np.where(rng.random(ROWS) < 0.33, 0.0, rng.gamma(2.0, 5.0, ROWS)),
    "sales, and the shop closed since": lambda rng: np.where(
        (rng.random(ROWS) < 0.1) | (HOURS >= CUT + 150), 0.0, rng.gamma(2.0, 5.0, ROWS)
    ),
    "sun": lambda rng: np.maximum(np.sin(HOURS / 24 * 2 * np.pi) * rng.uniform(0.5, 1.5, ROWS), 0.0),
    "a price that stands still at weekends": lambda rng: 100.0 + np.cumsum(np.where(OPEN, rng.normal(size=ROWS), 0.0)),
    "the same, to the cent": lambda rng: np.round(100.0 + np.cumsum(np.where(OPEN, rng.normal(size=ROWS), 0.0)), 2),
    "set once a day": lambda rng: np.repeat(rng.normal(size=DAYS), 24),
    "list prices, a new one": list_prices,
    "grades, better ones": lambda rng: np.where(
        LATE, rng.choice([3.0, 4.0, 5.0], ROWS), rng.choice([1.0, 2.0, 3.0, 4.0], ROWS)
    ),
    "capped": lambda rng: np.minimum(rng.normal(20.0, 3.0, ROWS), 22.0),
    "half of them twice": lambda rng: np.repeat(rng.normal(size=ROWS), 1 + (rng.random(ROWS) < 0.5))[:ROWS],
    "a new level": lambda rng: rng.normal(np.where(LATE, 60.0, 20.0), 3.0),
    "counts that fall to almost none": lambda rng: rng.poisson(np.where(LATE, 1.0, 15.0)).astype(float),
    "counts that fall": lambda rng: rng.poisson(np.where(LATE, 2.0, 7.0)).astype(float),
    "counts that rise": lambda rng: rng.poisson(np.where(LATE, 30.0, 2.0)).astype(float),
    "a third of the spread, to one digit": lambda rng: np.round(rng.normal(20.0, np.where(LATE, 1.0, 3.0)), 1),
    "written to one digit since": lambda rng: np.where(LATE, (made := rng.normal(20.0, 3.0, ROWS)).round(1), made),
    "each twice since": lambda rng: np.where(LATE, np.repeat(made := rng.normal(20.0, 3.0, ROWS), 2)[:ROWS], made),
    "of shops with a price each": lambda rng: np.tile(rng.uniform(1.0, 9.0, 20), ROWS // 20),
    "half of the spread, to two digits": lambda rng: np.round(rng.normal(20.0, np.where(LATE, 1.5, 3.0)), 2),
    "returns": lambda rng: rng.standard_t(3, ROWS),
    "returns of a halted market": lambda rng: np.where(OPEN, rng.standard_t(3, ROWS), 0.0),
    "losses for the first time": lambda rng: np.round(rng.normal(np.where(LATE, 1.0, 20.0), 2.0)),
    "ones and zeros": lambda rng: (rng.random(ROWS) < np.where(LATE, 0.9, 0.5)).astype(float),
}  # fmt: skip


def found(values: Floats) -> list[str]:
    return [signal.reason for signal in repeated_number("y", Labels(recent=values[CUT:], earlier=values[:CUT]))]


@pytest.mark.parametrize("name", USUAL)
def test_labels_that_repeat_by_nature_or_change_truly_are_not_told(name: str) -> None:
    alarms = [found(USUAL[name](np.random.default_rng(seed))) for seed in range(100)]
    assert sum(map(bool, alarms)) <= 0, [said for said in alarms if said]


def newest(values: Floats, held: float, rows: int = 120) -> Floats:
    return np.where(np.arange(ROWS) >= ROWS - rows, held, values)


def scattered(values: Floats, held: float, share: float = 0.3) -> Floats:
    return np.where((HOURS >= CUT) & (np.random.default_rng(1).random(ROWS) < share), held, values)


def carried(values: Floats, rows: int = 120) -> Floats:
    before = values[: ROWS - rows]
    return newest(values, float(before[before != 0.0][-1]), rows)


FAULTS: dict[str, Callable[[Floats], Floats]] = {
    "0 for the newest five days": lambda values: newest(values, 0.0),
    "-1 for the newest five days": lambda values: newest(values, -1.0),
    "0 for a day": lambda values: newest(values, 0.0, 24),
    "the last one carried on": carried,
    "the last one carried on for three days": lambda values: carried(values, 72),
    "one held in the middle": lambda values: np.where((HOURS >= CUT + 40) & (HOURS < CUT + 130), values[CUT], values),
    "0 at random": lambda values: scattered(values, 0.0),
    "a mean at random": lambda values: scattered(values, 20.1234),
    "0 in all": lambda values: newest(values, 0.0, WINDOW * 24),
    "0 in all but one": lambda values: np.where(HOURS == CUT + 9, values, newest(values, 0.0, WINDOW * 24)),
    "0 and -1": lambda values: scattered(newest(values, 0.0, 72), -1.0, 0.2),
    "missing between": lambda values: np.where(HOURS % 5 == 0, np.nan, newest(values, 0.0)),
}
#: One in three is no more than single values of these have for a while.
COARSE = {("whole numbers", "a mean at random"), ("slow, to one digit", "a mean at random")}


@pytest.mark.parametrize("fault", FAULTS)
@pytest.mark.parametrize("name", ["normal", "to one digit", "whole numbers", "slow, to one digit", "a new level"])
def test_a_label_that_is_repeated_as_none_was_is_told(name: str, fault: str) -> None:
    for seed in range(5):
        values = USUAL[name](np.random.default_rng(seed)) + (20.0 if name.startswith("slow") else 0.0)
        broken = FAULTS[fault](values)
        labels = [part[np.isfinite(part)] for part in (broken[CUT:], broken[:CUT])]
        signals = list(repeated_number("y", Labels(recent=labels[0], earlier=labels[1])))
        if (name, fault) in COARSE:
            continue
        assert [(each.statistic, each.blocks) for each in signals] == [("repeated_label", True)], seed


@pytest.mark.parametrize(
    ("name", "fault"),
    [("counts", lambda values: carried(values, 72)), ("counts", lambda values: newest(values, -1.0)),
     ("counts", lambda values: scattered(values, -1.0)), ("sales of which a third are 0", carried),
     ("sales of which a third are 0", lambda values: scattered(values, -1.0)),
     ("sales of which a third are 0", lambda values: scattered(values, 7.5)),
     ("capped", lambda values: scattered(values, 0.0)), ("list prices, a new one", carried),
     ("a price that stands still at weekends", lambda values: newest(values, 0.0, 230)),
     ("set once a day", lambda values: newest(values, 0.5, 100))],
)  # fmt: skip
def test_it_is_told_of_labels_that_repeat_by_nature(name: str, fault: Callable[[Floats], Floats]) -> None:
    for seed in range(5):
        assert found(fault(USUAL[name](np.random.default_rng(seed)))), seed


@pytest.mark.parametrize("days", [3, 5])
def test_the_last_label_of_each_of_many_is_told(days: int) -> None:
    shops = 24
    for seed in range(5):
        values = USUAL["normal"](np.random.default_rng(seed))
        first = ROWS - days * shops
        values[first:] = np.tile(values[first - shops : first], days)
        [said] = found(values)
        assert "numbers that come three times or more in " in said
        labels = Labels(recent=values[CUT:], earlier=values[:CUT])
        those = np.isfinite(those_repeated(labels.recent, None, labels.earlier))
        assert np.flatnonzero(those).tolist() == list(range(240 - days * shops, 240))


def test_what_is_repeated_and_what_to_do_are_told() -> None:
    [signal] = repeated_number(
        "y",
        Labels(recent=np.array([1.5, *[0.0] * 30, 2.5, 3.5]), earlier=np.random.default_rng(0).normal(9.0, 1.0, 200)),
    )
    assert signal.reason.startswith("y: 0 in 30 labels in turn, 1 at most before: does it stand for labels that are")
    assert signal.detail[HELD] == 0.0
    assert signal.value == pytest.approx(30 / 33)


def test_of_few_labels_or_little_past_nothing_is_said() -> None:
    rng = np.random.default_rng(0)
    for recent, earlier in ((19, 500), (200, 99)):
        labels = Labels(recent=np.zeros(recent), earlier=rng.normal(size=earlier))
        assert not list(repeated_number("y", labels))


def classes(rng: np.random.Generator, shares: npt.ArrayLike) -> Floats:
    """Ones with these shares, else zeros."""
    return np.asarray(rng.random(ROWS) < shares, dtype=float)


CLASSES: dict[str, World] = {
    "as many of both": lambda rng: classes(rng, 0.5),
    "one in fifty": lambda rng: classes(rng, 0.02),
    "four of five since": lambda rng: classes(rng, np.where(LATE, 0.8, 0.5)),
    "nine of ten since": lambda rng: classes(rng, np.where(LATE, 0.9, 0.5)),
    "by the day": lambda rng: np.repeat(rng.integers(0, 2, DAYS), 24).astype(float),
    "closed at weekends": lambda rng: np.where(OPEN, classes(rng, 0.5), 0.0),
    "slow": lambda rng: (autoregression(rng, rows=ROWS, coefficient=0.98) > 0.0).astype(float),
    "in order": lambda rng: np.sort(classes(rng, 0.5)),
    "three": lambda rng: rng.integers(0, 3, ROWS).astype(float),
}


def stuck(values: Floats) -> list[str]:
    labels = Labels(recent=values[CUT:], earlier=values[:CUT])
    return [signal.reason for signal in repeated_class("y", ("lost", "won", "open"), labels)]


@pytest.mark.parametrize("name", CLASSES)
def test_classes_that_stand_still_by_nature_or_have_become_common_are_not_told(name: str) -> None:
    alarms = [stuck(CLASSES[name](np.random.default_rng(seed))) for seed in range(100)]
    assert sum(map(bool, alarms)) <= 0, [said for said in alarms if said]


@pytest.mark.parametrize("name", ["as many of both", "three"])
@pytest.mark.parametrize("held", [0.0, 1.0])
def test_one_class_in_turn_beyond_chance_is_told(name: str, held: float) -> None:
    for seed in range(5):
        [said] = stuck(newest(CLASSES[name](np.random.default_rng(seed)), held))
        assert said.startswith(f"y: {('lost', 'won')[int(held)]!r} in 1")
