"""Dead ends, each with what makes it and what its way out does."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from include import workflow
from include.data.temporary import temporary_folder
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.records.entries import Run, Surroundings
from include.records.postgres.examination import RecordsSeen, ServerSeen
from include.records.schema import migrate
from include.registry.training import Script
from include.retraining.artifacts import libraries
from include.retraining.prepare import Columns
from include.retraining.trainers.command_model import command_model
from include.retraining.trainers.scratch import scratch_folder
from include.scoring import Task
from include.workflow.examination import machine
from include.workflow.identity import adopt_records, leave_mark, own
from tests.examination.house import AIRFLOW, House
from tests.forced import force_promotion
from tests.records.examples import open_event
from tests.stage import day

DeadEnd = tuple[str, str, Callable[[House, pytest.MonkeyPatch], None], Callable[[House, pytest.MonkeyPatch], None]]


def files_gone(house: House, _: pytest.MonkeyPatch) -> None:
    house.champion.rename(house.root / "backup")


def files_back(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "backup").rename(house.champion)


def file_altered(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.copy(house.champion / "model.skops", house.root / "backup")
    with (house.champion / "model.skops").open("ab") as file:
        file.write(b"x")


def file_restored(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.copy(house.root / "backup", house.champion / "model.skops")


def manifest_altered(house: House, _: pytest.MonkeyPatch) -> None:
    file = house.champion / "manifest.json"
    shutil.copy(file, house.root / "backup")
    file.write_text(file.read_text() + " ")


def manifest_overwritten(house: House, _: pytest.MonkeyPatch) -> None:
    """By a program that writes no text."""
    manifest_altered(house, _)
    (house.champion / "manifest.json").write_bytes(b"\xff\xfe\x00")


def manifest_restored(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.copy(house.root / "backup", house.champion / "manifest.json")


def link_copied(house: House, _: pytest.MonkeyPatch) -> None:
    """As a copy makes it that follows links: of S3 tools, or of an archive that knows none."""
    link = house.root / "made" / "sales" / "champion"
    link.unlink(missing_ok=True)
    shutil.copytree(house.champion, link)


def copy_removed(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(house.root / "made" / "sales" / "champion")


def reference_gone(house: House, _: pytest.MonkeyPatch) -> None:
    house.execute("CREATE TABLE public.kept AS SELECT * FROM retraining.reference_profiles",
                  "DELETE FROM retraining.reference_profiles")  # fmt: skip


def reference_back(house: House, _: pytest.MonkeyPatch) -> None:
    house.execute("INSERT INTO retraining.reference_profiles SELECT * FROM public.kept", "DROP TABLE public.kept")


def forced(house: House, _: pytest.MonkeyPatch) -> None:
    run = Run(run_id="forced", as_of=day(41), force=True)
    workflow.analyze(house.deployment, "sales", run)
    _, event = workflow.decide(house.deployment, "sales", run)
    assert event is not None
    assert workflow.execute(house.deployment, event.id).status == "promoted"
    workflow.publish(house.deployment, "sales", run)


def told_to(*statements: str) -> Callable[[House, pytest.MonkeyPatch], None]:
    return lambda house, _: house.execute(*statements)


ONE_CHAMPION = (
    "CREATE UNIQUE INDEX one_champion_per_model ON retraining.model_version_management (model_name)"
    " WHERE status = 'champion'"
)
JANUARY = "ALTER TABLE retraining.retraining_analyses {} PARTITION retraining.retraining_analyses_2026_01"
JANUARY_AGAIN = f"{JANUARY.format('ATTACH')} FOR VALUES FROM ('2026-01-01 00:00+00') TO ('2026-02-01 00:00+00')"
GUARDED = "ALTER TABLE retraining.model_retraining_events {} TRIGGER USER"


def other_library(version: str) -> Callable[[House, pytest.MonkeyPatch], None]:
    def change(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        there = libraries.installed
        monkeypatch.setattr(libraries, "installed", lambda name: version if name == "scikit-learn" else there(name))

    return change


def library_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()


def asked_deeply(house: House, _: pytest.MonkeyPatch) -> None:
    house.deep = True


def newer_version(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.copytree(house.champion, house.root / "made" / "sales" / "v7-abcdef123456")


def newer_removed(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.rmtree(house.root / "made" / "sales" / "v7-abcdef123456")


def mistake(house: House, _: pytest.MonkeyPatch) -> None:
    house.rewrite(window="long")


def misnamed(house: House, _: pytest.MonkeyPatch) -> None:
    [learnt, *_] = house.reference.inputs
    house.rewrite(range={f"{learnt}s": [0, 1]}, columns={learnt: "number"})


def corrected(house: House, _: pytest.MonkeyPatch) -> None:
    house.rewrite()


def environment_called(name: str) -> Callable[[House, pytest.MonkeyPatch], None]:
    def change(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        house.rewrite(environments={"production": {"policy": {"preset": "conservative"}}})
        monkeypatch.setenv("RETRAINING_ENVIRONMENT", name)

    return change


def renamed(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "models" / "sales.yaml").rename(house.root / "models" / "turnover.yaml")


def renamed_and_run(house: House, _: pytest.MonkeyPatch) -> None:
    renamed(house, _)
    workflow.run_model(house.deployment, "turnover", Run(run_id="turnover", as_of=day(31)))
    [first] = house.deployment.store.events(model_name="turnover")
    assert "sales is on record with a champion" in first.decision.reason


def renamed_back(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "models" / "turnover.yaml").rename(house.root / "models" / "sales.yaml")


def old_name_given_up(house: House, _: pytest.MonkeyPatch) -> None:
    workflow.pause_model(house.deployment, "sales", by="ada", reason="goes on as turnover")


def no_folder(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "models").rename(house.root / "elsewhere")


def folder_back(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "elsewhere").rename(house.root / "models")


def twin(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.copy(house.root / "models" / "sales.yaml", house.root / "models" / "sales.yml")


def twin_removed(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "models" / "sales.yml").unlink()


def script_of(*command: str) -> Callable[[House, pytest.MonkeyPatch], None]:
    def change(house: House, _: pytest.MonkeyPatch) -> None:
        house.rewrite(training={"script": {"command": list(command), "folder": str(house.root)}})

    return change


def script_written(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "train.py").write_text("")


def without_function(house: House, _: pytest.MonkeyPatch) -> None:
    house.rewrite(training={"callable": "gone_for_good:train"})


def function_back(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    (house.root / "gone_for_good.py").write_text("def train(): ...")
    monkeypatch.syspath_prepend(house.root)
    importlib.invalidate_caches()


def airflow_says(**says: Any) -> Callable[[House, pytest.MonkeyPatch], None]:
    def change(house: House, _: pytest.MonkeyPatch) -> None:
        house.surroundings = Surroundings(**{**vars(AIRFLOW), **says})

    return change


def without_schema_file(house: House, _: pytest.MonkeyPatch) -> None:
    house.execute("DROP SCHEMA retraining CASCADE")


def migrated(house: House, _: pytest.MonkeyPatch) -> None:
    with psycopg.connect(house.uri) as connection:
        migrate(connection)


def of_the_future(house: House, _: pytest.MonkeyPatch) -> None:
    house.execute("INSERT INTO retraining.schema_migrations (name, sha256) VALUES ('9999_later.sql', 'x')")


def of_today(house: House, _: pytest.MonkeyPatch) -> None:
    house.execute("DELETE FROM retraining.schema_migrations WHERE name = '9999_later.sql'")


def read_only(house: House, _: pytest.MonkeyPatch) -> None:
    house.uri += "?options=-cdefault_transaction_read_only%3Don"


def in_public(house: House, _: pytest.MonkeyPatch) -> None:
    house.uri += "?options=-csearch_path%3Dpublic"


def writable(house: House, _: pytest.MonkeyPatch) -> None:
    house.uri = house.uri.partition("?")[0]


def server_says(**says: Any) -> Callable[[House, pytest.MonkeyPatch], None]:
    def change(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
        there = RecordsSeen.server

        def server(records: RecordsSeen) -> ServerSeen:
            found = there(records)
            return ServerSeen(**{**vars(found), **{n: v(found) if callable(v) else v for n, v in says.items()}})

        monkeypatch.setattr(RecordsSeen, "server", server)

    return change


def lends(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def told(records: RecordsSeen) -> str:
        past = "connect_timeout" in getattr(records.connect, "keywords", {})  # what RETRAINING_DB_DIRECT names
        return "" if past else "leads to a pooler that lends sessions"

    monkeypatch.setattr(RecordsSeen, "lends_sessions", told)


def direct(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRAINING_DB_DIRECT", house.uri)


def direct_is_wrong(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lends(house, monkeypatch)
    monkeypatch.setenv("RETRAINING_DB_DIRECT", "postgresql://nobody@127.0.0.1:1/none")


def direct_leads_nowhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also where there is no pooler: each retrain would take its lock there."""
    monkeypatch.setenv("RETRAINING_DB_DIRECT", "postgresql://nobody@127.0.0.1:1/none")


