"""The audit chain: whoever changes, deletes or adds what is audited, past all guards, is found and named."""

from __future__ import annotations

import json
import re
import shutil
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.records.entries import ChangeKind, EventStatus
from include.records.entries.chain import BreakKind, ChainAudit
from include.records.schema import migrate
from include.retraining.artifacts import ArtifactFolder
from include.workflow.audit_chain import ANCHOR_FILE, keep_anchor, verify_audit
from include.workflow.deployment import Deployment
from tests.records.examples import (
    HOUR,
    NOW,
    execute,
    make_analysis,
    make_decision,
    make_outcome,
    open_event,
    own_records,
    postgres_store,
)
from tests.sweeps import first_of
from tools.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def lived(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, Path]]:
    """Name of a database in which two models have lived, and the folder with what was published."""
    folder = tmp_path_factory.mktemp("lived")
    with own_records(postgres) as uri:
        live(uri)
        publish(deployed(uri, folder))
        yield uri.rpartition("/")[2].partition("?")[0], folder


@pytest.fixture
def house(postgres: EmbeddedPostgres, lived: tuple[str, Path], tmp_path: Path) -> Iterator[Deployment]:
    """A copy of them."""
    database, folder = lived
    shutil.copytree(folder / "artifacts", tmp_path / "artifacts")
    with own_records(postgres, database) as uri:
        yield deployed(uri, tmp_path)


def deployed(uri: str, folder: Path) -> Deployment:
    store = postgres_store(uri)
    return Deployment(
        store=store, models_dir=folder / "none", data_dir=folder, artifacts=ArtifactFolder(folder / "artifacts"),
        connect=partial(psycopg.connect, uri),
    )  # fmt: skip


def live(uri: str, first: int = 1) -> None:
    store = postgres_store(uri)
    for model in ("housing", "sales"):
        store.register_model(model, "hash", {"metric": "rmse"}, at=NOW)
        execute(store, f"run-{first}", model_name=model)
        execute(store, f"run-{first + 1}", at=NOW + HOUR, model_name=model)
        event = open_event(store, f"run-{first + 2}", model_name=model, at=NOW + 2 * HOUR)
        with store.claim(event.id, at=NOW + 2 * HOUR) as claim:
            claim.note_approval("ada", at=NOW + 2 * HOUR)
            claim.begin_version(at=NOW + 2 * HOUR)
            claim.finish(make_outcome(EventStatus.HELD), at=NOW + 3 * HOUR)
        quiet = make_analysis(f"run-{first + 3}", model)
        store.save_decision(quiet, make_decision(triggered=False), at=NOW + 4 * HOUR)
    store.roll_back("housing", from_version=2, to_version=1, kind=ChangeKind.ROLLBACK, requested_by="ada",
                    reason="worse", at=NOW + 5 * HOUR, key="k") if first == 1 else None  # fmt: skip


def publish(house: Deployment) -> None:
    for model in ("housing", "sales"):
        keep_anchor(house.store, house.artifacts, model)


@contextmanager
def superuser(house: Deployment) -> Iterator[psycopg.Connection[Any]]:
    """Who owns the server, past triggers and guards."""
    with house.connected() as connection:
        connection.execute("SET session_replication_role = replica")
        yield connection


def told(found: ChainAudit) -> list[tuple[str, str, str]]:
    return [(each.model_name, each.kind, each.told) for each in found.breaks]


def test_nothing_is_wrong_with_what_nobody_touched(house: Deployment) -> None:
    found = verify_audit(house)
    assert told(found) == []
    assert found.whole
    assert (len(found.chains), found.anchors) == (2, 2)
    with house.connected() as connection:
        entries = connection.execute(
            "SELECT what, state FROM audit_chain WHERE model_name = 'housing' ORDER BY number"
        ).fetchall()
    states = [state for what, state in entries if what == "event"]
    assert {"decided", "approved", "executing", "promoted", "held"} <= set(states)
    assert [what for what, _ in entries].count("decision") == 4
    assert [what for what, _ in entries].count("champion") == 3


