"""Fires when the champion is old."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from include.decision.evidence import Evidence, TriggerResult

MODEL_AGE = "model_age"
DAY = timedelta(days=1)


@dataclass(frozen=True, kw_only=True)
class ModelAgeTrigger:
    """Fires when `age` has passed since the champion was trained, or since a retraining that did not replace it.

    A retraining whose challenger was no better shows that the champion is still the best there is: it counts as if
    the champion were new, so that a model is not retrained at every check from its first birthday on. Age says nothing
    about harm; on its own it retrains blindly.

    Parameters
    ----------
    age : timedelta, optional
        None: that of the policy's settings, which `include.decision.policy.policy.standard_policy` puts in.
    """

    age: timedelta | None = None

    def __post_init__(self) -> None:
        """Refuse an age that is always reached."""
        if self.age is not None and self.age <= timedelta(0):
            raise ValueError(f"{self.age} is no age: more than nothing is needed")

    @property
    def label(self) -> str:
        """Its name and the age in days."""
        return MODEL_AGE if self.age is None else f"{MODEL_AGE} {self.age / DAY:g} days"

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the time since the last training with `age`; both in days."""
        since = evidence.last_tried_at
        if since is None or self.age is None:
            reason = "no age is set" if self.age is None else "it is not known when the champion was trained"
            return TriggerResult(trigger=MODEL_AGE, label=self.label, fired=False, reason=reason)
        value, threshold = max((evidence.now - since) / DAY, 0.0), self.age / DAY
        left = f", {threshold - value:.3g} days to go" if value < threshold else ""
        return TriggerResult(
            trigger=MODEL_AGE, label=self.label, fired=value >= threshold, strength=value / threshold, value=value,
            threshold=threshold, distance=threshold - value,
            reason=f"last trained {value:.3g} days ago, due after {threshold:g}{left}",
        )  # fmt: skip
