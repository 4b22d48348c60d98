"""The policy of a model: what its settings say, harm before drift, and a cooldown."""

from __future__ import annotations

from include.decision.evidence import Trigger
from include.decision.policy.catalogue import filled
from include.decision.policy.presets import PolicySettings
from include.decision.triggers.combinators import AnyOf
from include.decision.triggers.holding import Cooldown
from include.decision.triggers.requests import FirstVersionTrigger, ManualTrigger, RedTeamTrigger
from include.decision.triggers.tree import exchange


def standard_policy(settings: PolicySettings) -> Trigger:
    """``manual OR red_team OR first_version OR cooldown(when)``, with `when` as in `settings`.

    In the presets `when` is performance, concept drift, data drift or outliers (these two only while labels are
    missing), or new data that were reported. Triggers without a number of their own have that of the settings.
    """
    when = exchange(settings.when, lambda trigger: filled(trigger, settings))
    measured = Cooldown(trigger=when, period=settings.cooldown)
    return AnyOf((ManualTrigger(), RedTeamTrigger(), FirstVersionTrigger(), measured))
