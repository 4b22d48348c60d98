"""What a scraper of metrics is told, from rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from typing import Any

from include.records.entries import ScrapedModel, Tally
from include.records.json_values import to_utc


def scraped_model(row: Mapping[str, Any], *, false_alarms: int, paused: bool) -> ScrapedModel:
    """Read a model from its row."""
    labels_lag = row["rows"] and row["labelled_rows"] == 0
    return ScrapedModel(
        model_name=row["model_name"], trained_at=_time(row["trained_at"]), champion_since=_time(row["champion_since"]),
        nearest_trigger=row["nearest_trigger"] or "", nearness=row["nearness"],
        paused=paused, missed=0 if paused else row["missed"],
        newest_row_at=_before(row["looked_at"], row["row_age"]),
        labels_until=_time(row["labelled_at"]) if labels_lag else None,
        successful=row["successful"], seconds=row["seconds"], false_alarms=false_alarms, allowed=row["allowed"],
    )  # fmt: skip


def totals_from_rows(rows: Iterable[Mapping[str, Any]]) -> dict[Tally, dict[tuple[str, str], int]]:
    """Read the tallies from their rows."""
    found: dict[Tally, dict[tuple[str, str], int]] = {tally: {} for tally in Tally}
    for row in rows:
        keys = zip(row["model_names"], row["labels"], strict=True)
        found[Tally(row["tally"])] = dict(zip(keys, row["totals"], strict=True))
    return found


def _time(at: datetime | None) -> datetime | None:
    return None if at is None else to_utc(at)


def _before(at: datetime | None, seconds: float | None) -> datetime | None:
    """The moment that long before; None where either is not known, or no moment is that long ago."""
    if at is None or seconds is None:
        return None
    try:
        return to_utc(at) - timedelta(seconds=seconds)
    except (OverflowError, ValueError):
        return None
