"""Checks the words and numbers that people give, and opens the records for reading."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeVar

from include.errors import ConfigurationError, NotOnRecord, did_you_mean
from include.records.entries.overview import MOST_ROWS
from include.records.entries.retention import KEPT_BY_MONTH, DroppedMonth
from include.records.json_values import storable
from include.records.postgres import PostgresStore
from include.records.postgres.overview import PostgresOverview, Reading
from include.records.store import Store
from include.registry.model_files import model_names
from include.workflow.deployment import Deployment

_Word = TypeVar("_Word", bound=str)


def overview_of(store: Store) -> PostgresOverview:
    """What reads the records; a `ConfigurationError` where they are not in Postgres, as in a rehearsal."""
    if not isinstance(store, PostgresStore):
        raise ConfigurationError("records", "they are kept in memory: what people look up is read from Postgres")
    return store.overview


def check_limit(limit: int) -> int:
    """The number of rows of a page; a `ConfigurationError` for one that no page has."""
    if not 1 <= limit <= MOST_ROWS:
        raise ConfigurationError("limit", f"found {limit}; give a whole number from 1 to {MOST_ROWS}")
    return limit


def one_of(kind: type[_Word], field: str, word: str) -> _Word:
    """The word as one of an enumeration; a `ConfigurationError` names the known ones."""
    known: Sequence[str] = [str(each) for each in kind]  # type: ignore[attr-defined]  # an enumeration of words
    if word not in known:
        raise ConfigurationError(field, f"found {word!r}{did_you_mean(word, known)}; known: {', '.join(known)}")
    return kind(word)


def check_period(start: datetime | None, end: datetime | None) -> None:
    """Refuse a period that is empty, and times without a zone."""
    for field, at in (("start", start), ("end", end)):
        if at is not None and at.tzinfo is None:
            raise ConfigurationError(field, f"found {at.isoformat()}, which has no time zone; add one, for example Z")
    if start is not None and end is not None and start >= end:
        raise ConfigurationError("start", f"{start:%Y-%m-%d %H:%M} is not before {end:%Y-%m-%d %H:%M} (end)")


def known_model(reading: Reading, deployment: Deployment, model_name: str) -> None:
    """Do nothing for a model that is on record or has a file; else `NotOnRecord`."""
    if storable(model_name) == model_name and reading.known(model_name):
        return
    names = model_names(deployment.models_dir)
    if model_name not in names:
        known = sorted({*names, *reading.registered()})
        raise NotOnRecord(f"model {model_name}: nothing is on record of it{did_you_mean(model_name, known)}")


def removed_sentence(dropped: Sequence[DroppedMonth], table: str = "") -> str:
    """What retention removed, in a sentence; empty for nothing.

    Parameters
    ----------
    dropped : sequence of DroppedMonth
        Oldest month first.
    table : str
        Only of this one; empty for all.
    """
    wanted = [month for month in dropped if table in ("", month.table)]
    if not wanted:
        return ""
    first, last = wanted[0].month, wanted[-1].month
    months = f"{first:%Y-%m}" if first == last else f"{first:%Y-%m} to {last:%Y-%m}"
    on = max(month.dropped_at for month in wanted)
    what = ", ".join(sorted({word for word, kept in KEPT_BY_MONTH.items() if any(m.table == kept for m in wanted)}))
    return f"{what} of {months} were removed by retention on {on:%Y-%m-%d}; what was decided and done is kept"
