"""Fires on a request, or because there is no version in production yet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult
from include.decision.request import Request, RequestKind

MANUAL, RED_TEAM, FIRST_VERSION = "manual", "red_team", "first_version"


@dataclass(frozen=True)
class ManualTrigger:
    """Fires when a person requested a retrain: by a forced run, by hand, or through the API."""

    @property
    def label(self) -> str:
        """Its name."""
        return MANUAL

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Look for a request."""
        reasons = [evidence.requested] if evidence.requested else []
        reasons += told(evidence.asked(RequestKind.MANUAL, RequestKind.API))
        reason = "; ".join(reasons) or "nobody requested a retrain"
        return TriggerResult(trigger=MANUAL, label=self.label, fired=bool(reasons), reason=reason)


@dataclass(frozen=True)
class RedTeamTrigger:
    """Fires when a security or quality suite reported failures of the champion."""

    @property
    def label(self) -> str:
        """Its name."""
        return RED_TEAM

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Look for a report."""
        reasons = told(evidence.asked(RequestKind.RED_TEAM))
        reason = "; ".join(reasons) or "no suite reported failures"
        return TriggerResult(trigger=RED_TEAM, label=self.label, fired=bool(reasons), reason=reason)


@dataclass(frozen=True)
class FirstVersionTrigger:
    """Fires when the model has no champion.

    The same rows and the same model file make the same version: one that the gate did not let through is tried again
    after `Evidence.patience`, then after twice that, and so on. A request, or another model file, does not wait.
    """

    @property
    def label(self) -> str:
        """Its name."""
        return FIRST_VERSION

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Look for a champion, and for earlier attempts."""
        if evidence.has_champion:
            return TriggerResult(trigger=FIRST_VERSION, label=self.label, fired=False, reason="there is a champion")
        reason, refused = "the model has no champion yet", len(evidence.declined)
        until = evidence.declined[0].at + evidence.patience * 2 ** (refused - 1) if refused else evidence.now
        if evidence.now >= until:
            return TriggerResult(trigger=FIRST_VERSION, label=self.label, fired=True, reason=reason)
        times = "" if refused == 1 else f" {refused} times"
        blocked_by = (
            f"the gate held a first version{times} with this model file: tried again from {until:%Y-%m-%d %H:%M} UTC "
            "on, at once when somebody asks for it or the model file changes"
        )
        return TriggerResult(
            trigger=FIRST_VERSION, label=self.label, fired=False, reason=reason, blocked_by=blocked_by
        )  # fmt: skip


def told(requests: Sequence[Request]) -> list[str]:
    """The reasons of requests, with who made them."""
    return [f"{request.reason or 'no reason given'} ({request.requested_by})" for request in requests]
