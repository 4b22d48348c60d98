"""The standard policy: harm before drift, and a cooldown."""

from __future__ import annotations

from include.signals import SignalKind
from include.triggers.combinators import AnyOf, Cooldown
from include.triggers.presets import PolicySettings
from include.triggers.requests import FirstVersionTrigger, ManualTrigger
from include.triggers.signal_trigger import SignalTrigger
from include.triggers.trigger import Trigger


def standard_policy(settings: PolicySettings) -> Trigger:
    """``manual OR first_version OR cooldown(performance OR concept_drift OR data_drift OR outliers)``.

    Performance and concept drift are harm that labels show. Drift of the inputs and outliers are a guess at harm:
    they fire only while labels are too few to tell.
    """
    measured = AnyOf(
        (
            SignalTrigger(kind=SignalKind.PERFORMANCE),
            SignalTrigger(kind=SignalKind.CONCEPT_DRIFT),
            SignalTrigger(kind=SignalKind.DATA_DRIFT, only_without_labels=True),
            SignalTrigger(kind=SignalKind.OUTLIERS, only_without_labels=True),
        )
    )
    return AnyOf((ManualTrigger(), FirstVersionTrigger(), Cooldown(trigger=measured, period=settings.cooldown)))
