"""Triggers that hold another one back for a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from include.decision.evidence import Evidence, Trigger, TriggerResult


@dataclass(frozen=True, kw_only=True)
class Cooldown:
    """Holds `trigger` back until `period` has passed since the last retraining, whatever came of it.

    One that was lost is tried again at the next checks, but three in a row count. So does a rollback by hand: the rows
    that made the version that was taken out would make its like at once.
    """

    trigger: Trigger
    period: timedelta

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask `trigger`, and block it while cooling down."""
        result = self.trigger.decide(evidence)
        known = [at for at in (evidence.last_retrained_at, evidence.rolled_back_at) if at is not None]
        return _held("cooldown", "cooling down", result, evidence, max(known, default=None), self.period)


@dataclass(frozen=True, kw_only=True)
class WarmUp:
    """Holds `trigger` back until `period` has passed since the champion's promotion, its first one included.

    A new champion has few rows of its own to be judged on, and what lies before its promotion does not speak of it.
    """

    trigger: Trigger
    period: timedelta

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask `trigger`, and block it while the champion is new."""
        result = self.trigger.decide(evidence)
        return _held("warm_up", "warming up", result, evidence, evidence.champion_since, self.period)


def _held(
    name: str, doing: str, result: TriggerResult, evidence: Evidence, since: datetime | None, period: timedelta
) -> TriggerResult:
    """The trigger's answer in a wrapping, so that what was measured stays on record as it was."""
    held = result.fired and since is not None and evidence.now - since < period
    blocked_by = result.blocked_by
    if held and since is not None:
        blocked_by = f"{doing} until {since + period:%Y-%m-%d %H:%M} UTC"
    return TriggerResult(
        trigger=name, fired=result.fired and not held, reason=result.reason, blocked_by=blocked_by, parts=(result,)
    )
