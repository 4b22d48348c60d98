"""Fixtures that many tests share: a real Postgres, a fresh database a test, an Airflow to run DAGs in."""

from __future__ import annotations

import itertools
from collections.abc import Iterator

import psycopg
import pytest
from hypothesis import settings
from psycopg import sql

from include.data.sources.object_storage import client_from_environment
from tests.airflow_home import AirflowHome
from tests.object_server import ObjectServer
from tests.records.examples import own_records
from tools.embedded_postgres import EmbeddedPostgres

_NUMBERS = itertools.count(1)

settings.register_profile("untimed", deadline=None)  # how busy a machine is says nothing about the code
settings.load_profile("untimed")


@pytest.fixture(scope="session")
def postgres(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedPostgres]:
    """One Postgres server for the whole session."""
    lossy = {"fsync": "off", "full_page_writes": "off", "synchronous_commit": "off"}
    server = EmbeddedPostgres(tmp_path_factory.mktemp("postgres"), settings=lossy)
    server.start()
    yield server
    server.remove()


@pytest.fixture
def database_uri(postgres: EmbeddedPostgres) -> Iterator[str]:
    """URI of an empty database that only this test has; gone after it."""
    name = f"test_{next(_NUMBERS)}"
    identifier = sql.Identifier(name)
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute(sql.SQL("create database {}").format(identifier))
        yield postgres.uri(name)
        connection.execute(sql.SQL("drop database {} with (force)").format(identifier))


@pytest.fixture(scope="session")
def airflow_home(postgres: EmbeddedPostgres, tmp_path_factory: pytest.TempPathFactory) -> Iterator[AirflowHome]:
    """A migrated Airflow; tests run code in it, in processes of their own."""
    home = AirflowHome(tmp_path_factory.mktemp("airflow"), postgres)
    home.prepare()
    yield home
    home.close()


@pytest.fixture
def records_uri(postgres: EmbeddedPostgres) -> Iterator[str]:
    """URI of empty, migrated records that only this test has; gone after it."""
    with own_records(postgres) as uri:
        yield uri


@pytest.fixture(scope="session")
def one_object_server() -> Iterator[ObjectServer]:
    """One S3 server for the whole session."""
    server = ObjectServer()
    server.start()
    yield server
    server.stop()


@pytest.fixture
def object_server(one_object_server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> ObjectServer:
    """An S3 server with an empty bucket, behind the connections ``aws_default`` and ``shop_s3``."""
    for name in ("AIRFLOW_CONN_AWS_DEFAULT", "AIRFLOW_CONN_SHOP_S3"):
        monkeypatch.setenv(name, one_object_server.connection)
    client_from_environment.cache_clear()
    if not one_object_server.runs:
        one_object_server.start()
    one_object_server.empty()
    return one_object_server
