"""Triggers made of triggers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta

from include.triggers.trigger import Evidence, Trigger, TriggerResult


@dataclass(frozen=True)
class AnyOf:
    """Fires when at least one of `triggers` fires."""

    triggers: tuple[Trigger, ...]

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask all of them, so that each one's distance is on record."""
        parts = tuple(trigger.decide(evidence) for trigger in self.triggers)
        fired = [part for part in parts if part.fired]
        blocks = [part.blocked_by for part in parts if part.blocked_by]
        return TriggerResult(
            trigger="any",
            fired=bool(fired),
            reason="; ".join(part.reason for part in fired) or "no trigger fired",
            blocked_by="" if fired else "; ".join(blocks),
            parts=parts,
        )


@dataclass(frozen=True, kw_only=True)
class Cooldown:
    """Holds `trigger` back until `period` has passed since the last retraining."""

    trigger: Trigger
    period: timedelta

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask `trigger`, and block it while cooling down."""
        result = self.trigger.decide(evidence)
        last = evidence.last_retrained_at
        if not result.fired or last is None or evidence.now - last >= self.period:
            return result
        return replace(result, fired=False, blocked_by=f"cooling down until {last + self.period:%Y-%m-%d %H:%M} UTC")
