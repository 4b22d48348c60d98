"""A house whose champion is trained once, and a copy of it for each test."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from include.records.schema import migrate
from include.workflow.deployment import Deployment
from tests.examination.house import TEMPLATE, House, run_model
from tests.records.examples import postgres_store
from tests.stage import sales
from tools.embedded_postgres import EmbeddedPostgres

_NUMBERS = count(1)


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
