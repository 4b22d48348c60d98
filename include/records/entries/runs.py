"""The entries that a store keeps. Plain values: what must never happen twice is the store's business.

Changes of champion and quarantines have modules of their own; `include.records.entries` has all.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

from include.decision.decision import Decision
from include.decision.signals import Signal, SignalKind
from include.records.entries.facts import Facts
from include.records.entries.training import TrainingDetails
from include.records.entries.wish import Wish

if TYPE_CHECKING:
    from include.data.reference.distributions import Distribution
    from include.data.reference.profiles import ReferenceProfiles
    from include.detectors.statistics.running_errors import RunningErrors
    from include.scoring import Baseline

NO_DETAILS = TrainingDetails()


class EventStatus(StrEnum):
    """Life of an event: ``decided → executing → promoted | held | rejected | failed | abandoned``."""

    DECIDED = "decided"  # the policy fired; nobody trains yet
    EXECUTING = "executing"  # claimed: somebody trains, or died while training
    PROMOTED = "promoted"  # closed: the challenger is champion
    HELD = "held"  # closed: the challenger is not proven better, or is in shadow
    REJECTED = "rejected"  # closed: the challenger is proven worse, or below a floor
    FAILED = "failed"  # closed: no challenger could be made or judged
    ABANDONED = "abandoned"  # closed: its owner died and nobody took it over
    DRY_RUN = "dry_run"  # closed at once: decided in a dry run

    @property
    def closed(self) -> bool:
        """Whether nothing more can happen to the event."""
        return self not in (EventStatus.DECIDED, EventStatus.EXECUTING)


class VersionStatus(StrEnum):
    """Life of a version: ``candidate → champion ⇄ retired | rolled_back``, or ``→ held | rejected | failed``."""

    CANDIDATE = "candidate"  # is being trained, or in shadow
    CHAMPION = "champion"
    RETIRED = "retired"
    ROLLED_BACK = "rolled_back"
    HELD = "held"  # not proven better, not approved, or another one became champion during its shadow
    REJECTED = "rejected"  # proven worse, or below a floor
    FAILED = "failed"


#: Of versions that may become champion again.
ONCE_CHAMPION = (VersionStatus.RETIRED, VersionStatus.ROLLED_BACK)
#: Of versions that were not let through, and will not be.
NEVER_CHAMPION = frozenset({VersionStatus.HELD, VersionStatus.REJECTED, VersionStatus.FAILED})
#: Of events that ended with a verdict of the gate.
WITH_VERDICT = frozenset({EventStatus.PROMOTED, EventStatus.HELD, EventStatus.REJECTED})


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one run is to do. `as_of` ends the recent window; times are UTC.

    Of a run that is `elsewhere` the version is trained by others, who say when it is done; its `run_id` is a UUID, the
    id of the retraining.
    """

    run_id: str
    as_of: datetime
    reason: str = ""
    requested_by: str = "schedule"
    force: bool = False
    dry_run: bool = False
    preset: str = ""
    elsewhere: bool = False


@dataclass(frozen=True, kw_only=True)
class Measurement:
    """One metric of one version on one window, with its 90 % interval where there is one."""

    version: int
    metric: str
    value: float
    rows: int
    low: float | None = None
    high: float | None = None


@dataclass(frozen=True, kw_only=True)
class Analysis:
    """What one run saw of one model.

    Parameters
    ----------
    window_start, window_end : datetime
        The recent window, the end excluded. For models without timestamps the start is None.
    rows, labelled_rows : int
        Recent rows; of them with a label.
    champion_version : int or None
    running : RunningErrors or None
        The champion's errors so far, this run's recent rows counted in; the next run goes on from there.
    facts : Facts
        What triggers other than those on signals decide from.
    distributions : sequence of Distribution
        Of the columns that changed most, the most telling first.
    removed_at : datetime or None
        When retention removed what the run found (some or all of it); None while all of it is there.
    analyzed_at : datetime or None
        When it was written to the records; each writing has its own. None before.
    """

    model_name: str
    run: Run
    window_start: datetime | None
    window_end: datetime
    rows: int
    labelled_rows: int
    champion_version: int | None
    signals: Sequence[Signal]
    measurements: Sequence[Measurement] = ()
    running: RunningErrors | None = None
    facts: Facts = field(default_factory=Facts)
    distributions: Sequence[Distribution] = ()
    removed_at: datetime | None = None
    analyzed_at: datetime | None = field(default=None, compare=False)

    @property
    def removed(self) -> str:
        """That what the run found was removed by retention, in words; empty while it is there."""
        if self.removed_at is None:
            return ""
        return (
            f"signals, measurements and distributions of {self.run.as_of:%Y-%m} were removed by retention on "
            f"{self.removed_at:%Y-%m-%d}; what was decided and done is kept"
        )