CHANGES = [
    ("UPDATE retraining_decisions SET triggered = true WHERE run_id = 'run-4'", "run-4"),
    ("UPDATE retraining_decisions SET reason = 'other' WHERE run_id = 'run-1'", "run-1"),
    ("UPDATE retraining_runs SET requested_by = 'nobody' WHERE run_id = 'run-2'", "run-2"),
    ("UPDATE retraining_runs SET rows = 999 WHERE run_id = 'run-2'", "run-2"),
    ("UPDATE model_retraining_events SET approved_by = 'eve' WHERE run_id = 'run-3'", "event"),
    ("UPDATE model_retraining_events SET outcome = 'fine' WHERE run_id = 'run-3'", "event"),
    ("UPDATE model_retraining_events SET triggered_at = triggered_at + interval '1 microsecond'", "event"),
    ("UPDATE model_version_management SET artifact_sha256 = 'cd' WHERE version = 1", "version 1"),
    ("UPDATE model_version_management SET status = 'retired' WHERE status = 'champion'", "version"),
    ("UPDATE model_deployment_history SET deployed_by = 'nobody' WHERE kind = 'rollback'", "change of champion"),
    ("UPDATE model_deployment_history SET reason = '' WHERE to_version = 2", "change of champion"),
]
DELETIONS = [
    ("DELETE FROM retraining_decisions WHERE run_id = 'run-4'", "run-4"),
    ("DELETE FROM model_retraining_events WHERE run_id = 'run-3'", "event"),
    ("DELETE FROM model_version_management WHERE version = 2", "version 2"),
    ("DELETE FROM model_deployment_history WHERE kind = 'rollback'", "change of champion"),
]
_COPY = "INSERT INTO {0} SELECT (jsonb_populate_record(t, '{1}')).* FROM {0} t WHERE model_name = 'housing' LIMIT 1"
_NUMBERED = (
    "INSERT INTO model_deployment_history (model_name, to_version, kind, key, deployed_by, reason, deployed_at)"
    " VALUES ('housing', 1, 'rollback', 'forged', 'ada', '', now())"
)
INSERTIONS = [
    (_COPY.format("retraining_decisions", '{"run_id": "forged"}'), "forged"),
    (_COPY.format("model_version_management", '{"version": 9, "event_id": 99, "status": "retired"}'), "version 9"),
    (_NUMBERED, "change of champion"),
]


@pytest.mark.parametrize(
    ("kind", "statement", "names"),
    [
        *first_of([("changed", *each) for each in CHANGES], 2),
        *first_of([("deleted", *each) for each in DELETIONS], 1),
        *first_of([("inserted", *each) for each in INSERTIONS], 1),
    ],
)  # fmt: skip
def test_row_that_a_superuser_touches_is_named(house: Deployment, kind: str, statement: str, names: str) -> None:
    with superuser(house) as connection:
        connection.execute(statement.encode())
    found = verify_audit(house)
    assert not found.whole
    assert {each.kind for each in found.breaks} == {kind}
    assert any(names in each.told and each.model_name == "housing" for each in found.breaks), told(found)
    assert verify_audit(house, "housing").breaks == [each for each in found.breaks if each.model_name == "housing"]


def test_what_may_be_noted_later_is_no_change(house: Deployment) -> None:
    with house.connected() as connection:
        connection.execute("UPDATE model_retraining_events SET retraining_notes = 'seen', report_path = 'x'")
        connection.execute("UPDATE retraining_decisions SET report_path = 'x'")
    assert verify_audit(house).whole


@pytest.mark.parametrize(
    ("statement", "kinds"),
    first_of([
        ("DELETE FROM audit_chain WHERE number = 3", {"missing"}),
        ("DELETE FROM audit_chain WHERE number <= 2", {"missing", "inserted"}),
        ("UPDATE audit_chain SET content_hash = '' WHERE number = 2", {"altered"}),
        ("UPDATE audit_chain SET written_at = now() WHERE number = 2", {"altered"}),
        ("UPDATE audit_chain SET key = 'run-9' WHERE number = 1", {"altered", "inserted", "deleted"}),
        ("UPDATE audit_chain SET hash = sha256('x') WHERE number = 2", {"altered", "unlinked"}),
        ("UPDATE audit_chain_heads SET hash = ''", {"head"}),
        ("UPDATE audit_chain_heads SET number = number - 1", {"head"}),
        ("DELETE FROM audit_chain_heads", {"head"}),
        ("UPDATE audit_chain_columns SET columns = columns[2:]", {"changed"}),
        ("DELETE FROM audit_chain_columns", {"changed"}),
        ("TRUNCATE audit_chain", {"head", "inserted", "older"}),
        ("TRUNCATE audit_chain, audit_chain_heads", {"inserted", "older"}),
    ], 2),
)  # fmt: skip
def test_chain_that_a_superuser_touches_is_broken(house: Deployment, statement: str, kinds: set[str]) -> None:
    with superuser(house) as connection:
        connection.execute(statement.encode())
    assert {each.kind for each in verify_audit(house).breaks} >= kinds
    assert not verify_audit(house, "housing").whole


