"""Every dead end that the doctor knows, made on purpose: it is named, and the way out that is named works."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import count
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import sql

from include import workflow
from include.decision.decision import Severity
from include.decision.request import RequestKind
from include.records.entries import Examination, Finding, Run, Surroundings
from include.records.memory import MemoryStore
from include.records.postgres import PostgresStore
from include.records.postgres.examination import RecordsSeen, ServerSeen
from include.records.schema import migrate
from include.retraining.artifacts import ArtifactFolder, libraries
from include.workflow.deployment import Deployment
from include.workflow.examination import machine
from include.workflow.examination.catalogue import CHECKS
from include.workflow.identity import adopt_records, leave_mark, own
from tests.records.examples import NOW, open_event, postgres_store
from tests.stage import FIELDS, REFERENCE_DAYS, day, sales
from tools.embedded_postgres import EmbeddedPostgres

_NUMBERS = count(1)
FIRST = day(REFERENCE_DAYS)
TEMPLATE = "doctor_made"
IN_ORDER = {"rights"}  # the server of the tests knows one user, who is a superuser
AIRFLOW = Surroundings(
    pool="retraining", slots=3, default_timezone="utc", parallelism=4, max_map_length=1024,
    has_connection=lambda _: True,
)  # fmt: skip


@dataclass
class House:
    """A deployment with one model that has a champion, in a database and a folder of its own."""

    uri: str
    root: Path
    admin: str
    surroundings: Surroundings | None = AIRFLOW
    deep: bool = False

    @property
    def deployment(self) -> Deployment:
        connect = partial(psycopg.connect, self.uri)
        return Deployment(
            store=PostgresStore(connect, guarded=True), connect=connect, models_dir=self.root / "models",
            data_dir=self.root / "data", artifacts=ArtifactFolder(self.root / "made"),
        )  # fmt: skip

    @property
    def champion(self) -> Path:
        """The folder of the champion's files."""
        found = self.deployment.store.champion("sales")
        assert found is not None
        return self.root / "made" / found.artifact_path

    def execute(self, *statements: str) -> None:
        with psycopg.connect(self.uri, autocommit=True) as connection:
            for statement in statements:
                connection.execute(statement)

    def examined(self) -> Examination:
        return workflow.examine(self.deployment, deep=self.deep, surroundings=self.surroundings)

    def found(self) -> list[tuple[str, Finding]]:
        """What is found that is not there anyhow, with the check that found it."""
        return [(c.check, each) for c in self.examined().checks if c.check not in IN_ORDER for each in c.findings]

    def rewrite(self, **fields: Any) -> None:
        (self.root / "models" / "sales.yaml").write_text(json.dumps(FILE | fields))


FILE = {**FIELDS, "source": {"kind": "csv", "path": "sales.csv"}, "training": {"estimator": "linear", "rows": "all"}}


