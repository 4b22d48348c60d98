"""A copied or restored database is noticed, and writes nothing outside until somebody says what it is."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from include import workflow
from include.errors import ConfigurationError
from include.interfaces.mlflow.follow import follow
from include.interfaces.mlflow.settings import MlflowSettings
from include.records.entries import Noted, Run
from include.records.memory import MemoryStore
from include.records.postgres import PostgresStore
from include.records.schema import migrate
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.identity import OWNER_FILE, adopt_records, leave_mark, own, renew_records, require_home
from tests.records.examples import NOW, execute, notify, open_event
from tests.sweeps import first_of
from tests.test_notify import Post
from tools.embedded_postgres import EmbeddedPostgres


def deployed(uri: str, root: Path) -> Deployment:
    """A deployment as `open_deployment` makes it: guarded."""
    store = PostgresStore(partial(psycopg.connect, uri), guarded=True)
    return Deployment(store=store, models_dir=root, data_dir=root, artifacts=ArtifactFolder(root / "made"))


def write(deployment: Deployment) -> None:
    """What a retraining does before it writes beside the artifacts."""
    own(deployment.store, deployment.artifacts)
    leave_mark(deployment.store, deployment.artifacts)


def as_writer(uri: str) -> str:
    """The address of a database as somebody who may only write to it."""
    return uri.replace(uri.partition("//")[2].partition("@")[0], "a_writer:w", 1)


def refused(deployment: Deployment) -> str:
    """What a write is refused with; empty where it is not."""
    try:
        write(deployment)
    except ConfigurationError as error:
        return str(error)
    return ""


@dataclass(frozen=True)
class Server:
    """A server with one records database that has lived, and what can be done to it."""

    postgres: EmbeddedPostgres
    uri: str

    @property
    def name(self) -> str:
        """Of the database."""
        return self.uri.rpartition("/")[2].partition("?")[0]

    def admin(self, text: str, *names: str) -> None:
        with psycopg.connect(self.postgres.uri(), autocommit=True) as connection:
            connection.execute(sql.SQL(text).format(*map(sql.Identifier, names)))

    def run(self, program: str, *arguments: str, **more: str) -> bytes:
        command = [f"{self.postgres.location.binaries / program}", *arguments]
        return subprocess.run(command, check=True, capture_output=True, input=more.get("input", "").encode()).stdout


def by_template(server: Server) -> str:
    server.admin("CREATE DATABASE {} TEMPLATE {}", "copied", server.name)
    return server.postgres.uri("copied")


def by_dump(server: Server) -> str:
    text = server.run("pg_dump", server.uri).decode()
    server.admin("CREATE DATABASE {}", "copied")
    server.run("psql", "--quiet", "--no-psqlrc", "--dbname", server.postgres.uri("copied"), input=text)
    return server.postgres.uri("copied")


def by_drop_and_restore(server: Server) -> str:
    text = server.run("pg_dump", server.uri).decode()
    server.admin("DROP DATABASE {} WITH (FORCE)", server.name)
    server.admin("CREATE DATABASE {}", server.name)
    server.run("psql", "--quiet", "--no-psqlrc", "--dbname", server.uri, input=text)
    return server.uri


def by_clean_restore(server: Server) -> str:
    text = server.run("pg_dump", "--clean", server.uri).decode()
    server.run("psql", "--quiet", "--no-psqlrc", "--dbname", server.uri, input=text)
    return server.uri


def by_schema(server: Server) -> str:
    text = server.run("pg_dump", "--schema", "retraining", server.uri).decode().replace("retraining.", "staging.")
    text = text.replace("SCHEMA retraining", "SCHEMA staging")
    server.run("psql", "--quiet", "--no-psqlrc", "--dbname", server.uri, input=text)
    copied = f"{server.uri}?options=-csearch_path%3Dstaging"
    with psycopg.connect(copied) as connection:
        migrate(connection)
    return copied


COPIES: list[Callable[[Server], str]] = [by_template, by_dump, by_drop_and_restore, by_clean_restore, by_schema]


@pytest.fixture
def server(postgres: EmbeddedPostgres, records_uri: str) -> Server:
    """A database that has written beside its artifacts, and nobody is connected to; what is copied goes afterwards."""
    found = Server(postgres, records_uri)
    with suppress(psycopg.Error):
        found.admin("DROP DATABASE IF EXISTS {} WITH (FORCE)", "copied")
    return found


@pytest.mark.parametrize("copy", first_of(COPIES, 2))
def test_a_copy_writes_nothing_outside_and_names_both_ways_out(
    server: Server, tmp_path: Path, copy: Callable[[Server], str]
) -> None:
    original = deployed(server.uri, tmp_path)
    write(original)
    execute(original.store, "run-1")
    told = (tmp_path / "made" / OWNER_FILE).read_text()
    copied = deployed(copy(server), tmp_path)
    event = open_event(copied.store, "run-2", as_of=NOW)
    for step in (
        lambda: write(copied), lambda: workflow.execute(copied, event.id),
        lambda: workflow.publish(copied, "housing", Run(run_id="run-3", as_of=NOW)),
        lambda: workflow.roll_back(copied, "housing", requested_by="ada", reason="complaints"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=r"identity adopt`.*identity new`") as refusal:
            step()
        assert f"wrote last in database {server.name}, schema retraining, server " in str(refusal.value)
    notify(copied.store)
    post = Post()
    assert "identity adopt" in workflow.deliver(copied, post, at=NOW).errors[0]
    assert post.sent == []
    assert "moved" in {str(each.kind) for each in workflow.health(copied).problems}
    assert (tmp_path / "made" / OWNER_FILE).read_text() == told
    assert copied.store.event(event.id).status == "decided"
    adopt_records(copied, by="ada")
    assert refused(copied) == ""


def test_the_first_of_two_twins_that_says_it_goes_on_shuts_the_other_out(server: Server, tmp_path: Path) -> None:
    original = deployed(server.uri, tmp_path)
    write(original)
    copied = deployed(by_template(server), tmp_path)
    assert refused(original) == ""
    adopt_records(copied, by="ada")
    assert "older state" in refused(original)
    assert refused(copied) == ""
    assert "older state" in refused(original)


def test_a_copy_with_an_identity_of_its_own_touches_nothing_of_the_other(server: Server, tmp_path: Path) -> None:
    original = deployed(server.uri, tmp_path)
    write(original)
    copied = deployed(by_template(server), tmp_path)
    before, old = (tmp_path / "made" / OWNER_FILE).read_text(), original.store.identity()
    with pytest.raises(ConfigurationError, match="--artifacts-copied"):
        renew_records(copied, by="ada")
    assert (tmp_path / "made" / OWNER_FILE).read_text() == before
    shutil.copytree(tmp_path / "made", tmp_path / "own" / "made")
    copied = deployed(server.postgres.uri("copied"), tmp_path / "own")
    renew_records(copied, by="ada", copied=True)
    assert copied.store.identity() != old
    assert (refused(copied), refused(original)) == ("", "")
    assert "belong to the records" in refused(deployed(server.postgres.uri("copied"), tmp_path))
    assert original.store.identity() == old
    assert json.loads((tmp_path / "made" / OWNER_FILE).read_text())["records"] == old
    with (
        original.store.claim(open_event(original.store).id, at=NOW),
        copied.store.claim(open_event(copied.store, "run-9").id, at=NOW),
    ):
        assert copied.store.home.find().renewed_at is not None


def test_copy_that_is_new_in_an_empty_place_owns_it(server: Server, tmp_path: Path) -> None:
    write(deployed(server.uri, tmp_path))
    copied = deployed(by_template(server), tmp_path / "own")
    renew_records(copied, by="ada")
    assert refused(copied) == ""


def test_older_state_at_the_same_place_is_noticed_by_the_mark(
    server: Server, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """A snapshot of the server's files, or a restore to a point in time, changes no number of the place."""
    deployment = deployed(server.uri, tmp_path)
    write(deployment)
    write(deployment)
    with psycopg.connect(server.uri) as connection:
        connection.execute("DELETE FROM records_places WHERE id = (SELECT max(id) FROM records_places)")
    execute(deployment.store, "run-1")
    event, before = open_event(deployment.store, "run-2", as_of=NOW), deployment.store.champion("housing")
    for step in (
        lambda: write(deployment), lambda: workflow.execute(deployment, event.id),
        lambda: workflow.publish(deployment, "housing", Run(run_id="run-3", as_of=NOW)),
        lambda: workflow.roll_back(deployment, "housing", 1, requested_by="ada", reason="complaints"),
    ):  # fmt: skip
        with pytest.raises(ConfigurationError, match=r"older state.*identity adopt"):
            step()
    notify(deployment.store)
    assert "older state" in workflow.deliver(deployment, Post(), at=NOW).errors[0]
    assert "moved" in {str(each.kind) for each in workflow.health(deployment).problems}
    assert deployment.store.champion("housing") == before
    nowhere = MlflowSettings.from_environment({"MLFLOW_TRACKING_URI": "http://127.0.0.1:1"})
    assert not follow(lambda: nowhere, deployment.store, deployment.artifacts, "housing", lambda: pytest.fail("told"))
    assert "older state" in caplog.text
    adopt_records(deployment, by="ada")
    assert refused(deployment) == ""
    assert "moved" not in {str(each.kind) for each in workflow.health(deployment).problems}


