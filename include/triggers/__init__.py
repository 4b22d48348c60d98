"""One rule a file: signals and state in, "retrain?" with a reason out."""

from include.triggers.combinators import AllOf, AnyOf, AtLeast
from include.triggers.data_volume import DataVolumeTrigger
from include.triggers.holding import Cooldown, WarmUp
from include.triggers.model_age import ModelAgeTrigger
from include.triggers.new_data import NewDataTrigger
from include.triggers.persistence import Persistence
from include.triggers.policy import standard_policy
from include.triggers.presets import PRESETS, PolicySettings
from include.triggers.probe import ProbeTrigger
from include.triggers.requests import FirstVersionTrigger, ManualTrigger, RedTeamTrigger
from include.triggers.schedule import ScheduleTrigger
from include.triggers.signal_trigger import SignalTrigger
from include.triggers.trigger import Evidence, PastCheck, Trigger, TriggerResult

__all__ = [
    "PRESETS",
    "AllOf",
    "AnyOf",
    "AtLeast",
    "Cooldown",
    "DataVolumeTrigger",
    "Evidence",
    "FirstVersionTrigger",
    "ManualTrigger",
    "ModelAgeTrigger",
    "NewDataTrigger",
    "PastCheck",
    "Persistence",
    "PolicySettings",
    "ProbeTrigger",
    "RedTeamTrigger",
    "ScheduleTrigger",
    "SignalTrigger",
    "Trigger",
    "TriggerResult",
    "WarmUp",
    "standard_policy",
]
