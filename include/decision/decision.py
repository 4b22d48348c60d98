"""The values a decision is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from include.triggers.trigger import TriggerResult


class Severity(StrEnum):
    """How strong the evidence for a retrain is, and what an operator does about it."""

    LOW = "LOW"  # one mild signal: monitor
    MEDIUM = "MEDIUM"  # several mild signals, or one strong one: investigate
    HIGH = "HIGH"  # several signals, strong ones among them: retrain
    CRITICAL = "CRITICAL"  # a very strong sign of harm: retrain at once


@dataclass(frozen=True, kw_only=True)
class Decision:
    """Whether to retrain a model now, and why.

    Parameters
    ----------
    triggered : bool
        Retrain: the policy fired and nothing blocks it.
    trigger_type : str
        The trigger that weighs most among those that fired (or would have, were nothing blocking); "" for none.
    reason : str
        One sentence: what fired, or that nothing did.
    severity : Severity
    confidence : float
        One minus the probability of evidence as strong without change, in [0, 1]; for "no" with too few rows 0.
    root_cause : str
        The signals and features behind it: broken data, covariate drift, concept drift.
    blocked_by : tuple of str
        What keeps a wanted retrain from happening now; empty when nothing does.
    recommendation : str
        What the operator should do, in one sentence.
    triggers : tuple of TriggerResult
        Every trigger's value, threshold and distance, fired or not.
    """

    triggered: bool
    trigger_type: str
    reason: str
    severity: Severity
    confidence: float
    root_cause: str
    blocked_by: tuple[str, ...]
    recommendation: str
    triggers: tuple[TriggerResult, ...]

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "triggered": self.triggered,
            "trigger_type": self.trigger_type,
            "reason": self.reason,
            "severity": str(self.severity),
            "confidence": self.confidence,
            "root_cause": self.root_cause,
            "blocked_by": list(self.blocked_by),
            "recommendation": self.recommendation,
            "triggers": [trigger.to_json() for trigger in self.triggers],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Decision:
        """Read what `to_json` wrote."""
        return cls(
            **{
                **stored,
                "severity": Severity(stored["severity"]),
                "blocked_by": tuple(stored["blocked_by"]),
                "triggers": tuple(TriggerResult(**trigger) for trigger in stored["triggers"]),
            }
        )
