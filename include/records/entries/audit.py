"""What happened in a period: who did what, when, why, on which data, with what outcome."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class AuditEntry:
    """One thing that happened.

    Parameters
    ----------
    at : datetime
        When it was written down.
    action : str
        ``decided``, ``approved``, ``promoted``, ``held``, ``rejected``, ``failed``, ``abandoned``, ``deployed``,
        ``rolled_back``, ``rolled_back_by_probation``, ``former_champion_returned``, ``canary_set``, ``announced``,
        ``probation_look``, ``shadow_look``, ``shadow_ended``, ``quarantined``, ``quarantine_lifted``, ``requested``,
        ``request_consumed``, ``step_failed``, ``paused``, ``resumed``, ``muted``, ``unmuted``, ``annotated``,
        ``decision_marked`` or ``month_removed`` (of all models).
    who, why, outcome : str
        Empty where the records say nothing.
    run_id : str
        Empty for what was done outside a run.
    event_id : int or None
    version, other_version : int or None
        The version it is about; the champion until then.
    data_path, data_hash : str
        Training rows of what was trained; of a decision the hash of the rows looked at, where a trigger needs it.
    data_rows : int or None
    data_from, data_until : datetime or None
        Time of those rows.
    source, source_id : str, int
        Table and row that say so; together with `action` they name the entry.
    """

    at: datetime
    model_name: str
    action: str
    who: str
    why: str
    run_id: str
    event_id: int | None
    version: int | None
    other_version: int | None
    data_path: str
    data_hash: str
    data_rows: int | None
    data_from: datetime | None
    data_until: datetime | None
    outcome: str
    source: str
    source_id: int


@dataclass(frozen=True, kw_only=True)
class ChampionPeriod:
    """A stretch of time in which a version was champion, from `since` on and before `until` (None: it still is)."""

    model_name: str
    version: int
    since: datetime
    until: datetime | None
    kind: str
    deployed_by: str
    reason: str
    artifact_path: str
    artifact_sha256: str
    training_data_path: str
    training_data_hash: str
    training_data_size: int | None


@dataclass(frozen=True, kw_only=True)
class DecisionCounts:
    """How many decisions a model had: that fired, in dry runs, that were kept from firing, that wanted nothing."""

    model_name: str
    decisions: int
    fired: int
    dry_runs: int
    blocked: int
    quiet: int


@dataclass(frozen=True, kw_only=True)
class AuditGap:
    """Something that is missing.

    Parameters
    ----------
    kind : str
        ``open_event``, ``not_analyzed``, ``no_decision``, ``data_unknown`` or ``not_announced``.
    """

    at: datetime
    model_name: str
    kind: str
    run_id: str
    event_id: int | None
    what: str


@dataclass(frozen=True, kw_only=True)
class Audit:
    """The records of a period, from `start` on and before `end`; `model_name` is empty for all models.

    The same records give the same audit, whenever it is made.
    """

    start: datetime
    end: datetime
    model_name: str
    entries: Sequence[AuditEntry]
    champions: Sequence[ChampionPeriod]
    decisions: Sequence[DecisionCounts]
    gaps: Sequence[AuditGap]

    @property
    def counts(self) -> Mapping[str, int]:
        """How often each action happened, by its name."""
        return dict(sorted(Counter(entry.action for entry in self.entries).items()))
