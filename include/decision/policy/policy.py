"""The policy of a model: what its settings say, harm before drift, and a cooldown."""

from __future__ import annotations

from include.decision.evidence import Trigger
from include.decision.policy.catalogue import filled
from include.decision.policy.presets import PolicySettings
from include.decision.triggers.combinators import AnyOf
from include.decision.triggers.holding import Cooldown
from include.decision.triggers.new_data import NewDataTrigger
from include.decision.triggers.requests import FirstVersionTrigger, ManualTrigger, RedTeamTrigger
from include.decision.triggers.tree import exchange


def standard_policy(settings: PolicySettings) -> Trigger:
    """``manual OR red_team OR new_data OR first_version OR cooldown(when)``, with `when` as in `settings`.

    Whoever reports new data, as whoever asks by hand, is answered by the next run, whatever `when` says and however
    short ago the last retraining was. In the presets `when` is a gain that can be learnt, performance, concept drift,
    data drift or outliers (these two only while labels are missing). Triggers without a number of their own have that
    of the settings.
    """
    when = exchange(settings.when, lambda trigger: filled(trigger, settings))
    measured, reported = Cooldown(trigger=when, period=settings.cooldown), NewDataTrigger(requests_only=True)
    return AnyOf((ManualTrigger(), RedTeamTrigger(), reported, FirstVersionTrigger(), measured))
