"""The family tree of a model: every version with its parent, its children and its histories, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.records.entries.runs import VersionStatus

PRODUCTION = "production"


@dataclass(frozen=True, kw_only=True)
class VersionHistory:
    """One version and its life.

    Parameters
    ----------
    version : int
        Counted from 1 within the model.
    parent : int or None
        The champion it was trained to replace.
    children : tuple of int
        The versions that were trained to replace it.
    changed_at : datetime
        When its status last changed.
    retrainings : int
        Trainings of the model up to this one, itself counted in.
    trigger, trigger_reason : str
        Why it was trained.
    outcome : str
        What the gate said, or why it failed; empty while it is trained.
    scores : mapping of str to float
        On the rows that the gate held out.
    data_path, data_hash : str
        Where its training rows came from, and the hash of those prepared; empty where not known.
    data_rows : int or None
        How many it was trained on.
    seconds : float or None
        What the training took.
    performance : sequence of mappings
        What it scored, oldest first: ``timestamp``, ``source`` (``gate`` or ``check``), ``run_id``, ``retraining_id``,
        ``trigger``, ``trigger_reason``, ``metrics``, ``rows``.
    deployments : sequence of mappings
        When its shadow began, and each time that it became champion or ceased to be, oldest first: ``timestamp``,
        ``status`` (``shadow``, ``production``, ``retired`` or ``rolled_back``), ``kind``, ``deployed_by``, ``reason``,
        ``run_id``.
    """

    model_name: str
    version: int
    status: VersionStatus
    parent: int | None
    children: tuple[int, ...]
    created_at: datetime
    changed_at: datetime
    retrainings: int
    event_id: int
    retraining_id: str
    trigger: str
    trigger_reason: str
    outcome: str
    scores: Mapping[str, float]
    data_path: str
    data_hash: str
    data_rows: int | None
    seconds: float | None
    performance: Sequence[Mapping[str, Any]]
    deployments: Sequence[Mapping[str, Any]]

    @property
    def label(self) -> str:
        """How people call it, for example ``v3``."""
        return f"v{self.version}"

    @property
    def reign(self) -> list[tuple[datetime, datetime | None]]:
        """From when to when it was champion; the end of the present stretch is None."""
        found: list[tuple[datetime, datetime | None]] = []
        for entry in self.deployments:
            if entry["status"] == PRODUCTION:
                found.append((entry["timestamp"], None))
            elif found:
                found[-1] = (found[-1][0], entry["timestamp"])
        return found

    def reigned_at(self, at: datetime) -> bool:
        """Whether it was champion at that time."""
        return any(since <= at and (until is None or at < until) for since, until in self.reign)


@dataclass(frozen=True, kw_only=True)
class Lineage:
    """All versions of a model, oldest first, and the metric that decides about it (empty where not known)."""

    model_name: str
    metric: str
    versions: Sequence[VersionHistory]

    @property
    def champion(self) -> VersionHistory | None:
        """The version in production."""
        return next((each for each in self.versions if each.status is VersionStatus.CHAMPION), None)
