"""A step that fails is on record, whatever it failed of, and says to its caller what it said before."""

from __future__ import annotations

import errno
import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include import workflow
from include.decision.request import RequestKind
from include.errors import ConfigurationError, ModelPaused, RetrainingError, SourceUnavailable
from include.interfaces.reports.text import in_short, of_model
from include.records.entries import EventStatus, FailedStep, Failure, Run
from include.workflow.deployment import Deployment, now
from include.workflow.failing import bring_in, on_record, waiting_folder
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST = day(REFERENCE_DAYS)


@pytest.fixture
def stage(tmp_path: Path) -> Stage:
    stage = Stage(tmp_path)
    stage.add("sales", sales(50))
    return stage


def failed(stage: Stage, **asked: Any) -> Sequence[Failure]:
    return workflow.failures(stage.deployment, **asked)


def run(run_id: str = "run-1") -> Run:
    return Run(run_id=run_id, as_of=FIRST, requested_by="ada")


def broken_file(stage: Stage) -> None:
    (stage.models / "sales.yaml").write_text("metric: rsme\n")


def no_yaml(stage: Stage) -> None:
    (stage.models / "sales.yaml").write_text("{\n")


def no_file(stage: Stage) -> None:
    (stage.models / "sales.yaml").unlink()


def no_source(stage: Stage) -> None:
    (stage.data / "sales.csv").unlink()


def no_rows(stage: Stage) -> None:
    (stage.data / "sales.csv").write_text("")


def no_column(stage: Stage) -> None:
    stage.write("sales", sales(50).drop(columns="sales"))


def broken_probe(stage: Stage) -> None:
    stage.add("sales", probes={"drift": "no_such_module:measure"})


@pytest.mark.parametrize(
    ("sick", "error_type", "permanent"),
    [
        (broken_file, "ConfigurationError", True), (no_yaml, "ConfigurationError", True),
        (no_file, "ConfigurationError", True), (no_source, "SourceUnavailable", False),
        (no_rows, "DataError", True), (no_column, "DataError", True), (broken_probe, "ConfigurationError", True),
    ],
)  # fmt: skip
def test_analysis_that_fails_is_on_record_with_what_it_said(
    stage: Stage, sick: Any, error_type: str, permanent: bool
) -> None:
    sick(stage)
    with pytest.raises(RetrainingError) as raised:
        workflow.analyze(stage.deployment, "sales", run())
    [kept] = failed(stage)
    assert (kept.step, kept.error_type, kept.permanent) == (FailedStep.ANALYZE, error_type, permanent)
    assert (kept.model_name, kept.run_id, kept.by) == ("sales", "run-1", "ada")
    assert kept.error == " ".join(str(raised.value).split())
    assert workflow.why_nothing(stage.deployment, "sales", "run-1") == f"analyze failed: {error_type}: {kept.error}"


def test_each_try_is_a_failure_of_its_own_and_what_went_well_is_none(stage: Stage) -> None:
    stage.run("sales", FIRST)
    assert failed(stage) == []
    no_source(stage)
    for _ in range(3):
        with pytest.raises(SourceUnavailable):
            workflow.analyze(stage.deployment, "sales", run())
    assert len({kept.failure_id for kept in failed(stage)}) == 3


