"""Airflow connections to Postgres and to object storage, wherever Airflow keeps them."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import psycopg
from airflow.providers.postgres.hooks.postgres import PostgresHook
from airflow.sdk.bases.hook import BaseHook
from airflow.sdk.exceptions import AirflowNotFoundException

from include.data.sources.connections import Connections
from include.data.sources.environment import connection_variable
from include.data.sources.object_storage import DEFAULT_CONNECTION, client_settings
from include.data.sources.sql import Connect
from include.errors import ConfigurationError, SourceUnavailable
from include.records.masking import remember

_SECRET_EXTRAS = ("aws_secret_access_key", "aws_session_token", "sslpassword", "password")


def connections() -> Connections:
    """What opens connections as Airflow knows them; kept for as long as it is: they may be changed."""
    return Connections(storage=lru_cache(object_storage_client), database=databases())


def databases() -> Connect:
    """What opens a new psycopg connection of a name, by the postgres provider, which knows all of its fields.

    Each connection is looked up in Airflow once, however often it is opened. Opening one raises a `ConfigurationError`
    when Airflow has none of that name, or one of another type, and `SourceUnavailable` when the server cannot be
    reached.
    """
    hook = lru_cache(_postgres_hook)

    def connect(name: str) -> psycopg.Connection[Any]:
        try:
            connection = hook(name).get_conn()
        except psycopg.OperationalError as error:  # which tells host and user, and never the password
            raise SourceUnavailable(f"connection {name!r}: {' '.join(str(error).split())}") from error
        if not isinstance(connection, psycopg.Connection):  # the provider falls back to psycopg2 without SQLAlchemy 2
            raise ConfigurationError(f"connection {name}", f"psycopg 3 is needed, the provider gave {type(connection)}")
        return connection

    return connect


def object_storage_client(connection: str) -> Any:
    """An S3 client by the amazon provider, which knows all fields of a connection, roles to assume included.

    Raises
    ------
    ConfigurationError
        When a connection that is named is not set: the provider would look for credentials elsewhere.
    """
    from airflow.providers.amazon.aws.hooks.s3 import S3Hook

    if connection:
        _require(connection, "aws")
    return S3Hook(aws_conn_id=connection or DEFAULT_CONNECTION, config=client_settings()).get_conn()


def _postgres_hook(name: str) -> PostgresHook:
    _require(name, "postgres")
    return PostgresHook(name, log_sql=False)


def _require(name: str, kind: str) -> None:
    """Make sure that Airflow has a connection of that name and type."""
    try:
        found = BaseHook.get_connection(name)
    except AirflowNotFoundException:
        raise ConfigurationError(
            f"connection {name}", f"Airflow has none of that name; add it, or set {connection_variable(name)}"
        ) from None
    extra = found.extra_dejson
    remember(found.password, *(str(extra[name]) for name in _SECRET_EXTRAS if extra.get(name)))
    if found.conn_type != kind:
        raise ConfigurationError(f"connection {name}", f"is of the type {found.conn_type}; {kind} is needed")
