"""Arrivals as rows and back, for both stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from include.records.entries import Arrival
from include.records.json_values import clean_json, clean_text, to_utc
from include.records.rows.columns import Row

MOST_FILES = 1000  # whose states are kept


def arrival_row(
    place: str, ordinal: int, fingerprint: str, files: Mapping[str, str], changed: Sequence[str] | None, starts: bool,
    at: datetime,
) -> Row:  # fmt: skip
    """Return a row of ``data_arrivals``; without the files where they are more than `MOST_FILES`."""
    few = len(files) <= MOST_FILES
    named = changed is not None and len(changed) <= MOST_FILES
    return {
        "place": clean_text(place), "ordinal": ordinal, "fingerprint": fingerprint, "starts": starts,
        "files": clean_json(dict(files)) if few else None,
        "changed": clean_json(list(changed or ())) if named else None, "noted_at": to_utc(at),
    }  # fmt: skip


def arrival_from_row(row: Mapping[str, Any]) -> Arrival:
    """Read an arrival from its row."""
    last, changed = row.get("last_start"), row["changed"]
    return Arrival(
        id=row["id"], place=row["place"], ordinal=row["ordinal"], fingerprint=row["fingerprint"],
        files=row["files"],
        changed=None if changed is None else tuple(changed), starts=row["starts"],
        noted_at=to_utc(row["noted_at"]), run_id=row["run_id"] or "", last_start=None if last is None else to_utc(last),
    )  # fmt: skip
