"""A trigger that says what it is told to."""

from __future__ import annotations

from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult


@dataclass(frozen=True)
class Says:
    """A trigger that always answers the same."""

    fired: bool
    name: str = "says"
    blocked_by: str = ""

    @property
    def label(self) -> str:
        """Its name."""
        return self.name

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Answer as told, whatever the evidence."""
        return TriggerResult(trigger=self.name, fired=self.fired, reason=self.name, blocked_by=self.blocked_by)