CUT = """
    DELETE FROM model_deployment_history WHERE model_name = 'housing' AND kind = 'rollback';
    DELETE FROM audit_chain WHERE model_name = 'housing' AND number > 10;
    UPDATE audit_chain_heads h SET number = 10, hash = (SELECT hash FROM audit_chain c WHERE c.model_name = h.model_name
        AND number = 10) WHERE model_name = 'housing';
"""


def test_end_that_was_cut_off_together_with_its_head_is_found_by_the_anchor(house: Deployment) -> None:
    with superuser(house) as connection:
        connection.execute(CUT.encode())
    [*_, last] = [each for each in verify_audit(house, "housing").breaks if each.kind is BreakKind.OLDER]
    assert "entry 10" in last.told
    assert f"housing/{ANCHOR_FILE}" in last.told


REMAKE = """
    UPDATE model_deployment_history SET deployed_by = 'nobody' WHERE model_name = 'housing' AND kind = 'rollback';
    ALTER TABLE audit_chain DISABLE TRIGGER USER;
    ALTER TABLE audit_chain_heads DISABLE TRIGGER USER;
    DELETE FROM audit_chain WHERE model_name = 'housing';
    DELETE FROM audit_chain_heads WHERE model_name = 'housing';
    SET session_replication_role = origin;
    ALTER TABLE model_retraining_events DISABLE TRIGGER guard_retraining_event;
    UPDATE model_retraining_events SET attempts = attempts + 1 WHERE model_name = 'housing';
"""


def test_chain_that_was_made_anew_is_found_by_the_anchor(house: Deployment) -> None:
    with superuser(house) as connection:
        connection.execute(REMAKE.encode())
    kinds = {each.kind for each in verify_audit(house, "housing").breaks}
    assert kinds & {BreakKind.REPLACED, BreakKind.OLDER}


@pytest.mark.parametrize("further", first_of([0, 1, 3], 2))
def test_restored_dump_is_found_and_named_also_when_it_went_on(
    postgres: EmbeddedPostgres, house: Deployment, tmp_path: Path, further: int
) -> None:
    """What a dump holds is a copy of the database as it was, here made by the server itself."""
    with house.connected() as connection:
        name = connection.info.dbname
    house.store.close()  # type: ignore[attr-defined]
    with psycopg.connect(postgres.uri(), autocommit=True) as server:
        server.execute(f"CREATE DATABASE dump_{name} TEMPLATE {name}".encode())
    execute(house.store, "run-8", at=NOW + timedelta(days=1))
    publish(house)
    assert verify_audit(house).whole
    restored = deployed(postgres.uri(f"dump_{name}"), tmp_path)
    for number in range(further):
        execute(restored.store, f"run-{20 + number}", at=NOW + timedelta(days=2 + number))
    publish(restored)
    [found] = verify_audit(restored).breaks
    assert found.model_name == "housing"
    assert found.kind == (BreakKind.REPLACED if further else BreakKind.OLDER)
    assert "older dump was restored" in found.told
    assert "move that file away" in found.told
    (tmp_path / "artifacts" / "housing" / ANCHOR_FILE).rename(tmp_path / "proof.json")
    publish(restored)
    assert verify_audit(restored).whole
    with psycopg.connect(postgres.uri(), autocommit=True) as server:
        server.execute(f"DROP DATABASE dump_{name} WITH (FORCE)".encode())


@pytest.mark.parametrize(
    "text",
    first_of(
        [b"\xff\xfe", b"{" * 99_999, *(b'NUMBER: %s' % number for number in (b"1e999", b"NaN", b"-1", b"1" * 40)),
         b"{", b"", b"[]", b"null", b"{}", b'{"records": 1}', b"7"], 3,
    ),
)  # fmt: skip
def test_anchor_that_cannot_be_read_is_told(house: Deployment, tmp_path: Path, text: bytes) -> None:
    place = tmp_path / "artifacts" / "housing" / ANCHOR_FILE
    if text.startswith(b"NUMBER"):
        text = re.sub(rb'(?<="number": )\d+', text.removeprefix(b"NUMBER: "), place.read_bytes())
    place.write_bytes(text)
    [found] = verify_audit(house).breaks
    assert (found.model_name, found.kind) == ("housing", BreakKind.FOREIGN)
    publish(house)
    assert place.read_bytes() == text


def test_anchor_of_other_records_is_told(postgres: EmbeddedPostgres, house: Deployment, tmp_path: Path) -> None:
    with own_records(postgres) as uri:
        other = deployed(uri, tmp_path)
        live(uri)
        with other.connected() as connection, connection.transaction():
            connection.execute("SET LOCAL session_replication_role = replica")
            connection.execute("UPDATE records_identity SET id = gen_random_uuid()")
        assert {each.kind for each in verify_audit(other).breaks} == {BreakKind.FOREIGN}
        publish(other)
    assert verify_audit(house).whole


