"""What the records hold, as values: runs, analyses, decisions, events, versions, champions, what is read of them."""

from include.records.entries.audit import Audit, AuditEntry, AuditGap, ChampionPeriod, DecisionCounts
from include.records.entries.calls import KeptCall
from include.records.entries.canaries import CanaryShare
from include.records.entries.champion_changes import ChampionChange, ChangeKind, promoted_by, rolled_back_by_hand
from include.records.entries.facts import Facts
from include.records.entries.failures import FailedStep, Failure
from include.records.entries.figures import Figures
from include.records.entries.health import Failing, Health, Problem, ProblemKind, Waiting, Watched
from include.records.entries.lineage import Lineage, VersionHistory
from include.records.entries.messages import (
    Delivery,
    DeliveryStatus,
    News,
    Notification,
    Phase,
    Settled,
    Stuck,
    Told,
)
from include.records.entries.people import Annotation, Budget, Mark, MarkVerdict, Mute, Pause
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

__all__ = [
    "ONCE_CHAMPION",
    "WITH_VERDICT",
    "Analysis",
    "Annotation",
    "Audit",
    "AuditEntry",
    "AuditGap",
    "Budget",
    "CanaryShare",
    "ChampionChange",
    "ChampionPeriod",
    "ChangeKind",
    "Check",
    "Consumption",
    "DecisionCounts",
    "Delivery",
    "DeliveryStatus",
    "Event",
    "EventStatus",
    "Facts",
    "FailedStep",
    "Failing",
    "Failure",
    "Figures",
    "Health",
    "KeptCall",
    "KeptRequest",
    "Lifting",
    "Lineage",
    "Mark",
    "MarkVerdict",
    "Measurement",
    "Mute",
    "News",
    "Notification",
    "Outcome",
    "Pause",
    "Phase",
    "Problem",
    "ProblemKind",
    "Quarantine",
    "Run",
    "Settled",
    "ShadowNeeds",
    "Stuck",
    "Told",
    "TrainingDetails",
    "Version",
    "VersionHistory",
    "VersionStatus",
    "Waiting",
    "Watched",
    "promoted_by",
    "rolled_back_by_hand",
]
