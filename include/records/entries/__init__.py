"""What the records hold, as values: runs, analyses, decisions, events, versions, changes of champion."""

from include.records.entries.asked import Asked
from include.records.entries.champion_changes import ChampionChange, ChangeKind, promoted_by, rolled_back_by_hand
from include.records.entries.facts import Facts
from include.records.entries.quarantines import Lifting, Quarantine
from include.records.entries.runs import (
    Analysis,
    Check,
    Consumption,
    Event,
    EventStatus,
    KeptRequest,
    Measurement,
    Outcome,
    Run,
    Version,
    VersionStatus,
)
from include.records.entries.training import ShadowNeeds, TrainingDetails

__all__ = [
    "Analysis",
    "Asked",
    "ChampionChange",
    "ChangeKind",
    "Check",
    "Consumption",
    "Event",
    "EventStatus",
    "Facts",
    "KeptRequest",
    "Lifting",
    "Measurement",
    "Outcome",
    "Quarantine",
    "Run",
    "ShadowNeeds",
    "TrainingDetails",
    "Version",
    "VersionStatus",
    "promoted_by",
    "rolled_back_by_hand",
]
