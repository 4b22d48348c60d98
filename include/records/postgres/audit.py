"""What happened in a period, from the records: who did what, when, why, on which data, with what outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime

import psycopg

from include.errors import ConfigurationError
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, Session, use_schema
from include.records.rows.rows import Row


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One thing that happened.

    Parameters
    ----------
    at : datetime
        When it was written down.
    action : str
        ``decided``, ``approved``, ``promoted``, ``held``, ``rejected``, ``failed``, ``abandoned``, ``deployed``,
        ``rolled_back``, ``rolled_back_by_probation``, ``former_champion_returned``, ``canary_set``, ``announced``,
        ``probation_look``, ``shadow_look``, ``shadow_ended``, ``quarantined``, ``quarantine_lifted``, ``requested``,
        ``request_consumed``, ``step_failed``, ``paused``, ``resumed``, ``muted``, ``unmuted``, ``annotated`` or
        ``decision_marked``.
    who, why, outcome : str
        Empty where the records say nothing.
    run_id : str
        Empty for what was done outside a run.
    event_id : int or None
    version, other_version : int or None
        The version it is about; the champion until then.
    data_path, data_hash : str
        Training rows of what was trained; of a decision the hash of the rows looked at, where a trigger needs it.
    data_rows : int or None
    data_from, data_until : datetime or None
        Time of those rows.
    source, source_id : str, int
        Table and row that say so; together with `action` they name the entry.
    """

    at: datetime
    model_name: str
    action: str
    who: str
    why: str
    run_id: str
    event_id: int | None
    version: int | None
    other_version: int | None
    data_path: str
    data_hash: str
    data_rows: int | None
    data_from: datetime | None
    data_until: datetime | None
    outcome: str
    source: str
    source_id: int


@dataclass(frozen=True, kw_only=True)
class ChampionPeriod:
    """A stretch of time in which a version was champion, from `since` on and before `until` (None: it still is)."""

    model_name: str
    version: int
    since: datetime
    until: datetime | None
    kind: str
    deployed_by: str
    reason: str
    artifact_path: str
    artifact_sha256: str
    training_data_path: str
    training_data_hash: str
    training_data_size: int | None


@dataclass(frozen=True, kw_only=True)
class DecisionCounts:
    """How many decisions a model had: that fired, in dry runs, that were kept from firing, that wanted nothing."""

    model_name: str
    decisions: int
    fired: int
    dry_runs: int
    blocked: int
    quiet: int


@dataclass(frozen=True, kw_only=True)
class AuditGap:
    """Something that is missing.

    Parameters
    ----------
    kind : str
        ``open_event``, ``not_analyzed``, ``no_decision``, ``data_unknown`` or ``not_announced``.
    """

    at: datetime
    model_name: str
    kind: str
    run_id: str
    event_id: int | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The records of a period, from `start` on and before `end`; `model_name` is empty for all models.

    The same records give the same audit, whenever it is made.
    """

    start: datetime
    end: datetime
    model_name: str
    entries: Sequence[AuditEntry]
    champions: Sequence[ChampionPeriod]
    decisions: Sequence[DecisionCounts]
    gaps: Sequence[AuditGap]

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each action happened, by its name."""
        return dict(sorted(Counter(entry.action for entry in self.entries).items()))


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
        with connection.transaction():
            use_schema(connection)
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
