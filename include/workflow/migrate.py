"""Migrate: bring the records database to the newest schema."""

from __future__ import annotations

from contextlib import closing

from include.data.sources.connections import FROM_ENVIRONMENT
from include.records.postgres.pooler import require_own_session
from include.records.schema import migrate
from include.workflow.deployment import direct_connection, open_deployment
from include.workflow.settings import Settings


def migrate_records() -> list[str]:
    """Apply what the database that the environment names does not have yet; return the names, in order.

    Where ``RETRAINING_DB_DIRECT`` leads straight to it, beside a pooler, that is used.

    Raises
    ------
    ConfigurationError
        When a pooler lends the session to others between two transactions: a lock of it would keep nobody away.
    """
    connect = direct_connection(Settings.from_environment(), FROM_ENVIRONMENT) or open_deployment().connected
    with closing(connect()) as connection:
        connection.autocommit = True
        require_own_session(connection, connect)
        return migrate(connection)
