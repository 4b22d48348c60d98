"""Fires when a moment of a cron schedule has come."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from include.decision.evidence import Evidence, TriggerResult

SCHEDULE = "schedule"
HOUR = timedelta(hours=1)
_FIELDS = 5  # minute, hour, day of month, month, day of week


@dataclass(frozen=True, kw_only=True)
class ScheduleTrigger:
    """Fires when a moment of the schedule lies between the last training and now.

    The last training is that of the champion, or a later retraining that did not replace it. A moment between two
    checks counts at the next one, and one that was missed is not lost. A schedule says nothing about harm; on its own
    it retrains blindly.

    Parameters
    ----------
    cron : str, optional
        Five fields, in UTC: minute, hour, day of month, month, day of week. None: that of the policy's settings, which
        `include.decision.policy.policy.standard_policy` puts in.
    """

    cron: str | None = None

    def __post_init__(self) -> None:
        """Refuse what is not a cron expression, or names no day that there is."""
        if self.cron is None:
            return
        from croniter import CroniterError

        try:
            if len(self.cron.split()) != _FIELDS:
                raise ValueError
            next_moment(self.cron, datetime(2024, 1, 1, tzinfo=UTC))
        except (CroniterError, ValueError) as error:
            raise ValueError(
                f"{self.cron!r} is not a schedule: write for example 0 2 * * * (daily at 02:00)"
            ) from error

    @property
    def label(self) -> str:
        """Its name and the cron expression."""
        return SCHEDULE if self.cron is None else f"{SCHEDULE} {self.cron}"

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the hours since the last training with those from there to the next moment of the schedule."""
        since = evidence.last_tried_at
        if since is None or self.cron is None:
            reason = "no schedule is set" if self.cron is None else "it is not known when the champion was trained"
            return TriggerResult(trigger=SCHEDULE, label=self.label, fired=False, reason=reason)
        due = next_moment(self.cron, since)
        value, threshold = max((evidence.now - since) / HOUR, 0.0), (due - since) / HOUR
        return TriggerResult(
            trigger=SCHEDULE, label=self.label, fired=due <= evidence.now, strength=value / threshold, value=value,
            threshold=threshold, distance=threshold - value,
            reason=f"{'due since' if due <= evidence.now else 'next due'} {due:%Y-%m-%d %H:%M} UTC ({self.cron})",
        )  # fmt: skip


def next_moment(cron: str, after: datetime) -> datetime:
    """The first moment of the schedule that is later than `after`.

    >>> next_moment("0 2 * * *", datetime(2026, 5, 3, 2, tzinfo=UTC)).isoformat()
    '2026-05-04T02:00:00+00:00'
    """
    from croniter import croniter  # loaded where there is a schedule

    found: datetime = croniter(cron, after.astimezone(UTC)).get_next(datetime)
    return found
