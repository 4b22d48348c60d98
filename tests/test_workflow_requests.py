from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.request import Request, RequestKind
from include.errors import ConfigurationError, RetrainingError, TrainingError
from include.records.entries import Analysis, EventStatus, Run
from include.records.memory import MemoryStore
from include.workflow.requested_rows import requested_source
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.stage import REFERENCE_DAYS, SMALL, Stage, day, rows_from, sales
from tests.sweeps import first_of

FIRST, QUIET, LATER = day(REFERENCE_DAYS), day(REFERENCE_DAYS + 12), day(REFERENCE_DAYS + 14)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    """A stage with one model on which nothing changes, and its first version."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(50))
    stage.run("sales", FIRST)
    return stage


def ask(stage: Stage, kind: RequestKind = RequestKind.API, **hyperparameters: object) -> Request:
    return stage.store.add_request("sales", kind, "audit", "ada", at=QUIET, hyperparameters=hyperparameters)[0]


def waiting(stage: Stage) -> list[Request]:
    return [kept.request for kept in stage.store.requests() if kept.consumed is None]


@pytest.mark.parametrize("kind", [RequestKind.API, RequestKind.MANUAL, RequestKind.RED_TEAM])
def test_request_retrains_a_quiet_model_once(stage: Stage, kind: RequestKind) -> None:
    ask(stage, kind)
    asked = stage.run("sales", QUIET)
    assert asked.decision.triggered
    assert "audit" in asked.decision.reason
    assert asked.event is not None
    assert waiting(stage) == []
    assert not stage.run("sales", LATER).decision.triggered


def test_repeated_run_does_not_ask_again(stage: Stage) -> None:
    ask(stage)
    first = stage.run("sales", QUIET, run_id="asked")
    late = ask(stage, depth=3)
    assert stage.run("sales", QUIET, run_id="asked") == first
    assert waiting(stage) == [late]


def test_hyperparameters_of_requests_reach_the_training_and_the_record(stage: Stage) -> None:
    ask(stage, max_iter=7, learning_rate=0.3)
    ask(stage, RequestKind.RED_TEAM, max_iter=9)
    event = stage.run("sales", QUIET).event
    assert event is not None
    version = stage.store.versions("sales")[-1]
    assert version.details.hyperparameters == {**SMALL, "max_iter": 9, "learning_rate": 0.3}
    assert stage.store.versions("sales")[0].details.hyperparameters == SMALL
    stage.store.add_request("sales", RequestKind.API, "more", "ada", at=LATER, hyperparameters={"max_iter": -1})
    with pytest.raises(TrainingError, match="max_iter"):
        stage.run("sales", LATER)


def test_request_that_comes_after_the_decision_does_not_change_its_training(stage: Stage) -> None:
    ask(stage, max_iter=7)
    run = Run(run_id="asked", as_of=QUIET)
    analyze(stage.deployment, "sales", run)
    _, event = decide(stage.deployment, "sales", run)
    late = ask(stage, max_iter=9)
    assert event is not None
    execute(stage.deployment, event.id)
    assert stage.store.versions("sales")[-1].details.hyperparameters == {**SMALL, "max_iter": 7}
    assert waiting(stage) == [late]


def test_request_that_cannot_be_trained_is_tried_three_times(stage: Stage) -> None:
    ask(stage, max_iter=-1)
    for number in range(5):
        at = QUIET + timedelta(hours=6 * number)
        run = Run(run_id=f"try-{number}", as_of=at)
        analyze(stage.deployment, "sales", run)
        decision, event = decide(stage.deployment, "sales", run)
        assert decision.triggered == (number < 3)
        if event is not None:
            with pytest.raises(TrainingError, match="max_iter"):
                execute(stage.deployment, event.id)
        log_completion(stage.deployment, "sales", run)
    assert waiting(stage) == []
    assert [kept.consumed and kept.consumed.run_id for kept in stage.store.requests()] == ["try-0", "try-1", "try-2"]
    assert "max_iter" in stage.store.requests()[-1].gave_up


def test_request_outlives_broken_data(stage: Stage) -> None:
    request = ask(stage)
    broken = sales(50)
    broken.loc[rows_from(REFERENCE_DAYS), "price"] = np.nan
    stage.write("sales", broken)
    blocked = stage.run("sales", QUIET)
    assert not blocked.decision.triggered
    assert blocked.decision.blocked_by
    assert waiting(stage) == [request]
    stage.write("sales", sales(50))
    assert stage.run("sales", LATER).decision.triggered
    assert waiting(stage) == []


def test_dry_run_shows_what_a_request_would_do_and_leaves_it_waiting(stage: Stage) -> None:
    request = ask(stage)
    step = stage.run("sales", QUIET, dry_run=True)
    assert step.event is not None
    assert step.event.status is EventStatus.DRY_RUN
    assert waiting(stage) == [request]


@pytest.mark.parametrize(
    "when",
    first_of(
        [None, {"cooldown": {"period": "90d", "of": {"new_data": {"requests_only": True}}}}, "performance", "new_data",
         {"all": ["performance", {"model_age": "90d"}]}], 2,
    ),
)  # fmt: skip
def test_new_data_that_are_reported_are_answered_by_the_next_run_whatever_the_tree_says(
    stage: Stage, when: object
) -> None:
    stage.add("sales", policy=None if when is None else {"when": when})
    stage.run("sales", QUIET, force=True, reason="early")  # the cooldown has begun
    ask(stage, RequestKind.NEW_DATA)
    step = stage.run("sales", LATER)
    assert (step.decision.triggered, step.decision.trigger_type) == (True, "new_data")
    assert step.decision.reason == "new_data: audit (ada)"
    assert step.decision.severity == "LOW"  # one request, however many triggers of the tree listen to it
    assert waiting(stage) == []


def test_forced_run_needs_no_request(stage: Stage) -> None:
    forced = stage.run("sales", QUIET, force=True, reason="audit")
    assert forced.decision.reason == "manual: audit"
    assert stage.store.requests() == []


class Rival(MemoryStore):
    """A store in which another run consumes all requests just before a decision is kept, once."""

    strikes = 1

    def save_decision(self, analysis: Analysis, decision, *, at, requests=()):  # type: ignore[no-untyped-def]
        if self.strikes and requests:
            self.strikes -= 1
            other = Analysis(**{**vars(analysis), "run": Run(run_id="rival", as_of=analysis.run.as_of)})
            super().save_decision(other, decision, at=at, requests=requests)
        return super().save_decision(analysis, decision, at=at, requests=requests)


def test_decision_is_made_again_when_another_run_took_its_requests(tmp_path: Path) -> None:
    stage = Stage(tmp_path, store=Rival())
    stage.add("sales", sales(50))
    stage.run("sales", FIRST)
    ask(stage)
    run = Run(run_id="late", as_of=QUIET)
    analyze(stage.deployment, "sales", run)
    decision, event = decide(stage.deployment, "sales", run)
    assert (decision.triggered, event) == (False, None)
    assert [kept.consumed and kept.consumed.run_id for kept in stage.store.requests()] == ["rival"]


def test_event_says_who_asked_for_it_with_their_notes(stage: Stage) -> None:
    for who, notes in (("ada", "after the incident"), ("grace", "")):
        stage.store.add_request("sales", RequestKind.API, f"by {who}", who, at=QUIET, notes=notes)
    event = stage.run("sales", QUIET, requested_by="schedule").event
    assert event is not None
    assert (event.wish.by, event.run.requested_by) == ("ada, grace", "schedule")
    assert event.wish.notes == "after the incident"
    forced = stage.run("sales", LATER, requested_by="eve", force=True, reason="to see").event
    assert forced is not None
    assert (forced.wish.by, forced.wish.notes) == ("eve", "")


def test_rows_that_a_request_brings_are_trained_on_and_never_judged_by(stage: Stage) -> None:
    stage.add("sales", training={"rows": "all", "hyperparameters": SMALL})
    more = sales(REFERENCE_DAYS, seed=9)
    later = sales(50, seed=9).loc[rows_from(REFERENCE_DAYS + 3)].assign(sales=0.0)  # would spoil what it is judged by
    pd.concat([more, later, sales(50)]).to_csv(stage.data / "more.csv", index=False)
    plain = stage.run("sales", QUIET, run_id="without", force=True, reason="to see").event
    stage.store.add_request(
        "sales", RequestKind.API, "more rows", "ada", at=QUIET, training_data_path="more.csv",
        hyperparameters={"max_iter": 31},
    )  # fmt: skip
    event = stage.run("sales", QUIET + timedelta(hours=1), run_id="with").event
    assert plain is not None
    assert event is not None
    assert event.details.gate is not None
    assert plain.details.gate is not None
    assert event.details.gate["rows"] == plain.details.gate["rows"]
    sizes = [found.details.training_data_size for found in (event, plain)]
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert 0 <= sizes[0] - sizes[1] - len(more) <= 1  # an hour later there is a row more, which may be held out
    assert event.details.training_data_path == "sales.csv + more.csv"


@pytest.mark.parametrize("path", ["none.csv", "s3:/broken", "empty.csv", "other.csv"])
def test_rows_of_a_request_that_cannot_be_read_are_named(stage: Stage, path: str) -> None:
    (stage.data / "empty.csv").write_text("")
    (stage.data / "other.csv").write_text("a,b\n1,2\n")
    stage.store.add_request("sales", RequestKind.API, "more", "ada", at=QUIET, training_data_path=path)
    with pytest.raises(RetrainingError, match=f"training_data_path '{path}', which a request brings.*{path}"):
        stage.run("sales", QUIET)


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("more.csv", "csv"), ("more.csv.gz", "csv"), ("MORE.CSV", "csv"), ("more.tsv", "csv"), ("days", "csv"),
        ("s3://lake/v1.2", "csv"), ("rows/*.parquet", "parquet"), ("more.pq", "parquet"), ("a.jsonl", "json_lines"),
        ("a.ndjson.gz", "json_lines"), ("a.feather", ""), ("a.xlsx", ""), ("a.json", ""),
    ],
)  # fmt: skip
def test_rows_of_a_request_are_read_by_their_ending(tmp_path: Path, path: str, kind: str) -> None:
    stage = Stage(tmp_path)
    stage.add("sales")
    spec = stage.deployment.spec("sales")
    if kind:
        assert requested_source(spec, path).kind == kind
        return
    with pytest.raises(ConfigurationError, match=r"training_data_path.*no reader knows the ending .*parquet"):
        requested_source(spec, path)
