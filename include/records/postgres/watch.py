"""What the records in Postgres say of the monitor itself."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

from include.records.entries import BY_SCHEDULE, Failing, Figures, Scheduled, Waiting, Watched
from include.records.json_values import to_utc
from include.records.postgres.session import Connect, KeptConnection, reading
from include.records.rows.watch import (
    failing_from_row,
    figures_from_row,
    scheduled_from_row,
    waiting_from_row,
    watched_from_row,
)


@dataclass(frozen=True)
class PostgresWatch:
    """See `include.records.people_roles.Watch`."""

    connect: Connect | KeptConnection

    def watched(self, *, before: datetime | None = None) -> Sequence[Watched]:
        """Return the latest check of each registered model that has one."""
        with reading(self.connect) as session:
            return [watched_from_row(row) for row in session.rows("find_watched", {"before": _or_none(before)})]

    def waiting(self) -> Sequence[Waiting]:
        """Return the models with requests that wait."""
        with reading(self.connect) as session:
            return [waiting_from_row(row) for row in session.rows("find_waiting", {})]

    def failing(self, *, since: datetime, before: datetime | None = None) -> Sequence[Failing]:
        """Return the steps that have failed in the latest runs of each model."""
        key = {"since": to_utc(since), "before": _or_none(before)}
        with reading(self.connect) as session:
            return [failing_from_row(row) for row in session.rows("find_failing", key)]

    def figures(self, *, since: datetime, until: datetime, model_name: str | None = None) -> Sequence[Figures]:
        """Return what the decisions of a period came to."""
        start, end = to_utc(since), to_utc(until)
        key = {"since": start, "until": end, "model_name": model_name, **_whole_days(start, end)}
        with reading(self.connect) as session:
            return [figures_from_row(row) for row in session.rows("find_figures", key)]

    def looked_at(self, run_id: str, model_names: Sequence[str]) -> frozenset[str]:
        """Return those of the models that the run has looked at."""
        key = {"run_id": run_id, "model_names": list(model_names)}
        with reading(self.connect) as session:
            return frozenset(row["model_name"] for row in session.rows("find_looked_at", key))

    def untold(self, model_names: Sequence[str]) -> frozenset[str]:
        """Return those of the models whose last change of champion no run has told downstream of."""
        with reading(self.connect) as session:
            rows = session.rows("find_untold_champions", {"model_names": list(model_names)})
        return frozenset(row["model_name"] for row in rows)

    def scheduled(self, model_names: Sequence[str], *, before: datetime) -> Mapping[str, Scheduled]:
        """Return the last check by schedule of the models that had one."""
        key = {"model_names": list(model_names), "before": to_utc(before), "kinds": list(BY_SCHEDULE)}
        with reading(self.connect) as session:
            return {row["model_name"]: scheduled_from_row(row) for row in session.rows("find_scheduled", key)}

    def false_alarms(self, *, since: datetime, until: datetime) -> Mapping[str, int]:
        """Return how many retrains of a period were marked as false alarms."""
        period = {"since": to_utc(since), "until": to_utc(until)}
        with reading(self.connect) as session:
            return {row["model_name"]: row["false_alarms"] for row in session.rows("count_false_alarms", period)}

    def orphans(self, model_names: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """Return the models with a champion but these, each with where its rows came from."""
        with reading(self.connect) as session:
            rows = session.rows("find_orphans", {"model_names": list(model_names)})
        return {row.pop("model_name"): row for row in rows}

    def registered(self, model_name: str) -> Mapping[str, Any] | None:
        """Return a model's effective settings as a run last saw them."""
        with reading(self.connect) as session:
            row = session.row("find_model_files", {"model_name": model_name, "most": 1})
        return None if row is None else dict(row["config"])


def _or_none(at: datetime | None) -> datetime | None:
    return None if at is None else to_utc(at)


def _whole_days(start: datetime, end: datetime) -> dict[str, date]:
    """The whole days of a period, of which the number of quiet decisions is kept; the last one is excluded."""
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    first = midnight.date() if midnight == start else midnight.date() + timedelta(days=1)
    return {"first_day": first, "last_day": max(first, end.date())}
