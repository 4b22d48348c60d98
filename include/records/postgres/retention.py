"""Removes whole months of signals, measurements and analyses, without making anybody wait for a second."""

from __future__ import annotations

import time

import psycopg

from include.errors import ConfigurationError, SourceUnavailable
from include.records.entries.retention import DroppedMonth, KeptMonth
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, reading, transaction
from include.records.rows.columns import Row

PATIENCE_SECONDS = 120.0
"""How long each month is tried for."""
PAUSE_SECONDS = 0.5
"""Between two tries, each of which may hold others up as long: those who write go on meanwhile."""


def kept_months(connect: Connect) -> list[KeptMonth]:
    """The months that there are, oldest first."""
    with reading(connect) as session:
        return [
            KeptMonth(table=row["table_name"], month=to_utc(row["month"]), rows=row["rows"], bytes=row["bytes"])
            for row in session.rows("find_months", {})
        ]


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
                return None if row is None else dropped_of(row)
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


def dropped_of(row: Row) -> DroppedMonth:
    """Read a removed month from its row."""
    return DroppedMonth(
        table=row["table_name"], month=to_utc(row["month"]), rows=row["rows"], bytes=row["bytes"],
        dropped_by=row["dropped_by"], dropped_at=to_utc(row["dropped_at"]),
    )  # fmt: skip
