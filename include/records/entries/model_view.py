"""What people look up of one model: its metric in time, drift, versions, and what happened."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from include.records.entries.champion_changes import ChampionChange
from include.records.entries.history import DecisionRow, EventRow, HistoryPage
from include.records.entries.overview import FleetRow
from include.records.entries.people import Annotation, Mark
from include.records.entries.quarantines import Quarantine
from include.records.entries.requests import KeptRequest


@dataclass(frozen=True, kw_only=True)
class MetricPoint:
    """The deciding metric of the champion at one check, with its 90 % interval where there is one."""

    run_id: str
    at: datetime
    version: int
    value: float | None
    low: float | None
    high: float | None
    rows: int
    promised: float | None


@dataclass(frozen=True, kw_only=True)
class DriftCell:
    """One column at one check.

    Parameters
    ----------
    statistic : str
        That which went farthest, of those of the column.
    verdict : str
        As in `include.decision.signals.Verdict`.
    size : float or None
        Value over threshold: from 1 on it matters; None where it was not measured.
    """

    statistic: str
    verdict: str
    value: float | None
    threshold: float | None
    p_value: float | None
    size: float | None


@dataclass(frozen=True, kw_only=True)
class DriftCheck:
    """One check of a heatmap."""

    run_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class Heatmap:
    """Drift of the columns over checks.

    Parameters
    ----------
    checks : sequence of DriftCheck
        Oldest first.
    features : sequence of str
        Those that drifted most first, `left_out` more are not shown.
    cells : mapping of str to sequence of DriftCell or None
        By feature, one for each check; None where nothing was measured.
    """

    checks: Sequence[DriftCheck] = ()
    features: Sequence[str] = ()
    cells: Mapping[str, Sequence[DriftCell | None]] = field(default_factory=dict)
    left_out: int = 0


@dataclass(frozen=True, kw_only=True)
class QuadrantPoint:
    """One column: how far it drifted at the last check, and how much the champion's errors hang on it.

    Parameters
    ----------
    drift : float or None
        Value over threshold; None where it was not measured.
    importance : float or None
        Rise of the champion's loss when the column is shuffled, as a share of the rises of all columns, in [0, 1];
        None where it is not on record.
    changed : bool
    """

    feature: str
    drift: float | None
    importance: float | None
    changed: bool


@dataclass(frozen=True, kw_only=True)
class Quadrants:
    """Drift against importance; `told` says why importances are missing, and is empty where they are known."""

    points: Sequence[QuadrantPoint] = ()
    version: int | None = None
    run_id: str = ""
    told: str = ""


@dataclass(frozen=True, kw_only=True)
class VersionRow:
    """One version, short."""

    version: int
    status: str
    status_changed_at: datetime
    created_at: datetime
    created_by: str
    parent: int | None
    event_id: int
    trigger: str
    reason: str
    outcome: str
    promised: float | None
    training_rows: int | None
    seconds: float | None
    config_hash: str
    in_shadow: bool
    scores: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class SliceRow:
    """Performance on rows that share a value, at the last check."""

    slice_name: str
    verdict: str
    statistic: str
    value: float | None
    threshold: float | None
    p_value: float | None
    reason: str


@dataclass(frozen=True, kw_only=True)
class ModelFileChange:
    """A model file that was in force from `since` on; `difference` is what it changed, field by field, as a diff."""

    config_hash: str
    since: datetime
    difference: str = ""


@dataclass(frozen=True, kw_only=True)
class ModelFileInForce:
    """The model file as a run last saw it, and those before it, newest first."""

    config_hash: str
    changed_at: datetime
    last_seen_at: datetime
    config: Mapping[str, Any]
    history: Sequence[ModelFileChange] = ()


@dataclass(frozen=True, kw_only=True)
class ModelView:
    """Everything that the page of a model shows, from `start` to `end`.

    Parameters
    ----------
    row : FleetRow
        The model as in the fleet.
    course : sequence of MetricPoint
        Oldest first.
    changes : sequence of ChampionChange
        In the period, oldest first.
    events : sequence of EventRow
        In the period, newest first.
    annotations, marks : sequence of Annotation, of Mark
        About moments, and of decisions, in the period.
    decisions : HistoryPage of DecisionRow
        The first page; `history` has the others.
    distributions : sequence of str
        Columns of which the last check kept reference and recent rows side by side, see `distribution_at`.
    recommendations : sequence of mappings
        ``kind``, ``subject``, ``reason``, ``evidence``.
    hours, cost : float, float or None
        Of the trainings in the period.
    removed : str
        What retention removed of the period, in a sentence; empty for nothing.
    """

    row: FleetRow
    start: datetime
    end: datetime
    course: Sequence[MetricPoint] = ()
    changes: Sequence[ChampionChange] = ()
    events: Sequence[EventRow] = ()
    quarantines: Sequence[Quarantine] = ()
    annotations: Sequence[Annotation] = ()
    marks: Sequence[Mark] = ()
    heatmap: Heatmap = field(default_factory=Heatmap)
    quadrants: Quadrants = field(default_factory=Quadrants)
    decisions: HistoryPage[DecisionRow] = field(default_factory=lambda: HistoryPage[DecisionRow](rows=(), total=0))
    versions: Sequence[VersionRow] = ()
    slices: Sequence[SliceRow] = ()
    requests: Sequence[KeptRequest] = ()
    distributions: Sequence[str] = ()
    recommendations: Sequence[Mapping[str, Any]] = ()
    model_file: ModelFileInForce | None = None
    hours: float = 0.0
    cost: float | None = None
    removed: str = ""


@dataclass(frozen=True, kw_only=True)
class OtherDecision:
    """A recorded check that the changed settings would have decided otherwise.

    Parameters
    ----------
    recorded : bool
        What was decided then, requests and all.
    before, after : bool
        Whether it fires by the model file as it is, and by the changed settings.
    before_reason, after_reason : str
    nearest_trigger, nearness : str, float or None
        By the changed settings.
    """

    run_id: str
    at: datetime
    recorded: bool
    before: bool
    after: bool
    before_reason: str
    after_reason: str
    nearest_trigger: str
    nearness: float | None


@dataclass(frozen=True, kw_only=True)
class WhatIf:
    """What other settings would have done to the checks on record.

    Parameters
    ----------
    checks : int
        That were decided again, from `start` to `end`; of them `fired_recorded`, `fired_before` (by the model file as
        it is) and `fired_after` fired.
    others : sequence of OtherDecision
        Oldest first.
    difference : str
        The section ``policy`` before and after, as a unified diff of YAML; empty for no difference.
    policy : str
        The changed section as YAML, to copy into the model file.
    left_out : sequence of str
        What the settings were tried without, and why.
    """

    model_name: str
    start: datetime
    end: datetime
    checks: int
    fired_recorded: int
    fired_before: int
    fired_after: int
    others: Sequence[OtherDecision]
    difference: str
    policy: str
    left_out: Sequence[str] = ()
