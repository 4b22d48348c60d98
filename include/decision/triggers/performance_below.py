"""Fires when the champion's metric is below a fixed value."""

from __future__ import annotations

from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult
from include.decision.signals import SignalKind

PERFORMANCE_BELOW = "performance_below"


@dataclass(frozen=True, kw_only=True)
class PerformanceBelowTrigger:
    """Fires when the metric on recent labelled rows lies below `least`, its whole 90 % interval where it has one.

    For metrics where large is good. A value that the model had at acceptance already asks at every check: put it above
    what its owner is content with, not above what the model can do.

    Parameters
    ----------
    least : float, optional
        None: that of the model's type, which `include.decision.policy.policy.standard_policy` puts in.
    """

    least: float | None = None

    @property
    def label(self) -> str:
        """Its name and the value."""
        return PERFORMANCE_BELOW if self.least is None else f"{PERFORMANCE_BELOW} {self.least:g}"

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the primary metric, the first of the performance signals, with the value."""
        found = evidence.of_kind(SignalKind.PERFORMANCE)[:1]
        value = found[0].detail.get("current") if found else None
        if value is None or self.least is None:
            reason = "no least value is set" if self.least is None else "the metric is not measured on recent rows"
            return TriggerResult(trigger=PERFORMANCE_BELOW, label=self.label, fired=False, reason=reason)
        high = found[0].detail.get("high", value)
        return TriggerResult(
            trigger=PERFORMANCE_BELOW, label=self.label, fired=high < self.least, value=value, threshold=self.least,
            strength=min(self.least / value, 1e6) if value > 0.0 else 1e6 if self.least > 0.0 else 0.0,
            distance=max(high - self.least, 0.0),
            reason=f"{found[0].statistic} {value:.4g} (at most {high:.4g}), fires below {self.least:g}",
        )  # fmt: skip
