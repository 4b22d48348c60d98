"""Triggers made of triggers: any, all, at least so many of them. They nest."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.decision.evidence import Evidence, Trigger, TriggerResult


@dataclass(frozen=True)
class AnyOf:
    """Fires when at least one of `triggers` fires."""

    triggers: tuple[Trigger, ...]

    @property
    def needed(self) -> int:
        """How many of them have to fire."""
        return 1

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask all of them, so that each one's distance is on record."""
        return _counted("any", self.needed, [trigger.decide(evidence) for trigger in self.triggers])


@dataclass(frozen=True)
class AllOf:
    """Fires when all `triggers` fire."""

    triggers: tuple[Trigger, ...]

    def __post_init__(self) -> None:
        """Refuse all of none, which would always fire."""
        if not self.triggers:
            raise ValueError("all of no triggers would always fire: name at least one")

    @property
    def needed(self) -> int:
        """How many of them have to fire."""
        return len(self.triggers)

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask all of them, so that each one's distance is on record."""
        return _counted("all", self.needed, [trigger.decide(evidence) for trigger in self.triggers])


@dataclass(frozen=True)
class AtLeast:
    """Fires when at least `count` of `triggers` fire."""

    count: int
    triggers: tuple[Trigger, ...]

    def __post_init__(self) -> None:
        """Refuse a count that is always, or never, reached."""
        if not 1 <= self.count <= len(self.triggers):
            raise ValueError(f"count {self.count}: of {len(self.triggers)} triggers 1 to {len(self.triggers)} can fire")

    @property
    def needed(self) -> int:
        """How many of them have to fire."""
        return self.count

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask all of them, so that each one's distance is on record."""
        return _counted("at_least", self.needed, [trigger.decide(evidence) for trigger in self.triggers])


def _counted(name: str, needed: int, parts: Sequence[TriggerResult]) -> TriggerResult:
    """Fired when enough parts have fired; blocked when enough would have, were nothing holding them back."""
    fired = [part for part in parts if part.fired]
    blocked = [part for part in parts if not part.fired and part.blocked_by]
    enough = len(fired) >= needed
    wanted = not enough and len(fired) + len(blocked) >= needed
    reason = "; ".join(part.reason for part in fired)
    if not enough:
        missing = [f"{part.label or part.trigger}: {part.reason}" for part in parts if not part.fired]
        reason = f"{len(fired)} of {needed} needed; missing {'; '.join(missing)}" if needed > 1 else "no trigger fired"
    return TriggerResult(
        trigger=name,
        fired=enough,
        reason=reason,
        threshold=float(needed),
        blocked_by="; ".join(part.blocked_by for part in blocked) if wanted else "",
        parts=tuple(parts),
    )
