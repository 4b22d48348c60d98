"""The records in Postgres: one transaction a call, and every query in a file of its own below ``sql/``."""