def test_process_that_died_before_it_wrote_its_mark_shuts_nobody_out(server: Server, tmp_path: Path) -> None:
    deployment = deployed(server.uri, tmp_path)
    write(deployment)
    deployment.store.home.note(Noted.WRITTEN, "a process that dies now", at=NOW)
    assert refused(deployment) == ""


def test_processes_of_the_same_records_that_write_at_once_are_no_twins(server: Server, tmp_path: Path) -> None:
    write(deployed(server.uri, tmp_path))

    def often(_: int) -> list[str]:
        mine = deployed(server.uri, tmp_path)
        return [refused(mine) for _ in range(5)]

    with ThreadPoolExecutor(4) as threads:
        assert {told for found in threads.map(often, range(4)) for told in found} == {""}


def test_host_that_does_not_tell_its_server_leaves_database_and_table(server: Server, tmp_path: Path) -> None:
    hidden = "{} EXECUTE ON FUNCTION pg_control_system() {} PUBLIC"
    with psycopg.connect(server.uri, autocommit=True) as connection:
        with suppress(psycopg.errors.DuplicateObject):
            connection.execute("CREATE ROLE a_writer LOGIN PASSWORD 'w'")
        connection.execute("GRANT retraining_writer TO a_writer")
        connection.execute(hidden.format("REVOKE", "FROM"))
        try:
            deployment = deployed(as_writer(server.uri), tmp_path)
            write(deployment)
            assert deployment.store.home.find().here.startswith("/")
            assert deployment.store.home.find().here_told.endswith("server unknown")
            assert refused(deployment) == ""
        finally:
            connection.execute(hidden.format("GRANT", "TO"))


