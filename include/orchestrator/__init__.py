"""From two tables, or from a caller's own metrics, to a decision: without Airflow and without a database."""

from include.decision.triggers.own import OwnTrigger
from include.orchestrator.metric_triggers import (
    CompositeTrigger,
    DataVolumeTrigger,
    DriftTrigger,
    PerformanceTrigger,
    TimeTrigger,
)
from include.orchestrator.orchestrator import AutomaticRetrainingOrchestrator
from include.orchestrator.trigger_manager import RetrainingTriggerManager
from include.orchestrator.trigger_report import RetrainingReport, TriggerDetail

__all__ = [
    "AutomaticRetrainingOrchestrator",
    "CompositeTrigger",
    "DataVolumeTrigger",
    "DriftTrigger",
    "OwnTrigger",
    "PerformanceTrigger",
    "RetrainingReport",
    "RetrainingTriggerManager",
    "TimeTrigger",
    "TriggerDetail",
]
