"""What a scraper of metrics is told, at one moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

from include.records.entries.health import ProblemKind


class Tally(StrEnum):
    """What is counted as it is written down; see the table `retraining_tallies`."""

    DECISION = "decision"  # by answer: quiet, blocked or fired; of all models together
    TRIGGER = "trigger"  # events that began, by trigger
    OUTCOME = "outcome"  # events that ended, by status
    ERROR = "error"  # events that failed or were abandoned, by class of the error
    SENT = "sent"  # tries to deliver a notification that succeeded, by service; of no model
    UNSENT = "unsent"  # and that failed


@dataclass(frozen=True, kw_only=True)
class ScrapedModel:
    """A registered model.

    Parameters
    ----------
    trained_at, champion_since : datetime or None
        When the champion was trained, and when it became champion for the last time; None without a champion.
    nearest_trigger : str
        Empty where none has a threshold.
    nearness : float or None
        Share of that trigger's threshold that is there; from 1 on it fires.
    missed : int
        Whole intervals between checks that have passed since the last one.
    newest_row_at : datetime or None
        Time of the newest row that the last check saw; None where that is not known.
    labels_until : datetime or None
        When a check last saw labels, where the last check saw none; else None.
    successful, seconds : bool, float or None
        Whether the last training that ended came to a verdict, and how long it took; None before the first.
    false_alarms : int
        Retrains of the last 90 days that somebody marked as such.
    allowed : float or None
        How many of these its policy allows; None where that is not known.
    """

    model_name: str
    trained_at: datetime | None = None
    champion_since: datetime | None = None
    nearest_trigger: str = ""
    nearness: float | None = None
    paused: bool = False
    missed: int = 0
    newest_row_at: datetime | None = None
    labels_until: datetime | None = None
    successful: bool | None = None
    seconds: float | None = None
    false_alarms: int = 0
    allowed: float | None = None

    @property
    def budget_spent(self) -> float | None:
        """Share of the false retrains that are allowed; None where nothing is allowed or known."""
        return self.false_alarms / self.allowed if self.allowed else None


@dataclass(frozen=True, kw_only=True)
class Scrape:
    """The models that have a file, and the system as a whole.

    Parameters
    ----------
    totals : mapping
        By tally, then model (empty for none, or all) and label; of all models that ever were.
    problems : mapping
        How many problems of each kind the monitor has with itself.
    last_check_at : datetime or None
        When any model was last checked.
    """

    at: datetime
    models: tuple[ScrapedModel, ...] = ()
    totals: Mapping[Tally, Mapping[tuple[str, str], int]] = field(default_factory=dict)
    problems: Mapping[ProblemKind, int] = field(default_factory=dict)
    last_check_at: datetime | None = None
    open_requests: int = 0
    oldest_request_at: datetime | None = None
    open_events: int = 0
