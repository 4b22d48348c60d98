"""Removes whole months of signals, measurements and analyses, without making anybody wait for a second."""

from __future__ import annotations

import time
from datetime import datetime

import psycopg

from include.errors import ConfigurationError, SourceUnavailable
from include.records.entries.retention import DroppedMonth, KeptMonth
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, transaction

PATIENCE_SECONDS = 120.0
"""How long a lock is asked for, a month."""
PAUSE_SECONDS = 0.5
"""Between two tries, each of which may hold others up as long: those who write go on meanwhile."""


def kept_months(connect: Connect) -> list[KeptMonth]:
    """The months that there are, oldest first."""
    with transaction(connect) as session:
        return [
            KeptMonth(table=row["table_name"], month=to_utc(row["month"]), rows=row["rows"], bytes=row["bytes"])
            for row in session.rows("find_months", {})
        ]


def dropped_months(
    connect: Connect, since: datetime | None = None, until: datetime | None = None
) -> list[DroppedMonth]:
    """The months that were removed, those of them that have a moment from `since` on and before `until`."""
    asked = {
        "since": None if since is None else to_utc(since),
        "until": None if until is None else to_utc(until),
    }
    with transaction(connect) as session:
        return [_dropped(row) for row in session.rows("find_dropped_months", asked)]


def drop_month(
    connect: Connect, month: KeptMonth, by: str, *, patience_seconds: float = PATIENCE_SECONDS
) -> DroppedMonth | None:
    """Remove one month of one table, in a transaction of its own; None where it is gone already.

    Raises
    ------
    SourceUnavailable
        When somebody has held the tables all the time, such as a backup that runs.
    ConfigurationError
        When this user does not own the tables.
    """
    asked, give_up = {"table_name": month.table, "month": month.month, "by": by}, time.monotonic() + patience_seconds
    while True:
        try:
            with transaction(connect) as session:
                row = session.row("drop_month", asked)
                return None if row is None else _dropped(row)
        except psycopg.errors.InsufficientPrivilege as error:
            raise ConfigurationError(
                "retention", f"{error.diag.message_primary}: only the owner of the tables may remove months; let him "
                "run this command, with AIRFLOW_CONN_RETRAINING_DB set to his address",
            ) from error  # fmt: skip
        except psycopg.errors.LockNotAvailable as error:
            if time.monotonic() > give_up:
                raise SourceUnavailable(
                    f"retention: {month.table} of {month.month:%Y-%m} was not removed, as somebody has been reading or "
                    f"writing the records for {patience_seconds:.0f} s without a break (a backup?); what was removed "
                    "before stays so: run it again when less is going on"
                ) from error
            time.sleep(PAUSE_SECONDS)


def _dropped(row: dict[str, object]) -> DroppedMonth:
    names = ("rows", "bytes", "dropped_by")
    times = {name: to_utc(row[name]) for name in ("month", "dropped_at")}  # type: ignore[arg-type]  # timestamptz
    return DroppedMonth(table=str(row["table_name"]), **{name: row[name] for name in names}, **times)  # type: ignore[arg-type]  # as the columns are
