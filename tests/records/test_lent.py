"""Records that tests borrow are empty whatever those before have done to them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import psycopg
import pytest

from tests.records.examples import NOW, execute, make_analysis, postgres_store
from tests.records.lent import RESTING, Lent
from tests.sweeps import first_of
from tools.embedded_postgres import EmbeddedPostgres


@pytest.fixture(scope="module")
def lent(postgres: EmbeddedPostgres) -> Iterator[Lent]:
    found = Lent(postgres, NOW)
    yield found
    found.close()


def filled(uri: str) -> list[str]:
    """Names of the tables that have rows."""
    tables = (
        "SELECT oid::regclass::text FROM pg_class WHERE relkind = 'r' AND relnamespace = 'retraining'::regnamespace"
    )
    with psycopg.connect(uri) as connection:
        names = [name for (name,) in connection.execute(tables.encode())]
        return [name for name in names if connection.execute(f"SELECT 1 FROM {name} LIMIT 1".encode()).fetchone()]


def oid(uri: str) -> int:
    with psycopg.connect(uri) as connection:
        row = connection.execute("SELECT oid::int FROM pg_database WHERE datname = current_database()").fetchone()
    assert row is not None
    return int(row[0])


def borrowed(lent: Lent, number: int) -> dict[int, tuple[list[str], int]]:
    """Of the next databases that are lent: what has rows, and the number of the next event."""
    found = {}
    for _ in range(number):
        with lent.borrow() as uri:
            before = filled(uri)
            found[oid(uri)] = (before, execute(postgres_store(uri), "run-1", model_name="other").id)
    return found


def test_database_is_lent_again_and_holds_nothing_of_before(lent: Lent) -> None:
    with lent.borrow() as uri:
        first, new = oid(uri), filled(uri)
        store = postgres_store(uri)
        execute(store, "run-1")
        store.save_analysis(make_analysis("run-2", as_of=NOW - timedelta(days=400)), at=NOW)  # another month's tables
    again = borrowed(lent, RESTING + 1)
    assert first in again
    assert again[first] == (new, 1)
    assert set(new) == {"records_identity", "schema_migrations"}


@pytest.mark.parametrize(
    "change",
    first_of([
        "CREATE TABLE public.mine (x int)", "ALTER TABLE retraining.retraining_runs DISABLE TRIGGER ALL",
        "GRANT DELETE ON retraining.retraining_runs TO PUBLIC", "DROP SCHEMA retraining CASCADE",
        "ALTER TABLE retraining.retraining_runs ADD COLUMN mine int",
        "CREATE OR REPLACE FUNCTION retraining.records_place() RETURNS text LANGUAGE sql STABLE AS 'SELECT ''x'''",
        "UPDATE retraining.schema_migrations SET sha256 = 'x'",
    ], 3),
)  # fmt: skip
def test_database_that_is_not_as_it_was_made_is_not_lent_again(lent: Lent, change: str) -> None:
    with lent.borrow() as uri:
        spoiled = oid(uri)
        with psycopg.connect(uri) as connection:
            connection.execute(change.encode())
    assert spoiled not in borrowed(lent, RESTING + 1)
