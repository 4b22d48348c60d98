"""Exports whole tables of the records as CSV."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from include.errors import ConfigurationError, did_you_mean
from include.records.json_values import to_utc
from include.records.postgres import PostgresStore
from include.records.postgres.export import EXPORTED, stream_csv
from include.workflow.deployment import Deployment
from include.workflow.reading.given import check_period, known_model, overview_of, removed_sentence


def export_csv(
    deployment: Deployment, table: str, *, model_name: str = "", start: datetime | None = None,
    end: datetime | None = None,
) -> Iterator[str]:  # fmt: skip
    """Lines of a table or view as CSV (RFC 4180), its header first, as they come from the database.

    Text that a spreadsheet would take for a formula begins with an apostrophe.

    Parameters
    ----------
    table : str
        One of `tables_to_export`.
    model_name : str
        Empty for all models.
    start, end : datetime or None
        From `start` on and before `end`, by the time of the table.

    Raises
    ------
    ConfigurationError
        For a table that there is not, a period that is empty, and a period of a table that has no time.
    NotOnRecord
        For a model that nothing is on record of.
    """
    if table not in EXPORTED:
        raise ConfigurationError("table", f"found {table!r}{did_you_mean(table, list(EXPORTED))}; known: {_known()}")
    check_period(start, end)
    if (start is not None or end is not None) and not EXPORTED[table].time:
        raise ConfigurationError("start, end", f"{table} has no time: leave them out")
    with overview_of(deployment.store).moment() as reading:
        if model_name:
            known_model(reading, deployment, model_name)
    assert isinstance(deployment.store, PostgresStore)  # else it has no overview
    asked = {
        "model_name": model_name or None,
        "since": None if start is None else to_utc(start),
        "until": None if end is None else to_utc(end),
    }
    return stream_csv(deployment.store.connect, table, asked)


def removed_of(
    deployment: Deployment, table: str, *, start: datetime | None = None, end: datetime | None = None
) -> str:
    """What retention removed of a table in a period, in a sentence; empty for nothing.

    An export of that period lacks it; so that nobody takes it for all there ever was, who hands it out says this.
    """
    with overview_of(deployment.store).moment() as reading:
        return removed_sentence(reading.dropped(start, end), table)


def tables_to_export() -> tuple[str, ...]:
    """Names of the tables and views that can be exported."""
    return tuple(EXPORTED)


def _known() -> str:
    return ", ".join(EXPORTED)
