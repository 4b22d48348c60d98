from __future__ import annotations

import json
from pathlib import Path

import psycopg
import pytest

from include.cli.__main__ import main
from include.decision.request import RequestKind
from include.interfaces.reports.files import file_report
from include.records.entries import Run
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.forced import force_promotion
from tests.records.examples import postgres_store
from tests.stage import REFERENCE_DAYS, Stage, day, sales

FIRST = Run(run_id="first", as_of=day(REFERENCE_DAYS))


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables have a head where somebody looks."""
    monkeypatch.setenv("COLUMNS", "400")


@pytest.fixture
def deployment(tmp_path: Path, records_uri: str, monkeypatch: pytest.MonkeyPatch) -> Deployment:
    """One model, and records in Postgres that the commands find through the environment."""
    stage = Stage(tmp_path)
    stage.add("sales", sales(50))
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", records_uri)
    monkeypatch.setenv("RETRAINING_MODELS_DIR", str(stage.models))
    monkeypatch.setenv("RETRAINING_DATA_DIR", str(stage.data))
    monkeypatch.setenv("RETRAINING_ARTIFACTS_DIR", str(tmp_path / "made"))
    return Deployment(
        store=postgres_store(records_uri), models_dir=stage.models, data_dir=stage.data,
        artifacts=ArtifactFolder(tmp_path / "made"),
    )  # fmt: skip


def train_first(deployment: Deployment) -> None:
    analyze(deployment, "sales", FIRST)
    event = decide(deployment, "sales", FIRST)[1]
    assert event is not None
    execute(deployment, event.id)
    assert log_completion(deployment, "sales", FIRST) is not None


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    found = capsys.readouterr()
    return found.err if code == 2 else found.out


def test_request_is_made_once_listed_and_carries_its_settings(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    asked = ["request", "sales", "--reason", "audit", "--by", "ada", "--kind", "api", "--set", "max_iter=40",
             "--set", "loss=absolute_error"]  # fmt: skip
    assert "waits for the next run of sales" in said(capsys, *asked)
    assert "was waiting already" in said(capsys, *asked)
    [kept] = deployment.store.requests()
    assert kept.request.kind is RequestKind.API
    assert kept.request.hyperparameters == {"max_iter": 40, "loss": "absolute_error"}
    line = said(capsys, "requests", "sales").splitlines()[1]
    assert [word.strip() for word in line.split("  ") if word][3:7] == ["api", "waiting", "ada", "audit"]
    train_first(deployment)
    assert "consumed by first" in said(capsys, "requests")


def test_request_that_could_not_be_proven_is_told_when_it_is_made(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "Note" not in said(capsys, "request", "sales", "--reason", "no champion yet")
    train_first(deployment)
    told = said(capsys, "request", "sales", "--reason", "new price list")  # today's window has no rows any more
    assert "waits for the next run of sales" in told
    assert "Note: a retrain could not be proven now: 0 labelled rows" in told
    assert "40 are needed" in told
    assert len(deployment.store.requests()) == 2


def test_request_for_an_unknown_model_or_with_a_wrong_setting_is_refused(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "sale" in said(capsys, "request", "sale", "--reason", "why", code=2)
    assert "needs a reason" in said(capsys, "request", "sales", "--reason", "", code=2)
    with pytest.raises(SystemExit, match="2"):
        main(["request", "sales", "--reason", "why", "--set", "max_iter"])
    assert "write NAME=VALUE" in capsys.readouterr().err
    for wrong, problem in (("max_itr=300", "did you mean 'max_iter'?"), ("max_iter=many", "'max_iter' parameter of")):
        told = said(capsys, "request", "sales", "--reason", "why", "--set", wrong, code=2)
        assert "request for sales" in told
        assert problem in told
    assert deployment.store.requests() == []


def test_report_of_a_model_comes_in_three_formats(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    assert "no run has decided" in said(capsys, "report", "sales", code=2)
    train_first(deployment)
    assert said(capsys, "report", "sales").startswith("# sales: retrain")
    assert json.loads(said(capsys, "report", "sales", "--run", "first", "--format", "json"))["model"] == "sales"
    file = tmp_path / "report.html"
    assert said(capsys, "report", "sales", "--format", "html", "--out", str(file)).strip() == str(file)
    assert file.read_text().startswith("<!doctype html>")
    assert "run lost has no decision" in said(capsys, "report", "sales", "--run", "lost", code=2)
    assert "one run at a time" in said(capsys, "report", "sales", "--run", "a", "--run", "b", code=2)


def test_report_of_runs_tells_what_came_of_each_model(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    train_first(deployment)
    out = said(capsys, "report", "--run-id", "first")
    assert "sales: retrain" in out
    assert "promoted" in out
    assert "name a model, or give --run" in said(capsys, "report", code=2)


def test_recommendations_say_what_they_rest_on(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    train_first(deployment)
    assert said(capsys, "recommend", "sales", code=1) == ("sales: 1 checks\n  nothing: the records advise no change\n")


def test_place_of_the_report_is_noted_on_decision_and_closed_event(deployment: Deployment, records_uri: str) -> None:
    train_first(deployment)
    page = file_report(deployment, "sales", FIRST)
    assert page is not None
    with psycopg.connect(records_uri) as connection:
        rows = connection.execute(
            "SELECT d.report_path, e.report_path, e.status FROM retraining_decisions d"
            " JOIN model_retraining_events e USING (model_name, run_id)"
        ).fetchall()
    assert rows == [("reports/sales/first", "reports/sales/first", "promoted")]
    assert page == (deployment.artifacts.root / "reports/sales/first/report.html").as_uri()
    assert deployment.store.report_path("sales", "first") == "reports/sales/first"


def test_missing_database_is_named(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_RETRAINING_DB", raising=False)
    assert "AIRFLOW_CONN_RETRAINING_DB" in said(capsys, "requests", code=2)


def test_rollback_is_asked_for_on_the_command_line_and_says_what_changed(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    train_first(deployment)
    asked = ["rollback", "--model", "sales", "--reason", "complaints", "--by", "ada"]
    assert "no version before v1" in said(capsys, *asked, code=2)
    force_promotion(deployment, "sales", day(REFERENCE_DAYS + 12), shuffled=True)
    for _ in range(2):  # the same key: the same rollback
        answer = said(capsys, *asked, "--key", "ticket 7", "--wait", "1min")
        assert answer.startswith("sales rolled back from v2 to v1: complaints (by ada, ")
    assert "v1 is champion already; former champions: v2" in said(capsys, *asked, "--to", "v1", code=2)
    assert "not to v2; give another key" in said(capsys, *asked, "--key", "ticket 7", "--to", "v2", code=2)
    assert "needs a reason" in said(capsys, *asked, "--to", "v2", "--reason", "", code=2)
    assert "write previous, or for example v3" in said(capsys, *asked, "--to", "best", code=2)
    with pytest.raises(SystemExit):
        main([*asked, "--wait", "soon"])
    assert said(capsys, *asked, "--to", "2").startswith("sales rolled back from v1 to v2")
    assert [change.to_version for change in deployment.store.champion_changes("sales")] == [1, 2, 1, 2]


def test_canary_is_written_down_and_shown(deployment: Deployment, capsys: pytest.CaptureFixture[str]) -> None:
    train_first(deployment)
    force_promotion(deployment, "sales", day(REFERENCE_DAYS + 2), shuffled=False)
    asked = ["canary", "sales", "--version", "v1", "--share", "10", "--by", "ada"]
    assert "--reason" in said(capsys, *asked, code=2)
    assert said(capsys, *asked, "--reason", "try it") == "sales: v1 has 10 % beside v2, on record\n"
    assert "v1       10 %   v2      runs   ada  try it" in said(capsys, "canary", "sales")
    assert "v2 cannot be a canary" in said(capsys, "canary", "sales", "--version", "v2", "--share", "5",
                                           "--reason", "?", code=2)  # fmt: skip


@pytest.mark.parametrize("text", [None, "metric: rsme"])
def test_report_of_a_model_whose_file_is_gone_or_broken_is_that_of_the_record(
    deployment: Deployment, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    train_first(deployment)
    whole = said(capsys, "report", "sales", code=0)
    file = deployment.models_dir / "sales.yaml"
    if text is None:
        file.unlink()
    else:
        file.write_text(text)
    assert said(capsys, "report", "sales", code=0) == whole


def test_unknown_model_is_no_model_without_a_history(
    deployment: Deployment, capsys: pytest.CaptureFixture[str]
) -> None:
    period = ["--from", "2026-05-03", "--to", "2026-05-05"]
    asked = [
        ["requests", "sale"], ["quarantines", "sale"], ["recommend", "sale"], ["canary", "sale"],
        ["audit", *period, "--model", "sale"],
    ]  # fmt: skip
    for words in asked:
        assert "model sale: nothing is on record of it" in said(capsys, *words, code=2)
        assert main([word.replace("sale", "sales") for word in words]) == int(words[0] != "audit")  # no record yet
        capsys.readouterr()
    train_first(deployment)
    (deployment.models_dir / "sales.yaml").unlink()
    for words in asked:
        main([word.replace("sale", "sales") for word in words])
        assert "nothing is on record of it" not in capsys.readouterr().err  # a model of the past
