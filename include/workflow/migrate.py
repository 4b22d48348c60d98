"""Migrate: bring the records database to the newest schema."""

from __future__ import annotations

from include.records.schema import migrate
from include.workflow.deployment import records_connection


def migrate_records() -> list[str]:
    """Apply what the database that the environment names does not have yet; return the names, in order."""
    with records_connection()() as connection:
        return migrate(connection)
