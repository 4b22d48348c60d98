"""What people look up of the past, of one model or of all: pages of decisions and of events, newest first."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Generic, TypeVar

from include.records.entries.overview import DEFAULT_LIMIT

COUNTED = 10_000  # rows of a history are counted up to here


class HistoryKind(StrEnum):
    """What a history is of."""

    DECISIONS = "decisions"
    EVENTS = "events"


class Answer(StrEnum):
    """What a decision came to."""

    FIRED = "fired"
    BLOCKED = "blocked"  # wanted, but kept from it
    QUIET = "quiet"


@dataclass(frozen=True, kw_only=True)
class HistoryQuery:
    """Which decisions or events; the newest come first.

    Parameters
    ----------
    kind : str
        One of `HistoryKind`.
    model_name : str
        Empty for all models.
    start, end : datetime or None
        From `start` on and before `end`, by when it was decided.
    answer : str
        Of decisions: one of `Answer`; empty for all.
    status : str
        Of events: one of `include.records.entries.EventStatus`; empty for all.
    cursor, limit
        As in `include.records.entries.overview.FleetQuery`.
    """

    kind: str = HistoryKind.DECISIONS
    model_name: str = ""
    start: datetime | None = None
    end: datetime | None = None
    answer: str = ""
    status: str = ""
    cursor: str = ""
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, kw_only=True)
class TriggerDistance:
    """One trigger's answer: how near it was, from 0 on, 1 fires; None for a trigger without a threshold."""

    trigger: str
    label: str
    fired: bool
    nearness: float | None
    value: float | None
    threshold: float | None
    p_value: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class DecisionRow:
    """One decision in a history; `mark` is what people said of it last: ``false_alarm``, ``right`` or nothing."""

    model_name: str
    run_id: str
    at: datetime
    as_of: datetime
    dry_run: bool
    requested_by: str
    answer: Answer
    trigger: str
    severity: str
    confidence: float
    reason: str
    root_cause: str
    blocked_by: tuple[str, ...]
    recommendation: str
    nearest_trigger: str
    nearness: float | None
    triggers: tuple[TriggerDistance, ...]
    champion_version: int | None
    rows: int
    labelled_rows: int
    event_id: int | None
    event_status: str
    report_path: str
    mark: str = ""


@dataclass(frozen=True, kw_only=True)
class EventRow:
    """One event in a history; `seconds` is what the training took, `scores` are on the rows that the gate held out.

    `metric` is the one that decides now; empty where none is on record.
    """

    id: int
    model_name: str
    run_id: str
    at: datetime
    status: str
    trigger: str
    severity: str
    reason: str
    requested_by: str
    approved_by: str
    dry_run: bool
    champion_version: int | None
    version: int | None
    outcome: str
    error_type: str
    error: str
    completed_at: datetime | None
    seconds: float | None
    training_rows: int | None
    metric: str = ""
    scores: Mapping[str, float] = field(default_factory=dict)
    champion_scores: Mapping[str, float] = field(default_factory=dict)


Row = TypeVar("Row")


@dataclass(frozen=True, kw_only=True)
class HistoryPage(Generic[Row]):
    """A page of a history, newest first; `total` stops at `COUNTED`, and is None where nobody counts."""

    rows: Sequence[Row]
    total: int | None
    next_cursor: str = ""
    previous_cursor: str = ""
