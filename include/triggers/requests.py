"""Fires because somebody asked, or because there is no version in production yet."""

from __future__ import annotations

from dataclasses import dataclass

from include.triggers.trigger import Evidence, TriggerResult

MANUAL, FIRST_VERSION = "manual", "first_version"


@dataclass(frozen=True)
class ManualTrigger:
    """Fires when a retrain was asked for."""

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Look for a request."""
        fired = bool(evidence.requested)
        return TriggerResult(trigger=MANUAL, fired=fired, reason=evidence.requested or "nobody asked for a retrain")


@dataclass(frozen=True)
class FirstVersionTrigger:
    """Fires when the model has no champion."""

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Look for a champion."""
        reason = "there is a champion" if evidence.has_champion else "the model has no champion yet"
        return TriggerResult(trigger=FIRST_VERSION, fired=not evidence.has_champion, reason=reason)
