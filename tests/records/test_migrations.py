"""From one release to the next: a database that was upgraded is the same as a new one, whatever happened meanwhile."""

from __future__ import annotations

import re
import shutil
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psycopg
import pytest

from include.errors import ConfigurationError, SourceUnavailable
from include.records import migration_steps
from include.records.concurrent_index import ConcurrentIndex
from include.records.migration_files import MIGRATIONS, SCHEMA_FILES, read_steps
from include.records.migration_steps import apply_step
from include.records.schema import migrate
from tests.records.catalogue import catalogue
from tests.records.examples import HOUR, NOW, execute, make_analysis, make_decision, own_records, postgres_store
from tests.sweeps import first_of
from tools.embedded_postgres import EmbeddedPostgres

LATER = Path(__file__).parent / "later"
STEPS = [path.name for path in sorted(LATER.glob("*.sql"))]
RELEASED = sorted(path for path in (Path(__file__).parent / "released").glob("*") if path.is_dir())


def migrated(uri: str, schema: Path = SCHEMA_FILES, steps: Path = LATER) -> list[str]:
    with psycopg.connect(uri) as connection:
        return migrate(connection, schema, steps)


def new_schema(folder: Path) -> Path:
    """What `sql/schema` would be with the later migrations in it, written as one would."""
    made = Path(shutil.copytree(SCHEMA_FILES, folder / "schema"))
    people, runs = made / "05_people.sql", made / "01_runs.sql"
    first = (LATER / STEPS[0]).read_text()
    people.write_text(
        people.read_text().replace(
            "    set_at     timestamptz NOT NULL\n);\nCREATE INDEX model_pauses_by_model",
            "    set_at     timestamptz NOT NULL,\n    ticket     text NOT NULL DEFAULT ''\n);\n"
            "CREATE INDEX model_pauses_by_ticket ON model_pauses (ticket);\nCREATE INDEX model_pauses_by_model",
        )
        + first[first.index("COMMENT ON COLUMN") :]
    )
    runs.write_text(
        runs.read_text().replace(
            "    CONSTRAINT model_drift_monitoring_id PRIMARY KEY",
            "    CONSTRAINT model_drift_monitoring_p_value CHECK (p_value BETWEEN 0 AND 1),\n"
            "    CONSTRAINT model_drift_monitoring_id PRIMARY KEY",
        )
        + "CREATE INDEX model_drift_monitoring_by_statistic ON model_drift_monitoring (statistic, as_of)"
        " WHERE verdict = 'changed';\n"
    )
    return made


def lived(uri: str) -> None:
    store = postgres_store(uri)
    for number in range(3):
        execute(store, f"run-{number}", at=NOW + 24 * 31 * HOUR * number)


def test_upgraded_database_is_the_same_as_a_new_one(
    postgres: EmbeddedPostgres, database_uri: str, tmp_path: Path
) -> None:
    fresh = new_schema(tmp_path)
    assert migrated(database_uri, fresh) == [path.name for path in sorted(fresh.glob("*.sql"))]
    assert migrated(database_uri, fresh) == []
    with own_records(postgres) as old:
        lived(old)
        assert migrated(old, fresh) == STEPS
        assert migrated(old, fresh) == []
        with psycopg.connect(old) as upgraded, psycopg.connect(database_uri) as made:
            assert catalogue(upgraded) ^ catalogue(made) == set()
        lived_on = postgres_store(old)
        execute(lived_on, "run-9", at=NOW + 24 * 400 * HOUR)  # its month has what the others were given
        with psycopg.connect(old) as connection:
            parts = connection.execute(
                "SELECT count(*), count(*) FILTER (WHERE indisvalid) FROM pg_index"
                " WHERE indexrelid IN (SELECT inhrelid FROM pg_inherits WHERE inhparent = to_regclass(%s))",
                ("model_drift_monitoring_by_statistic",),
            ).fetchall()
        assert parts == [(4, 4)]


def test_what_a_migration_forgot_is_seen(postgres: EmbeddedPostgres, database_uri: str, tmp_path: Path) -> None:
    fresh, steps = new_schema(tmp_path), Path(shutil.copytree(LATER, tmp_path / "later"))
    first = steps / STEPS[0]
    first.write_text(re.sub(r"COMMENT ON COLUMN[^;]*;|REVOKE[^;]*;", "", first.read_text()))
    migrated(database_uri, fresh, steps)
    with own_records(postgres) as old:
        migrated(old, fresh, steps)
        with psycopg.connect(old) as upgraded, psycopg.connect(database_uri) as made:
            different = catalogue(upgraded) ^ catalogue(made)
    assert {line.partition(":")[0] for line in different} == {"column", "function"}


@pytest.mark.parametrize("folder", RELEASED, ids=[path.name for path in RELEASED])
def test_every_released_schema_is_led_to_the_new_one(
    postgres: EmbeddedPostgres, database_uri: str, folder: Path
) -> None:
    migrated(database_uri, folder, folder / "none")
    migrated(database_uri, SCHEMA_FILES, MIGRATIONS)
    with own_records(postgres) as uri, psycopg.connect(uri) as made, psycopg.connect(database_uri) as upgraded:
        assert catalogue(upgraded) ^ catalogue(made) == set()


