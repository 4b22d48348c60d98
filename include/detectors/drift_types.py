"""Kinds of drift, under the names that decisions and events have for them."""

from __future__ import annotations

from enum import StrEnum

from include.decision.signals import SignalKind


class DriftType(StrEnum):
    """What may have drifted; equal to the `trigger_type` of a decision that fired for it.

    >>> DriftType.PERFORMANCE_DEGRADATION == "performance"
    True
    """

    DATA_DRIFT = str(SignalKind.DATA_DRIFT)
    CONCEPT_DRIFT = str(SignalKind.CONCEPT_DRIFT)
    PERFORMANCE_DEGRADATION = str(SignalKind.PERFORMANCE)
    OUTLIERS = str(SignalKind.OUTLIERS)
    DATA_QUALITY = str(SignalKind.DATA_QUALITY)
