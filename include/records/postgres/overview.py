"""What people look up, in Postgres: the fleet, one model, pages of decisions and events. Nothing here writes.

Every method reads from one moment of the records, by index, however long the history is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from include.records.entries import (
    Analysis,
    DecisionRow,
    EventRow,
    Heatmap,
    KeptRequest,
    MetricPoint,
    Quarantine,
    SliceRow,
    VersionRow,
)
from include.records.entries.retention import DroppedMonth
from include.records.json_values import to_utc
from include.records.postgres.retention import dropped_of
from include.records.postgres.session import Connect, KeptConnection, Session, transaction
from include.records.rows.analyses import analysis_from_rows
from include.records.rows.columns import Row
from include.records.rows.overview import (
    decision_row_of,
    event_row_of,
    heatmap_from_rows,
    point_from_row,
    slice_from_row,
    version_row_of,
)
from include.records.rows.quarantine import quarantine_from_row
from include.records.rows.request import request_from_row

_COUNTS = {"decisions": "count_decisions", "events": "count_events"}

Place = Mapping[str, Any]  # where a page of a history begins, see the parameters of its query


class PostgresReads:
    """The part of `PostgresStore` that people read from."""

    _calls: Connect | KeptConnection
    _connect: Connect

    @property
    def overview(self) -> PostgresOverview:
        """What people look up."""
        return PostgresOverview(self._calls)

    @property
    def connect(self) -> Connect:
        """What opens a connection of one's own, for what is read over a long time."""
        return self._connect


class PostgresOverview:
    """What people look up of the records."""

    def __init__(self, calls: Connect | KeptConnection) -> None:
        self._calls = calls

    @contextmanager
    def moment(self) -> Iterator[Reading]:
        """Several readings of one moment of the records."""
        with transaction(self._calls) as session:
            session.rows("begin_reading", {})
            yield Reading(session)


