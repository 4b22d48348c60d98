"""Reads what happened in a period from the records."""

from __future__ import annotations

from contextlib import closing
from datetime import datetime

import psycopg

from include.errors import ConfigurationError
from include.records.entries.audit import Audit, AuditEntry, AuditGap, ChampionPeriod, DecisionCounts
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, Session, settled
from include.records.rows.columns import Row


def read_audit(connect: Connect, start: datetime, end: datetime, model_name: str = "") -> Audit:
    """Read the audit of a period, all of it from one moment of the records.

    Raises
    ------
    ConfigurationError
        When the period is empty.
    """
    if start >= end:
        raise ConfigurationError("from, to", f"{start:%Y-%m-%d %H:%M} is not before {end:%Y-%m-%d %H:%M}")
    asked = {"since": to_utc(start), "until": to_utc(end), "model_name": model_name or None}
    with closing(connect()) as connection:
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        with settled(connection):
            session = Session(connection)
            return Audit(
                start=to_utc(start),
                end=to_utc(end),
                model_name=model_name,
                entries=[AuditEntry(**_read(AuditEntry, row)) for row in session.rows("audit_entries", asked)],
                champions=[
                    ChampionPeriod(**_read(ChampionPeriod, row)) for row in session.rows("audit_champions", asked)
                ],
                decisions=[DecisionCounts(**row) for row in session.rows("audit_decisions", asked)],
                gaps=[AuditGap(**_read(AuditGap, row)) for row in session.rows("audit_gaps", asked)],
            )


def _read(kind: type[AuditEntry] | type[ChampionPeriod] | type[AuditGap], row: Row) -> Row:
    """The columns that `kind` has fields for: times in UTC, text that is not known empty."""
    found: Row = {}
    for name, field in kind.__dataclass_fields__.items():
        value = row[name]
        if isinstance(value, datetime):
            value = to_utc(value)
        found[name] = "" if value is None and field.type == "str" else value
    return found
