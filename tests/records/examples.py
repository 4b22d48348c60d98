"""Entries to fill a store with, and what other processes do in the tests of claims."""

from __future__ import annotations

import time
import uuid
from contextlib import AbstractContextManager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from multiprocessing.connection import Connection
from typing import Any

import numpy as np
import pandas as pd
import psycopg

from include.data.profile import profile_table
from include.data.reference.calibration import Calibration
from include.data.reference.profiles import ReferenceProfiles
from include.decision.decision import Decision, Severity
from include.decision.evidence import TriggerResult
from include.decision.request import RequestKind
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ClaimLost, RequestsTaken
from include.records.entries import (
    Analysis,
    DeliveryStatus,
    Event,
    EventStatus,
    FailedStep,
    Failure,
    MarkVerdict,
    Measurement,
    Noted,
    Notification,
    Outcome,
    Phase,
    Run,
    Settled,
    TrainingDetails,
)
from include.records.postgres import PostgresStore
from include.records.store import Store
from include.scoring import Baseline
from tests.records.lent import Lent
from tools.embedded_postgres import EmbeddedPostgres

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
HOSTILE = [
    "a\x00b", "\x00", "\ud800", "\udfff", "\ud83d\x00", "\u241b", "\u241b0000", "\\u0000", "\\x00", "\u241bd800", "😀",
]  # fmt: skip

RMSE_CHANGED = Signal(
    kind=SignalKind.PERFORMANCE,
    statistic="rmse",
    verdict=Verdict.CHANGED,
    reason="rmse rose by 30 %",
    value=0.3,
    threshold=0.1,
    p_value=0.001,
    level=0.01,
    detail={"rows": 500.0},
)
KS_STABLE = Signal(
    kind=SignalKind.DATA_DRIFT, statistic="ks", verdict=Verdict.STABLE, reason="no change", feature="price"
)


def make_analysis(run_id: str = "run-1", model_name: str = "housing", **changes: Any) -> Analysis:
    asked = {name: changes.pop(name) for name in ("as_of", "dry_run", "requested_by") if name in changes}
    run = Run(**{"run_id": run_id, "as_of": NOW, "reason": "because", **asked})
    values: dict[str, Any] = {
        "window_start": NOW - 24 * HOUR,
        "window_end": NOW,
        "rows": 500,
        "labelled_rows": 400,
        "champion_version": None,
        "signals": (RMSE_CHANGED, KS_STABLE),
        **changes,
    }
    return Analysis(model_name=model_name, run=run, **values)


def make_decision(*, triggered: bool = True, **changes: Any) -> Decision:
    trigger = TriggerResult(
        trigger="performance", fired=triggered, reason="+30 %", strength=3.0, value=0.3, threshold=0.1
    )
    values: dict[str, Any] = {
        "triggered": triggered,
        "trigger_type": "performance" if triggered else "",
        "reason": "the error rose",
        "severity": Severity.HIGH,
        "confidence": 0.99,
        "root_cause": "concept drift",
        "blocked_by": (),
        "recommendation": "retrain",
        "triggers": (trigger,),
        **changes,
    }
    return Decision(**values)


def make_reference() -> ReferenceProfiles:
    table = pd.DataFrame({"price": [1.0, 2.0, 3.0], "city": ["b", "a", "b"]})
    calibration = Calibration(inflation={"price": 1.5, "city": 1.0}, block_rows=20, window_rows=30)
    reference = ReferenceProfiles(
        profile=profile_table(table, ["price", "city"]), inputs=("price", "city"), calibration=calibration
    )
    return reference.with_outputs(np.array([1.0, 2.0, 4.0]), np.array([1.5, 2.5]))


def hostile_reference() -> ReferenceProfiles:
    """A profile with names and categories that Postgres cannot hold as they are."""
    column = pd.Series(HOSTILE * 3, dtype=object)
    table = pd.DataFrame({"city": column, "na\x00me": column})
    return ReferenceProfiles(profile=profile_table(table, list(table)), inputs=tuple(table))


