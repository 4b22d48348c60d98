"""The family tree of a model: every version with its parent, its children and its histories, for people to read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from include.errors import NotOnRecord
from include.records.entries import VersionStatus
from include.records.json_values import read_scores, to_utc
from include.records.postgres.session import Connect, transaction
from include.records.rows.rows import Row

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


def read_lineage(connect: Connect, model_name: str) -> Lineage:
    """The family tree of a model, from the records; a `NotOnRecord` for a model without versions."""
    with transaction(connect) as session:
        rows = session.rows("find_lineage", {"model_name": model_name})
    if not rows:
        raise NotOnRecord(f"model {model_name}: there is no version on record")
    return Lineage(model_name=model_name, metric=rows[0]["metric"] or "", versions=tuple(_version(row) for row in rows))


def _version(row: Row) -> VersionHistory:
    return VersionHistory(
        model_name=row["model_name"],
        version=row["version"],
        status=VersionStatus(row["status"]),
        parent=row["parent_version"],
        children=tuple(row["children_versions"]),
        created_at=to_utc(row["created_at"]),
        changed_at=to_utc(row["last_updated"]),
        retrainings=row["total_retraining_count"],
        event_id=row["event_id"],
        retraining_id=str(row["retraining_id"]),
        trigger=row["trigger_type"],
        trigger_reason=row["trigger_reason"],
        outcome=row["outcome"] or "",
        scores=read_scores(row["performance_metrics"]),
        data_path=row["training_data_path"] or "",
        data_hash=row["training_data_hash"] or "",
        data_rows=row["training_data_size"],
        seconds=row["training_duration"],
        performance=[_timed(entry) for entry in row["performance_history"]],
        deployments=[_timed(entry) for entry in row["deployment_history"]],
    )


def _timed(entry: Mapping[str, Any]) -> Mapping[str, Any]:
    return {**entry, "timestamp": to_utc(datetime.fromisoformat(entry["timestamp"]))}
