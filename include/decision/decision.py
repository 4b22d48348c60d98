"""The values a decision is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from enum import StrEnum
from typing import Any

from include.decision.evidence import TriggerResult


class Severity(StrEnum):
    """How strong the evidence for a retrain is, and what an operator does about it."""

    LOW = "LOW"  # one mild signal: monitor
    MEDIUM = "MEDIUM"  # several mild signals, or one strong one: investigate
    HIGH = "HIGH"  # several signals, strong ones among them: retrain
    CRITICAL = "CRITICAL"  # a very strong sign of harm: retrain at once


class Cause(StrEnum):
    """What lies behind a change, as far as labels and inputs tell."""

    DATA_QUALITY = "data_quality"  # the feed is broken: nothing else can be told from it
    COVARIATE_SHIFT = "covariate_shift"  # inputs changed; a rise of the loss, if there is one, comes with them
    CONCEPT_SHIFT = "concept_shift"  # the target no longer depends on the inputs as it did
    BOTH = "covariate_and_concept_shift"  # inputs explain a part of the rise of the loss
    UNKNOWN = "unknown"  # inputs changed and the loss rose; whether the one explains the other is not known
    NONE = ""  # nothing changed


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
        In [0, 1]. Among decisions on models that did not change, of those with confidence c or more at most a share of
        1 - c ask for a retrain; see `include.decision.confidence`. 0 for "no" where nothing could be measured.
    root_cause : str
        The signals and features behind it, in a sentence.
    blocked_by : tuple of str
        What keeps a wanted retrain from happening now; empty when nothing does.
    recommendation : str
        What the operator should do, in one sentence.
    triggers : tuple of TriggerResult
        Every trigger's value, threshold and distance, fired or not.
    cause : Cause
    features : tuple of str
        Columns that broke, or else those that changed, the most telling first.
    loss_explained : float or None
        Share of the rise of the loss that the changed columns explain, in [0, 1]; an estimate, None where not measured.
    expected_gain, training_cost : float or None
        What a retrain is expected to be worth over the policy's horizon, and what it costs, in the user's unit; None
        without `policy.costs`, the gain also without labels.
    nearest_trigger, nearness : str, float or None
        The trigger on which it hangs whether the policy fires, and the share of its threshold that is there, see
        `include.decision.nearness`: 1 or more where it fires, or would were nothing blocking. None where no trigger
        has a threshold.
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
    cause: Cause = Cause.NONE
    features: tuple[str, ...] = ()
    loss_explained: float | None = None
    expected_gain: float | None = None
    training_cost: float | None = None
    nearest_trigger: str = ""
    nearness: float | None = None

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        found = {entry.name: getattr(self, entry.name) for entry in fields(self)}
        return {
            **found,
            "severity": str(self.severity),
            "cause": str(self.cause),
            "blocked_by": list(self.blocked_by),
            "features": list(self.features),
            "triggers": [trigger.to_json() for trigger in self.triggers],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Decision:
        """Read what `to_json` wrote, by this release or an earlier one, which had fewer fields."""
        return cls(
            **{
                **stored,
                "severity": Severity(stored["severity"]),
                "cause": Cause(stored.get("cause", "")),
                "blocked_by": tuple(stored["blocked_by"]),
                "features": tuple(stored.get("features", ())),
                "triggers": tuple(TriggerResult(**trigger) for trigger in stored["triggers"]),
            }
        )