def test_a_new_name_is_no_new_place(server: Server, tmp_path: Path) -> None:
    write(deployed(server.uri, tmp_path))
    server.admin("ALTER DATABASE {} RENAME TO {}", server.name, "copied")
    try:
        renamed = deployed(server.postgres.uri("copied"), tmp_path)
        assert refused(renamed) == ""
        with psycopg.connect(server.postgres.uri("copied")) as connection:
            connection.execute("ALTER SCHEMA retraining RENAME TO kept")
        kept = f"{server.postgres.uri('copied')}?options=-csearch_path%3Dkept"
        with psycopg.connect(kept) as connection:
            migrate(connection)
        assert refused(deployed(kept, tmp_path)) == ""
    finally:
        server.admin("ALTER DATABASE {} RENAME TO {}", "copied", server.name)


def test_records_that_wrote_nothing_yet_may_be_copied(server: Server, tmp_path: Path) -> None:
    copied = deployed(by_template(server), tmp_path)
    assert refused(copied) == ""


def test_unguarded_stores_ask_nobody(server: Server, tmp_path: Path) -> None:
    write(deployed(server.uri, tmp_path))
    store = PostgresStore(partial(psycopg.connect, by_template(server)))
    own(store, ArtifactFolder(tmp_path / "made"))
    require_home(store, ArtifactFolder(tmp_path))


def test_who_may_not_change_the_identity_is_told_who_may(server: Server, tmp_path: Path) -> None:
    with psycopg.connect(server.uri, autocommit=True) as connection:
        migrate(connection)
        connection.execute(
            "DO $$BEGIN CREATE ROLE a_writer LOGIN PASSWORD 'w'; EXCEPTION WHEN duplicate_object THEN END$$"
        )
        connection.execute("GRANT retraining_writer TO a_writer")
    deployment = deployed(as_writer(server.uri), tmp_path)
    assert refused(deployment) == ""
    (tmp_path / "made" / OWNER_FILE).unlink()
    with pytest.raises(ConfigurationError, match="owner of the tables"):
        renew_records(deployment, by="ada")
    adopt_records(deployment, by="ada")


def test_artifacts_of_others_are_adopted_by_nobody(tmp_path: Path) -> None:
    def of(store: MemoryStore) -> Deployment:
        return Deployment(store=store, models_dir=tmp_path, data_dir=tmp_path, artifacts=ArtifactFolder(tmp_path))

    own(MemoryStore(), ArtifactFolder(tmp_path))
    told = (tmp_path / OWNER_FILE).read_text()
    for act in (adopt_records, renew_records):
        with pytest.raises(ConfigurationError, match="belong to the records"):
            act(of(MemoryStore()), by="ada")
    assert (tmp_path / OWNER_FILE).read_text() == told


@pytest.mark.sweep
def test_copy_of_the_servers_files_is_noticed_as_soon_as_both_write(tmp_path: Path) -> None:
    first = EmbeddedPostgres(tmp_path / "first", settings={"fsync": "off"})
    first.start()
    second = EmbeddedPostgres(tmp_path / "second", settings={"fsync": "off"})
    try:
        first.create_databases("records")
        with psycopg.connect(first.uri("records")) as connection:
            migrate(connection)
        write(deployed(first.uri("records"), tmp_path))
        first.stop()
        second.start()
        second.stop()
        shutil.rmtree(second.data)
        shutil.copytree(first.data, second.data, copy_function=shutil.copy2)
        for path in (second.data, *second.data.rglob("*")):
            shutil.chown(path, first.data.stat().st_uid, first.data.stat().st_gid)
        first.start()
        (second.location.folder / "password").write_text(first.password)
        second.start()
        original = deployed(first.uri("records"), tmp_path)
        clone = deployed(second.uri("records"), tmp_path)
        assert not clone.store.home.find().moved
        write(original)
        assert "copy beside them" in refused(clone)
        adopt_records(clone, by="ada")
        assert "copy beside them" in refused(original)
    finally:
        first.remove()
        second.remove()
