"""Migrate: bring the records database to the newest schema."""

from __future__ import annotations

from include.records.schema import migrate
from include.workflow.deployment import open_deployment


def migrate_records() -> list[str]:
    """Apply what the database that the environment names does not have yet; return the names, in order."""
    with open_deployment().connected() as connection:
        return migrate(connection)
