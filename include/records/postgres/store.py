"""The store in Postgres. Its constraints, not this code, guard what must never happen twice."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from include.decision.decision import Decision
from include.decision.evidence import PastCheck
from include.decision.request import MOST_TRIES, Request, RequestKind
from include.errors import NotOnRecord, RequestsTaken
from include.records.entries import Analysis, Check, Event, KeptRequest, Quarantine, Version, Wish
from include.records.json_values import clean_json, to_utc
from include.records.postgres import claim as postgres_claim
from include.records.postgres.champions import PostgresChampions
from include.records.postgres.claim import POLL_SECONDS, PostgresClaim
from include.records.postgres.overview import PostgresReads
from include.records.postgres.people import PostgresParts
from include.records.postgres.session import Connect, KeptConnection, Session, reading, transaction
from include.records.rows.analyses import (
    analysis_from_rows,
    analysis_row,
    decision_from_row,
    decision_row,
    measurement_rows,
    running_errors,
    signal_rows,
)
from include.records.rows.columns import Row, triggers_from_row
from include.records.rows.events import event_from_row, new_event_row, version_from_row
from include.records.rows.history import check_from_rows
from include.records.rows.quarantine import lifting_row, not_to_be_lifted, quarantine_from_row, quarantine_rows
from include.records.rows.request import request_from_row, request_row
from include.records.rows.wish import wish_of

if TYPE_CHECKING:
    from include.detectors.statistics.running_errors import RunningErrors


class PostgresStore(PostgresChampions, PostgresParts, PostgresReads):
    """What the workflow remembers, in a Postgres database with the schema of ``sql/schema``.

    Parameters
    ----------
    connect : callable
        Opens a psycopg 3 connection, for one transaction each, or for the life of a claim.
    keep : bool, default False
        Whether the methods share a connection instead, as long as this store lives: for the process of one step.
    poll_seconds : float, default 1
        How often a process that waits for a claim asks for it.
    direct : callable, optional
        The same beside a pooler, for claims.
    guarded : bool, default False
        Whether a copied or restored database may write nothing outside until somebody says what it is.
    """

    def __init__(
        self, connect: Connect, *, keep: bool = False, poll_seconds: float = POLL_SECONDS,
        direct: Connect | None = None, guarded: bool = False,
    ) -> None:  # fmt: skip
        self._connect, self._direct, self._guarded = connect, direct, guarded
        self._calls = KeptConnection(connect) if keep else connect
        self._poll_seconds = poll_seconds

    def close(self) -> None:
        """Close the connection that the methods share, if they do; the next call opens another."""
        if isinstance(self._calls, KeptConnection):
            self._calls.close()

    def register_model(self, model_name: str, config_hash: str, config: Mapping[str, Any], *, at: datetime) -> None:
        """Write down a model's effective settings as last seen."""
        row = {"model_name": model_name, "config_hash": config_hash, "config": clean_json(config), "at": to_utc(at)}
        with transaction(self._calls) as session:
            session.rows("save_model", row)

    def save_analysis(self, analysis: Analysis, *, at: datetime) -> Analysis:
        """Keep an analysis, unless there is a decision on an earlier one."""
        key = {"model_name": analysis.model_name, "run_id": analysis.run.run_id}
        with transaction(self._calls) as session:
            session.rows("lock_run", key)
            if session.row("find_decisions", key) is None:
                return _write_analysis(session, analysis, at)
            return _analyses(session, key)[0]

    def analysis(self, model_name: str, run_id: str) -> Analysis | None:
        """Return what that run saw of that model."""
        with transaction(self._calls) as session:
            found = _analyses(session, {"model_name": model_name, "run_id": run_id})
        return found[0] if found else None

    def analyses(self, model_name: str) -> Sequence[Analysis]:
        """Return what all runs saw of that model."""
        with transaction(self._calls) as session:
            runs = session.rows("find_runs_of_model", {"model_name": model_name})
            return [_analyses(session, {"model_name": model_name, **run})[0] for run in runs]

    def running_errors(self, model_name: str, version: int, *, before: datetime) -> RunningErrors | None:
        """Return the champion's errors as the latest earlier analysis of that version left them."""
        key = {"model_name": model_name, "version": version, "before": to_utc(before)}
        with reading(self._calls) as session:
            row = session.row("find_running_errors", key)
        return None if row is None else running_errors(row)

    def save_decision(
        self, analysis: Analysis, decision: Decision, *, at: datetime, requests: Sequence[Request] = (),
        wish: Wish | None = None,
    ) -> tuple[Decision, Event | None]:  # fmt: skip
        """Keep a decision with the analysis it was made on; if it triggered open an event and consume the requests."""
        key = {"model_name": analysis.model_name, "run_id": analysis.run.run_id}
        with transaction(self._calls) as session:
            session.rows("lock_run", key)
            kept = _decision(session, key)
            if kept is not None:
                return kept
            seen = session.row("find_analyses", key)
            if seen is None or seen["removed_at"] or to_utc(seen["analyzed_at"]) != analysis.analyzed_at:
                _write_analysis(session, analysis, at)
            row = decision_row(analysis, decision, at)
            session.rows("add_decision", row)
            session.each("quarantine_span", quarantine_rows(analysis, at))
            if not decision.triggered:
                return decision_from_row(row), None
            session.rows("open_event", new_event_row(analysis, decision, at, wish or wish_of(requests)))
            if not analysis.run.dry_run:
                _consume(session, key, requests, at)
            return decision_from_row(row), _event_of_run(session, key)

    def add_request(
        self, model_name: str, kind: RequestKind, reason: str, requested_by: str, *, at: datetime, key: str = "",
        hyperparameters: Mapping[str, Any] | None = None, notes: str = "", training_data_path: str = "",
    ) -> tuple[Request, bool]:  # fmt: skip
        """Ask for a retrain; the request that now waits, and whether it is new."""
        row = request_row(
            model_name, kind, reason, requested_by, at=at, key=key, hyperparameters=hyperparameters, notes=notes,
            training_data_path=training_data_path,
        )  # fmt: skip
        with transaction(self._calls) as session:
            kept = session.one("add_request", row)
        return request_from_row(kept).request, kept["added"]

    def requests(self, *, model_name: str | None = None, run_id: str | None = None) -> Sequence[KeptRequest]:
        """Return requests, oldest first; with a run only what its decision may see."""
        with reading(self._calls) as session:
            rows = session.rows("find_requests", {"model_name": model_name, "run_id": run_id})
        return [request_from_row(row) for row in rows]

    def quarantines(self, model_name: str | None = None) -> Sequence[Quarantine]:
        """Return quarantined rows, oldest first; those lifted included."""
        with reading(self._calls) as session:
            return [quarantine_from_row(row) for row in session.rows("find_quarantines", {"model_name": model_name})]

    def lift_quarantine(
        self, quarantine_id: int, lifted_by: str, reason: str, *, at: datetime, accepts: bool = False
    ) -> Quarantine:
        """Let rows be trained on again; a `NotOnRecord` for an id unknown or lifted."""
        with transaction(self._calls) as session:
            row = session.row("lift_quarantine", lifting_row(quarantine_id, lifted_by, reason, at=at, accepts=accepts))
        if row is None:
            raise not_to_be_lifted(quarantine_id)
        return quarantine_from_row(row)

    def decision(self, model_name: str, run_id: str) -> tuple[Decision, Event | None] | None:
        """Return what was decided for that model in that run, with the event if it triggered."""
        with reading(self._calls) as session:
            return _decision(session, {"model_name": model_name, "run_id": run_id})

    def past_checks(self, model_name: str, *, before: datetime, most: int) -> Sequence[PastCheck]:
        """Return what the triggers answered at the latest earlier checks, newest first."""
        key = {"model_name": model_name, "before": to_utc(before), "most": most}
        with reading(self._calls) as session:
            rows = session.rows("find_past_checks", key)
        return [PastCheck(at=to_utc(row["as_of"]), results=triggers_from_row(row)) for row in rows]

    def history(self, model_name: str, *, until: datetime, most: int) -> Sequence[Check]:
        """Return the latest checks of a model up to a time, oldest first; no dry runs."""
        with transaction(self._calls) as session:
            return _history(session, {"model_name": model_name, "until": to_utc(until), "most": most})

    def note_report(self, model_name: str, run_id: str, path: str) -> None:
        """Note where the report of that run is."""
        with transaction(self._calls) as session:
            session.rows("note_report", {"model_name": model_name, "run_id": run_id, "report_path": path})

    def report_path(self, model_name: str, run_id: str) -> str:
        """Return where the report of that run is; empty for none."""
        with reading(self._calls) as session:
            row = session.row("find_decisions", {"model_name": model_name, "run_id": run_id})
        return "" if row is None else row["report_path"] or ""

    def versions(self, model_name: str) -> Sequence[Version]:
        """Return all versions of a model, oldest first."""
        with reading(self._calls) as session:
            return [version_from_row(row) for row in session.rows("find_versions", {"model_name": model_name})]

    def last_retrained_at(self, model_name: str, *, until: datetime) -> datetime | None:
        """Return `as_of` of the newest retraining with a verdict of the gate, or of one lost after too many tries."""
        key = {"model_name": model_name, "most_tries": MOST_TRIES, "until": to_utc(until)}
        with reading(self._calls) as session:
            as_of = session.one("find_last_retrained", key)["as_of"]
        return None if as_of is None else to_utc(as_of)

    def event(self, event_id: int) -> Event:
        """Return one event; a `NotOnRecord` for an unknown id."""
        with reading(self._calls) as session:
            row = session.row("find_event", {"event_id": event_id})
        if row is None:
            raise NotOnRecord(f"there is no event {event_id}")
        return event_from_row(row)

    def events(self, *, model_name: str | None = None, run_id: str | None = None) -> Sequence[Event]:
        """Return events, newest first."""
        with reading(self._calls) as session:
            rows = session.rows("find_events", {"model_name": model_name, "run_id": run_id})
        return [event_from_row(row) for row in rows]

    def decisions(self, *, run_id: str) -> Sequence[tuple[Analysis, Decision]]:
        """Return all decisions of a run, by model name."""
        key = {"model_name": None, "run_id": run_id}
        with transaction(self._calls) as session:
            rows, analyses = session.rows("find_decisions", key), _analyses(session, key)
        by_model = {analysis.model_name: analysis for analysis in analyses}
        return [(by_model[row["model_name"]], decision_from_row(row)) for row in rows]

    @contextmanager
    def claim(self, event_id: int, *, at: datetime, wait: timedelta = timedelta(0)) -> Iterator[PostgresClaim]:
        """Claim the right to retrain the event's model, for the time the context is open."""
        event, identity = self.event(event_id), "" if self._direct is None else self.identity()
        connect, poll = self._direct or self._connect, self._poll_seconds
        with postgres_claim.hold_claim(connect, event, at=at, wait=wait, poll_seconds=poll, identity=identity) as claim:
            yield claim

    def close_unfinished(
        self, model_name: str, *, at: datetime, idle: timedelta, keep_run: str = ""
    ) -> Sequence[Event]:
        """Close as abandoned the open events of a model whose owner died, and return them."""
        with transaction(self._calls) as session:
            return postgres_claim.close_unfinished(session, model_name, at=at, idle=idle, keep_run=keep_run)

    def close_failed(self, event_id: int, *, at: datetime, error_type: str, error: str) -> Event:
        """Close an open event as failed, unless somebody holds the right to retrain its model."""
        why = {"error_type": error_type, "error": error}
        return postgres_claim.close_failed(self._connect, self.event(event_id), at=at, **why)