def test_anchor_never_goes_back(house: Deployment, tmp_path: Path) -> None:
    place = tmp_path / "artifacts" / "housing" / ANCHOR_FILE
    before = json.loads(place.read_text())
    publish(house)
    assert json.loads(place.read_text()) == before
    execute(house.store, "run-8", at=NOW + timedelta(days=1))
    publish(house)
    assert json.loads(place.read_text())["number"] > before["number"]


def test_removed_months_break_nothing(house: Deployment) -> None:
    with house.connected() as connection:
        dropped = connection.execute("SELECT table_name FROM drop_month('model_drift_monitoring', %s, 'ada')", (NOW,))
        assert dropped.fetchall() == [("model_drift_monitoring",)]
    assert verify_audit(house).whole


def test_column_that_a_later_version_adds_leaves_the_chain_whole(house: Deployment) -> None:
    with house.connected() as connection:
        for table in ("retraining_decisions", "retraining_runs", "model_retraining_events", "model_version_management"):
            connection.execute(f"ALTER TABLE {table} ADD COLUMN later text NOT NULL DEFAULT 'x'".encode())
    assert verify_audit(house).whole
    live(house.store.connect.args[0], first=5)  # type: ignore[attr-defined]
    assert verify_audit(house).whole
    with superuser(house) as connection:
        connection.execute("UPDATE retraining_decisions SET later = 'y' WHERE run_id = 'run-8'")
        connection.execute("UPDATE retraining_decisions SET later = 'y' WHERE run_id = 'run-4'")
    assert {each.told.partition("run-")[2][:1] for each in verify_audit(house).breaks} == {"8"}


@pytest.mark.parametrize("zone", first_of(["Asia/Kolkata", "UTC"], 1))
def test_entry_is_the_same_whatever_a_session_is_set_to(house: Deployment, zone: str) -> None:
    options = f"-c TimeZone={zone} -c extra_float_digits=-3 -c DateStyle=German -c IntervalStyle=iso_8601"
    with psycopg.connect(house.store.connect.args[0], options=options) as connection:  # type: ignore[attr-defined]
        connection.execute(
            'INSERT INTO retraining_runs SELECT (jsonb_populate_record(r, \'{"run_id": "odd"}\')).*'
            " FROM retraining_runs r WHERE run_id = 'run-1'"
        )
        connection.execute(
            'INSERT INTO retraining_decisions SELECT (jsonb_populate_record(d, \'{"run_id": "odd",'
            " \"confidence\": 0.1234567890123456}')).* FROM retraining_decisions d WHERE run_id = 'run-1'"
        )
    assert verify_audit(house).whole


def test_models_do_not_wait_for_each_other_and_one_model_has_one_chain(records_uri: str, tmp_path: Path) -> None:
    problems = list[Exception]()

    def save(model: str, first: int) -> None:
        store = postgres_store(records_uri)
        try:
            for number in range(first, first + 8):
                store.save_decision(make_analysis(f"run-{number}", model), make_decision(triggered=False), at=NOW)
        except Exception as error:
            problems.append(error)

    threads = [threading.Thread(target=save, args=(model, 10 * n)) for n in range(3) for model in ("housing", "sales")]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert problems == []
    found = verify_audit(deployed(records_uri, tmp_path))
    assert told(found) == []
    assert [chain.number for chain in found.chains] == [24, 24]


def test_open_transaction_of_one_model_holds_up_no_other(records_uri: str) -> None:
    store = postgres_store(records_uri)
    open_event(store, "run-1")
    with psycopg.connect(records_uri) as held:
        held.execute("UPDATE model_retraining_events SET training_data_path = 'x'")
        held.execute("SET CONSTRAINTS ALL IMMEDIATE")
        with psycopg.connect(records_uri, options="-c lock_timeout=1s") as other:
            other.execute("SELECT number FROM audit_chain_heads WHERE model_name = 'sales' FOR UPDATE")
        store.save_decision(make_analysis("run-1", "sales"), make_decision(), at=NOW)


def test_shadow_and_abandoned_events_are_in_the_chain(records_uri: str, tmp_path: Path) -> None:
    store = postgres_store(records_uri)
    open_event(store, "run-1")
    store.close_unfinished("housing", at=NOW + 9 * HOUR, idle=HOUR)
    execute(store, "run-2", status=EventStatus.HELD)
    assert verify_audit(deployed(records_uri, tmp_path)).whole


def test_records_in_memory_have_none(tmp_path: Path, records_uri: str) -> None:
    with psycopg.connect(records_uri) as connection:
        assert migrate(connection) == []
    assert verify_audit(deployed(records_uri, tmp_path)).chains == []
