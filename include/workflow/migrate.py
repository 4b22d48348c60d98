"""Migrate: bring the records database to the newest schema."""

from __future__ import annotations

from contextlib import closing

from include.data.sources.connections import FROM_ENVIRONMENT
from include.records.postgres.pooler import require_own_session
from include.records.postgres.session import Connect, schema_of, shared_schema
from include.records.schema import migrate
from include.workflow.deployment import direct_connection, open_deployment
from include.workflow.settings import Settings

#: What whoever names a schema in which the records cannot be is to do.
OWN_SCHEMA = (
    "leave search_path out of AIRFLOW_CONN_RETRAINING_DB (and of RETRAINING_DB_DIRECT) to keep these records; for "
    "others, which begin empty, name a schema of their own, as in options=-csearch_path%3Dstaging"
)


def elsewhere(schema: str, named: str) -> str:
    """That the records are in a schema other than those that the address names."""
    return (
        f"the search_path in the options of its address names {named}, which the records do not share with other "
        f"tables: they are in the schema {schema}"
    )


def migrate_records() -> list[str]:
    """Apply what the database that the environment names does not have yet; return the names, in order.

    Where ``RETRAINING_DB_DIRECT`` leads straight to it, beside a pooler, that is used.

    Raises
    ------
    ConfigurationError
        When a pooler lends the session to others between two transactions: a lock of it would keep nobody away.
    """
    connect = _straight()
    with closing(connect()) as connection:
        connection.autocommit = True
        require_own_session(connection, connect)
        return migrate(connection)


def told_of_schema() -> str:
    """That `migrate_records` makes the tables elsewhere than the address says, and what to do; else empty."""
    with closing(_straight()()) as connection:
        named = shared_schema(connection)
        return f"{elsewhere(schema_of(connection), named)}; {OWN_SCHEMA}" if named else ""


def _straight() -> Connect:
    return direct_connection(Settings.from_environment(), FROM_ENVIRONMENT) or open_deployment().connected
