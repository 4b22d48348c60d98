"""Where the tests beside this file keep records."""

from __future__ import annotations

import psycopg
import pytest

from include.records.schema import migrate
from tests.records.examples import empty_schema
from tools.embedded_postgres import EmbeddedPostgres


@pytest.fixture
def empty_uri(postgres: EmbeddedPostgres) -> str:
    """URI of an empty schema that only this test has."""
    return empty_schema(postgres)


@pytest.fixture
def records_uri(postgres: EmbeddedPostgres) -> str:
    """URI of empty, migrated records that only this test has."""
    uri = empty_schema(postgres)
    with psycopg.connect(uri) as connection:
        migrate(connection)
    return uri
