"""What people say about a model: pauses, mutes, annotations, marks; and what a run makes of a pause."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from include import workflow
from include.errors import DataError, NotOnRecord
from include.records import masking
from include.records.entries import Run
from tests.records.examples import make_analysis, make_decision
from tests.stage import REFERENCE_DAYS, Stage, day, sales

BY = {"by": "ada", "reason": "the sensor is being replaced"}


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(50))
    return stage


def decide(stage: Stage, run_id: str, *, days_ago: float = 1.0, **decided: object) -> None:
    at = datetime.now().astimezone() - timedelta(days=days_ago)
    stage.store.save_decision(make_analysis(run_id, "sales", as_of=at), make_decision(**decided), at=at)


def mark(stage: Stage, run_id: str, verdict: str = "false_alarm") -> None:
    workflow.mark_decision(stage.deployment, "sales", run_id, verdict=verdict, by="ada", reason="a sale")


def test_nothing_is_said_of_a_model_that_nobody_knows(stage: Stage) -> None:
    at = day(99).replace(year=2126)
    for say in (
        lambda: workflow.pause_model(stage.deployment, "sale", **BY),
        lambda: workflow.resume_model(stage.deployment, "sale", **BY),
        lambda: workflow.mute(stage.deployment, "sale", until=at, **BY),
        lambda: workflow.annotate(stage.deployment, "sale", at=at, text="x", by="ada"),
        lambda: workflow.annotations_of(stage.deployment, "sale"),
    ):
        with pytest.raises(NotOnRecord, match="did you mean 'sales'"):
            say()


def test_model_whose_file_is_gone_is_still_spoken_of(stage: Stage) -> None:
    decide(stage, "run-1")
    (stage.models / "sales.yaml").unlink()
    assert workflow.annotate(stage.deployment, "sales", at=day(1), text="retired", by="ada").text == "retired"


@pytest.mark.parametrize(
    "say",
    [
        lambda stage: workflow.pause_model(stage.deployment, "sales", **BY),
        lambda stage: workflow.mute(stage.deployment, "sales", until=day(99).replace(year=2126), **BY),
        lambda stage: workflow.annotate(stage.deployment, "sales", at=day(1), text="x", by="ada"),
        lambda stage: workflow.request_retrain(stage.deployment, "sales", reason="x", by="ada"),
        lambda stage: workflow.analyze(stage.deployment, "sales", Run(run_id="run-1", as_of=day(REFERENCE_DAYS))),
    ],
    ids=["pause", "mute", "annotate", "request", "analyze"],
)  # fmt: skip
def test_keys_of_a_models_script_are_masked_in_what_is_written_about_the_model(
    stage: Stage, say: Callable[[Stage], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(masking, "_remembered", set())
    monkeypatch.setenv("SHOP_LICENCE", "LIC-4711-abcdef-0815")
    script = {"command": ["train"], "predict_command": ["predict"], "environment": ["SHOP_LICENCE", "NOT_SET"]}
    stage.add("sales", training={"script": script})
    assert "LIC" in masking.mask("LIC-4711-abcdef-0815")
    say(stage)
    assert masking.mask("the key LIC-4711-abcdef-0815 is new") == "the key *** is new"


def test_model_with_a_bad_file_can_be_paused(stage: Stage) -> None:
    (stage.models / "sales.yaml").write_text("{")
    assert workflow.pause_model(stage.deployment, "sales", **BY).reason == BY["reason"]


def test_everybody_can_be_muted_at_once(stage: Stage) -> None:
    until = day(99).replace(year=2126)
    kept = workflow.mute(stage.deployment, "", until=until, **BY)
    assert workflow.mutes(stage.deployment) == [kept]
    workflow.unmute(stage.deployment, kept.id, by="ada", reason="mended")
    assert workflow.mutes(stage.deployment) == []


@pytest.mark.parametrize(("verdict", "told"), [("false", "allowed: false_alarm, right"), ("", "allowed"),
                                               ("FALSE_ALARM", "did you mean 'false_alarm'")])  # fmt: skip
def test_mark_is_one_of_two(stage: Stage, verdict: str, told: str) -> None:
    decide(stage, "run-1")
    with pytest.raises(DataError, match=told):
        mark(stage, "run-1", verdict)


def test_decision_that_asked_for_nothing_was_no_false_alarm_and_one_that_was_blocked_may_have_been(
    stage: Stage,
) -> None:
    decide(stage, "quiet", triggered=False)
    decide(stage, "blocked", triggered=False, blocked_by=("data quality",))
    with pytest.raises(DataError, match="no alarm"):
        mark(stage, "quiet")
    mark(stage, "quiet", "right")
    mark(stage, "blocked")
    with pytest.raises(NotOnRecord, match="nowhere"):
        mark(stage, "nowhere")


def test_false_alarms_of_ninety_days_are_counted_against_the_budget(stage: Stage) -> None:
    stage.add("sales", policy={"false_retrains_per_quarter": 4})
    for run_id, days_ago in (("old", 91.0), ("first", 89.0), ("second", 2.0), ("right", 1.0)):
        decide(stage, run_id, days_ago=days_ago)
        mark(stage, run_id, "right" if run_id == "right" else "false_alarm")
    decide(stage, "blocked", triggered=False, blocked_by=("data quality",))
    mark(stage, "blocked")
    found = workflow.budget_spent(stage.deployment, "sales")
    assert (found.allowed, found.marked, found.spent, found.overdrawn) == (4.0, 2, 0.5, False)
    mark(stage, "second", "right")
    assert workflow.budget_spent(stage.deployment, "sales").marked == 1
