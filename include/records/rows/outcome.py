"""What an outcome writes: to the event, and to the version that was trained for it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from include.errors import DataError
from include.records.entries import WITH_VERDICT, EventStatus, Outcome, TrainingDetails, VersionStatus
from include.records.json_values import clean_json, clean_scores, clean_text, finite, to_utc
from include.records.rows.baseline import baseline_json
from include.records.rows.columns import Row

VERSION_STATUS = {
    EventStatus.PROMOTED: VersionStatus.CHAMPION,
    EventStatus.HELD: VersionStatus.HELD,
    EventStatus.REJECTED: VersionStatus.REJECTED,
    EventStatus.FAILED: VersionStatus.FAILED,
    EventStatus.ABANDONED: VersionStatus.FAILED,
}
ELSEWHERE = timedelta(days=30)  # how long a training elsewhere may take before it counts as abandoned
LOST = frozenset({EventStatus.FAILED, EventStatus.ABANDONED})  # the retrain was not done


def check_outcome(outcome: Outcome, *, has_version: bool) -> None:
    """Refuse, with a `DataError`, an outcome that an execution cannot have."""
    if outcome.status not in VERSION_STATUS:
        raise DataError(f"an execution cannot end as {outcome.status}; allowed: {', '.join(VERSION_STATUS)}")
    if outcome.status is EventStatus.PROMOTED and not has_version:
        raise DataError("nothing to promote: begin_version comes before the training")
    if outcome.shadow_checks is not None and not (
        outcome.status is EventStatus.HELD and has_version and outcome.shadow_checks > 0
    ):
        raise DataError("a shadow is that of a version, for one check at least, and its event ends as held")


def was_left(row: Mapping[str, Any], *, at: datetime, idle: timedelta, held: bool) -> bool:
    """Whether nobody will come to close an open event; `held`: whether somebody may retrain its model now."""
    executing = row["status"] == EventStatus.EXECUTING
    if executing and (held or not row["elsewhere"]):
        return not held
    waits = max(idle, ELSEWHERE) if row["elsewhere"] else idle
    return bool(row["triggered_at"] < to_utc(at) - waits)


def closing_row(outcome: Outcome, at: datetime) -> Row:
    """Return the columns of ``model_retraining_events`` that close it."""
    reason = clean_text(outcome.reason)
    return {
        "status": str(outcome.status),
        "execution_successful": outcome.status in WITH_VERDICT,
        "execution_completed_at": to_utc(at),
        "outcome": reason,
        "error_type": outcome.error_type or None,
        "error": reason if outcome.error_type else None,
        "execution_metrics": clean_json(outcome.details.to_json()),
        **_comparison(outcome.scores, outcome.champion_scores),
        **_training_columns(outcome.details),
        "training_duration": finite(outcome.details.training_duration),
        "memory_usage": clean_json(outcome.details.memory_usage),
        "gpu_usage": clean_json(outcome.details.gpu_usage),
        "retraining_notes": _text(outcome.details.retraining_notes),
    }


def giving_up_row(row: Mapping[str, Any], status: EventStatus, outcome: str, at: datetime) -> Row:
    """Return the columns that close an event without outcome; the error noted by its last try stays."""
    return {
        "status": str(status),
        "execution_successful": False,
        "execution_completed_at": to_utc(at),
        "outcome": clean_text(outcome),
        "error_type": row["error_type"],
        "error": row["error"],
    }


def abandoned_row(row: Mapping[str, Any], at: datetime) -> Row:
    """Return the columns that close an event whose owner died."""
    reason = (
        "the process that executed it ended without closing it"
        if row["status"] == EventStatus.EXECUTING
        else "nobody came to execute it"
    )
    return giving_up_row(row, EventStatus.ABANDONED, reason, at)


def failed_row(row: Mapping[str, Any], at: datetime, error_type: str, error: str) -> Row:
    """Return the columns that close an event as failed; an error noted by its last try outranks the one given."""
    if not row["error_type"]:
        row = {**row, "error_type": error_type or None, "error": clean_text(error)}
    return giving_up_row(row, EventStatus.FAILED, row["error"] or row["error_type"] or "failed", at)


def trained_row(outcome: Outcome, at: datetime, version: Mapping[str, Any]) -> Row:
    """Return the columns of ``model_version_management`` that say what was trained and what became of it.

    `version` is its row until then: what is on record of a version in shadow stays where the outcome says nothing.
    """
    told = {
        "artifact_path": outcome.artifact_path,
        "artifact_sha256": outcome.artifact_sha256,
        "baseline": None if outcome.baseline is None else baseline_json(outcome.baseline),
        "performance_metrics": clean_scores(outcome.scores),
        "data_until": None if outcome.data_until is None else to_utc(outcome.data_until),
        "recent_hash": outcome.recent_hash,
        **_training_columns(outcome.details),
        "shadow_checks": outcome.shadow_checks,
        "shadow_since": None if outcome.shadow_checks is None else to_utc(at),
    }
    in_shadow = outcome.shadow_checks is not None
    return {
        **{name: version.get(name, value) if value in (None, "", {}) else value for name, value in told.items()},
        "status": str(VersionStatus.CANDIDATE if in_shadow else VERSION_STATUS[outcome.status]),
        "status_changed_at": to_utc(at),
        "details": {**version["details"], **clean_json(outcome.details.to_json())},
    }


def ending_row(model_name: str, to_version: int, by: str, at: datetime) -> Row:
    """Return what ends the shadow of another version when `to_version` becomes champion: see ``end_shadow.sql``."""
    ended = f"its shadow ended because v{to_version} became champion"
    return {
        "model_name": model_name, "to_version": to_version, "ended": ended, "ended_by": clean_text(by), "at": to_utc(at)
    }  # fmt: skip


def no_shadow(model_name: str) -> DataError:
    """The error for an event that is to judge a version in shadow when there is none."""
    return DataError(f"model {model_name}: no version is in shadow")


def named_versions(model_name: str, version: int, champion: int | None) -> Row:
    """Return the columns of ``model_retraining_events`` that name the version it trains and the champion beside it."""
    parent = None if champion is None else f"v{champion}"
    return {
        "version": version,
        "retraining_model_version": f"v{version}",
        "champion_version": champion,
        "parent_model_version": parent,
        "parent_model_id": parent and f"{model_name}_{parent}",
    }


def _comparison(scores: Mapping[str, float], champion: Mapping[str, float]) -> Row:
    columns: Row = {
        "performance_metrics": clean_scores(scores),
        "parent_performance": clean_scores(champion),
        "performance_delta": clean_scores({name: scores[name] - champion[name] for name in scores if name in champion}),
    }
    for name in ("r2", "rmse", "accuracy"):
        columns[f"retraining_{name}"] = finite(scores.get(name))
        columns[f"comparison_previous_{name}"] = finite(champion.get(name))
    return columns


def _training_columns(details: TrainingDetails) -> Row:
    size = finite(details.training_data_size)
    return {
        "training_data_path": _text(details.training_data_path),
        "training_data_hash": _text(details.training_data_hash),
        "training_data_size": None if size is None else int(size),
        "hyperparameters": clean_json(details.hyperparameters),
    }


def _text(value: object) -> str | None:
    return None if value is None else clean_text(str(value))
