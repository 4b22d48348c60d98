"""The commands through the REST API of a real API server: the same answers as from the records."""

from __future__ import annotations

import pytest

from tests.api.conftest import MODEL, Served
from tests.cli.saying import Say, saying

pytestmark = pytest.mark.airflow

READING = ["history", "history --decisions", "requests", "quarantines", f"versions {MODEL}", "failures",
           "mutes", f"annotations {MODEL}", f"canary {MODEL}"]  # fmt: skip


@pytest.fixture
def say(capsys: pytest.CaptureFixture[str]) -> Say:
    return saying(capsys)


@pytest.fixture
def through(served: Served, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.setenv("RETRAINING_API_TOKEN", served.tokens["op"])
    return ("--url", served.url)


def test_commands_answer_through_the_api_as_from_the_records(
    served: Served, through: tuple[str, ...], say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", served.records_uri)
    for words in READING:
        near, far = say(*words.split(), "--json"), say(*words.split(), *through, "--json")
        assert (far.code, far.document) == (near.code, near.document), words
        assert say(*words.split(), *through).out, words


def test_start_stop_status_and_trigger_reach_airflow(through: tuple[str, ...], say: Say) -> None:
    assert say("stop", *through).out.startswith("DAG automatic_model_retraining starts no more runs")
    assert say("status", *through, "--json").document["is_running"] is False
    refused = say("trigger", MODEL, *through)
    assert (refused.code, "is paused" in refused.err) == (2, True)
    assert say("start", "--reason", "again", *through).code == 0
    assert say("status", *through, "--json").document["is_running"] is True
    began = say("trigger", MODEL, "--reason", "now", "--set", "max_iter=40", *through)
    assert began.code == 0, began.err
    assert f"retrains {MODEL}" in began.out
    assert "only decides" in say("trigger", MODEL, "--dry-run", *through).out


def test_people_and_documents_go_through_the_api(through: tuple[str, ...], say: Say) -> None:
    assert say("pause", MODEL, "--reason", "sensor", *through).code == 0
    assert "waits until it is resumed" in say("trigger", MODEL, *through).out
    assert say("resume", MODEL, "--reason", "done", *through).code == 0
    assert say("report", MODEL, *through).out.startswith("#")
    assert say("audit", "--from", "2020-01-01", "--to", "2100-01-01", *through, "--json").document
    assert say("export", "model_retraining_events", *through).out.count("\n") > 1
    assert say("config", "--model", MODEL, *through).code == 0
    assert say(
        "what-if", MODEL, "--set", "cooldown=1d", "--from", "2026-01-01", "--to", "2026-04-01", *through
    ).code in (0, 1)
    assert say("compare", "--model", MODEL, "v1", "v2", *through).code == 0
    assert say("lineage", "no-such-model", *through).code == 2


def test_token_without_rights_or_of_nobody_is_a_mistake(
    served: Served, through: tuple[str, ...], say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RETRAINING_API_TOKEN", served.tokens["viewer"])
    assert say("stop", *through).code == 2
    monkeypatch.setenv("RETRAINING_API_TOKEN", "nobody")
    said = say("fleet", *through)
    assert (said.code, "token" in said.err, "nobody" in said.err) == (2, True, False)
