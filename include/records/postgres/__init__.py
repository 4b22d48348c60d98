"""The records in Postgres: one transaction a call, and every query in a file of its own below ``sql/``."""

from include.records.postgres.store import PostgresStore

__all__ = ["PostgresStore"]
