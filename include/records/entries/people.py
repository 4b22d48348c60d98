"""What people say about models and decisions: pauses, mutes, annotations, marks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


@dataclass(frozen=True, kw_only=True)
class Pause:
    """One pause of a model, or its end; the last one of a model counts.

    Parameters
    ----------
    paused : bool
        Whether it is paused from `at` on, or goes on.
    """

    id: int
    model_name: str
    paused: bool
    by: str
    reason: str
    at: datetime

    @property
    def sentence(self) -> str:
        """For example ``paused by ada since 2026-05-03 12:00 UTC: the sensor is being replaced``."""
        did = "paused" if self.paused else "resumed"
        return " ".join(f"{did} by {self.by} since {self.at:%Y-%m-%d %H:%M} UTC: {self.reason}".split())


@dataclass(frozen=True, kw_only=True)
class Mute:
    """A time in which nobody is told of a model; checks and retrains go on.

    Parameters
    ----------
    model_name : str
        Empty for all models.
    lifted_by, lift_reason : str
        Who ended it before its time, and why; empty for nobody.
    lifted_at : datetime or None
        When; None for never.
    """

    id: int
    model_name: str
    until: datetime
    by: str
    reason: str
    at: datetime
    lifted_by: str = ""
    lift_reason: str = ""
    lifted_at: datetime | None = None

    def silences(self, model_name: str, moment: datetime) -> bool:
        """Whether it keeps notifications about that model back at that moment."""
        end = self.until if self.lifted_at is None else min(self.until, self.lifted_at)
        return self.model_name in ("", model_name) and self.at <= moment < end


@dataclass(frozen=True, kw_only=True)
class Annotation:
    """A remark about a moment in the life of a model: `at` is that moment, `written_at` when it was written down."""

    id: int
    model_name: str
    at: datetime
    text: str
    by: str
    written_at: datetime


class MarkVerdict(StrEnum):
    """What somebody says of a decision in hindsight."""

    FALSE_ALARM = "false_alarm"  # nothing was wrong with the model
    RIGHT = "right"  # there was


@dataclass(frozen=True, kw_only=True)
class Mark:
    """One mark of a decision; the last one counts.

    Parameters
    ----------
    trigger_type : str
        Trigger of the decision that weighed most; empty when none fired.
    decided_at : datetime
        When that decision was written down.
    counts : bool
        Whether the decision was to retrain, and no dry run: only then it is counted against the budget.
    """

    id: int
    model_name: str
    run_id: str
    verdict: MarkVerdict
    by: str
    reason: str
    at: datetime
    trigger_type: str
    decided_at: datetime
    counts: bool

    @property
    def spends(self) -> bool:
        """Whether it is a false retrain, which the budget allows only so many of."""
        return self.counts and self.verdict is MarkVerdict.FALSE_ALARM


@dataclass(frozen=True, kw_only=True)
class Budget:
    """How many of the false retrains that a model's policy allows were spent, as far as people said so.

    Parameters
    ----------
    allowed : float
        False retrains a quarter (90 days).
    marked : int
        Retrains of that time that were marked as false alarms.
    since : datetime
        Where the 90 days begin.
    """

    model_name: str
    allowed: float
    marked: int
    since: datetime

    @property
    def spent(self) -> float:
        """Share of the budget that is spent: 1 for all of it, more where it is overdrawn."""
        if not self.marked:
            return 0.0
        return self.marked / self.allowed if self.allowed > 0.0 else float("inf")

    @property
    def overdrawn(self) -> bool:
        """Whether there were more false retrains than allowed."""
        return self.marked > self.allowed