def _write_analysis(session: Session, analysis: Analysis, at: datetime) -> Analysis:
    """Write an analysis, and return it as it will be read."""
    key, row = {"model_name": analysis.model_name, "run_id": analysis.run.run_id}, analysis_row(analysis, at)
    signals, measurements = signal_rows(analysis, at), measurement_rows(analysis, at)
    session.rows("prepare_month", row)
    for name in ("delete_signals", "delete_measurements", "delete_analysis"):  # first: as_of may differ from this try's
        session.rows(name, key)
    session.rows("save_run", row)
    session.rows("add_analysis", row)
    session.each("add_signal", signals)
    session.each("add_measurement", measurements)
    return analysis_from_rows(row, signals, measurements)


def _consume(session: Session, key: Mapping[str, Any], requests: Sequence[Request], at: datetime) -> None:
    ids = sorted({request.id for request in requests})
    if len(session.rows("consume_requests", {**key, "ids": ids, "at": to_utc(at)})) < len(ids):
        raise RequestsTaken(f"{key['model_name']}: another run consumed a request that this decision saw")


def _analyses(session: Session, key: Mapping[str, Any]) -> list[Analysis]:
    rows = session.rows("find_analyses", key)  # first: the signals of what is seen here are then there too
    signals, measurements = defaultdict[str, list[Row]](list), defaultdict[str, list[Row]](list)
    for row in session.rows("find_signals", key):
        signals[row["model_name"]].append(row)
    for row in session.rows("find_measurements", key):
        measurements[row["model_name"]].append(row)
    return [analysis_from_rows(row, signals[row["model_name"]], measurements[row["model_name"]]) for row in rows]


def _history(session: Session, key: Mapping[str, Any]) -> list[Check]:
    rows = session.rows("find_history", key)
    runs = {"model_name": key["model_name"], "run_ids": [row["run_id"] for row in rows]}
    signals, measurements = defaultdict[str, list[Row]](list), defaultdict[str, list[Row]](list)
    for row in session.rows("find_changes_of_runs", runs):
        signals[row["run_id"]].append(row)
    for row in session.rows("find_measurements_of_runs", runs):
        measurements[row["run_id"]].append(row)
    events = {row["run_id"]: event_from_row(row) for row in session.rows("find_events_of_runs", runs)}
    return [
        check_from_rows(row, signals[row["run_id"]], measurements[row["run_id"]], row, events.get(row["run_id"]))
        for row in rows
    ]


def _decision(session: Session, key: Mapping[str, Any]) -> tuple[Decision, Event | None] | None:
    row = session.row("find_decisions", key)
    return None if row is None else (decision_from_row(row), _event_of_run(session, key))


def _event_of_run(session: Session, key: Mapping[str, Any]) -> Event | None:
    row = session.row("find_events", key)
    return None if row is None else event_from_row(row)
