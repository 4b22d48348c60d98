"""Fires on a value that the model's owner measures: its size, how long a prediction takes, what a training costs."""

from __future__ import annotations

import math
from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult

MODEL_SIZE, INFERENCE_LATENCY, TRAINING_COST = "model_size", "inference_latency", "training_cost"
PROBES = (MODEL_SIZE, INFERENCE_LATENCY, TRAINING_COST)  # those with a name of their own in model files
_MOST = 1e6  # the strength of a value beyond all bounds


@dataclass(frozen=True, kw_only=True)
class ProbeTrigger:
    """Fires when the probe's value is at or beyond a bound.

    A bound from below is for conditions: ``all: [performance, training_cost: {below: 50}]`` retrains what is cheap.

    Parameters
    ----------
    probe : str
        Its name, in `Evidence.probes`.
    above, below : float
        Exactly one of them, in the probe's unit: fires from it on upwards, or downwards.
    """

    probe: str
    above: float | None = None
    below: float | None = None

    def __post_init__(self) -> None:
        """Refuse none or two bounds, and bounds that are no numbers."""
        bounds = [bound for bound in (self.above, self.below) if bound is not None]
        if len(bounds) != 1 or not math.isfinite(bounds[0]):
            raise ValueError("give one bound, `above` or `below`, a finite number")

    @property
    def label(self) -> str:
        """The probe and its bound."""
        return f"{self.probe} {'above' if self.above is not None else 'below'} {self._bound:g}"

    @property
    def _bound(self) -> float:
        bound = self.above if self.above is not None else self.below
        assert bound is not None  # see __post_init__
        return bound

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the value with the bound."""
        value = evidence.probes.get(self.probe)
        if value is None or math.isnan(value):
            reason = f"no probe measured {self.probe}" if value is None else f"{self.probe} is not a number"
            return TriggerResult(trigger=self.probe, label=self.label, fired=False, reason=reason)
        distance = self._bound - value if self.above is not None else value - self._bound
        side = "at or above" if self.above is not None else "at or below"
        return TriggerResult(
            trigger=self.probe, label=self.label, fired=distance <= 0.0, strength=self._strength(value), value=value,
            threshold=self._bound, distance=distance,
            reason=f"{self.probe} {value:.4g}, fires {side} {self._bound:g}",
        )  # fmt: skip

    def _strength(self, value: float) -> float:
        """Value over bound, turned round for a lower bound; 0 where a ratio makes no sense."""
        above, below = (value, self._bound) if self.above is not None else (self._bound, value)
        if above < 0 or below < 0 or (above == 0 and below == 0):
            return 0.0
        return min(above / below, _MOST) if below else _MOST
