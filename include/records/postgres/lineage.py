"""Reads the family tree of a model from the records."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.errors import NotOnRecord
from include.records.entries import VersionStatus
from include.records.entries.lineage import Lineage, VersionHistory
from include.records.json_values import read_scores, to_utc
from include.records.postgres.session import Connect, reading
from include.records.rows.columns import Row


def read_lineage(connect: Connect, model_name: str) -> Lineage:
    """The family tree of a model, from the records; a `NotOnRecord` for a model without versions."""
    with reading(connect) as session:
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
