"""The commands on a real Postgres: exit codes, one JSON document, widths, and text of others that is inert."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import psycopg
import pytest

from tests.cli.saying import Say
from tests.reading.conftest import House

HOSTILE = "a\x1b[2J\x1b]0;title\x07b\rc\u202ed\x9be"
ACTING = re.compile("[\x00-\x09\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")

#: What is asked of a house with a model that was trained twice, and one that nothing has happened to.
CODES = [
    ("fleet", 0), ("fleet --search nowhere", 1), ("fleet --health wel", 2), ("fleet --sort age", 2),
    ("history", 0), ("history --model housing --limit 1", 0), ("history --model quiet", 1), ("history --model no", 2),
    ("history --decisions", 0), ("history --decisions --answer quiet --model housing", 0), ("history --limit 0", 2),
    ("history --status lost", 2), ("history --cursor nonsense", 2),
    ("failures", 1), ("failures --model no", 2), ("statistics", 0), ("statistics --model quiet", 1),
    ("statistics --from 2026-02-02 --to 2026-02-01", 2),
    ("requests", 1), ("requests housing", 1), ("requests no", 2), ("quarantines", 1), ("quarantines no", 2),
    ("recommend no", 2), ("lineage housing", 0), ("lineage no", 2), ("versions housing", 0),
    ("versions housing --at 2020-01-01", 1), ("versions housing --at soon", 2), ("canary housing", 1),
    ("mutes", 1), ("annotations housing", 1), ("annotations no", 2), ("unmute 7 --reason over", 2),
    ("mark housing train-2 right --reason sure", 0), ("mark housing lost right --reason sure", 2),
    ("mark housing train-2 maybe --reason sure", 2), ("pause housing", 2), ("pause no --reason x", 2),
    ("resume housing --reason x", 2), ("mute housing --reason x", 2), ("mute --for 2d --reason night", 0),
    ("annotate housing --text moved", 0), ("annotate no --text moved", 2), ("lift 7 --reason x", 2),
    ("export", 0), ("export model_retraining_events", 0), ("export pg_user", 2), ("config", 0),
    ("config --model no", 2),
    ("what-if quiet", 2), ("what-if no", 2), ("report quiet", 2), ("audit --from 2026-01-01 --to 2026-02-01", 0),
    ("audit", 2), ("audit --from 2026-01-01", 2), ("audit verify", 0), ("audit verify --model housing", 0),
    ("audit verify --model no", 2), ("audit verify --to 2026-01-01", 2), ("audit prove", 2),
    ("audit verify --url http://127.0.0.1:1", 2), ("retention", 1), ("retention --dry-run --keep 600", 1),
    ("retention --keep 2", 2), ("retention --keep decisions=12", 2), ("retention --keep soon", 2),
    ("start", 2), ("stop", 2), ("trigger housing", 2), ("start --url ftp://x", 2),
    ("history --url http://127.0.0.1:1", 2),
    ("completion bash", 0), ("completion csh", 2), ("migrate", 0),
    ("doctor", 1), ("doctor --deep --url http://127.0.0.1:1", 2), ("identity", 0), ("identity move", 2),
    ("identity --artifacts-copied", 2), ("identity adopt", 0), ("identity new", 2),
    ("identity new --artifacts-copied", 0), ("identity show", 0),
]  # fmt: skip

READING = [
    "fleet", "history", "history --decisions", "failures", "statistics", "requests", "quarantines", "recommend housing",
    "lineage housing", "versions housing", "canary housing", "mutes", "annotations housing", "export",
    "export model_retraining_events", "config", "status", "health", "doctor", "identity", "report housing", "migrate",
    "completion fish",
    "audit --from 2026-01-01 --to 2100-01-01", "audit verify", "retention --dry-run --keep 12", "explain quiet",
    "compare --model quiet v1 v2",
]  # fmt: skip


@pytest.fixture
def filled(house: House) -> House:
    """A model that was trained twice with a check between, and one that nothing has happened to."""
    house.register("housing")
    house.register("quiet")
    house.train(hours=3)
    house.train(hours=2)
    house.check(hours=1)
    return house


def test_exit_code_says_how_it_ended(filled: House, say: Say) -> None:
    found = {words: say(*words.split()).code for words, _ in CODES}
    assert found == dict(CODES)


def test_every_command_prints_one_json_document_and_nothing_else(filled: House, say: Say) -> None:
    for words in READING:
        said = say(*words.split(), "--json")
        assert said.document is not None, words
        if said.code == 2:
            assert said.document["error"]["exit_code"] == 2, words


def test_lists_have_the_shape_of_the_rest_api(filled: House, say: Say) -> None:
    page = say("history", "--limit", "1", "--json").document
    assert sorted(page) == ["entries", "next_cursor", "previous_cursor", "total_entries"]
    assert page["total_entries"] == 2
    following = say("history", "--limit", "1", "--cursor", page["next_cursor"], "--json").document
    assert following["entries"][0]["id"] != page["entries"][0]["id"]
    assert following["next_cursor"] is None


def test_audit_names_the_row_that_somebody_changed_past_the_guards(filled: House, say: Say) -> None:
    with filled.store.connect() as connection:
        connection.execute("SET search_path TO retraining")
        connection.execute("SET session_replication_role = replica")
        connection.execute("UPDATE retraining_decisions SET reason = 'x' WHERE run_id = 'train-2'")
    said = say("audit", "verify")
    assert said.code == 1
    assert "housing: changed: the decision of run train-2" in said.out
    document = say("audit", "verify", "--json").document
    assert (document["whole"], document["breaks"][0]["kind"]) == (False, "changed")


def test_retention_shows_what_it_would_remove_and_removes_it(filled: House, say: Say) -> None:
    filled.check(hours=24 * 200, run_id="old")
    shown = say("retention", "--dry-run", "--keep", "3")
    assert shown.code == 0
    assert shown.out.startswith("would be removed")
    assert "model_drift_monitoring" in shown.out
    done = say("retention", "--keep", "3", "--by", "ada", "--json").document
    assert {each["dropped_by"] for each in done["dropped"]} == {"ada"}
    assert len(done["dropped"]) == len(done["due"]) == 3
    assert say("retention", "--keep", "3").code == 1
    told = say("export", "model_drift_monitoring")
    assert (told.code, "removed by retention on" in told.err) == (0, True)


def test_mistake_is_told_as_json_too(filled: House, say: Say) -> None:
    said = say("history", "--model", "no", "--json")
    assert (said.code, said.document["error"]["type"]) == (2, "NotOnRecord")
    assert "model no" in said.document["error"]["detail"]
    assert "model no" in said.err


def test_records_that_cannot_be_reached_are_code_three(
    filled: House, say: Say, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", "postgresql://a:secret@127.0.0.1:1/none")
    said = say("requests", "--json")
    assert said.code == said.document["error"]["exit_code"] == 3
    assert "secret" not in said.out + said.err


@pytest.mark.parametrize(
    "words",
    ["request housing --reason x --by ada", "pause housing --reason x --by ada", "annotate housing --text x --by ada",
     "mute housing --until 2126-01-01 --reason x --by ada"],
)  # fmt: skip
def test_records_that_can_only_be_read_are_told_with_a_way_out(
    filled: House, say: Say, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    address = os.environ["AIRFLOW_CONN_RETRAINING_DB"]
    mark = "&" if "?" in address else "?"
    read_only = f"{address}{mark}options=-cdefault_transaction_read_only%3Don"
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", read_only)
    said = say(*words.split(), "--json")
    assert said.code == said.document["error"]["exit_code"] == 3, said.err
    assert "write to the primary" in said.document["error"]["detail"]


@pytest.mark.parametrize("words", ["status", "fleet", "history", "health", "request housing --reason x"])
def test_a_table_that_somebody_has_locked_is_told_and_not_waited_for(
    filled: House, say: Say, monkeypatch: pytest.MonkeyPatch, words: str
) -> None:
    monkeypatch.setattr("include.records.postgres.session.LONGEST_LOCK", "200ms")
    with psycopg.connect(os.environ["AIRFLOW_CONN_RETRAINING_DB"]) as other:
        for table in ("records_identity", "retraining_runs", "model_retraining_events", "retraining_requests"):
            other.execute(f"LOCK TABLE retraining.{table} IN ACCESS EXCLUSIVE MODE".encode())
        said = say(*words.split(), "--json")
    assert said.code == said.document["error"]["exit_code"] == 3, said.err
    assert "pg_terminate_backend(pid)" in said.document["error"]["detail"]


def test_the_doctor_names_a_table_that_somebody_has_locked(filled: House, say: Say) -> None:
    with psycopg.connect(os.environ["AIRFLOW_CONN_RETRAINING_DB"]) as other:
        other.execute(b"LOCK TABLE retraining.records_identity IN ACCESS EXCLUSIVE MODE")
        said = say("doctor", "--json")
    assert said.code != 0
    assert "one of its tables is locked" in said.out
    assert "pg_terminate_backend(pid)" in said.out


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_line_is_wider_than_the_terminal(
    filled: House, say: Say, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    say("request", "housing", "--reason", "a reason that is far longer than any terminal " * 5, "--by", "ada")
    say("annotate", "housing", "--text", "表" * 150)
    monkeypatch.setenv("COLUMNS", str(width))
    tables = ["fleet", "history", "history --decisions", "statistics", "requests", "versions housing", "status",
              "annotations housing", "health", "doctor"]  # fmt: skip
    for words in tables:
        lines = say(*words.split()).out.splitlines()
        assert max(len(line) + line.count("表") for line in lines) <= width, words
    assert "…" in say("requests").out


def test_what_others_wrote_does_nothing_to_the_terminal(filled: House, say: Say) -> None:
    now = datetime.now(UTC)
    filled.store.people.add_annotation("housing", about=now, text=HOSTILE, by="ada", at=now)
    said = say("annotations", "housing")
    assert said.code == 0
    assert not ACTING.search(said.out)
    assert "\\x1b[2J" in said.out
    machine = say("annotations", "housing", "--json")
    assert not ACTING.search(machine.out)
    assert machine.document["entries"][0]["text"] == HOSTILE


def test_name_that_nobody_knows_is_repeated_inert(filled: House, say: Say) -> None:
    for words in (["requests"], ["history", "--model"], ["report"], ["export"], ["versions"]):
        said = say(*words, HOSTILE)
        assert said.code == 2
        assert not ACTING.search(said.err + said.out)


def test_paused_model_says_what_a_request_to_it_will_do(filled: House, say: Say) -> None:
    told = say("pause", "housing", "--reason", "sensor", "--by", "ada").out
    assert "housing is paused by ada: sensor" in told
    assert "requests to it wait, until it is resumed" in told
    asked = say("request", "housing", "--reason", "now", "--json").document
    assert "The request waits until it is resumed" in asked["note"]
    assert "requests to it wait until it is resumed" in say("status").out
    assert say("fleet", "--health", "paused", "--json").document["entries"][0]["model_name"] == "housing"
    assert say("resume", "housing", "--reason", "done").code == 0
    assert say("fleet", "--health", "paused").code == 1


def test_mute_is_listed_until_it_is_ended(filled: House, say: Say) -> None:
    number = say("mute", "housing", "--for", "2d", "--reason", "night", "--json").document["id"]
    assert f"#{number}" in say("mutes").out
    assert say("unmute", f"#{number}", "--reason", "morning").code == 0
    assert say("mutes").out == "nothing is muted\n"


def test_health_and_status_end_with_one_where_anything_is_wrong(filled: House, say: Say) -> None:
    (filled.deployment.models_dir / "quiet.yaml").write_text("task: [")
    health = say("health", "--json")
    assert (health.code, health.document["well"]) == (1, False)
    assert any(each["subject"] == "quiet" for each in health.document["problems"])
    assert say("status", "--model", "quiet").code == 1


def test_config_shows_good_files_beside_a_bad_one(filled: House, say: Say) -> None:
    filled.stage.add("asleep", enabled=False)
    (filled.deployment.models_dir / "broken.yaml").write_text("task: [")
    said = say("config")
    assert said.code == 2
    assert "quiet:" in said.out
    assert "enabled: false" in said.out
    assert "model broken: " in said.err
    found = say("config", "--json").document
    assert sorted(found["models"]) == ["asleep", "housing", "quiet"]
    assert list(found["errors"]) == ["broken"]
    assert say("config", "--model", "quiet").code == 0


def test_export_is_the_same_as_json_and_in_a_file(filled: House, say: Say, tmp_path: Path) -> None:
    text = say("export", "model_retraining_events", "--model", "housing").out
    assert len(text.splitlines()) == 3
    rows = say("export", "model_retraining_events", "--json").document["rows"]
    assert [row["model_name"] for row in rows] == ["housing", "housing"]
    file = tmp_path / "events.csv"
    assert say("export", "model_retraining_events", "--model", "housing", "--out", str(file)).code == 0
    assert file.read_text().splitlines() == text.splitlines()


def test_start_without_an_airflow_says_what_it_needs(filled: House, say: Say) -> None:
    for words in (["start"], ["stop"], ["trigger", "housing"]):
        said = say(*words)
        assert said.code == 2
        assert "--url" in said.err
        assert "RETRAINING_API_TOKEN" in said.err


@pytest.mark.parametrize(
    ("output", "code", "said"), [("/dev/full", 2, "output cannot be written: No space left"), ("closed", 0, "")]
)
def test_an_output_that_takes_nothing_is_told(output: str, code: int, said: str) -> None:
    where = ">&-" if output == "closed" else f">{output}"
    command = f"{shlex.quote(sys.executable)} -m include.cli config {where}"
    ended = subprocess.run(["sh", "-c", command], capture_output=True, text=True, check=False)  # noqa: S607
    assert ended.returncode == code, ended.stderr
    assert said in ended.stderr
    assert "Traceback" not in ended.stderr
