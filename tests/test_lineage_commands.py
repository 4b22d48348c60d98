from __future__ import annotations

import json
from datetime import timedelta
from pathlib import Path

import pytest

from include.cli.__main__ import main
from include.records.entries import ChangeKind, EventStatus
from tests.records.examples import HOUR, NOW, execute, postgres_store


@pytest.fixture(autouse=True)
def _terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Tables have a head where somebody looks."""
    monkeypatch.setenv("COLUMNS", "400")


def said(capsys: pytest.CaptureFixture[str], *arguments: str, code: int = 0) -> str:
    assert main(arguments) == code
    found = capsys.readouterr()
    return found.err if code == 2 else found.out


@pytest.fixture
def housing(records_uri: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> str:
    """v1 champion, v2 held, v3 promoted and rolled back, v4 in its place."""
    store = postgres_store(records_uri)
    store.register_model("housing", "hash", {"metric": "rmse"}, at=NOW)
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR, status=EventStatus.HELD)
    execute(store, "run-3", at=NOW + 2 * HOUR)
    store.roll_back(
        "housing", from_version=3, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada", reason="too slow",
        at=NOW + 3 * HOUR, key="k",
    )  # fmt: skip
    execute(store, "run-4", at=NOW + 4 * HOUR)
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", records_uri)
    return records_uri


def test_lineage_is_a_tree_with_children_below_their_parents(housing: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "lineage", "housing").splitlines()
    assert lines[0] == "housing: 4 versions, champion v4"
    assert lines[1].startswith(
        "v1  retired  2026-05-03 12:00  rmse 8  champion 2026-05-03 12:00 to 2026-05-03 14:00, 2026-05-03 15:00 to "
        "2026-05-03 16:00  better on"
    )
    assert [line[:15] for line in lines[2:]] == ["├─ v2  held  20", "├─ v3  rolled_b", "└─ v4  champion"]
    assert "to now" in lines[-1]


def test_versions_are_a_table_with_figures(housing: str, capsys: pytest.CaptureFixture[str]) -> None:
    lines = said(capsys, "versions", "housing").splitlines()
    assert lines[0].split() == [
        "version", "status", "trained", "parent", "trigger", "rmse", "rows", "data", "seconds", "champion"
    ]  # fmt: skip
    assert lines[2].split() == [
        "v2", "held", "2026-05-03", "13:00", "v1", "performance", "8", "900", "ef", "1.5", "-"
    ]  # fmt: skip


def test_champion_of_a_time_is_listed_alone(housing: str, capsys: pytest.CaptureFixture[str]) -> None:
    store = postgres_store(housing)
    for minutes in range(0, 300, 30):
        at = NOW + timedelta(minutes=minutes)
        champion = store.champion_at("housing", at)
        assert champion is not None
        [line] = said(capsys, "versions", "housing", "--at", at.isoformat()).splitlines()[1:]
        assert line.split()[0] == champion.label
    none = said(capsys, "versions", "housing", "--at", "2026-05-03", code=1)
    assert none == "housing had no champion at 2026-05-03 00:00 UTC\n"


def test_json_has_all_that_is_on_record(housing: str, capsys: pytest.CaptureFixture[str]) -> None:
    tree = json.loads(said(capsys, "lineage", "housing", "--json"))
    assert tree["model_name"] == "housing"
    first, _, third, _ = tree["versions"]
    assert (first["model_id"], first["children_versions"]) == ("housing_v1", ["v2", "v3", "v4"])
    assert first["champion"][1] == {"since": "2026-05-03T15:00:00+00:00", "until": "2026-05-03T16:00:00+00:00"}
    assert [entry["status"] for entry in third["deployment_history"]] == ["production", "rolled_back"]
    assert third["performance_history"][0]["metrics"] == {"r2": 0.9, "rmse": 8.0}
    assert json.loads(said(capsys, "versions", "housing", "--json")) == tree["versions"]


def test_unknown_model_is_named(housing: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert "model iris: there is no version on record" in said(capsys, "lineage", "iris", code=2)