@dataclass(frozen=True, kw_only=True)
class Version:
    """One trained version of a model.

    Parameters
    ----------
    version : int
        Counted from 1 within the model.
    event_id : int
        The event that it was trained for.
    parent : int or None
        The champion it was trained to replace.
    data_until : datetime or None
        End of the rows it was trained and accepted on; what it has not seen begins here. None without timestamps.
    recent_hash : str
        Hash of the recent rows it was trained and accepted on, for models without timestamps.
    details : TrainingDetails
        Everything else worth keeping of its training.
    shadow_checks : int or None
        Checks that it has, or had, to stay in shadow for; None for a version that never did.
    """

    model_name: str
    version: int
    event_id: int
    status: VersionStatus
    created_at: datetime
    parent: int | None = None
    artifact_path: str = ""
    artifact_sha256: str = ""
    baseline: Baseline | None = None
    data_until: datetime | None = None
    recent_hash: str = ""
    details: TrainingDetails = NO_DETAILS
    shadow_checks: int | None = None

    @property
    def label(self) -> str:
        """How people call it, for example ``v3``."""
        return f"v{self.version}"

    @property
    def in_shadow(self) -> bool:
        """Whether it has passed the gate and is scored beside the champion before it may be published."""
        return self.status is VersionStatus.CANDIDATE and self.shadow_checks is not None


@dataclass(frozen=True, kw_only=True)
class Event:
    """A decision that fired, and what came of it."""

    id: int
    model_name: str
    run: Run
    status: EventStatus
    decision: Decision
    triggered_at: datetime
    execution_attempted: bool = False
    execution_successful: bool | None = None
    completed_at: datetime | None = None
    champion_version: int | None = None
    version: int | None = None
    scores: Mapping[str, float] = field(default_factory=dict)
    champion_scores: Mapping[str, float] = field(default_factory=dict)
    outcome: str = ""
    error_type: str = ""
    error: str = ""
    details: TrainingDetails = NO_DETAILS
    approved_by: str = ""
    retraining_id: str = ""
    wish: Wish = field(default_factory=Wish)

    @property
    def trigger_type(self) -> str:
        """The trigger that weighed most in the decision."""
        return self.decision.trigger_type

    @property
    def was_retrained(self) -> bool:
        """Whether a retraining ended with a verdict of the gate; the end of a shadow trains nothing."""
        return self.status in WITH_VERDICT and self.trigger_type != SignalKind.SHADOW


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How an execution ended: written to the event, and to the version it trained.

    Parameters
    ----------
    status : EventStatus
        A closed one.
    reason : str
        One sentence.
    scores, champion_scores : mapping of str to float
        Metrics of challenger and champion on the same held-out rows; empty where not measured.
    artifact_path, artifact_sha256, baseline, data_until, recent_hash, details
        As in `Version`.
    reference : ReferenceProfiles or None
        Profiles of the rows that a promoted version, or one that goes into shadow, was trained and accepted on.
    error_type : str
        Class of the error that ended it; empty for none.
    shadow_checks : int or None
        With `EventStatus.HELD`: the version stays a candidate, in shadow for so many checks. None: it does not.
    """

    status: EventStatus
    reason: str
    scores: Mapping[str, float] = field(default_factory=dict)
    champion_scores: Mapping[str, float] = field(default_factory=dict)
    artifact_path: str = ""
    artifact_sha256: str = ""
    baseline: Baseline | None = None
    data_until: datetime | None = None
    recent_hash: str = ""
    reference: ReferenceProfiles | None = None
    details: TrainingDetails = NO_DETAILS
    error_type: str = ""
    shadow_checks: int | None = None


@dataclass(frozen=True, kw_only=True)
class Check:
    """One look at a model, as its history remembers it.

    Parameters
    ----------
    analysis : Analysis
        Of its signals only those that changed; without distributions and running errors.
    event : Event or None
        None when the decision did not fire.
    """

    analysis: Analysis
    decision: Decision
    event: Event | None = None
