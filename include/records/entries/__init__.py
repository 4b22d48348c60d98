"""What the records hold, as values: runs, analyses, decisions, events, versions, changes of champion."""

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
from include.records.entries.wish import Wish

__all__ = [
    "Analysis",
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
    "Wish",
    "promoted_by",
    "rolled_back_by_hand",
]