def make_outcome(status: EventStatus = EventStatus.PROMOTED, **changes: Any) -> Outcome:
    values: dict[str, Any] = {
        "reason": "better on the same rows",
        "scores": {"r2": 0.9, "rmse": 8.0},
        "champion_scores": {"r2": 0.8, "rmse": 10.0},
        "artifact_path": "housing/v1.skops",
        "artifact_sha256": "ab" * 32,
        "baseline": Baseline(scores={"rmse": 8.0}, rows=400, effective_rows=123.5, loss_mean=64.0, loss_variance=2.0),
        "data_until": NOW,
        "recent_hash": "cd",
        "reference": make_reference() if status is EventStatus.PROMOTED else None,
        "details": TrainingDetails(training_data_hash="ef", training_data_size=900, training_duration=1.5),
        **changes,
    }
    return Outcome(status=status, **values)


def open_event(store: Store, run_id: str = "run-1", *, at: datetime = NOW, **changes: Any) -> Event:
    _, event = store.save_decision(make_analysis(run_id, **changes), make_decision(), at=at)
    assert event is not None
    return event


def execute(
    store: Store, run_id: str, *, at: datetime = NOW, status: EventStatus = EventStatus.PROMOTED,
    model_name: str = "housing",
) -> Event:  # fmt: skip
    """Open an event, train a version for it, and close it."""
    event = open_event(store, run_id, at=at, as_of=at, model_name=model_name)
    with store.claim(event.id, at=at) as claim:
        claim.begin_version(at=at)
        return claim.finish(make_outcome(status), at=at)


def make_measurement(version: int, value: float = 0.8) -> Measurement:
    return Measurement(version=version, metric="r2", value=value, rows=400, low=0.7, high=0.9)


def own_records(server: EmbeddedPostgres, of: str = "") -> AbstractContextManager[str]:
    """URI of empty records that nobody else has, or of a copy of those of a database that nobody is connected to."""
    return _lent(server).borrow(of)


@cache
def _lent(server: EmbeddedPostgres) -> Lent:
    return Lent(server, NOW)


def postgres_store(uri: str) -> PostgresStore:
    return PostgresStore(partial(psycopg.connect, uri), keep=True, poll_seconds=0.05)


def claim_and_hang(uri: str, event_id: int, ready: Connection) -> None:
    """Run in a process: claim an event, begin its version, say so, and train until killed."""
    with postgres_store(uri).claim(event_id, at=NOW) as claim:
        ready.send(claim.begin_version(at=NOW).version)
        time.sleep(60)


def claim_and_promote(uri: str, event_id: int, wait_seconds: float, result: Connection) -> None:
    """Run in a process: claim an event, promote its version, and say how that went."""
    try:
        with postgres_store(uri).claim(event_id, at=NOW, wait=timedelta(seconds=wait_seconds)) as claim:
            if claim.event.status.closed:
                result.send("closed")
                return
            claim.begin_version(at=NOW)
            time.sleep(0.3)
            claim.finish(make_outcome(), at=NOW)
            result.send("promoted")
    except ClaimLost:
        result.send("lost")


def ask_often(uri: str, times: int, result: Connection) -> None:
    """Run in a process: make the same request again and again; say how often it was new."""
    store = postgres_store(uri)
    added = [
        store.add_request("housing", RequestKind.NEW_DATA, "a file came", "sensor", at=NOW, key="file")[1]
        for _ in range(times)
    ]
    result.send(sum(added))


def decide_on_requests(uri: str, run_id: str, result: Connection) -> None:
    """Run in a process: decide to retrain on the requests that wait; say how many this run consumed."""
    store = postgres_store(uri)
    seen = [kept.request for kept in store.requests(model_name="housing", run_id=run_id)]
    result.send("ready")
    result.recv()
    try:
        store.save_decision(make_analysis(run_id), make_decision(), at=NOW, requests=seen)
        result.send(len(seen))
    except RequestsTaken:
        result.send(0)


