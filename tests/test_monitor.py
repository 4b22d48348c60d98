"""The monitor of the monitor: each thing that may be wrong with it is told, and what is in order is not."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from include import workflow
from include.decision.decision import Severity
from include.decision.request import RequestKind
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError, NotOnRecord
from include.records.entries import Problem, ProblemKind
from tests.records.examples import HOUR, execute, fail, make_analysis, make_decision
from tests.stage import Stage, day

NOW = day(200)
STALE = Signal(
    kind=SignalKind.DATA_QUALITY, statistic="staleness", verdict=Verdict.CHANGED, reason="the source stopped",
    value=9e5, threshold=1e5,
)  # fmt: skip


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """One model that was looked at an hour ago, with rows and labels."""
    stage = Stage(tmp_path)
    add(stage, "sales")
    check(stage, "run-1", -1)
    return stage


def add(stage: Stage, name: str, *, hours: float = -1.0, **fields: Any) -> None:
    """A model file that was written so many hours from now."""
    file = stage.add(name, **fields)
    os.utime(file, (touched := (NOW + hours * HOUR).timestamp(), touched))


def check(stage: Stage, run_id: str, hours: float, model_name: str = "sales", **changes: Any) -> None:
    at = NOW + hours * HOUR
    stage.store.register_model(model_name, "hash", {}, at=at)
    stage.store.save_analysis(make_analysis(run_id, model_name, as_of=at, **changes), at=at)


def problems(stage: Stage, at: datetime = NOW) -> list[tuple[str, str]]:
    return [(str(each.kind), each.subject) for each in workflow.health(stage.deployment, at=at).problems]


def test_monitor_that_is_well_says_so(stage: Stage) -> None:
    found = workflow.health(stage.deployment, at=NOW)
    assert (found.well, found.models, found.problems) == (True, 1, ())


def broken_file(stage: Stage) -> None:
    (stage.models / "sales.yaml").write_text("metric: rsme\n")


def unreadable_file(stage: Stage) -> None:
    (stage.models / "sales.yaml").unlink()
    (stage.models / "sales.yaml").mkdir()


def no_check_for_two_intervals(stage: Stage) -> None:
    stage.add("sales", check_every="15min", window="10d")


def never_checked(stage: Stage) -> None:
    add(stage, "new", hours=-13)


def failing_twice(stage: Stage) -> None:
    for number in (2, 3):
        fail(stage.store, f"run-{number}", NOW - HOUR / number, model_name="sales")


def failing_for_good(stage: Stage) -> None:
    fail(stage.store, "run-2", NOW - HOUR / 2, model_name="sales", permanent=True)


def failing_before_any_model(stage: Stage) -> None:
    fail(stage.store, "run-2", NOW - HOUR / 2, model_name="", step="choose", permanent=True)


def publishing_fails(stage: Stage) -> None:
    for number in (2, 3):
        fail(stage.store, f"run-{number}", NOW - HOUR / number, model_name="sales", step="publish")


def stale(stage: Stage) -> None:
    check(stage, "run-2", -0.5, signals=(STALE,))


def labels_gone(stage: Stage) -> None:
    check(stage, "run-2", -0.5, labelled_rows=0)


def labels_halved(stage: Stage) -> None:
    check(stage, "run-0", -31 * 24, rows=100, labelled_rows=90)
    check(stage, "run-2", -0.5, rows=100, labelled_rows=40)


def request_waits(stage: Stage) -> None:
    stage.store.add_request("sales", RequestKind.API, "audit", "ada", at=NOW - 13 * HOUR)


def request_to_nobody(stage: Stage) -> None:
    stage.store.add_request("gone", RequestKind.API, "audit", "ada", at=NOW)


def files_gone(stage: Stage) -> None:
    execute(stage.store, "run-1")
    stage.store.register_model("housing", "hash", {}, at=NOW)
    for file in stage.models.glob("*.yaml"):
        file.unlink()


def request_to_the_paused(stage: Stage) -> None:
    stage.store.add_request("sales", RequestKind.API, "audit", "ada", at=NOW)
    stage.store.people.set_pause("sales", paused=True, by="ada", reason="not now", at=NOW)


def false_alarms(stage: Stage) -> None:
    for number in range(1, 6):
        at = NOW - number * HOUR
        stage.store.save_decision(make_analysis(f"f-{number}", "sales", as_of=at), make_decision(), at=at)
        workflow.mark_decision(
            stage.deployment, "sales", f"f-{number}", verdict="false_alarm", by="ada", reason="a sale"
        )


@pytest.mark.parametrize(
    ("sick", "kind", "subject", "told"),
    [
        (broken_file, "broken_file", "sales", "field metric"), (unreadable_file, "broken_file", "sales", "cannot be"),
        (no_check_for_two_intervals, "unchecked", "sales", "should be every 0.25 h"),
        (never_checked, "unchecked", "new", "never been looked at"),
        (failing_twice, "failing", "sales", "analyze failed in 2 runs"),
        (failing_for_good, "failing", "sales", "in the last run"),
        (failing_before_any_model, "failing", "all models", "choose failed"),
        (publishing_fails, "failing", "sales", "publish failed in 2 runs"),
        (stale, "stale_source", "sales", "the source stopped"),
        (labels_gone, "labels_stopped", "sales", "0% of the recent 500 rows have labels"),
        (labels_halved, "labels_stopped", "sales", "40% of the recent 100 rows have labels; 30 days before it was 90%"),
        (request_waits, "request_waits", "sales", "a request waits"),
        (request_to_nobody, "request_waits", "gone", "no model file of that name"),
        (files_gone, "unchecked", "model files", "champion are on record (1)"),
        (request_to_the_paused, "request_waits", "sales", "paused by ada"),
        (false_alarms, "budget_overdrawn", "sales", "marked as false alarms: 5; its budget allows 1"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_told_once_with_a_way_out(
    stage: Stage, sick: Callable[[Stage], None], kind: str, subject: str, told: str
) -> None:
    sick(stage)
    [problem] = workflow.health(stage.deployment, at=NOW).problems
    assert (problem.kind, problem.subject) == (kind, subject)
    assert told in problem.told
    assert problem.way_out


@pytest.mark.parametrize(
    "well",
    [
        lambda stage: check(stage, "run-2", -0.5, rows=0, labelled_rows=0),  # nothing to label; no signal says stale
        lambda stage: fail(stage.store, "run-2", NOW - HOUR / 2, model_name="sales"),  # once, and may pass
        lambda stage: fail(stage.store, "run-0", NOW - 2 * HOUR, model_name="sales", permanent=True),  # mended since
        lambda stage: fail(stage.store, "run-2", NOW - HOUR / 2, model_name="gone", permanent=True),
        lambda stage: fail(stage.store, "run-2", NOW, model_name="sales", step="roll_back", permanent=True),
        lambda stage: stage.store.add_request("sales", RequestKind.API, "audit", "ada", at=NOW - 11 * HOUR),
        lambda stage: add(stage, "new", hours=-11),
        lambda stage: add(stage, "off", hours=-999, enabled=False),
        lambda stage: check(stage, "run-2", -999, "forgotten"),  # its file is gone: nobody wants it looked at
    ],
)  # fmt: skip
def test_what_is_in_order_is_not_told(stage: Stage, well: Callable[[Stage], Any]) -> None:
    well(stage)
    assert problems(stage) == []


def test_model_that_never_had_labels_has_not_lost_them(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    add(stage, "sales")
    for number in range(3):
        check(stage, f"run-{number}", -3 + number, labelled_rows=0)
    assert problems(stage) == []


@pytest.mark.parametrize(
    ("delay", "reach", "told"),
    [
        ("2d", 47, []), ("2d", 143, []), ("2d", 144, [("labels_stopped", "sales")]),
        ("13d", 335, []), ("13d", 336, [("labels_stopped", "sales")]),  # a whole window is all that there ever is
        ("0d", 1, [("labels_stopped", "sales")]), ("2d", None, [("labels_stopped", "sales")]),
    ],
)  # fmt: skip
def test_labels_have_not_stopped_before_they_had_time_to_arrive(
    stage: Stage, delay: str, reach: float | None, told: list[tuple[str, str]]
) -> None:
    add(stage, "sales", label_delay=delay, window="14d")
    begun = None if reach is None else NOW - (reach + 0.5) * HOUR
    check(stage, "run-2", -0.5, labelled_rows=0, window_start=begun, window_end=NOW - HOUR / 2)
    assert problems(stage) == told


@pytest.mark.parametrize("asleep", ["paused", "disabled"])
def test_model_that_is_to_be_left_alone_is_not_missed(stage: Stage, asleep: str) -> None:
    failing_twice(stage)
    check(stage, "run-2", -99, signals=(STALE,))
    if asleep == "paused":
        stage.store.people.set_pause("sales", paused=True, by="ada", reason="not now", at=NOW)
    else:
        add(stage, "sales", enabled=False)
    assert problems(stage, NOW + timedelta(days=2)) == []


@pytest.mark.parametrize(("hours", "told"), [(-0.5, False), (-1.5, True), (-30.0, True)])
def test_data_that_arrived_and_that_no_run_takes_is_a_problem_until_one_does(
    stage: Stage, hours: float, told: bool
) -> None:
    for place in range(5):
        stage.store.arrivals.add(
            f"rows /data/{place}.csv", follows=0, fingerprint="f", files={}, changed=None, starts=True,
            at=NOW + hours * HOUR,
        )  # fmt: skip
    assert (("arrival_waits", "data arrival") in problems(stage)) is told
    if told:
        [problem] = workflow.health(stage.deployment, at=NOW).problems
        assert "/data/0.csv, /data/1.csv, /data/2.csv and 2 more places" in problem.told
    stage.store.arrivals.take("run-1", at=NOW)
    assert problems(stage) == []


def test_failing_model_is_not_told_as_unchecked_too(stage: Stage) -> None:
    failing_twice(stage)
    assert problems(stage, NOW + timedelta(days=2)) == [("failing", "sales")]
    assert problems(stage, NOW + timedelta(days=20)) == [("unchecked", "sales")]  # not even a failure for long


def test_worst_comes_first_and_what_the_caller_sees_is_among_it(stage: Stage) -> None:
    request_waits(stage), stale(stage), never_checked(stage)
    away = Problem(
        kind=ProblemKind.AWAY, subject="scheduler", since=None, told="no heartbeat for 5 min", way_out="start it",
        severity=Severity.CRITICAL,
    )  # fmt: skip
    found = workflow.health(stage.deployment, at=NOW, also=[away])
    assert [str(each.kind) for each in found.problems] == ["away", "unchecked", "stale_source", "request_waits"]
    assert [str(each.kind) for each in found.of("sales")] == ["stale_source", "request_waits"]


def test_file_that_was_mended_is_read_again(stage: Stage) -> None:
    broken_file(stage)
    assert problems(stage) == [("broken_file", "sales")]
    add(stage, "sales")
    assert problems(stage) == []


def test_health_without_a_folder_of_models_says_what_to_correct(stage: Stage) -> None:
    with pytest.raises(ConfigurationError, match="RETRAINING_MODELS_DIR"):
        workflow.health(replace(stage.deployment, models_dir=stage.root / "gone"), at=NOW)


def test_statistics_are_asked_for_with_a_period_and_a_known_model(stage: Stage) -> None:
    stage.store.save_decision(make_analysis("f", "sales", as_of=NOW), make_decision(), at=NOW)
    ask = workflow.statistics_of_system
    assert [each.retrains for each in ask(stage.deployment, start=NOW, end=NOW + HOUR, model_name="sales")] == [1]
    with pytest.raises(ConfigurationError, match="not before"):
        ask(stage.deployment, start=NOW, end=NOW)
    with pytest.raises(NotOnRecord, match="did you mean 'sales'"):
        ask(stage.deployment, start=NOW, end=NOW + HOUR, model_name="sale")
