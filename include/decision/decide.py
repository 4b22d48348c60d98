"""Weighs a policy's answer: severity, confidence, root cause, what blocks, recommendation."""

from __future__ import annotations

from collections.abc import Sequence

from include.decision.decision import Decision, Severity
from include.signals import Signal, SignalKind, Verdict
from include.triggers.requests import FIRST_VERSION, MANUAL
from include.triggers.trigger import Evidence, Trigger, TriggerResult

STRONG, VERY_STRONG = 2.0, 6.0  # value / threshold from which on a trigger counts as strong, and as very strong

#: Harm before drift: which of several fired triggers gives a decision its type.
_WEIGHT = (MANUAL, FIRST_VERSION, SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT, SignalKind.DATA_DRIFT,
           SignalKind.OUTLIERS)  # fmt: skip
_ASKED = (MANUAL, FIRST_VERSION)
_HARM = (SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT)


def decide(policy: Trigger, evidence: Evidence) -> Decision:
    """Ask `policy` and weigh its answer.

    Broken data blocks every retrain, also one that was asked for: a model trained on a broken feed learns the fault.
    """
    answer = policy.decide(evidence)
    leaves = answer.leaves()
    fired = sorted((leaf for leaf in leaves if leaf.fired), key=lambda leaf: _WEIGHT.index(leaf.trigger))
    wanted = answer.fired or bool(answer.blocked_by)
    blocks = tuple(filter(None, [answer.blocked_by])) + (_broken(evidence) if wanted else ())
    triggered = answer.fired and not blocks
    top = fired[0] if wanted and fired else None
    severity = _severity(fired) if wanted else Severity.LOW
    return Decision(
        triggered=triggered,
        trigger_type=top.trigger if top else "",
        reason=_reason(fired) if wanted else _quiet_reason(evidence, leaves),
        severity=severity,
        confidence=_confidence(evidence, fired if wanted else [], leaves),
        root_cause=_root_cause(evidence),
        blocked_by=blocks,
        recommendation=_recommendation(evidence, triggered=triggered, blocks=blocks, severity=severity, top=top),
        triggers=leaves,
    )


def _broken(evidence: Evidence) -> tuple[str, ...]:
    return tuple(signal.reason for signal in evidence.signals if signal.blocks)


def _severity(fired: Sequence[TriggerResult]) -> Severity:
    """One mild: low. One strong, several mild: medium. Several, one strong: high. Very strong harm: critical."""
    measured = [leaf for leaf in fired if leaf.trigger not in _ASKED]
    if not measured:
        return Severity.MEDIUM if fired else Severity.LOW
    strong = any(leaf.strength >= STRONG for leaf in measured)
    if any(leaf.trigger in _HARM and leaf.strength >= VERY_STRONG for leaf in measured):
        return Severity.CRITICAL
    if len(measured) > 1:
        return Severity.HIGH if strong else Severity.MEDIUM
    return Severity.MEDIUM if strong else Severity.LOW


def _confidence(evidence: Evidence, fired: Sequence[TriggerResult], leaves: Sequence[TriggerResult]) -> float:
    """For yes: one minus the smallest p-value, corrected for the triggers asked. For no: that p-value itself."""
    if any(leaf.trigger in _ASKED for leaf in fired):
        return 1.0
    measured = [leaf for leaf in leaves if leaf.p_value is not None]
    if fired:
        chosen = [leaf.p_value for leaf in fired if leaf.p_value is not None]
        return 1.0 - min(min(chosen) * len(measured), 1.0) if chosen else 0.0
    if not measured or not _enough_rows(evidence):
        return 0.0
    harmful = [leaf.p_value for leaf in measured if leaf.p_value is not None and leaf.trigger in _HARM]
    smallest = min(harmful or [leaf.p_value for leaf in measured if leaf.p_value is not None])
    return min(smallest * len(measured), 1.0)


def _enough_rows(evidence: Evidence) -> bool:
    return all(signal.verdict is Verdict.STABLE for signal in evidence.of_kind(SignalKind.SUFFICIENCY))


def _reason(fired: Sequence[TriggerResult]) -> str:
    if len(fired) == 1:
        return f"{fired[0].trigger}: {fired[0].reason}"
    return f"several triggers: {', '.join(leaf.trigger for leaf in fired)}; {fired[0].reason}"


def _quiet_reason(evidence: Evidence, leaves: Sequence[TriggerResult]) -> str:
    if not _enough_rows(evidence):
        return "; ".join(signal.reason for signal in evidence.of_kind(SignalKind.SUFFICIENCY))
    drifted = _changed(evidence, SignalKind.DATA_DRIFT)
    if drifted:
        harm = next((leaf.reason for leaf in leaves if leaf.trigger == SignalKind.PERFORMANCE), "")
        return f"inputs drifted ({', '.join(drifted[:5])}), yet no harm is seen: {harm}"
    return "nothing changed beyond chance"


def _changed(evidence: Evidence, kind: SignalKind) -> list[str]:
    """Names of the columns that changed, the most telling first; of statements on all of them, what changed."""
    found = [signal for signal in evidence.of_kind(kind) if signal.changed]
    ranked = sorted(found, key=lambda signal: -(signal.value or 0.0) / (signal.threshold or 1.0))
    return list(dict.fromkeys(signal.feature for signal in ranked if signal.feature)) or [s.statistic for s in ranked]


def _root_cause(evidence: Evidence) -> str:
    broken = [signal.feature for signal in evidence.signals if signal.blocks]
    if broken:
        return f"broken data: {', '.join(broken)}"
    drifted = _changed(evidence, SignalKind.DATA_DRIFT)
    harmed = any(signal.changed for kind in _HARM for signal in evidence.of_kind(kind))
    if harmed and drifted:
        return f"the champion errs more while inputs changed: {', '.join(drifted[:5])}"
    if harmed:
        return "the champion errs more while inputs look unchanged: their relation to the target changed"
    return f"inputs changed: {', '.join(drifted[:5])}" if drifted else ""


def _recommendation(
    evidence: Evidence, *, triggered: bool, blocks: Sequence[str], severity: Severity, top: TriggerResult | None
) -> str:
    broken: list[Signal] = [signal for signal in evidence.signals if signal.blocks]
    if broken:
        return f"Mend the source of {', '.join(signal.feature for signal in broken)}; do not retrain on these rows."
    if triggered and top is not None and top.trigger == FIRST_VERSION:
        return "Train the first version from the reference rows."
    if triggered:
        when = {Severity.CRITICAL: "at once", Severity.HIGH: "now"}.get(severity, "in this run")
        return f"Retrain {when}; the gate decides whether the challenger is published."
    if blocks:
        return f"Wait: {'; '.join(blocks)}."
    if not _enough_rows(evidence):
        return "Nothing to do until more rows arrive."
    return "Leave the champion alone."
