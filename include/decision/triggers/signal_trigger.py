"""Fires on the signals of one kind: performance, concept drift, data drift, outliers or data quality."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from include.decision.evidence import Evidence, TriggerResult
from include.decision.signals import Signal, SignalKind, Verdict
from include.decision.triggers.declined import held_after_refusals

GRAVE = 10.0  # thresholds (RMSE by half): from here on harm does not wait for proof that a retrain mends it


@dataclass(frozen=True, kw_only=True)
class SignalTrigger:
    """Fires when a signal of `kind` says `changed`.

    Parameters
    ----------
    kind : SignalKind
    only_without_labels : bool, default False
        For signals that are a guess at harm, such as drift of the inputs: fires only while labels are too few to
        see the harm itself. A model whose inputs drift and whose labelled performance holds needs no retrain.
    only_without_gain : bool, default False
        For signals that show harm, but not whether a retrain would mend it: fires only where that is not measured, or,
        from `GRAVE` thresholds on, where a gain is seen that may be chance.
    strength : float, default 1
        How many times its threshold a changed signal has to reach.

    A signal that blocks never fires: rows that are broken are to be mended, not to be learnt.

    Its `distance` is the threshold times what is missing of the lesser of ``value / threshold`` and
    ``log p / log level``, each from 0 to 1: it has to be large, and more than chance. It is 0 while a setting alone
    holds the trigger back. Of several signals that have not changed, the nearest by that measure speaks.
    """

    kind: SignalKind
    only_without_labels: bool = False
    only_without_gain: bool = False
    strength: float = 1.0

    def __post_init__(self) -> None:
        """Refuse a strength that the verdict `changed` implies already."""
        if not 1.0 <= self.strength < math.inf:
            raise ValueError(f"strength {self.strength:g}: it is counted in thresholds, 1 or more")

    @property
    def label(self) -> str:
        """The kind and its settings."""
        strength = f" from {self.strength:g} thresholds on" if self.strength > 1.0 else ""
        labels = " without labels" if self.only_without_labels else ""
        gain = " without a known gain" if self.only_without_gain else ""
        return f"{self.kind}{labels}{gain}{strength}"

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Judge the strongest signal of the kind."""
        signals = evidence.of_kind(self.kind)
        judged = [signal for signal in signals if signal.value is not None and not signal.blocks]
        if not judged:
            reason = signals[0].reason if signals else "not measured"
            return TriggerResult(trigger=self.kind, label=self.label, fired=False, reason=reason)
        top = max(judged, key=self._rank)
        threshold = None if top.threshold is None else top.threshold * self.strength
        changed = [signal for signal in judged if signal.changed and self._strong(signal)]
        held = (self._held(evidence, top) or held_after_refusals(evidence, self.kind)) if changed else ""
        fired = bool(changed) and not held
        reason = "; ".join(signal.reason for signal in sorted(changed, key=self._rank, reverse=True)[:3]) or top.reason
        return TriggerResult(
            trigger=self.kind,
            label=self.label,
            fired=fired,
            reason=f"{reason}; {held}" if held else reason,
            strength=_strength(top) / self.strength,
            value=top.value,
            threshold=threshold,
            distance=self._distance(top, fired=fired, held=bool(held)),
            p_value=_corrected(top, judged),
        )

    def _distance(self, top: Signal, *, fired: bool, held: bool) -> float | None:
        if top.value is None or top.threshold is None:
            return None
        threshold = top.threshold * self.strength
        if fired:
            return threshold - top.value
        return 0.0 if held else threshold * (1.0 - self._nearness(top))

    def _nearness(self, signal: Signal) -> float:
        """How much of what it takes is there, in [0, 1]."""
        if signal.threshold is None:  # judged by chance alone
            return _beyond_chance(signal) if signal.level else 0.0
        large = signal.value is not None and signal.value > 0.0
        return min(_strength(signal) / self.strength, _beyond_chance(signal)) if large else 0.0

    def _rank(self, signal: Signal) -> tuple[bool, float, float]:
        chance = signal.p_value if signal.p_value is not None else 1.0
        return signal.changed, _strength(signal) if signal.changed else self._nearness(signal), -chance

    def _held(self, evidence: Evidence, top: Signal) -> str:
        if self.only_without_labels and _known(evidence, SignalKind.PERFORMANCE):
            return "labels have arrived and show no harm"
        gains = [signal for signal in evidence.of_kind(SignalKind.RETRAIN_GAIN) if signal.value is not None]
        if not self.only_without_gain or not gains:
            return ""
        if _known(evidence, SignalKind.RETRAIN_GAIN):
            return "whether a retrain would mend it is measured"
        return "" if _strength(top) >= GRAVE else f"whether a retrain would mend it may be chance: {gains[0].reason}"

    def _strong(self, signal: Signal) -> bool:
        return self.strength == 1.0 or _strength(signal) >= self.strength


def _known(evidence: Evidence, kind: SignalKind) -> bool:
    verdicts = {signal.verdict for signal in evidence.of_kind(kind)}
    return Verdict.STABLE in verdicts or Verdict.CHANGED in verdicts


def _strength(signal: Signal) -> float:
    if signal.value is None or not signal.threshold:
        return 0.0
    strength = signal.value / signal.threshold
    return min(strength, 1e6) if math.isfinite(strength) else 1e6


def _beyond_chance(signal: Signal) -> float:
    """``log p / log level`` in [0, 1]; 1 for a signal that is not tested."""
    if signal.p_value is None or not signal.level or signal.level >= 1.0:
        return 1.0
    if signal.p_value <= signal.level:
        return 1.0
    return max(math.log(signal.p_value) / math.log(signal.level), 0.0)


def _corrected(top: Signal, judged: Sequence[Signal]) -> float | None:
    """The p-value corrected for all tests of the kind, each of which may take its own share of their level."""
    if top.p_value is None or not top.level:
        return top.p_value
    return min(top.p_value * sum(signal.level or 0.0 for signal in judged) / top.level, 1.0)