def direct_is_read_only(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As one that leads to a standby, or is a reader's."""
    monkeypatch.setenv("RETRAINING_DB_DIRECT", f"{house.uri}?options=-cdefault_transaction_read_only%3Don")


def direct_leads_elsewhere(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = f"{house.uri}?options=-csearch_path%3Dstaging"
    with psycopg.connect(elsewhere) as connection:
        migrate(connection)
    monkeypatch.setenv("RETRAINING_DB_DIRECT", elsewhere)


def begins_anew(house: House, _: pytest.MonkeyPatch) -> None:
    """As logical replication leaves it: rows without the state of sequences."""
    for table in ("model_retraining_events", "model_deployment_history"):
        house.execute(f"SELECT setval(pg_get_serial_sequence('retraining.{table}', 'id'), 1, false)")


def goes_on(house: House, _: pytest.MonkeyPatch) -> None:
    migrated(house, _)
    force_promotion(house.deployment, "sales", day(41), shuffled=False)


def profile_altered(house: House, _: pytest.MonkeyPatch) -> None:
    reference_gone(house, _)
    house.execute("INSERT INTO retraining.reference_profiles (model_name, version, profile, accepted_at)"
                  " SELECT model_name, version, '{}', accepted_at FROM public.kept")  # fmt: skip
    with pytest.raises(DataError, match=r"later version of this package.*`force`"):
        workflow.analyze(house.deployment, "sales", Run(run_id="altered", as_of=day(40)))
    house.deep = True


def owner_is_a_folder(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "made" / "records.json").unlink(missing_ok=True)
    (house.root / "made" / "records.json").mkdir()


def folder_moved(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "made" / "records.json").rmdir()


def moved(house: House, _: pytest.MonkeyPatch) -> None:
    """As a restore from a dump does it: the table is another one."""
    write(house)
    house.execute("UPDATE retraining.records_places SET place = 'elsewhere'")


def former_gone(house: House, _: pytest.MonkeyPatch) -> None:
    force_promotion(house.deployment, "sales", day(41), shuffled=False)
    [former] = (house.root / "made" / "sales").glob("v1-*")
    former.rename(house.root / "backup")


def former_back(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "backup").rename(house.root / "made" / house.deployment.store.versions("sales")[0].artifact_path)


def nobodys(house: House, _: pytest.MonkeyPatch) -> None:
    write(house)
    house.execute("DELETE FROM retraining.records_identity")
    for act in (house.deployment.store.identity, house.deployment.store.home.find):
        with pytest.raises(ConfigurationError, match=r"records_identity is empty.*records.json"):
            act()


def somebodys(house: House, _: pytest.MonkeyPatch) -> None:
    mine = json.loads((house.root / "made" / "records.json").read_text())["records"]
    house.execute(f"INSERT INTO retraining.records_identity (id) VALUES ('{mine}')")


def behind(house: House, _: pytest.MonkeyPatch) -> None:
    write(house), write(house)
    house.execute("DELETE FROM retraining.records_places WHERE id = 2")


def write(house: House) -> None:
    own(house.deployment.store, house.deployment.artifacts)
    leave_mark(house.deployment.store, house.deployment.artifacts)


def adopted(house: House, _: pytest.MonkeyPatch) -> None:
    adopt_records(house.deployment, by="ada")


def of_others(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "made" / "records.json").write_text('{"records": "1c9a4b0e-8f6d-4d0c-9f3e-6a0b6f1e2d3c"}')


def owner_unreadable(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "made" / "records.json").write_text("nobody")


def owner_removed(house: House, _: pytest.MonkeyPatch) -> None:
    (house.root / "made" / "records.json").unlink()


def left_executing(house: House, _: pytest.MonkeyPatch) -> None:
    event = open_event(house.deployment.store, "run-dead", model_name="sales", as_of=day(40))
    house.execute(
        f"UPDATE retraining.model_retraining_events SET status = 'executing', execution_attempted = true, attempts = 1,"
        f" execution_started_at = now() WHERE id = {event.id}"
    )


def next_run(house: House, _: pytest.MonkeyPatch) -> None:
    workflow.analyze(house.deployment, "sales", Run(run_id="next", as_of=day(41), dry_run=True))


def silent(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an upgrade leaves it: it loads, and does not answer."""

    def predict(*_: object) -> None:
        raise AttributeError("'Ridge' object has no attribute 'positive_'")

    house.deep = True
    monkeypatch.setattr("sklearn.linear_model.Ridge.predict", predict)


def command_gone(house: House, _: pytest.MonkeyPatch) -> None:
    """A champion in files that only a command reads, whose interpreter is not there any more."""
    (house.root / "own").mkdir()
    (house.root / "own" / "weights.bin").write_text("1")
    script = Script.model_validate({"command": ["train"], "predict_command": ["python-of-last-year", "predict.py"]})
    columns = Columns(features=("x",), categorical=())
    model = command_model(
        (), script=script, task=Task.REGRESSION, columns=columns, folder=house.root / "own", files=("weights.bin",)
    )
    path, sha256 = house.deployment.artifacts.save("sales", 1, model, columns)
    house.execute(
        "ALTER TABLE retraining.model_version_management DISABLE TRIGGER USER",
        f"UPDATE retraining.model_version_management SET artifact_path = '{path}', artifact_sha256 = '{sha256}'",
    )


def command_named(house: House, _: pytest.MonkeyPatch) -> None:
    command = [sys.executable, "-c", ""]
    house.rewrite(training={"script": {"command": command, "predict_command": command}})


def full(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(house.root)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=2**20))


def out_of_files(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    found = [*os.statvfs(house.root)]
    found[5:8] = [2**20, 7, 7]
    monkeypatch.setattr(machine.os, "statvfs", lambda _: os.statvfs_result(found))


def locked(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine.os, "access", lambda *_: False)


def no_temporary_folder(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", None)
    monkeypatch.setattr("tempfile._candidate_tempdir_list", lambda: ["/nowhere"])
    for makes in (temporary_folder(), scratch_folder()):
        with pytest.raises(SourceUnavailable, match="set TMPDIR"), makes:
            pass


def left_over(house: House, _: pytest.MonkeyPatch) -> None:
    for folder in (house.root.parent / "tmp" / "retraining-old", house.root / "made" / "sales" / ".saving-v2-x"):
        folder.mkdir()
        os.utime(folder, (time.time() - 2 * 86400,) * 2)


def swept_away(house: House, _: pytest.MonkeyPatch) -> None:
    for checked in house.examined().checks:
        for each in checked.findings:
            while each.way_out.startswith("rm -r "):
                shutil.rmtree(each.way_out.partition("rm -r ")[2].partition(", and")[0])
                return swept_away(house, _)
    return None


def hours_apart(found: ServerSeen) -> datetime:
    return datetime.now(UTC) - timedelta(hours=1)


DEAD_ENDS: list[DeadEnd] = [
    ("champions", "is missing", files_gone, files_back),
    ("champions", "sha256", file_altered, file_restored),
    ("champions", "on record", manifest_altered, manifest_restored),
    ("champions", "manifest.json: is no text", manifest_overwritten, manifest_restored),
    ("champions", "does not answer here", silent, library_back),
    ("champions", "what answers for it is gone: the program python-of-last-year", command_gone, command_named),
    ("champions", "is no symbolic link; move it away", link_copied, copy_removed),
    ("champions", "compare with is not on record", reference_gone, reference_back),
    ("champions", "start a run with `force`", reference_gone, forced),
    ("champions", "cannot be read", profile_altered, forced),
    ("libraries", "scikit-learn is 0.9.1 here", other_library("0.9.1"), library_back),
    ("libraries", "scikit-learn is 0.9.1 here", other_library("0.9.1"), asked_deeply),
    ("libraries", "is not installed any more", other_library(""), library_back),
    ("ages", "the next version is v8", newer_version, newer_removed),
    ("ages", "a rollback leads to that version", former_gone, former_back),
    ("model files", "window", mistake, corrected),
    ("named columns", "did you mean", misnamed, corrected),
    ("renamed", "rename the file back to sales.yaml", renamed, renamed_back),
    ("renamed", "rename the file back to sales.yaml", renamed_and_run, renamed_back),
    ("renamed", "pause sales --reason", renamed_and_run, old_name_given_up),
    ("model files", "did you mean 'production'?", environment_called("prod"), environment_called("production\n")),
    ("model files", "did you mean 'production'?", environment_called("Production"), environment_called("staging")),
    ("model files", "are both of the model", twin, twin_removed),
    ("model files", "is not a folder", no_folder, folder_back),
    ("trainers", "train.py", script_of(sys.executable, "train.py"), script_written),
    (
        "trainers",
        "the program no-such-python",
        script_of("no-such-python", "-c", ""),
        script_of(sys.executable, "-c", ""),
    ),
    ("trainers", "gone_for_good", without_function, function_back),
    ("airflow", "a retrain waits for ever", airflow_says(slots=None), airflow_says()),
    ("airflow", "no slots", airflow_says(slots=0), airflow_says()),
    ("airflow", "Europe/Berlin", airflow_says(default_timezone="Europe/Berlin"), airflow_says()),
    ("airflow", "which no run maps", airflow_says(max_map_length=0), airflow_says()),
    ("needed connections", "Airflow has none", airflow_says(has_connection=lambda _: False), airflow_says()),
    ("connections", "raise max_connections to", airflow_says(parallelism=500), airflow_says()),
    (
        "connections",
        "98 of 100 connections are in use, 3 are kept",
        server_says(connections=98, max_connections=100, reserved=3),
        library_back,
    ),
    ("connections", "ALTER ROLE airflow CONNECTION LIMIT 18", server_says(user_limit=3), library_back),
    ("connections", "of the database doctor_", server_says(database_limit=5), library_back),
    ("schema", "it lacks 01_runs.sql", without_schema_file, migrated),
    ("schema", "newer version of this project", of_the_future, of_today),
    ("schema", "names public, which the records do not share", in_public, writable),
    (
        "schema",
        "relation one_champion_per_model: gone",
        told_to("DROP INDEX retraining.one_champion_per_model"),
        told_to(ONE_CHAMPION),
    ),
    ("schema", "the next number of", begins_anew, goes_on),
    ("schema", "switched off", told_to(GUARDED.format("DISABLE")), told_to(GUARDED.format("ENABLE"))),
    (
        "schema",
        "function prepare_month",
        told_to("ALTER FUNCTION retraining.prepare_month RENAME TO x"),
        told_to("ALTER FUNCTION retraining.x RENAME TO prepare_month"),
    ),
    ("schema", "FROM ('2026-01-01 00:00+00')", told_to(JANUARY.format("DETACH")), told_to(JANUARY_AGAIN)),
    ("server", "read-only", read_only, writable),
    (
        "reached",
        "renamed or copied",
        told_to("ALTER FUNCTION retraining.prepare_month SET search_path TO was, pg_temp"),
        migrated,
    ),
    ("server", "Postgres 13", server_says(version=130011), library_back),
    ("server", "Postgres 19", server_says(version=190001), library_back),
    ("server", "Asia/Tokyo", server_says(session_timezone="Asia/Tokyo"), library_back),
    ("clock", "3600 s from that of the database", server_says(at=hours_apart), library_back),
    ("pooler", "lends sessions", lends, direct),
    ("pooler", "cannot be reached", direct_is_wrong, direct),
    ("pooler", "cannot be reached", direct_leads_nowhere, direct),
    ("pooler", "nothing can be written through it", direct_is_read_only, direct),
    ("pooler", "leads to other records", direct_leads_elsewhere, direct),
    ("identity", "copied, restored or moved", moved, adopted),
    ("identity", "records_identity is empty", nobodys, somebodys),
    ("identity", "older state", behind, adopted),
    ("identity", "as their owner", of_others, owner_removed),
    ("identity", "is no file; move it away", owner_is_a_folder, folder_moved),
    ("identity", "does not say whose", owner_unreadable, owner_removed),
    ("open retrainings", "nobody is at work", left_executing, next_run),
    ("disk", "0.0 GiB left", full, library_back),
    ("disk", "takes 7 files more", out_of_files, library_back),
    ("disk", "may not be written to", locked, library_back),
    ("disk", "set TMPDIR to a folder", no_temporary_folder, library_back),
    ("leftovers", "retraining-old", left_over, swept_away),
]
