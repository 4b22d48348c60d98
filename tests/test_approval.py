from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from include.errors import ConfigurationError, NothingToDo
from include.interfaces.reports.text import body_of, subject_of
from include.records.entries import Event, EventStatus, Run
from include.workflow.approve import hold, question
from include.workflow.run import Answer, execute_in_run
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST = Run(run_id="first", as_of=day(REFERENCE_DAYS))


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(50), approval={"severities": ["MEDIUM"], "within": "2h"})
    return stage


def opened(stage: Stage) -> Event:
    analyze(stage.deployment, "sales", FIRST)
    event = decide(stage.deployment, "sales", FIRST)[1]
    assert event is not None
    return event


def test_question_names_model_severity_and_decision(stage: Stage) -> None:
    asked = question(stage.deployment, opened(stage).id)
    assert asked is not None
    assert subject_of(asked) == "Retrain sales? (MEDIUM: first_version)"
    assert "RETRAINING DECISION: YES" in body_of(asked)
    assert "no champion yet" in body_of(asked)
    assert asked.within == timedelta(hours=2)


def test_nobody_is_asked_at_other_severities_without_the_section_or_about_a_closed_event(stage: Stage) -> None:
    event = opened(stage)
    stage.add("sales", approval={"severities": ["HIGH", "CRITICAL"]})
    assert question(stage.deployment, event.id) is None
    stage.add("sales")
    assert question(stage.deployment, event.id) is None
    stage.add("sales", approval={"severities": ["MEDIUM"]})
    hold(stage.deployment, event.id, "ada")
    assert question(stage.deployment, event.id) is None


@pytest.mark.parametrize(
    ("answer", "status", "approved_by"),
    [
        (None, EventStatus.PROMOTED, ""), (Answer(approved=True, by="ada"), EventStatus.PROMOTED, "ada"),
        (Answer(approved=True), EventStatus.PROMOTED, "somebody unnamed"),
        (Answer(approved=False, by="ada"), EventStatus.HELD, ""), (Answer(approved=False), EventStatus.HELD, ""),
    ],
)  # fmt: skip
def test_step_of_a_run_obeys_the_answer(
    stage: Stage, answer: Answer | None, status: EventStatus, approved_by: str
) -> None:
    done = execute_in_run(stage.deployment, opened(stage).id, FIRST, answer)
    assert (done.status, done.approved_by) == (status, approved_by)
    assert len(stage.store.versions("sales")) == (status is EventStatus.PROMOTED)


@pytest.mark.parametrize("answer", [None, Answer(approved=True, by="ada"), Answer(approved=False, by="ada")])
def test_dry_run_says_that_it_has_nothing_to_execute(stage: Stage, answer: Answer | None) -> None:
    dry = replace(FIRST, dry_run=True)
    analyze(stage.deployment, "sales", dry)
    event = decide(stage.deployment, "sales", dry)[1]
    assert event is not None
    with pytest.raises(NothingToDo, match="a dry run decides"):
        execute_in_run(stage.deployment, event.id, dry, answer)
    assert question(stage.deployment, event.id) is None
    assert stage.store.event(event.id).status is EventStatus.DRY_RUN
    assert list(stage.store.versions("sales")) == []


@pytest.mark.parametrize(
    ("by", "words"),
    [("ada", "not approved: rejected by ada"), ("", "not approved: nobody answered in time")],
)  # fmt: skip
def test_no_holds_the_event_on_record_once_and_trains_nothing(stage: Stage, by: str, words: str) -> None:
    event = opened(stage)
    held = hold(stage.deployment, event.id, by)
    assert (held.status, held.outcome) == (EventStatus.HELD, words)
    assert hold(stage.deployment, event.id, "eve") == held
    assert execute(stage.deployment, event.id) == held
    assert list(stage.store.versions("sales")) == []
    found = log_completion(stage.deployment, "sales", FIRST)
    assert found is not None
    assert found[1] == held


def test_who_approved_is_kept_with_the_event(stage: Stage) -> None:
    done = execute(stage.deployment, opened(stage).id, approved_by="ada")
    assert (done.status, done.approved_by) == (EventStatus.PROMOTED, "ada")


def test_who_approved_is_kept_also_when_the_retrain_fails(stage: Stage) -> None:
    event = opened(stage)
    stage.add("sales", training={"callable": "os:nothing_here"})
    with pytest.raises(ConfigurationError):
        execute(stage.deployment, event.id, approved_by="ada")
    found = log_completion(stage.deployment, "sales", FIRST)
    assert found is not None
    assert found[1] is not None
    assert (found[1].status, found[1].approved_by) == (EventStatus.FAILED, "ada")


@pytest.mark.parametrize(
    ("approval", "words"),
    [({"severities": []}, "severities"), ({"severities": ["AWFUL"]}, "severities"),
     ({"severities": ["HIGH"], "within": "0h"}, "nobody can answer in no time"), ({"within": "1h"}, "severities")],
)  # fmt: skip
def test_wrong_section_is_named(stage: Stage, approval: dict[str, object], words: str) -> None:
    stage.add("sales", approval=approval)
    with pytest.raises(ConfigurationError, match=words):
        stage.deployment.spec("sales")
