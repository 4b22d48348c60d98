"""Where the tests beside this file keep records."""

from __future__ import annotations

import pytest

from include.records.memory import MemoryStore
from include.records.store import Store
from tests.records.examples import postgres_store


@pytest.fixture(params=["memory", "postgres"])
def store(request: pytest.FixtureRequest) -> Store:
    if request.param == "memory":
        return MemoryStore()
    return postgres_store(request.getfixturevalue("records_uri"))
