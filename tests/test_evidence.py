"""What a decision looks at, and what a policy makes of it from check to check, through the store."""

from __future__ import annotations

import ast
import inspect
from dataclasses import fields
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from include.decision.evidence import Evidence
from include.decision.signals import SignalKind
from include.errors import ConfigurationError, DataError
from include.records.entries import EventStatus, Facts, Run
from include.workflow.steps.decide import decide
from include.workflow.steps.evidence import gather
from tests.records.examples import execute, make_analysis, make_outcome
from tests.stage import Stage, day, sales
from tests.sweeps import first_of
from tests.triggers.signals import signal

START = datetime(2026, 5, 3, 12, tzinfo=UTC)
SIX_HOURS, DAY = timedelta(hours=6), timedelta(days=1)
MODEL = "housing"
HARM, CALM = signal(SignalKind.PERFORMANCE, 3.0), signal(SignalKind.PERFORMANCE, 0.2)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    return Stage(tmp_path)


def checks(stage: Stage, number: int, *, harm: Any, status: EventStatus = EventStatus.HELD) -> list[datetime]:
    """Check every six hours after a first version; `harm` says for which; return when a retrain was decided."""
    retrained = []
    for count in range(1, number + 1):
        at = START + count * SIX_HOURS
        champion = stage.store.champion(MODEL)
        assert champion is not None
        analysis = make_analysis(
            f"run-{count}", as_of=at, signals=(HARM if harm(count) else CALM,), champion_version=champion.version
        )
        stage.store.save_analysis(analysis, at=at)
        _, event = decide(stage.deployment, MODEL, analysis.run)
        if event is not None:
            retrained.append(at)
            with stage.store.claim(event.id, at=at) as claim:
                claim.begin_version(at=at)
                claim.finish(make_outcome(status), at=at)
    return retrained


@pytest.mark.parametrize(
    ("preset", "status"),
    first_of([("balanced", EventStatus.HELD), ("balanced", EventStatus.PROMOTED), ("aggressive", EventStatus.HELD),
              ("conservative", EventStatus.HELD), ("balanced", EventStatus.REJECTED)], 3),
)  # fmt: skip
def test_metric_that_flaps_is_retrained_once_a_cooldown_at_most(stage: Stage, preset: str, status: EventStatus) -> None:
    stage.add(MODEL, policy={"preset": preset})
    execute(stage.store, "first", at=START)
    retrained = checks(stage, 70, harm=lambda count: count % 2 == 0, status=status)
    cooldown = stage.deployment.spec(MODEL).settings().cooldown
    assert len(retrained) >= 2
    assert all(later - earlier >= cooldown for earlier, later in pairwise(retrained))


def test_metric_that_flaps_never_convinces_a_policy_that_wants_it_twice_running(stage: Stage) -> None:
    stage.add(MODEL, policy={"when": {"persistence": {"count": 2, "checks": 2, "of": "performance"}}, "cooldown": "0d"})
    execute(stage.store, "first", at=START)
    assert checks(stage, 20, harm=lambda count: count % 2 == 0) == []
    assert checks(stage, 24, harm=lambda count: count > 22) == [START + 24 * SIX_HOURS]


def test_new_champion_is_left_alone_while_it_warms_up(stage: Stage) -> None:
    stage.add(MODEL, policy={"when": {"warm_up": {"period": "2d", "of": "performance"}}, "cooldown": "0d"})
    execute(stage.store, "first", at=START)
    retrained = checks(stage, 20, harm=lambda count: True, status=EventStatus.PROMOTED)
    assert retrained == [START + 2 * DAY, START + 4 * DAY]


def test_age_retrains_once_an_age_also_when_nothing_better_is_found(stage: Stage) -> None:
    stage.add(MODEL, policy={"when": {"model_age": "2d"}, "cooldown": "0d"})
    execute(stage.store, "first", at=START)
    assert checks(stage, 20, harm=lambda count: False) == [START + 2 * DAY, START + 4 * DAY]


def test_evidence_is_what_the_records_say(stage: Stage) -> None:
    stage.add(
        MODEL, policy={"when": {"any": ["new_data", {"persistence": {"count": 2, "checks": 3, "of": "performance"}}]}}
    )
    first = execute(stage.store, "first", at=START)
    checks(stage, 5, harm=lambda count: False)
    facts = Facts(new_rows=7, data_hash="abc", probes={"queue": 3.0})
    run = Run(run_id="now", as_of=START + 3 * DAY, force=True, reason="please")
    analysis = make_analysis("now", as_of=run.as_of, champion_version=first.version, facts=facts)
    found = gather(stage.store, stage.deployment.spec(MODEL), analysis)
    assert (found.champion_since, found.last_retrained_at, found.has_champion) == (START, None, True)
    assert (found.trained_rows, found.new_rows, found.data_hash, found.trained_data_hash) == (900, 7, "abc", "")
    assert found.probes == {"queue": 3.0}
    assert [check.at for check in found.past] == [START + 5 * SIX_HOURS, START + 4 * SIX_HOURS]


