from __future__ import annotations

import json
from dataclasses import asdict, replace

import numpy as np
import numpy.typing as npt
import pytest

from include.scoring.rhythm import A_DAY, A_WEEK, ByPhase, Rhythm
from tests.series import autoregression, most

Floats = npt.NDArray[np.float64]
EACH = 12  # rows of a stretch: half-hourly


def stretches(days: float, begin: int = 0) -> npt.NDArray[np.intp]:
    return begin + np.repeat(np.arange(round(days * A_DAY)), EACH)


def weekend(stretch: npt.NDArray[np.intp], times: float) -> Floats:
    return np.where(stretch // A_DAY % 7 >= 5, times, 1.0)


def added(values: Floats, stretch: npt.NDArray[np.intp], weight: Floats | None = None) -> ByPhase:
    found = ByPhase.of(values, stretch, weight)
    assert found is not None
    return found


def groups(seed: int, times: float = 1.0, rises: tuple[float, ...] = (1.0, 1.0, 1.0)) -> list[ByPhase]:
    """Errors at acceptance, and of the halves of a window that begins on any day."""
    rng = np.random.default_rng(seed)
    begin = 4 * int(rng.integers(7))
    made = []
    for stretch, rise in zip((stretches(15), stretches(5, begin), stretches(5, begin + 20)), rises, strict=True):
        made.append(added(np.abs(rng.normal(size=len(stretch))) * weekend(stretch, times) * rise, stretch))
    return made


def test_rows_are_added_up_by_their_place_in_the_week() -> None:
    values, stretch = np.array([1.0, 3.0, 5.0, 7.0, 2.0]), np.array([0, 0, A_WEEK, A_WEEK, 5])
    found = added(values, stretch)
    assert (found.rows[0], found.rows[5], sum(found.rows)) == (4.0, 1.0, 5.0)
    assert (found.means[0], found.squares[0], found.means[5]) == (4.0, 21.0, 2.0)
    assert (found.stretches[0], found.scatter[0]) == (
        2.0,
        pytest.approx(16.0),
    )  # two rows each, 2 away from the mean of 4
    assert found.steps == (0.0,) * A_WEEK  # no stretch follows another


def test_stretches_that_follow_each_other_show_how_alike_they_are() -> None:
    values, stretch = np.array([1.0, 1.0, 3.0, 3.0]), np.array([0, 1, A_WEEK, A_WEEK + 1])
    found = added(values, stretch)
    assert sum(found.steps) == pytest.approx(2.0)  # each of two weeks is 1 off in both phases, on the same side


def test_weight_of_two_is_a_row_twice() -> None:
    rng, stretch = np.random.default_rng(0), stretches(3)
    values, weight = rng.random(len(stretch)), rng.integers(1, 3, len(stretch))
    weighted, twice = (
        added(values, stretch, weight.astype(float)),
        added(np.repeat(values, weight), np.repeat(stretch, weight)),
    )
    assert weighted.means == pytest.approx(twice.means)


@pytest.mark.parametrize("values", [[0.0, 0.0], [1.0, -1.0], [1.0, np.nan], [1.0, 1e300], []])
def test_numbers_without_a_rhythm_to_be_told_are_not_added_up(values: list[float]) -> None:
    assert ByPhase.of(np.array(values), np.zeros(len(values), dtype=np.intp)) is None


def test_phases_come_back_from_json() -> None:
    found = groups(0)[0]
    assert ByPhase.from_json(json.loads(json.dumps(asdict(found)))) == found


@pytest.mark.parametrize("coefficient", [0.0, 0.9, 0.98])
def test_rhythm_is_hardly_seen_where_there_is_none(coefficient: float) -> None:
    rng, found, trials = np.random.default_rng(1), 0, 100
    for _ in range(trials):
        errors = np.abs(autoregression(rng, rows=25 * A_DAY * EACH, coefficient=coefficient))
        parts = np.split(errors, [15 * A_DAY * EACH, 20 * A_DAY * EACH])
        begins = (0, 60, 80)
        made = [
            added(part, stretches(len(part) / A_DAY / EACH, begin)) for part, begin in zip(parts, begins, strict=True)
        ]
        found += Rhythm.find(made, capped=True) is not None
    assert found / trials <= most(0.05 if coefficient else 0.01, trials)


@pytest.mark.parametrize("rise", [0.5, 1.0, 2.0])
def test_factors_and_levels_are_those_of_the_world(rise: float) -> None:
    factors, rises = [], []
    for seed in range(20):
        found = Rhythm.find(groups(seed, 2.0, (1.0, 1.0, rise)))
        assert found is not None
        days = found.factors.reshape(7, A_DAY).mean(axis=1)
        factors.append(days[5:].mean() / days[:5].mean())
        rises.append(found.levels[2] / found.levels[1])
    assert np.mean(factors) == pytest.approx(2.0, rel=0.05)
    assert np.mean(rises) == pytest.approx(rise, rel=0.05)


def test_groups_of_whole_weeks_are_compared_as_surely_as_without_a_rhythm() -> None:
    rng = np.random.default_rng(2)
    for begin, dearer in ((4, False), (0, True)):
        parts = (stretches(14, begin), stretches(7, begin), stretches(5 if dearer else 7, begin))
        found = Rhythm.find([added(np.abs(rng.normal(size=len(at))) * weekend(at, 3.0), at) for at in parts])
        assert found is not None
        assert found.inflation == pytest.approx(1.0) or dearer
        assert 1.0 <= found.inflation < 2.0


def test_days_that_nothing_compares_show_no_rhythm() -> None:
    rng = np.random.default_rng(3)
    five, two = stretches(5), stretches(2, 5 * A_DAY)
    parts = [added(np.abs(rng.normal(size=len(at))) * weekend(at, 9.0), at) for at in (five, two)]
    assert Rhythm.find(parts) is None


def test_variance_of_a_group_is_that_without_the_rhythm() -> None:
    stretch = stretches(28)
    errors = np.abs(np.random.default_rng(4).normal(size=len(stretch)))
    calm, wild = added(errors, stretch), added(errors * weekend(stretch, 3.0), stretch)
    found = Rhythm.find([wild, replace(wild)])
    assert found is not None
    level = float(found.levels[0])
    assert level / found.variance(wild, level) ** 0.5 == pytest.approx(
        np.average(calm.means) / (np.average(calm.squares) - np.average(calm.means) ** 2) ** 0.5, rel=0.02
    )