@pytest.fixture(scope="module")
def made(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A first version, trained once."""
    root = tmp_path_factory.mktemp("made")
    postgres.create_databases(TEMPLATE)
    with psycopg.connect(postgres.uri(TEMPLATE)) as connection:
        migrate(connection)
    for name in ("models", "data"):
        (root / name).mkdir()
    house = House(postgres.uri(TEMPLATE), root, postgres.uri())
    house.rewrite()
    sales(45).to_csv(root / "data" / "sales.csv", index=False)
    run_model(Deployment(**{**vars(house.deployment), "store": postgres_store(house.uri)}), "run-1")
    yield root
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(TEMPLATE)))


@pytest.fixture
def house(postgres: EmbeddedPostgres, made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[House]:
    """A copy of it; what a temporary folder of the machine holds is its own."""
    name = f"doctor_{next(_NUMBERS)}"
    shutil.copytree(made, tmp_path / "house", symlinks=True)
    (tmp_path / "tmp").mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path / "tmp"))
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        copying = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        connection.execute(copying.format(sql.Identifier(name), sql.Identifier(TEMPLATE)))
        yield House(postgres.uri(name), tmp_path / "house", postgres.uri())
        connection.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


def run_model(deployment: Deployment, run_id: str, at: datetime = FIRST) -> None:
    workflow.run_model(deployment, "sales", Run(run_id=run_id, as_of=at))


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


def manifest_restored(house: House, _: pytest.MonkeyPatch) -> None:
    shutil.copy(house.root / "backup", house.champion / "manifest.json")


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


def corrected(house: House, _: pytest.MonkeyPatch) -> None:
    house.rewrite()


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
    house.execute("INSERT INTO retraining.schema_migrations (name, sha256) VALUES ('99_later.sql', 'x')")


def of_today(house: House, _: pytest.MonkeyPatch) -> None:
    house.execute("DELETE FROM retraining.schema_migrations WHERE name = '99_later.sql'")


def read_only(house: House, _: pytest.MonkeyPatch) -> None:
    house.uri += "?options=-cdefault_transaction_read_only%3Don"


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
    monkeypatch.setattr(RecordsSeen, "lends_sessions", lambda _: "leads to a pooler that lends sessions")


def direct(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RETRAINING_DB_DIRECT", house.uri)


def direct_is_wrong(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    lends(house, monkeypatch)
    monkeypatch.setenv("RETRAINING_DB_DIRECT", "postgresql://nobody@127.0.0.1:1/none")


def moved(house: House, _: pytest.MonkeyPatch) -> None:
    """As a restore from a dump does it: the table is another one."""
    write(house)
    house.execute("UPDATE retraining.records_places SET place = 'elsewhere'")


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


def full(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(house.root)
    monkeypatch.setattr(machine.shutil, "disk_usage", lambda _: usage._replace(free=2**20))


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
    ("libraries", "scikit-learn is 0.9.1 here", other_library("0.9.1"), library_back),
    ("libraries", "scikit-learn is 0.9.1 here", other_library("0.9.1"), asked_deeply),
    ("libraries", "is not installed any more", other_library(""), library_back),
    ("ages", "the next version is v8", newer_version, newer_removed),
    ("model files", "window", mistake, corrected),
    ("model files", "are both of the model", twin, twin_removed),
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
    ("airflow", "no run maps", airflow_says(max_map_length=0), airflow_says()),
    ("needed connections", "Airflow has none", airflow_says(has_connection=lambda _: False), airflow_says()),
    ("connections", "raise max_connections to", airflow_says(parallelism=500), airflow_says()),
    ("schema", "it lacks 01_runs.sql", without_schema_file, migrated),
    ("schema", "newer than the code", of_the_future, of_today),
    ("server", "read-only", read_only, writable),
    ("server", "Postgres 13", server_says(version=130011), library_back),
    ("server", "Postgres 19", server_says(version=190001), library_back),
    ("server", "Asia/Tokyo", server_says(session_timezone="Asia/Tokyo"), library_back),
    ("clock", "3600 s from that of the database", server_says(at=hours_apart), library_back),
    ("pooler", "lends sessions", lends, direct),
    ("pooler", "cannot be reached", direct_is_wrong, direct),
    ("identity", "copied, restored or moved", moved, adopted),
    ("identity", "older state", behind, adopted),
    ("identity", "as their owner", of_others, owner_removed),
    ("open retrainings", "nobody is at work", left_executing, next_run),
    ("disk", "0.0 GiB left", full, library_back),
    ("leftovers", "retraining-old", left_over, swept_away),
]


@pytest.mark.parametrize(("check", "told", "make", "mend"), DEAD_ENDS)
def test_every_dead_end_is_named_and_its_way_out_works(
    house: House, monkeypatch: pytest.MonkeyPatch, check: str, told: str, make: Callable[..., None],
    mend: Callable[..., None],
) -> None:  # fmt: skip
    assert house.found() == []
    make(house, monkeypatch)
    mine = [each for name, each in house.found() if name == check]
    assert any(told in f"{each.told} {each.way_out}" for each in mine), house.examined()
    assert all(each.way_out and each.subject for each in mine)
    mend(house, monkeypatch)
    assert [each for name, each in house.found() if name == check] == []


def test_every_check_of_the_catalogue_is_among_the_dead_ends() -> None:
    assert {check for check, *_ in DEAD_ENDS} | IN_ORDER == set(CHECKS)


def test_database_that_is_away_is_a_finding_and_the_rest_is_looked_at_all_the_same(house: House) -> None:
    house.uri = "postgresql://nobody@127.0.0.1:1/none"
    found = {each.check: each for each in house.examined().checks}
    [away] = found["reached"].findings
    assert away.severity is Severity.CRITICAL
    assert found["schema"].not_looked_at
    assert found["model files"].seen == ("1 of 1 model files can be read",)


def test_what_is_not_seen_is_told_and_never_taken_for_well(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    house.surroundings = None
    found = {each.check: each for each in house.examined().checks}
    assert "not inside Airflow" in found["airflow"].not_looked_at[0]
    monkeypatch.setattr("include.workflow.examination.subject.SECONDS", -1.0)
    found = {each.check: each for each in house.examined().checks}
    for check in ("model files", "champions", "libraries", "ages"):
        assert "no time" in found[check].not_looked_at[0]


def test_records_in_memory_are_not_looked_at(tmp_path: Path) -> None:
    deployment = Deployment(
        store=MemoryStore(), models_dir=tmp_path, data_dir=tmp_path, artifacts=ArtifactFolder(tmp_path)
    )
    found = {each.check: each for each in workflow.examine(deployment, at=NOW).checks}
    assert "in memory" in found["server"].not_looked_at[0]
    assert "there is no model file" in found["model files"].findings[0].told


def test_superuser_is_named(house: House) -> None:
    found = {each.check: each for each in house.examined().checks}
    assert "superuser" in found["rights"].findings[0].told


@pytest.mark.sweep
def test_champion_that_is_gone_is_replaced_by_a_version_that_is_requested(house: House) -> None:
    shutil.rmtree(house.champion)
    [(_, finding)] = [(name, each) for name, each in house.found() if name == "champions"]
    assert "cli request sales" in finding.way_out
    deployment = house.deployment
    deployment.store.add_request("sales", RequestKind.MANUAL, "its champion is gone", "ada", at=datetime.now(UTC))
    run_model(deployment, "run-2", day(40))
    assert [each for name, each in house.found() if name == "champions"] == []
    champion = deployment.store.champion("sales")
    assert champion is not None
    assert champion.version == 2