def test_schema_of_the_first_release_is_kept_as_soon_as_there_is_a_migration() -> None:
    assert not read_steps(MIGRATIONS) or RELEASED


BLOCKING = {
    r"CREATE (UNIQUE )?INDEX (?!CONCURRENTLY)": "CREATE INDEX CONCURRENTLY, outside of a transaction",
    r"ADD CONSTRAINT (?!.*NOT VALID)": "NOT VALID first, VALIDATE CONSTRAINT outside of a transaction",
    r"SET NOT NULL|ALTER COLUMN \w+ (SET DATA )?TYPE|CLUSTER|VACUUM FULL|LOCK TABLE": "reads or rewrites",
    r"DROP (TABLE|COLUMN|VIEW)|RENAME": "the version before still uses it: see docs/compatibility.md",
}


def blocking(text: str) -> list[str]:
    """What in a migration would hold readers or writers up, but on tables that it makes itself."""
    text = re.sub(r"--[^\n]*|COMMENT ON[^;]*;", "", text)
    made = set(re.findall(r"CREATE TABLE (\w+)", text))
    found = []
    for statement in text.split(";"):
        on = re.search(r"\b(?:ON|TABLE)\s+(\w+)", statement)
        if on is None or on[1] not in made:
            found += [why for form, why in BLOCKING.items() if re.search(form, " ".join(statement.split()))]
    return found


@pytest.mark.parametrize("folder", [MIGRATIONS, LATER], ids=["ours", "examples"])
def test_no_migration_holds_anybody_up(folder: Path) -> None:
    assert {step.name: found for step in read_steps(folder) if (found := blocking(step.text))} == {}


@pytest.mark.parametrize(
    "statement",
    [
        "CREATE INDEX i ON model_pauses (ticket);", "ALTER TABLE t ADD CONSTRAINT c CHECK (a > 0);",
        "ALTER TABLE t ALTER COLUMN a SET NOT NULL;", "ALTER TABLE t ALTER COLUMN a TYPE bigint;",
        "ALTER TABLE t DROP COLUMN a;", "ALTER TABLE t RENAME COLUMN a TO b;",
    ],
)  # fmt: skip
def test_what_would_hold_somebody_up_is_seen(statement: str) -> None:
    assert blocking(statement)


def test_database_of_a_newer_version_is_refused(records_uri: str) -> None:
    migrated(records_uri)
    with pytest.raises(ConfigurationError, match=r"newer version .* it has 0001_model_pauses.*, which is not known"):
        migrated(records_uri, steps=MIGRATIONS)


def test_migration_that_changed_after_it_was_applied_is_refused(records_uri: str, tmp_path: Path) -> None:
    steps = Path(shutil.copytree(LATER, tmp_path / "later"))
    migrated(records_uri, steps=steps)
    (steps / STEPS[2]).write_text("SELECT 1;\n")
    with pytest.raises(ConfigurationError, match=r"0003_.*changed after it was applied"):
        migrated(records_uri, steps=steps)


@pytest.mark.parametrize("names", [("0002_b.sql",), ("0001_a.sql", "0001_b.sql"), ("1_a.sql",), ("0001-a.sql",)])
def test_migrations_without_order_are_refused(records_uri: str, tmp_path: Path, names: tuple[str, ...]) -> None:
    for name in names:
        (tmp_path / name).write_text("SELECT 1;\n")
    with pytest.raises(ConfigurationError, match=str(tmp_path)):
        migrated(records_uri, steps=tmp_path)


def test_of_two_that_migrate_at_once_each_step_is_applied_by_one(records_uri: str) -> None:
    lived(records_uri)
    with ThreadPoolExecutor(2) as pool:
        applied = [name for names in pool.map(migrated, [records_uri] * 2) for name in names]
    assert sorted(applied) == STEPS


def test_failed_step_leaves_nothing_behind_and_the_others_stay(records_uri: str, tmp_path: Path) -> None:
    steps = Path(shutil.copytree(LATER, tmp_path / "later"))
    broken = steps / STEPS[2]
    broken.write_text("CREATE TABLE half (id int);\nSELECT 1 / 0;\n")
    with pytest.raises(psycopg.errors.DivisionByZero):
        migrated(records_uri, steps=steps)
    with psycopg.connect(records_uri) as connection:
        assert connection.execute(
            "SELECT to_regclass('half'), to_regclass('model_pauses_by_ticket') IS NULL"
        ).fetchone() == (None, False)
    broken.write_text((LATER / STEPS[2]).read_text())
    assert migrated(records_uri, steps=steps) == STEPS[2:]