def test_every_step_notes_its_failures(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    stage.run("sales", FIRST, run_id="run-0")
    [event] = stage.store.events()
    lost = "the line is dead"

    def refuse(*given: Any, **named: Any) -> Any:
        raise RuntimeError(lost)

    d = stage.deployment
    monkeypatch.setattr(stage.store, "analysis", refuse)
    monkeypatch.setattr(stage.store, "claim", refuse)
    monkeypatch.setattr(stage.store, "decision", refuse)
    monkeypatch.setattr(stage.store, "identity", refuse)
    monkeypatch.setattr(stage.store, "close_unfinished", refuse)
    monkeypatch.setattr(stage.store, "champion_changes", refuse)
    steps = {
        "analyze": lambda: workflow.analyze(d, "sales", run("run-0")),
        "decide": lambda: workflow.decide(d, "sales", run("run-0")),
        "roll_back": lambda: workflow.roll_back_in_run(d, "sales", run("run-0")),
        "approve": lambda: workflow.hold(d, event.id, "ada"),
        "execute": lambda: workflow.execute(d, event.id),
        "publish": lambda: workflow.publish(d, "sales", run("run-0")),
        "log": lambda: workflow.log_completion(d, "sales", run("run-0")),
    }
    for take in steps.values():
        with pytest.raises(RuntimeError, match=lost):
            take()
    found = [(str(kept.step), kept.model_name, kept.run_id, kept.error) for kept in reversed(failed(stage))]
    assert found == [(step, "sales", "run-0", lost) for step in steps]


class Dead:
    """Records that cannot be reached: whatever is asked of them fails."""

    def __getattr__(self, name: str) -> Any:
        raise ConnectionError("server closed the connection unexpectedly")


def test_failure_of_the_records_themselves_waits_and_is_brought_in_once(stage: Stage) -> None:
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    with pytest.raises(ConnectionError, match="unexpectedly"):
        workflow.analyze(dead, "sales", run())
    with pytest.raises(ConnectionError, match="unexpectedly"):
        workflow.execute(dead, 7)
    assert len(list(waiting_folder(dead.artifacts).glob("*.json"))) == 2
    bring_in(dead.store, dead.artifacts)  # still dead: they wait on
    assert len(list(waiting_folder(dead.artifacts).glob("*.json"))) == 2
    found = {kept.step: kept for kept in failed(stage)}
    assert (found[FailedStep.ANALYZE].model_name, found[FailedStep.ANALYZE].permanent) == ("sales", False)
    assert found[FailedStep.EXECUTE].model_name == ""  # the event could not be read
    assert len(failed(stage)) == 2
    assert list(waiting_folder(stage.deployment.artifacts).iterdir()) == []


def test_run_brings_in_what_waited(stage: Stage) -> None:
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    with pytest.raises(ConnectionError):
        workflow.analyze(dead, "sales", run())
    stage.run("sales", FIRST, run_id="run-2")
    assert [kept.run_id for kept in stage.store.failures.find()] == ["run-1"]


def test_file_that_is_no_failure_is_put_aside_and_hides_no_other(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    folder = waiting_folder(stage.deployment.artifacts)
    folder.mkdir(parents=True)
    for number, text in enumerate(("", "[]", '{"step": "dance"}', json.dumps({"step": "analyze", "at": "soon"}))):
        (folder / f"{number}.json").write_text(text)
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    with pytest.raises(ConnectionError):
        workflow.analyze(dead, "sales", run())
    assert [kept.run_id for kept in failed(stage)] == ["run-1"]
    assert len(list(folder.glob("*.unreadable"))) == 4
    assert caplog.text.count("put aside") == 4


@pytest.mark.parametrize("trouble", [psycopg.errors.CheckViolation("no"), psycopg.DataError("no"), ValueError("no")])
def test_failure_that_the_records_refuse_for_good_hides_no_other(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, trouble: Exception
) -> None:
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    for number in range(2):
        with pytest.raises(ConnectionError):
            workflow.analyze(dead, "sales", run(f"run-{number}"))
    kind, left = type(stage.store.failures), [trouble]
    added = kind.add
    monkeypatch.setattr(kind, "add", lambda self, kept: _raised(left.pop()) if left else added(self, kept))
    bring_in(stage.store, stage.deployment.artifacts)
    folder = waiting_folder(stage.deployment.artifacts)
    assert (len(list(folder.glob("*.unreadable"))), len(list(folder.glob("*.json")))) == (1, 0)
    assert len(stage.store.failures.find()) == 1


def test_failure_waits_where_the_records_give_out_numbers_anew(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    with pytest.raises(ConnectionError):
        workflow.analyze(dead, "sales", run())
    with monkeypatch.context() as moved:
        taken = psycopg.errors.UniqueViolation("retraining_failures_key")
        moved.setattr(type(stage.store.failures), "add", lambda *_: _raised(taken))
        bring_in(stage.store, stage.deployment.artifacts)
    assert not stage.store.failures.find()
    bring_in(stage.store, stage.deployment.artifacts)
    assert len(stage.store.failures.find()) == 1


@pytest.mark.parametrize("what", ["unlink", "replace"])
def test_waiting_failures_on_a_disk_that_is_read_only_stop_nobody(
    stage: Stage, monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    with pytest.raises(ConnectionError):
        workflow.analyze(dead, "sales", run())
    (waiting_folder(dead.artifacts) / "0.json").write_text("[]")
    with monkeypatch.context() as mounted:
        mounted.setattr(f"pathlib.Path.{what}", lambda *_, **__: _raised(OSError(errno.EROFS, "Read-only file system")))
        for _ in range(2):
            bring_in(stage.store, stage.deployment.artifacts)
    assert [kept.run_id for kept in failed(stage)] == ["run-1"]


def _raised(error: Exception) -> None:
    raise error


def test_failure_that_can_be_kept_nowhere_leaves_the_error_as_it_was(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    stage.deployment.artifacts.write("", {".failures": "a file where the folder belongs"})
    dead: Deployment = replace(stage.deployment, store=Dead())  # type: ignore[arg-type]  # dead indeed
    with pytest.raises(ConnectionError, match="unexpectedly"):
        workflow.analyze(dead, "sales", run())
    assert "could not be kept" in caplog.text


@pytest.mark.parametrize("ends", [KeyboardInterrupt, ModelPaused])
def test_what_is_no_failure_is_not_noted(stage: Stage, ends: type[BaseException]) -> None:
    @on_record(FailedStep.DECIDE)
    def step(deployment: Deployment, model_name: str, run: Run) -> None:
        raise ends

    with pytest.raises(ends):
        step(stage.deployment, "sales", run())
    assert failed(stage) == []


def test_kill_that_python_hears_of_is_noted(stage: Stage) -> None:
    @on_record(FailedStep.EXECUTE)
    def step(deployment: Deployment, model_name: str, run: Run) -> None:
        raise SystemExit("terminated")

    with pytest.raises(SystemExit):
        step(stage.deployment, "sales", run=run())
    assert [kept.error_type for kept in failed(stage)] == ["SystemExit"]


def test_process_that_died_without_a_word_is_on_record_when_the_run_is_logged(stage: Stage) -> None:
    for _ in range(2):
        assert workflow.log_completion(stage.deployment, "sales", run()) is None
    [kept] = failed(stage)
    assert (kept.error_type, kept.step) == ("ProcessDied", FailedStep.ANALYZE)
    assert workflow.log_completion(stage.deployment, "sales", run("roll"), checks=False) is None
    assert len(failed(stage)) == 1


def test_failures_outside_the_steps_are_noted_too(stage: Stage) -> None:
    told = "no folder; password=hunter2"
    with pytest.raises(ConfigurationError, match=told), workflow.noting(stage.deployment, "run-1", step="choose"):
        raise ConfigurationError("RETRAINING_MODELS_DIR", told)
    [kept] = failed(stage)
    assert (kept.model_name, kept.run_id, kept.step, kept.permanent) == ("", "run-1", FailedStep.CHOOSE, True)
    assert "hunter2" not in kept.error


def test_error_that_says_nothing_is_told_as_such(stage: Stage) -> None:
    workflow.note_failure(stage.deployment, "sales", "run-1", "execute", ValueError(" \n"))
    assert failed(stage)[0].sentence == "execute failed: ValueError: (no message)"


def test_long_errors_are_cut(stage: Stage) -> None:
    workflow.note_failure(stage.deployment, "sales", "run-1", "execute", ValueError("x\n" * 9999))
    [kept] = failed(stage)
    assert len(kept.error) == 2000
    assert kept.error.endswith("…")


def test_paused_model_is_left_alone_and_says_so(stage: Stage) -> None:
    workflow.pause_model(stage.deployment, "sales", by="ada", reason="the sensor is being replaced")
    asked, _ = stage.store.add_request("sales", RequestKind.API, "audit", "bob", at=now())
    with pytest.raises(ModelPaused, match=r"paused by ada since .*: the sensor is being replaced; it is left alone"):
        workflow.analyze(stage.deployment, "sales", run())
    assert workflow.log_completion(stage.deployment, "sales", run()) is None
    assert stage.store.analysis("sales", "run-1") is None
    assert failed(stage) == []
    why = workflow.why_nothing(stage.deployment, "sales", "run-1")
    assert in_short("sales", None, None, why).startswith("sales: paused by ada since ")
    assert "the sensor is being replaced" in of_model("sales", None, None, why)
    [kept] = stage.store.requests()
    assert (kept.request, kept.consumed) == (asked, None)
    workflow.resume_model(stage.deployment, "sales", by="ada", reason="it was")
    assert stage.run("sales", FIRST).decision.triggered


def test_training_that_has_not_begun_when_its_model_is_paused_is_given_up_and_what_was_asked_for_waits_again(
    stage: Stage,
) -> None:
    stage.run("sales", FIRST)
    stage.store.add_request("sales", RequestKind.API, "audit", "bob", at=now())
    later = Run(run_id="run-2", as_of=day(REFERENCE_DAYS + 12))
    workflow.analyze(stage.deployment, "sales", later)
    _, event = workflow.decide(stage.deployment, "sales", later)
    assert event is not None
    workflow.pause_model(stage.deployment, "sales", by="ada", reason="not now")
    ended = workflow.execute(stage.deployment, event.id)
    assert (ended.status, ended.error_type) == (EventStatus.FAILED, "ModelPaused")
    assert ended.version is None
    assert [kept.request.reason for kept in stage.store.requests() if kept.consumed is None] == ["audit"]


def test_paused_model_can_be_rolled_back(stage: Stage) -> None:
    stage.run("sales", FIRST)
    workflow.pause_model(stage.deployment, "sales", by="ada", reason="not now")
    with pytest.raises(RetrainingError, match="no version before v1"):
        workflow.roll_back(stage.deployment, "sales", requested_by="ada", reason="slow")
