"""One rule a file: signals and state in, "retrain?" with a reason out."""

from include.decision.evidence import Evidence, PastCheck, Trigger, TriggerResult
from include.decision.triggers.combinators import AllOf, AnyOf, AtLeast
from include.decision.triggers.data_volume import DataVolumeTrigger
from include.decision.triggers.holding import Cooldown, WarmUp
from include.decision.triggers.model_age import ModelAgeTrigger
from include.decision.triggers.new_data import NewDataTrigger
from include.decision.triggers.own import OwnTrigger
from include.decision.triggers.performance_below import PerformanceBelowTrigger
from include.decision.triggers.persistence import Persistence
from include.decision.triggers.probe import ProbeTrigger
from include.decision.triggers.requests import FirstVersionTrigger, ManualTrigger, RedTeamTrigger
from include.decision.triggers.schedule import ScheduleTrigger
from include.decision.triggers.signal_trigger import SignalTrigger

__all__ = [
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
    "OwnTrigger",
    "PastCheck",
    "PerformanceBelowTrigger",
    "Persistence",
    "ProbeTrigger",
    "RedTeamTrigger",
    "ScheduleTrigger",
    "SignalTrigger",
    "Trigger",
    "TriggerResult",
    "WarmUp",
]
