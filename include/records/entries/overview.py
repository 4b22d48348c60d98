"""What people look up of many models at once: a page of the fleet.

A single model's view is in `include.records.entries.model_view`, decisions and events are in
`include.records.entries.history`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from include.decision.health import ModelHealth

DEFAULT_LIMIT, MOST_ROWS = 50, 200
SPARKS = 24  # values of a sparkline


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
    ahead : datetime or None
        As of when a check is that says nothing, because its time has not come; of several the farthest. A machine's
        clock was wrong.
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
    ahead: datetime | None = None
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