def test_facts_are_learnt_from_the_rows(stage: Stage) -> None:
    table = sales(60)
    stage.add(
        "shop", table.iloc[: 45 * 24], policy={"when": {"any": ["new_data", {"data_volume": 200}]}, "cooldown": "0d"}
    )
    stage.run("shop", day(31))
    seen = stage.run("shop", day(38)).analysis.facts
    assert seen.new_rows == 8 * 24
    assert seen.probes["model_size"] > 0.0
    known = stage.store.analysis("shop", f"run__{day(31).isoformat()}")
    assert known is not None
    assert known.facts.data_hash not in ("", seen.data_hash)


def test_volume_counts_all_new_rows_also_those_before_the_window(stage: Stage) -> None:
    stage.add("shop", sales(60), policy={"when": {"data_volume": "70%"}}, minimum_rows=50)
    stage.run("shop", day(31))
    assert stage.run("shop", day(50)).analysis.facts.new_rows == 20 * 24
    due = stage.run("shop", day(53))
    assert due.decision.triggered
    assert due.decision.trigger_type == "data_volume"


def test_corrected_rows_of_a_pair_fire_once(stage: Stage) -> None:
    table = sales(40).drop(columns="at")
    source = {"kind": "csv", "reference_path": "old.csv", "recent_path": "new.csv"}
    stage.add("pair", source=source, timestamp=None, reference=None, window=None,
              policy={"when": "new_data", "cooldown": "0d"})  # fmt: skip
    stage.write("old", table.iloc[:720])
    stage.write("new", table.iloc[720:840])
    stage.run("pair", day(1))
    assert not stage.run("pair", day(2)).decision.triggered
    stage.write("new", table.iloc[720:])
    assert stage.run("pair", day(3)).decision.trigger_type == "new_data"
    assert not stage.run("pair", day(4)).decision.triggered


def queue_length(model_name: str, as_of: datetime) -> float:
    return 12.0 if (model_name, as_of) == ("shop", day(38)) else 1.0


def no_number(model_name: str, as_of: datetime) -> float:
    raise RuntimeError("no connection")


def test_probe_of_the_owner_fires(stage: Stage) -> None:
    place = f"{__name__}:queue_length"
    stage.add("shop", sales(60), probes={"queue": place}, policy={"when": {"probe": {"name": "queue", "above": 10}}})
    stage.run("shop", day(31))
    assert not stage.run("shop", day(36)).decision.triggered
    fired = stage.run("shop", day(38)).decision
    assert (fired.triggered, fired.trigger_type) == (True, "queue")


@pytest.mark.parametrize(
    ("place", "error", "words"),
    [("nowhere:f", ConfigurationError, "probes.queue: cannot import"), ("", DataError, "RuntimeError: no connection")],
)
def test_probe_that_fails_is_an_error_and_no_silence(
    stage: Stage, place: str, error: type[Exception], words: str
) -> None:
    stage.add("shop", sales(60), probes={"queue": place or f"{__name__}:no_number"})
    with pytest.raises(error, match=words):
        stage.run("shop", day(31))


def test_effective_settings_are_registered_with_the_model(stage: Stage) -> None:
    stage.add("shop", sales(60), policy={"preset": "aggressive"})
    stage.run("shop", day(31))
    config = stage.store._models["shop"]["config"]
    assert config["effective"]["preset"] == "aggressive"
    assert config["effective"]["settings"]["cooldown"] == "2d"


def test_every_field_of_the_evidence_is_gathered() -> None:
    """One that is not would be empty in production, and full in a backtest from records."""
    [call] = [
        node for node in ast.walk(ast.parse(inspect.getsource(gather)))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Evidence"
    ]  # fmt: skip
    assert {keyword.arg for keyword in call.keywords} == {each.name for each in fields(Evidence) if each.init}


def test_what_a_machine_did_whose_clock_was_years_ahead_holds_nothing_up(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(60, change=40), policy={"cooldown": "7d"})
    stage.run("sales", day(31))
    ahead = stage.run("sales", day(31) + timedelta(days=3650), force=True, reason="try")
    assert ahead.event is not None
    assert ahead.event.was_retrained
    step = stage.run("sales", day(50))
    assert step.decision.triggered
    assert step.event is not None
    assert step.event.was_retrained
