"""Where the tests beside this file keep records."""

from __future__ import annotations

import psycopg
import pytest

from include.records.memory import MemoryStore
from include.records.schema import migrate
from include.records.store import Store
from tests.records.examples import empty_schema, postgres_store
from tools.embedded_postgres import EmbeddedPostgres


@pytest.fixture
def records_uri(postgres: EmbeddedPostgres) -> str:
    """URI of empty, migrated records that only this test has."""
    uri = empty_schema(postgres)
    with psycopg.connect(uri) as connection:
        migrate(connection)
    return uri


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return postgres_store(request.getfixturevalue("records_uri"))
