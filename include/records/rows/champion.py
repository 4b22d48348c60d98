"""Changes of champion as rows and back, and what both stores say when they refuse one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.errors import RollbackRefused
from include.records.entries import ChampionChange, ChangeKind
from include.records.json_values import clean_text, to_utc
from include.records.rows.columns import Row


def rollback_row(
    model_name: str, from_version: int, to_version: int, kind: ChangeKind, requested_by: str, reason: str,
    at: datetime, key: str, run_id: str,
) -> Row:  # fmt: skip
    """Return the row of ``model_deployment_history`` for a rollback, but for its id."""
    if not key:
        raise RollbackRefused(f"model {model_name}: a rollback needs a key that says which one it is")
    if not clean_text(reason).strip():
        raise RollbackRefused(f"model {model_name}: a rollback needs a reason, which is kept on record")
    if from_version == to_version:
        raise RollbackRefused(f"model {model_name}: v{to_version} is champion already")
    return {
        "model_name": model_name,
        "from_version": from_version,
        "to_version": to_version,
        "event_id": None,
        "deployed_by": clean_text(requested_by),
        "reason": clean_text(reason),
        "deployed_at": to_utc(at),
        "kind": str(kind),
        "run_id": run_id or None,
        "key": clean_text(key),
    }


def change_from_row(row: Mapping[str, Any]) -> ChampionChange:
    """Read a change of champion from its row."""
    return ChampionChange(
        id=row["id"],
        model_name=row["model_name"],
        kind=ChangeKind(row["kind"]),
        from_version=row["from_version"],
        to_version=row["to_version"],
        deployed_by=row["deployed_by"],
        reason=row["reason"],
        deployed_at=to_utc(row["deployed_at"]),
        event_id=row["event_id"],
        run_id=row["run_id"] or "",
        key=row["key"] or "",
    )


def not_champion(model_name: str, version: int) -> RollbackRefused:
    """The error for a champion that has been replaced since it was looked at."""
    return RollbackRefused(f"model {model_name}: v{version} is not champion any more; look again, then decide")


def other_target(model_name: str, key: str, kept: int, asked: int) -> RollbackRefused:
    """The error for a key that stands for a rollback to another version."""
    return RollbackRefused(
        f"model {model_name}: with the key {key!r} it was rolled back to v{kept} before, not to v{asked}; "
        "give another key"
    )


def never_champion(model_name: str, version: int) -> RollbackRefused:
    """The error for a version that passed no gate."""
    return RollbackRefused(f"model {model_name}: v{version} was never champion, so it cannot be champion again")
