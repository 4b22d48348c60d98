"""The policy of a model: what its settings say, harm before drift, and a cooldown."""

from __future__ import annotations

from dataclasses import replace

from include.decision.evidence import Trigger
from include.decision.policy.presets import PolicySettings
from include.decision.triggers.combinators import AnyOf
from include.decision.triggers.data_volume import DataVolumeTrigger
from include.decision.triggers.holding import Cooldown
from include.decision.triggers.model_age import ModelAgeTrigger
from include.decision.triggers.new_data import NewDataTrigger
from include.decision.triggers.performance_below import PerformanceBelowTrigger
from include.decision.triggers.requests import FirstVersionTrigger, ManualTrigger, RedTeamTrigger
from include.decision.triggers.schedule import ScheduleTrigger
from include.decision.triggers.tree import exchange


def standard_policy(settings: PolicySettings) -> Trigger:
    """``manual OR red_team OR new_data OR first_version OR cooldown(when)``, with `when` as in `settings`.

    Whoever reports new data, as whoever asks by hand, is answered by the next run, whatever `when` says and however
    short ago the last retraining was. In the presets `when` is a gain that can be learnt, performance, concept drift,
    data drift or outliers (these two only while labels are missing).
    """
    measured = Cooldown(trigger=_filled(settings), period=settings.cooldown)
    reported = NewDataTrigger(requests_only=True)
    return AnyOf((ManualTrigger(), RedTeamTrigger(), reported, FirstVersionTrigger(), measured))


def _filled(settings: PolicySettings) -> Trigger:
    """The tree, with the settings' numbers where it gives none."""

    def fill(trigger: Trigger) -> Trigger:
        if isinstance(trigger, ModelAgeTrigger) and trigger.age is None:
            return replace(trigger, age=settings.model_age)
        if isinstance(trigger, ScheduleTrigger) and trigger.cron is None:
            return replace(trigger, cron=settings.schedule)
        if isinstance(trigger, PerformanceBelowTrigger) and trigger.least is None:
            return replace(trigger, least=settings.performance_below)
        if isinstance(trigger, DataVolumeTrigger) and trigger.rows is None and trigger.share is None:
            return replace(trigger, share=settings.data_volume)
        return trigger

    return exchange(settings.when, fill)