def fail(store: Store, run_id: str, at: datetime = NOW, **changes: Any) -> Failure:
    """A step that failed, by default the analysis."""
    values: dict[str, Any] = {
        "failure_id": str(uuid.uuid4()), "model_name": "housing", "step": FailedStep.ANALYZE,
        "error_type": "SourceUnavailable", "error": "data/housing.csv: no such file", "permanent": False,
        "by": "schedule", **changes,
    }  # fmt: skip
    failure = Failure(run_id=run_id, at=at, **values)
    store.failures.add(failure)
    return failure


def speak(store: Store, at: datetime = NOW) -> None:
    """All that people and faces write."""
    told: dict[str, Any] = {"by": "ada", "reason": "because", "at": at}
    store.people.set_pause("housing", paused=True, **told)
    store.people.set_pause("housing", paused=False, **told)
    kept = store.people.add_mute("housing", until=at + HOUR, **told)
    store.people.lift_mute(kept.id, **told)
    store.people.add_annotation("housing", about=at - HOUR, text="a sale", by="ada", at=at)
    store.people.add_mark("housing", "run-1", MarkVerdict.RIGHT, **told)
    fail(store, "run-9", at)
    call = store.calls.begin("ada", "k", "f", at=at, give_up=HOUR)
    store.calls.end(call, 200, {}, at=at)
    store.calls.drop(store.calls.begin("ada", "l", "f", at=at, give_up=HOUR))
    store.calls.forget(before=at + HOUR)
    store.people.pause("housing"), store.people.pauses(), store.people.pause_history("housing")
    store.people.mutes(at=at), store.people.annotations("housing"), store.failures.find()
    store.watch.watched(), store.watch.waiting(), store.watch.failing(since=at)
    store.watch.figures(since=at - HOUR, until=at + HOUR)
    store.arrivals.add("rows x", follows=0, fingerprint="f", files={}, changed=[], starts=True, at=at)
    (
        store.arrivals.last("rows x"),
        store.arrivals.waits("rows x"),
        store.arrivals.untaken(noted_before=at),
        store.arrivals.take("run-9", at=at),
    )
    store.home.find(), store.home.knows(store.home.note(Noted.WRITTEN, "ada", at=at))
    store.people.knows("housing"), store.people.marks(since=at - HOUR, until=at + HOUR)
    notify(store, at)


def notify(store: Store, at: datetime = NOW) -> None:
    """All that notifications write and read."""
    begin = make_notification(at=at)
    outbox, over = store.outbox, replace(begin, phase=Phase.OVER)
    [kept, ended] = outbox.add([begin, over])
    lost = outbox.begin(kept.id, "ops", "slack://…", kept.key, at=at)
    assert lost is not None
    outbox.call_lost(begun_before=at + HOUR, at=at)
    again = outbox.begin(kept.id, "ops", "slack://…", kept.key, at=at)
    assert again is not None
    outbox.end(again, DeliveryStatus.SENT, at=at)
    outbox.settle(kept.id, Settled.DELIVERED, at=at)
    outbox.due(at=at, most=9), outbox.opening(ended), outbox.open(), outbox.find(), outbox.going_on("ops", kept.key)
    outbox.stuck(due_before=at, since=at, at=at), outbox.ended(since=at), outbox.changes(since=at)


def make_notification(phase: Phase = Phase.BEGUN, *, at: datetime = NOW, **changes: Any) -> Notification:
    """That a retraining of ``housing`` failed."""
    values: dict[str, Any] = {
        "model_name": "housing", "subject": "housing", "kind": "failed", "episode": "event 1", "phase": phase,
        "severity": Severity.HIGH, "headline": "retraining failed", "written_at": at, "due_at": at,
        "batch": str(uuid.uuid4()), "owner": "ada", "run_id": "run-1", "facts": {"error": "no rows"},
        "routing": {"services": ["ops"]}, **changes,
    }  # fmt: skip
    return Notification(**values)