class Reading:
    """The records as they were at one moment."""

    def __init__(self, session: Session) -> None:
        self._session = session

    def fleet(
        self, *, since: datetime, before: datetime, search: str = "", tag: str = "", owner: str = ""
    ) -> list[Row]:
        """The state of each model, by name; see the query."""
        bounds = {"since": to_utc(since), "before": to_utc(before)}
        asked = {"model_name": None, **bounds, "search": search, "tag": tag, "owner": owner}
        return self._session.rows("find_fleet", asked)

    def registered(self) -> set[str]:
        """Names of all models that a run has seen."""
        return {row["model_name"] for row in self._session.rows("find_registered", {})}

    def fleet_details(self, states: Sequence[Row], *, since: datetime, before: datetime, most: int) -> dict[str, Row]:
        """What a page shows of some models beside their state, by name."""
        asked = {
            "model_names": [row["model_name"] for row in states],
            "run_ids": [row["run_id"] for row in states],
            "as_ofs": [row["as_of"] for row in states],
            "since": to_utc(since),
            "before": to_utc(before),
            "most": most,
        }
        return {row["model_name"]: row for row in self._session.rows("find_fleet_details", asked)}

    def state(self, model_name: str, *, since: datetime, before: datetime) -> Row | None:
        """The state of one model; None for one that no run has seen."""
        bounds = {"since": to_utc(since), "before": to_utc(before)}
        asked = {"model_name": model_name, **bounds, "search": "", "tag": "", "owner": ""}
        return self._session.row("find_fleet", asked)

    def known(self, model_name: str) -> bool:
        """Whether anything is on record of a model of that name."""
        return bool(self._session.one("find_model", {"model_name": model_name})["known"])

    def decisions(self, asked: Mapping[str, Any], place: Place, most: int, *, back: bool) -> list[DecisionRow]:
        """Decisions from a place on, newest first; with `back` those before it, oldest first."""
        values = {"at": None, "at_model": None, "at_run": None, **asked, **place, "most": most}
        name = "page_decisions_back" if back else "page_decisions"
        return [decision_row_of(row) for row in self._session.rows(name, values)]

    def events(self, asked: Mapping[str, Any], place: Place, most: int, *, back: bool) -> list[EventRow]:
        """Events from a place on, newest first; with `back` those before it, oldest first."""
        values = {"at": None, "at_id": None, **asked, **place, "most": most}
        name = "page_events_back" if back else "page_events"
        return [event_row_of(row) for row in self._session.rows(name, values)]

    def count(self, kind: str, asked: Mapping[str, Any], most: int) -> int:
        """How many ``decisions`` or ``events`` there are, counted up to `most`."""
        return int(self._session.one(_COUNTS[kind], {**asked, "most": most})["number"])

    def course(self, model_name: str, start: datetime, end: datetime, most: int) -> list[MetricPoint]:
        """The deciding metric, the latest `most` checks of a period, oldest first."""
        rows = self._session.rows("find_metric_course", _period(model_name, start, end, most))
        return [point_from_row(row) for row in rows]

    def heatmap(self, model_name: str, start: datetime, end: datetime, *, checks: int, features: int) -> Heatmap:
        """Drift of the columns over the latest checks of a period."""
        found = self._session.rows("find_checks", _period(model_name, start, end, checks))
        rows = self._session.rows("find_drift", {"model_name": model_name, **_checks(found)})
        return heatmap_from_rows(found, rows, most=features)

    def slices(self, model_name: str, run_id: str, as_of: datetime) -> list[SliceRow]:
        """Performance on slices at one check."""
        rows = self._session.rows("find_slices", {"model_name": model_name, "run_id": run_id, "as_of": as_of})
        return [slice_from_row(row) for row in rows]

    def versions(self, model_name: str, most: int) -> list[VersionRow]:
        """The latest versions, newest first."""
        rows = self._session.rows("find_version_rows", {"model_name": model_name, "most": most})
        return [version_row_of(row) for row in rows]

    def importances(self, model_name: str) -> tuple[int, Mapping[str, float] | None] | None:
        """The champion, and how much its errors hang on each column; None without a champion."""
        row = self._session.row("find_importances", {"model_name": model_name})
        return None if row is None else (row["version"], row["importances"])

    def requests(self, model_name: str, most: int) -> list[KeptRequest]:
        """Requests that wait, and the latest others, newest first."""
        rows = self._session.rows("find_latest_requests", {"model_name": model_name, "most": most})
        return [request_from_row(row) for row in rows]

    def requests_before(self, model_name: str | None, before_id: int | None, most: int) -> list[KeptRequest]:
        """Requests of a model, or of all, newest first; before one of them, or from the newest on."""
        asked = {"model_name": model_name, "before_id": before_id, "most": most}
        return [request_from_row(row) for row in self._session.rows("page_requests", asked)]

    def quarantines_before(self, model_name: str | None, before_id: int | None, most: int) -> list[Quarantine]:
        """The same of rows in quarantine, those lifted included."""
        asked = {"model_name": model_name, "before_id": before_id, "most": most}
        return [quarantine_from_row(row) for row in self._session.rows("page_quarantines", asked)]

    def model_files(self, model_name: str, most: int) -> list[Row]:
        """The model files that were in force, newest first; see the query."""
        return self._session.rows("find_model_files", {"model_name": model_name, "most": most})

    def distributions(self, model_name: str, run_id: str) -> Row | None:
        """What a check kept of the columns that changed most; see the query."""
        return self._session.row("find_distributions", {"model_name": model_name, "run_id": run_id})

    def dropped(self, start: datetime | None, end: datetime | None) -> list[DroppedMonth]:
        """The months that retention removed, those that have a moment of a period, oldest first."""
        asked = {
            "since": None if start is None else to_utc(start),
            "until": None if end is None else to_utc(end),
        }
        return [dropped_of(row) for row in self._session.rows("find_dropped_months", asked)]

    def recorded(self, model_name: str, start: datetime, end: datetime, most: int) -> list[tuple[Analysis, bool]]:
        """The latest checks of a champion in a period, with all their signals, and whether each fired; oldest first."""
        checks = self._session.rows("find_recorded_checks", _period(model_name, start, end, most))
        signals = defaultdict[str, list[Row]](list)
        asked = {"model_name": model_name, **_checks(checks)}
        for row in self._session.rows("find_signals_of_checks", asked):
            signals[row["run_id"]].append(row)
        return [(analysis_from_rows(row, signals[row["run_id"]], ()), row["triggered"]) for row in checks]

    def known_champions(self, model_name: str, versions: Sequence[int]) -> list[Row]:
        """Since when some versions were champion, and what they were trained on; see the query."""
        return self._session.rows("find_known_champions", {"model_name": model_name, "versions": list(versions)})

    def scraped(self, *, at: datetime, before: datetime) -> tuple[list[Row], list[Row], Row]:
        """Models, tallies and the system as a scraper of metrics sees them; see the queries."""
        models = self._session.rows("scrape_models", {"at": to_utc(at), "before": to_utc(before)})
        return models, self._session.rows("scrape_tallies", {}), self._session.one("scrape_system", {})


def _period(model_name: str, start: datetime, end: datetime, most: int) -> dict[str, Any]:
    return {"model_name": model_name, "since": to_utc(start), "until": to_utc(end), "most": most}


def _checks(rows: Sequence[Row]) -> dict[str, Any]:
    return {"run_ids": [row["run_id"] for row in rows], "as_ofs": [row["as_of"] for row in rows]}
