"""How strong the evidence is that triggers fired on."""

from __future__ import annotations

from collections.abc import Sequence

from include.decision.decision import Severity
from include.decision.evidence import TriggerResult
from include.decision.signals import HARM, SignalKind
from include.decision.triggers.requests import FIRST_VERSION, MANUAL

STRONG, VERY_STRONG = 2.0, 6.0  # value / threshold from which on a trigger counts as strong, and as very strong
_WITHOUT_SIZE = (MANUAL, FIRST_VERSION, SignalKind.SHADOW)  # they say nothing of how bad it is


def severity_of(fired: Sequence[TriggerResult]) -> Severity:
    """How strong the triggers are that fired, requests by hand and first versions aside.

    ========================  ===========================  ==================================
    triggers that fired       none of twice its threshold  one of at least twice its threshold
    ========================  ===========================  ==================================
    none, or by hand alone    LOW, MEDIUM                  -
    one                       LOW                          MEDIUM
    several                   MEDIUM                       HIGH
    harm at six times its     -                            CRITICAL
    ========================  ===========================  ==================================
    """
    weighed = [leaf for leaf in fired if leaf.trigger not in _WITHOUT_SIZE]
    if not weighed:
        return Severity.MEDIUM if fired else Severity.LOW
    strong = any(leaf.strength >= STRONG for leaf in weighed)
    if any(leaf.trigger in HARM and leaf.strength >= VERY_STRONG for leaf in weighed):
        return Severity.CRITICAL
    if len(weighed) > 1:
        return Severity.HIGH if strong else Severity.MEDIUM
    return Severity.MEDIUM if strong else Severity.LOW
