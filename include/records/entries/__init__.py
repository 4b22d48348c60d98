"""What the records hold, as values: runs, analyses, decisions, events, versions, champions, what is read of them."""

from include.records.entries.audit import Audit, AuditEntry, AuditGap, ChampionPeriod, DecisionCounts
from include.records.entries.canaries import CanaryShare
from include.records.entries.champion_changes import ChampionChange, ChangeKind, promoted_by, rolled_back_by_hand
from include.records.entries.facts import Facts
from include.records.entries.lineage import Lineage, VersionHistory
from include.records.entries.quarantines import Lifting, Quarantine
from include.records.entries.runs import (
    ONCE_CHAMPION,
    WITH_VERDICT,
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
    "ONCE_CHAMPION",
    "WITH_VERDICT",
    "Analysis",
    "Audit",
    "AuditEntry",
    "AuditGap",
    "CanaryShare",
    "ChampionChange",
    "ChampionPeriod",
    "ChangeKind",
    "Check",
    "Consumption",
    "DecisionCounts",
    "Event",
    "EventStatus",
    "Facts",
    "KeptRequest",
    "Lifting",
    "Lineage",
    "Measurement",
    "Outcome",
    "Quarantine",
    "Run",
    "ShadowNeeds",
    "TrainingDetails",
    "Version",
    "VersionHistory",
    "VersionStatus",
    "Wish",
    "promoted_by",
    "rolled_back_by_hand",
]
