"""The store in memory: the twin of `PostgresStore` for tests and for use without a database. Gone with the process."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any

from include.decision.decision import Decision
from include.decision.evidence import PastCheck
from include.decision.request import MOST_TRIES, Request, RequestKind
from include.decision.signals import Signal, SignalKind
from include.detectors.statistics.running_errors import RunningErrors
from include.errors import ClaimLost, DataError, NotOnRecord
from include.records.entries import Analysis, Check, Event, KeptRequest, Quarantine, Wish
from include.records.json_values import clean_json, to_utc
from include.records.memory.arrivals import MemoryArrivals
from include.records.memory.champions import MemoryChampions
from include.records.memory.claim import MemoryClaim, MemoryTables, take
from include.records.memory.home import MemoryHome
from include.records.memory.messages import MemoryOutbox
from include.records.memory.people import MemoryCalls, MemoryFailures, MemoryPeople, marked_row
from include.records.memory.quarantine import MemoryQuarantine
from include.records.memory.watch import Key, MemoryWatch
from include.records.rows.analyses import (
    analysis_from_rows,
    analysis_row,
    decision_from_row,
    decision_row,
    measurement_rows,
    running_errors,
    signal_from_row,
    signal_rows,
)
from include.records.rows.columns import Row
from include.records.rows.events import event_from_row, new_event_row
from include.records.rows.history import check_from_rows
from include.records.rows.outcome import LOST, VERSION_STATUS, abandoned_row, failed_row, was_left
from include.records.rows.quarantine import lifting_row, quarantine_rows
from include.records.rows.request import request_row
from include.records.rows.wish import wish_of

_NOT_YET: Row = {  # columns of an event that only its execution fills
    **dict.fromkeys(("execution_successful", "version", "error_type", "error", "approved_by")),
    **{name: {} for name in ("performance_metrics", "parent_performance", "execution_metrics")},
    "execution_attempted": False,
}


class MemoryStore(MemoryChampions):
    """What the workflow remembers, in this process only. Safe to use from several threads."""

    def __init__(self) -> None:
        self.home = MemoryHome()
        tables = self._tables = MemoryTables()
        self._models: dict[str, Row] = {}
        self._analyses: dict[Key, tuple[Row, list[Row], list[Row]]] = {}
        self._decisions: dict[Key, Row] = {}
        self._quarantines = MemoryQuarantine()
        self._reports: dict[Key, str] = {}
        self.people = MemoryPeople(tables.guard, self._knows, self._marked)
        self.failures, self.calls = MemoryFailures(tables.guard), MemoryCalls(tables.guard)
        self.arrivals = MemoryArrivals(tables.guard)
        self.outbox = MemoryOutbox(tables, self.people)
        self.watch = MemoryWatch(tables, self._models, self._analyses, self._decisions, self.people, self.failures)

    def identity(self) -> str:
        """Return the id of these records."""
        return self.home.identity

    def register_model(self, model_name: str, config_hash: str, config: Mapping[str, Any], *, at: datetime) -> None:
        """Write down a model's effective settings as last seen."""
        seen = {"config_hash": config_hash, "config": clean_json(config), "last_seen_at": to_utc(at)}
        self._models[model_name] = seen

    def save_analysis(self, analysis: Analysis, *, at: datetime) -> Analysis:
        """Keep an analysis, unless there is a decision on an earlier one."""
        key = (analysis.model_name, analysis.run.run_id)
        with self._tables.guard:
            if key not in self._decisions:
                self._write_analysis(analysis, at)
            return analysis_from_rows(*self._analyses[key])

    def analysis(self, model_name: str, run_id: str) -> Analysis | None:
        """Return what that run saw of that model."""
        with self._tables.guard:
            rows = self._analyses.get((model_name, run_id))
            return None if rows is None else analysis_from_rows(*rows)

    def analyses(self, model_name: str) -> Sequence[Analysis]:
        """Return what all runs saw of that model."""
        with self._tables.guard:
            rows = [rows for (name, _), rows in self._analyses.items() if name == model_name]
            ordered = sorted(rows, key=lambda found: (found[0]["as_of"], found[0]["run_id"]))
            return [analysis_from_rows(*found) for found in ordered]

    def running_errors(self, model_name: str, version: int, *, before: datetime) -> RunningErrors | None:
        """Return the champion's errors as the latest earlier analysis of that version left them."""
        with self._tables.guard:
            rows = [row for (name, _), (row, _, _) in self._analyses.items() if name == model_name]
        earlier = [row for row in rows if row["champion_version"] == version and row["as_of"] < to_utc(before)]
        last = max(earlier, key=lambda row: (row["as_of"], row["run_id"]), default=None)
        return None if last is None else running_errors(last)

    def save_decision(
        self, analysis: Analysis, decision: Decision, *, at: datetime, requests: Sequence[Request] = (),
        wish: Wish | None = None,
    ) -> tuple[Decision, Event | None]:  # fmt: skip
        """Keep a decision with the analysis it was made on; if it triggered open an event and consume the requests."""
        key = (analysis.model_name, analysis.run.run_id)
        with self._tables.guard:
            if key not in self._decisions:
                row = decision_row(analysis, decision, at)
                event = new_event_row(analysis, decision, at, wish or wish_of(requests))
                taken = requests if decision.triggered and not analysis.run.dry_run else []
                consumed = self._tables.requests.waiting(analysis.model_name, taken)
                self._write_analysis(analysis, at)
                self._decisions[key] = row
                if decision.triggered:
                    event_id = len(self._tables.events) + 1
                    self._tables.events[event_id] = {"id": event_id, **_NOT_YET, **event}
                self._tables.requests.consume(consumed, analysis.run.run_id, at)
                self._quarantines.add(quarantine_rows(analysis, at))
            return decision_from_row(self._decisions[key]), self._event_of_run(key)

    def add_request(
        self, model_name: str, kind: RequestKind, reason: str, requested_by: str, *, at: datetime, key: str = "",
        hyperparameters: Mapping[str, Any] | None = None, notes: str = "", training_data_path: str = "",
    ) -> tuple[Request, bool]:  # fmt: skip
        """Ask for a retrain; the request that now waits, and whether it is new."""
        row = request_row(
            model_name, kind, reason, requested_by, at=at, key=key, hyperparameters=hyperparameters, notes=notes,
            training_data_path=training_data_path,
        )  # fmt: skip
        with self._tables.guard:
            return self._tables.requests.add(row)

    def requests(self, *, model_name: str | None = None, run_id: str | None = None) -> Sequence[KeptRequest]:
        """Return requests, oldest first; with a run only what its decision may see."""
        with self._tables.guard:
            return self._tables.requests.seen(model_name, run_id)

    def quarantines(self, model_name: str | None = None) -> Sequence[Quarantine]:
        """Return quarantined rows, oldest first; those lifted included."""
        with self._tables.guard:
            return self._quarantines.of_model(model_name)

    def lift_quarantine(
        self, quarantine_id: int, lifted_by: str, reason: str, *, at: datetime, accepts: bool = False
    ) -> Quarantine:
        """Let rows be trained on again; a `NotOnRecord` for an id unknown or lifted."""
        row = lifting_row(quarantine_id, lifted_by, reason, at=at, accepts=accepts)
        with self._tables.guard:
            return self._quarantines.lift(row)

    def decision(self, model_name: str, run_id: str) -> tuple[Decision, Event | None] | None:
        """Return what was decided for that model in that run, with the event if it triggered."""
        key = (model_name, run_id)
        with self._tables.guard:
            row = self._decisions.get(key)
            return None if row is None else (decision_from_row(row), self._event_of_run(key))

    def past_checks(self, model_name: str, *, before: datetime, most: int) -> Sequence[PastCheck]:
        """Return what the triggers answered at the latest earlier checks, newest first."""
        with self._tables.guard:
            rows = {
                key: self._analyses[key][0] | {"decided_at": row["decided_at"], "decision": row}
                for key, row in self._decisions.items()
                if key[0] == model_name
            }
        earlier = [row for row in rows.values() if row["as_of"] < to_utc(before) and not row["dry_run"]]
        ordered = sorted(earlier, key=lambda row: (row["as_of"], row["decided_at"], row["run_id"]))
        last = {row["as_of"]: decision_from_row(row["decision"]) for row in ordered}
        checks = [PastCheck(at=at, results=decision.triggers) for at, decision in last.items()]
        return checks[::-1][:most]

    def history(self, model_name: str, *, until: datetime, most: int) -> Sequence[Check]:
        """Return the latest checks of a model up to a time, oldest first; no dry runs."""
        with self._tables.guard:
            keys = [key for key in self._decisions if key[0] == model_name and not self._analyses[key][0]["dry_run"]]
            seen = [key for key in keys if self._analyses[key][0]["as_of"] <= to_utc(until)]
            latest = sorted(seen, key=lambda key: (self._analyses[key][0]["as_of"], key[1]))[-most:]
            return [
                check_from_rows(*self._analyses[key], self._decisions[key], self._event_of_run(key)) for key in latest
            ]

    def note_report(self, model_name: str, run_id: str, path: str) -> None:
        """Note where the report of that run is."""
        with self._tables.guard:
            self._reports[model_name, run_id] = path

    def report_path(self, model_name: str, run_id: str) -> str:
        """Return where the report of that run is; empty for none."""
        with self._tables.guard:
            return self._reports.get((model_name, run_id), "")

    def last_retrained_at(self, model_name: str, *, until: datetime) -> datetime | None:
        """Return `as_of` of the newest retraining with a verdict of the gate, or of one lost after too many tries."""
        events = sorted(self.events(model_name=model_name), key=lambda event: event.id, reverse=True)
        past = [event for event in events if event.run.as_of <= to_utc(until)]
        ended = [e for e in past if e.status in VERSION_STATUS and e.trigger_type != SignalKind.SHADOW]
        counting = [e for e in ended if e.was_retrained and e.champion_version is not None]
        if len(ended) >= MOST_TRIES and all(event.status in LOST for event in ended[:MOST_TRIES]):
            counting.append(ended[0])
        return max((event.run.as_of for event in counting), default=None)

    def event(self, event_id: int) -> Event:
        """Return one event; a `NotOnRecord` for an unknown id."""
        with self._tables.guard:
            if event_id not in self._tables.events:
                raise NotOnRecord(f"there is no event {event_id}")
            return event_from_row(self._tables.events[event_id])

    def events(self, *, model_name: str | None = None, run_id: str | None = None) -> Sequence[Event]:
        """Return events, newest first."""
        with self._tables.guard:
            events = [event_from_row(row) for row in self._tables.events.values()]
        found = (e for e in events if model_name in (None, e.model_name) and run_id in (None, e.run.run_id))
        return sorted(found, key=lambda event: (event.triggered_at, event.id), reverse=True)

    def decisions(self, *, run_id: str) -> Sequence[tuple[Analysis, Decision]]:
        """Return all decisions of a run, by model name."""
        with self._tables.guard:
            keys = sorted(key for key in self._decisions if key[1] == run_id)
            return [(analysis_from_rows(*self._analyses[k]), decision_from_row(self._decisions[k])) for k in keys]

    @contextmanager
    def claim(self, event_id: int, *, at: datetime, wait: timedelta = timedelta(0)) -> Iterator[MemoryClaim]:
        """Claim the right to retrain the event's model, for the time the context is open."""
        model_name = self.event(event_id).model_name
        with self._tables.guard:
            right = self._tables.rights[model_name]
        waited = take(right, wait)
        if waited is None:
            raise ClaimLost(f"{model_name} is being retrained by another thread")
        claim = None
        try:
            with self._tables.guard:
                claim = MemoryClaim(self._tables, self._tables.take_over(event_id, model_name, at + waited))
            yield claim
        finally:
            if claim is not None:
                claim.held = False
            right.release()

    def close_unfinished(
        self, model_name: str, *, at: datetime, idle: timedelta, keep_run: str = ""
    ) -> Sequence[Event]:
        """Close as abandoned the open events of a model whose owner died, and return them."""
        with self._tables.guard:
            held = self._tables.rights[model_name].locked()
            return [
                self._tables.give_up(row, abandoned_row(row, at), at)
                for row in self._tables.open_events(model_name)
                if row["run_id"] != keep_run and was_left(row, at=at, idle=idle, held=held)
            ]

    def close_failed(self, event_id: int, *, at: datetime, error_type: str, error: str) -> Event:
        """Close an open event as failed, unless somebody holds the right to retrain its model."""
        with self._tables.guard:
            event = self.event(event_id)
            if event.status.closed or self._tables.rights[event.model_name].locked():
                return event
            row = self._tables.events[event_id]
            return self._tables.give_up(row, failed_row(row, at, error_type, error), at)

    def looks(self, model_name: str, kind: SignalKind, champion: int, *, before: datetime) -> Sequence[Signal]:
        """Return signals of a kind from earlier checks of that champion, the earliest first."""
        with self._tables.guard:
            rows = [rows for (name, _), rows in self._analyses.items() if name == model_name]
        seen = [found for found in rows if found[0]["champion_version"] == champion]
        earlier = [found for found in seen if found[0]["as_of"] < to_utc(before)]
        ordered = sorted(earlier, key=lambda found: (found[0]["as_of"], found[0]["run_id"]))
        return [signal_from_row(row) for found in ordered for row in found[1] if row["kind"] == kind]

    def _knows(self, model_name: str) -> bool:
        found = self.analyses(model_name) or self.requests(model_name=model_name)
        return bool(model_name in self._models or found or self.failures.find(model_name=model_name))

    def _marked(self, model_name: str, run_id: str) -> Row | None:
        key = (model_name, run_id)
        return marked_row(self._decisions[key], self._analyses[key][0]) if key in self._decisions else None

    def _write_analysis(self, analysis: Analysis, at: datetime) -> None:
        rows = analysis_row(analysis, at), signal_rows(analysis, at), measurement_rows(analysis, at)
        named = {analysis.champion_version, *(m.version for m in analysis.measurements)} - {None}
        unknown = named - {version.version for version in self.versions(analysis.model_name)}
        if unknown:
            raise DataError(f"{analysis.model_name}: there is no version {', '.join(map(str, unknown))}")
        self._analyses[analysis.model_name, analysis.run.run_id] = rows

    def _event_of_run(self, key: Key) -> Event | None:
        return next(iter(self.events(model_name=key[0], run_id=key[1])), None)
