"""What people look up of many models at once: a page of the fleet, and pages of decisions and events.

A single model's view is in `include.records.entries.model_view`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from include.decision.health import ModelHealth

DEFAULT_LIMIT, MOST_ROWS = 50, 200
SPARKS = 24  # values of a sparkline
COUNTED = 10_000  # rows of a history are counted up to here


class FleetSort(StrEnum):
    """What a fleet is sorted by."""

    ATTENTION = "attention"  # unwatched first, then failing, at risk, paused, passing; within each the nearest first
    NAME = "name"
    NEARNESS = "nearness"  # the nearest to a retrain first
    CHECKED = "checked"  # the longest without a check first
    CHAMPION = "champion"  # the oldest champion first, models without one before it


@dataclass(frozen=True, kw_only=True)
class FleetQuery:
    """Which models, and in which order.

    Parameters
    ----------
    search : str
        Part of the model's name or of its owner, upper and lower case alike; empty for all.
    tag, owner : str
        Exactly; empty for all.
    health : str
        One of `ModelHealth`; empty for all. The counts are of all healths.
    sort : str
        One of `FleetSort`.
    cursor : str
        From a page before: `FleetPage.next_cursor` or `previous_cursor`; empty for the first page.
    limit : int
        Rows of a page, from 1 to `MOST_ROWS`.
    """

    search: str = ""
    tag: str = ""
    owner: str = ""
    health: str = ""
    sort: str = FleetSort.ATTENTION
    cursor: str = ""
    limit: int = DEFAULT_LIMIT


@dataclass(frozen=True, kw_only=True)
class ChampionSince:
    """The version in production, and since when it has been."""

    version: int
    since: datetime


@dataclass(frozen=True, kw_only=True)
class LastDecision:
    """What the last check of a model came to.

    Parameters
    ----------
    at : datetime
        When it was decided; `as_of` is the end of the rows that it saw.
    trigger : str
        What weighed most; empty for a quiet one.
    """

    run_id: str
    at: datetime
    as_of: datetime
    fired: bool
    trigger: str
    severity: str
    reason: str
    recommendation: str = ""


@dataclass(frozen=True, kw_only=True)
class FleetRow:
    """One model in the list of all.

    Parameters
    ----------
    owner, tags
        As its model file said at the last check; empty before that.
    health, why : ModelHealth, str
        See `include.decision.health`; `why` is empty for a model that passes.
    champion : ChampionSince or None
        None before the first version.
    metric : str
        The metric that decides; empty before the first check.
    value, promised : float or None
        The champion's, at the last check that could measure it and on the rows that it was accepted on.
    sparkline : tuple of float or None
        The champion's of the time at the last `SPARKS` checks, oldest first; None where it was not measured.
    nearest_trigger, nearness : str, float or None
        As in `include.decision.decision.Decision`: 1 fires.
    last_decision : LastDecision or None
    blocked_by : tuple of str
        What kept a wanted retrain from happening at the last check.
    rows_seen_at : datetime or None
        Time of the newest row that the last check saw; None where it measured no age, as without timestamps.
    rows, labelled_share : int or None, float or None
        Recent rows of the last check, and the share of them with a label; without a champion nobody counted these.
    hours, cost : float, float or None
        Of the trainings of the last 90 days: hours, and what the model file says that they cost; None where it does
        not say.
    retrains : int
        Trainings of the last 90 days.
    open_requests : int
        That wait for a run.
    muted_until : datetime or None
    check_every : timedelta or None
    """

    model_name: str
    owner: str = ""
    tags: tuple[str, ...] = ()
    health: ModelHealth = ModelHealth.UNWATCHED
    why: str = ""
    champion: ChampionSince | None = None
    metric: str = ""
    value: float | None = None
    promised: float | None = None
    sparkline: tuple[float | None, ...] = ()
    nearest_trigger: str = ""
    nearness: float | None = None
    last_decision: LastDecision | None = None
    blocked_by: tuple[str, ...] = ()
    rows_seen_at: datetime | None = None
    rows: int | None = None
    labelled_share: float | None = None
    hours: float = 0.0
    cost: float | None = None
    retrains: int = 0
    open_requests: int = 0
    muted_until: datetime | None = None
    check_every: timedelta | None = None


@dataclass(frozen=True, kw_only=True)
class FleetPage:
    """A page of the fleet.

    Parameters
    ----------
    counts : mapping of ModelHealth to int
        How many models of each health there are under the same search, tag and owner; each health is named.
    total : int
        Models that the query finds.
    next_cursor, previous_cursor : str
        Empty at either end.
    """

    rows: Sequence[FleetRow]
    counts: Mapping[ModelHealth, int]
    total: int
    next_cursor: str = ""
    previous_cursor: str = ""


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
        As in `FleetQuery`.
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