KILLED = [
    "CREATE INDEX IF NOT EXISTS",
    "CREATE INDEX CONCURRENTLY",
    "ATTACH PARTITION",
    "ADD COLUMN",
    "NOT VALID",
    "VALIDATE",
]


@pytest.mark.parametrize("where", first_of(KILLED, 2))
def test_migration_that_was_killed_is_finished_by_the_next(
    records_uri: str, where: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its session is ended by the server in the middle of the statement, as it is when its process dies."""
    lived(records_uri)
    real, killed = psycopg.Cursor.execute, list[str]()

    def execute_or_die(cursor: psycopg.Cursor, query: Any, *args: Any, **options: Any) -> Any:
        text = (
            query if isinstance(query, str) else query.decode() if isinstance(query, bytes) else query.as_string(cursor)
        )
        answer = real(cursor, query, *args, **options)
        if where in text and not text.lstrip().startswith("SELECT") and not killed:
            killed.append(text)
            with psycopg.connect(records_uri, autocommit=True) as other:
                other.execute("SELECT pg_terminate_backend(%s)", (cursor.connection.info.backend_pid,))
        return answer

    monkeypatch.setattr(psycopg.Cursor, "execute", execute_or_die)
    with pytest.raises(psycopg.OperationalError):
        migrated(records_uri)
    monkeypatch.undo()
    assert killed
    migrated(records_uri)
    with psycopg.connect(records_uri) as connection:
        assert connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone() == (0,)
        assert connection.execute("SELECT count(*) FROM schema_migrations WHERE name ~ '^\\d{4}_'").fetchone() == (4,)


def test_index_that_a_kill_left_invalid_is_made_anew(records_uri: str) -> None:
    with psycopg.connect(records_uri, autocommit=True) as connection:
        connection.execute("INSERT INTO model_pauses (model_name, paused, set_by, reason, set_at)"
                           " SELECT 'm', true, 'ada', 'x', now() FROM generate_series(1, 2)")  # fmt: skip
        with pytest.raises(psycopg.errors.UniqueViolation):
            connection.execute("CREATE UNIQUE INDEX CONCURRENTLY model_pauses_by_ticket ON model_pauses (model_name)")
    assert migrated(records_uri) == STEPS
    with psycopg.connect(records_uri) as connection:
        assert connection.execute("SELECT count(*) FROM pg_index WHERE NOT indisvalid").fetchone() == (0,)


def test_who_holds_a_table_is_waited_for_in_short_tries_and_then_named(
    records_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(migration_steps, "PATIENCE_SECONDS", 0.5)
    step = read_steps(LATER)[0]
    with psycopg.connect(records_uri, application_name="a report") as reader:
        reader.execute("SELECT count(*) FROM model_pauses")
        time.sleep(1.1)
        with psycopg.connect(records_uri) as connection, pytest.raises(SourceUnavailable, match=r"a report \(process"):
            apply_step(connection, step, "retraining", patience_seconds=0.5)
        waited = time.monotonic()
        done = threading.Thread(target=migrated, args=(records_uri,))
        done.start()
        postgres_store(records_uri).people.set_pause("housing", paused=True, by="ada", reason="x", at=NOW)
        assert time.monotonic() - waited < 1.5  # behind who waits, for a part of a second
        reader.rollback()
    done.join()
    assert migrated(records_uri) == []


def test_version_before_goes_on_writing_on_the_schema_of_the_next(records_uri: str) -> None:
    migrated(records_uri)
    store = postgres_store(records_uri)
    execute(store, "run-1")
    store.people.set_pause("housing", paused=True, by="ada", reason="x", at=NOW)
    store.save_decision(make_analysis("run-2"), make_decision(triggered=False), at=NOW)


@pytest.mark.parametrize(
    ("statement", "found"),
    [
        (
            "CREATE INDEX CONCURRENTLY a ON b (c, d DESC) WHERE e;",
            ConcurrentIndex(False, "a", "b", "(c, d DESC) WHERE e"),
        ),
        ("create unique index concurrently if not exists a\n  on b\n (c)", ConcurrentIndex(True, "a", "b", "(c)")),
        ("CREATE INDEX a ON b (c);", None),
        ("DROP INDEX CONCURRENTLY a;", None),
    ],
)
def test_index_that_is_made_concurrently_is_read(statement: str, found: ConcurrentIndex | None) -> None:
    assert ConcurrentIndex.of(statement) == found


def test_statements_end_where_a_line_ends_with_a_semicolon_outside_of_quotes(tmp_path: Path) -> None:
    (tmp_path / "0001_a.sql").write_text(
        "-- Outside of a transaction: x;\n\nSELECT 1;\n-- y;\nDO $$\nBEGIN\n  PERFORM 1;\nEND;\n$$;\n"
        "DO $a$ BEGIN\n PERFORM $$ ; $$;\nEND $a$;\nSELECT\n  2"
    )
    [step] = read_steps(tmp_path)
    assert step.outside
    assert [each.split()[0] for each in step.statements()] == ["SELECT", "DO", "DO", "SELECT"]
