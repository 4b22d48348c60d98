"""Whole tables as CSV, row by row: what is held at a time does not grow with the table."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg import sql
from psycopg.rows import tuple_row
from psycopg.types.string import TextLoader

from include.records.postgres.session import Connect, settled

ROWS_AT_ONCE = 1_000  # fetched from the server
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")  # the last: full width


@dataclass(frozen=True)
class Exported:
    """A table or view that can be exported.

    Parameters
    ----------
    time : str
        The column by which a period is chosen; empty for none.
    order : tuple of str
        Columns that an index has in this order, so that the first row comes at once.
    """

    time: str
    order: tuple[str, ...]


#: Everything that the records hold, but for what is no row of a table: profiles and keys of calls.
EXPORTED: Mapping[str, Exported] = {
    "auto_retraining_jobs": Exported("last_seen_at", ("model_name",)),
    "model_file_history": Exported("seen_at", ("id",)),
    "retraining_runs": Exported("as_of", ("model_name", "run_id")),
    "retraining_analyses": Exported("as_of", ("model_name", "run_id", "as_of")),
    "model_drift_monitoring": Exported("as_of", ("id", "as_of")),
    "model_performance_tracking": Exported("as_of", ("id", "as_of")),
    "retraining_decisions": Exported("decided_at", ("model_name", "run_id")),
    "model_version_management": Exported("created_at", ("model_name", "version")),
    "reference_profiles": Exported("accepted_at", ("model_name", "version")),
    "model_deployment_history": Exported("deployed_at", ("id",)),
    "canary_shares": Exported("set_at", ("id",)),
    "model_retraining_events": Exported("triggered_at", ("id",)),
    "retraining_requests": Exported("requested_at", ("id",)),
    "quarantined_spans": Exported("quarantined_at", ("id",)),
    "retraining_failures": Exported("failed_at", ("id",)),
    "model_pauses": Exported("set_at", ("id",)),
    "notifications": Exported("written_at", ("id",)),
    "notification_mutes": Exported("muted_at", ("id",)),
    "model_annotations": Exported("written_at", ("id",)),
    "decision_marks": Exported("marked_at", ("id",)),
    "audit_chain": Exported("written_at", ("model_name", "number")),
    "auto_retraining_config": Exported("", ("model_name",)),
    "champion_periods": Exported("since", ("model_name", "since")),
    "model_lineage": Exported("created_at", ("model_name", "version")),
    "model_performance_history": Exported("measured_at", ("model_name", "version", "measured_at")),
    "retraining_metadata": Exported("start_time", ("event_id",)),
    "retraining_job_history": Exported("triggered_at", ("event_id",)),
    "retraining_ledger": Exported("decided_at", ("model_name", "run_id")),
    "retraining_statistics": Exported("month", ("model_name", "month", "trigger")),
    "model_canaries": Exported("set_at", ("model_name",)),
    "model_shadows": Exported("since", ("model_name",)),
}


def stream_csv(connect: Connect, table: str, filters: Mapping[str, Any]) -> Iterator[str]:
    """Lines of a table of `EXPORTED` as CSV, its header first, on a connection of their own.

    Parameters
    ----------
    filters : mapping
        ``model_name``, ``since`` and ``until`` (excluded); None for all.
    """
    # The cursor is closed after its connection: a server that is gone could not be told to close it any more.
    with ExitStack() as afterwards, closing(connect()) as connection:
        connection.read_only = True
        with settled(connection):
            cursor = afterwards.enter_context(connection.cursor("export", row_factory=tuple_row))
            for kind in ("json", "jsonb"):  # as the database writes them
                cursor.adapters.register_loader(kind, TextLoader)
            cursor.itersize = ROWS_AT_ONCE
            cursor.execute(_statement(table, filters), filters)
            yield _line([column.name for column in cursor.description or ()])
            for row in cursor:
                yield _line(row)


def _statement(table: str, filters: Mapping[str, Any]) -> sql.Composed:
    """Which rows; names come from `EXPORTED`, values are parameters."""
    entry, wanted = EXPORTED[table], [sql.SQL("true")]
    conditions = {"model_name": ("model_name", "="), "since": (entry.time, ">="), "until": (entry.time, "<")}
    for name, (column, compared) in conditions.items():
        if filters[name] is not None:
            parts = [sql.Identifier(column), sql.SQL(compared), sql.Placeholder(name)]
            wanted.append(sql.SQL(" ").join(parts))  # type: ignore[arg-type]  # composed of parts
    return sql.SQL("SELECT * FROM {} WHERE {} ORDER BY {}").format(
        sql.Identifier(table), sql.SQL(" AND ").join(wanted), sql.SQL(", ").join(map(sql.Identifier, entry.order))
    )


def _line(cells: Any) -> str:
    return ",".join(map(cell, cells)) + "\r\n"


def cell(value: object) -> str:
    """One cell: numbers and times plain, None empty, text in quotes and never what a sheet takes for a formula.

    >>> print(cell(-0.5), cell("=1+1"), cell('a "b" c'), cell(None), cell(""))
    -0.5 "'=1+1" "a ""b"" c"  ""
    """
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return repr(value)
    if isinstance(value, date):  # times, too
        return value.isoformat()
    text = json.dumps(value, ensure_ascii=False, default=str) if isinstance(value, dict | list) else str(value)
    inert = f"'{text}" if text.startswith(_FORMULA) else text
    return '"' + inert.replace('"', '""') + '"'
