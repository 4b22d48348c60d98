"""Which models a run by schedule looks at: each at its `check_every`, spread over the runs, and none is forgotten."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest

from include.decision.request import RequestKind
from include.errors import ConfigurationError
from include.workflow.due import choose_models, is_due
from tests.records.examples import make_analysis, make_decision
from tests.stage import Stage

START, HOUR = datetime(2026, 5, 3, tzinfo=UTC), timedelta(hours=1)
MANY = [f"model_{number}" for number in range(400)]


def checks(name: str, every: timedelta, runs: list[datetime]) -> list[datetime]:
    """The runs that look at a model."""
    looked: list[datetime] = []
    for at in runs:
        if is_due(name, every, last=looked[-1] if looked else None, at=at):
            looked.append(at)
    return looked


def every_six_hours(days: int) -> list[datetime]:
    return [START + number * 6 * HOUR for number in range(4 * days)]


@pytest.mark.parametrize("every", [timedelta(minutes=1), HOUR, 5 * HOUR, 6 * HOUR])
def test_model_that_is_to_be_checked_as_often_as_runs_are_made_or_oftener_is_checked_in_each(every: timedelta) -> None:
    runs = every_six_hours(30)
    assert all(checks(name, every, runs) == runs for name in MANY[:20])


@pytest.mark.parametrize("hours", [12, 24, 7 * 24, 28 * 24])
def test_checks_are_as_far_apart_as_the_model_file_says_after_the_first_which_may_be_less(hours: int) -> None:
    for name in MANY[:50]:
        looked = checks(name, hours * HOUR, every_six_hours(90))
        gaps = [later - earlier for earlier, later in pairwise(looked)]
        assert gaps[0] <= hours * HOUR
        assert set(gaps[1:]) == {hours * HOUR}


@pytest.mark.parametrize("hours", [7, 8, 10, 45])
def test_checks_are_so_far_apart_on_the_average_where_that_is_no_multiple_of_the_time_between_runs(hours: int) -> None:
    looked = checks("demand", hours * HOUR, every_six_hours(360))
    assert (looked[-1] - looked[1]) / (len(looked) - 2) == pytest.approx(hours * HOUR, rel=0.01)
    assert max(later - earlier for earlier, later in pairwise(looked)) < (hours + 6) * HOUR


def test_models_that_were_registered_at_once_are_spread_over_the_runs() -> None:
    runs = every_six_hours(21)
    counted = Counter(at for name in MANY for at in checks(name, timedelta(days=7), runs))
    assert counted[runs[0]] == len(MANY)  # nothing is known of any of them
    assert max(counted[at] for at in runs[1:]) < 3 * len(MANY) / 28
    assert sum(counted.values()) == pytest.approx(len(MANY) * 4, rel=0.02)


def test_run_that_did_not_take_place_is_made_up_for_by_the_next() -> None:
    runs = every_six_hours(60)
    usual = checks("demand", timedelta(days=7), runs)
    without = [at for at in runs if at != usual[2]]
    assert checks("demand", timedelta(days=7), without)[2] == usual[2] + 6 * HOUR


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A model to be checked weekly and one oftener, which were by schedule, and another that never was."""
    stage = Stage(tmp_path)
    for name in ("weekly", "fresh", "often"):
        stage.add(name, check_every="6h" if name == "often" else "7d")
    for name in ("weekly", "often"):
        analysis = make_analysis("scheduled__1", name, as_of=START, requested_by="scheduled")
        stage.store.save_decision(analysis, make_decision(triggered=False), at=START)
    return stage


def chosen(stage: Stage, at: datetime | None, **params: object) -> tuple[set[str], int]:
    found = choose_models(stage.deployment, params, params, now=START + 6 * HOUR, scheduled_at=at)
    return set(found.names), found.later


def test_run_by_schedule_looks_at_what_is_due_and_one_that_somebody_asked_for_at_all(stage: Stage) -> None:
    assert chosen(stage, START + 6 * HOUR) == ({"fresh", "often"}, 1)
    assert chosen(stage, None) == ({"fresh", "often", "weekly"}, 0)
    assert chosen(stage, None, models=["weekly"]) == ({"weekly"}, 0)
    assert chosen(stage, START + timedelta(days=7)) == ({"fresh", "often", "weekly"}, 0)


def test_run_by_schedule_looks_at_models_of_which_something_waits_and_at_files_with_mistakes(stage: Stage) -> None:
    stage.store.add_request("weekly", RequestKind.API, "new prices", "ada", at=START)
    assert "weekly" in chosen(stage, START + 6 * HOUR)[0]
    stage.models.joinpath("broken.yaml").write_text("metric: rsme")
    assert "broken" in chosen(stage, START + 6 * HOUR)[0]


def test_parameters_are_checked_before_anything_is_looked_up(stage: Stage) -> None:
    with pytest.raises(ConfigurationError, match="unknown parameter 'modelz'"):
        chosen(stage, START, modelz=["weekly"])
