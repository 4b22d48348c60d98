"""Where the tests beside this file keep records."""

from __future__ import annotations

import pytest

from tests.records.examples import empty_schema
from tools.embedded_postgres import EmbeddedPostgres


@pytest.fixture
def empty_uri(postgres: EmbeddedPostgres) -> str:
    """URI of an empty schema that only this test has."""
    return empty_schema(postgres)
