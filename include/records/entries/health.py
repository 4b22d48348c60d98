"""What is wrong with the monitor itself, and the records that say so."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from include.decision.decision import Severity
from include.records.entries.failures import FailedStep

REPEATED = 2  # runs that a step failed in from which on it keeps failing


class ProblemKind(StrEnum):
    """What may be wrong with the monitor itself."""

    BROKEN_FILE = "broken_file"  # a model file cannot be read
    UNCHECKED = "unchecked"  # no check for twice the interval
    FAILING = "failing"  # a step that keeps failing
    STALE_SOURCE = "stale_source"  # rows have stopped to arrive
    LABELS_STOPPED = "labels_stopped"  # rows arrive, their labels do not any more
    REQUEST_WAITS = "request_waits"  # nobody has consumed a request for long
    BUDGET_OVERDRAWN = "budget_overdrawn"  # more false alarms than the budget allows
    ARRIVAL_WAITS = "arrival_waits"  # no run has taken data that arrived
    OUTBOX_STUCK = "outbox_stuck"  # notifications are not delivered
    MOVED = "moved"  # the records were copied or restored, and nobody has said what they are
    AWAY = "away"  # a scheduler, a triggerer or a database does not answer


@dataclass(frozen=True, kw_only=True)
class Problem:
    """One thing that is wrong with the monitor itself.

    Parameters
    ----------
    subject : str
        Name of the model, or what else it is about.
    since : datetime or None
        None where that is not known.
    told : str
        What is wrong, in a sentence without the subject.
    way_out : str
        What somebody should do.
    """

    kind: ProblemKind
    subject: str
    since: datetime | None
    told: str
    way_out: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Health:
    """How the monitor itself is at a time: its problems, the most severe first.

    Parameters
    ----------
    models : int
        Model files that were looked for, readable or not.
    """

    at: datetime
    models: int
    problems: tuple[Problem, ...]

    @property
    def well(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems

    def of(self, subject: str) -> Sequence[Problem]:
        """The problems of one model."""
        return [problem for problem in self.problems if problem.subject == subject]


@dataclass(frozen=True, kw_only=True)
class Watched:
    """The latest check of a model, as far as it says how the monitor is; dry runs do not count.

    Parameters
    ----------
    checked_at : datetime
        When it was written down.
    labelled_at : datetime or None
        When one of the latest twenty checks last saw labels; None for none of them.
    earlier_share : float or None
        Share of the rows that had labels at the check before 30 days ago; None where there was none, or no rows.
    stale : str
        What the latest check says of rows that have stopped to arrive; empty for nothing.
    reach : timedelta or None
        How far back its recent rows go; None for a model without timestamps.
    """

    model_name: str
    run_id: str
    checked_at: datetime
    rows: int
    labelled_rows: int
    labelled_at: datetime | None
    earlier_share: float | None
    stale: str
    reach: timedelta | None

    @property
    def share(self) -> float:
        """Share of the rows that have labels."""
        return self.labelled_rows / self.rows if self.rows else 0.0


@dataclass(frozen=True, kw_only=True)
class Waiting:
    """Requests of a model that wait: how many, and since when the oldest does."""

    model_name: str
    requests: int
    since: datetime


#: Who asks for runs that a timetable makes, as they are on record.
BY_SCHEDULE = ("scheduled", "backfill")


@dataclass(frozen=True, kw_only=True)
class Scheduled:
    """The last check of a model by schedule.

    Parameters
    ----------
    last : datetime
        The time that it was of.
    waits : bool
        Whether something waits for the next run: a request, a change of champion that downstream was not told of, or
        a retrain of that check that is open, or was lost.
    """

    last: datetime
    waits: bool


@dataclass(frozen=True, kw_only=True)
class Failing:
    """A step that failed in the latest runs of a model.

    Parameters
    ----------
    model_name : str
        Empty for what failed for all models.
    runs : int
        Runs in which it failed: of an analysis since the last that succeeded, of another step since the check before
        the last two; what failed for all models since the last analysis of any.
    permanent : bool
        Whether the last error is one that trying again cannot help.
    error : str
        The last error.
    """

    model_name: str
    step: FailedStep
    runs: int
    since: datetime
    last: datetime
    permanent: bool
    error: str

    @property
    def lasts(self) -> bool:
        """Whether it keeps failing, or cannot succeed by itself; somebody's rollback that was refused is over."""
        return self.runs >= REPEATED or (self.permanent and self.step is not FailedStep.ROLL_BACK)
