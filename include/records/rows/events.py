"""Events and versions as rows and back. Both stores keep these rows, so that both lose and keep the same things."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.decision.decision import Decision
from include.decision.signals import Verdict
from include.records.entries import Analysis, Event, EventStatus, TrainingDetails, Version, VersionStatus, Wish
from include.records.json_values import clean_json, clean_text, read_scores, to_utc
from include.records.rows.analyses import signal_rows
from include.records.rows.baseline import read_baseline
from include.records.rows.columns import Row, decision_of, run_columns, run_of, time_of
from include.records.rows.wish import wish_columns, wish_from_row

NO_WISH = Wish()


def new_event_row(analysis: Analysis, decision: Decision, at: datetime, wish: Wish = NO_WISH) -> Row:
    """Return the part of a row of ``model_retraining_events`` that is known when it opens."""
    run, changed = analysis.run, [row for row in signal_rows(analysis, at) if row["verdict"] == Verdict.CHANGED]
    metrics = {
        "/".join(filter(None, (row["kind"], row["feature"], row["statistic"]))): {
            name: row[name] for name in ("value", "threshold", "p_value")
        }
        for row in changed
    }
    return {
        "model_name": analysis.model_name,
        **run_columns(run),
        "status": str(EventStatus.DRY_RUN if run.dry_run else EventStatus.DECIDED),
        "trigger_type": clean_text(decision.trigger_type),
        "severity": str(decision.severity),
        "confidence": float(decision.confidence),
        "drift_type": ", ".join(sorted({row["kind"] for row in changed})) or None,
        "trigger_reason": clean_text(decision.reason),
        "trigger_metrics": clean_json(metrics),
        "decision": clean_json(decision.to_json()),
        **wish_columns(run, wish),
        "champion_version": analysis.champion_version,
        "triggered_at": to_utc(at),
        "execution_completed_at": to_utc(at) if run.dry_run else None,
        "outcome": "dry run: nothing was trained" if run.dry_run else None,
    }


def event_from_row(row: Mapping[str, Any]) -> Event:
    """Read an event from its row."""
    return Event(
        id=row["id"],
        model_name=row["model_name"],
        run=run_of(row),
        status=EventStatus(row["status"]),
        decision=decision_of(row["decision"]),
        triggered_at=to_utc(row["triggered_at"]),
        execution_attempted=row["execution_attempted"],
        execution_successful=row["execution_successful"],
        completed_at=time_of(row["execution_completed_at"]),
        champion_version=row["champion_version"],
        version=row["version"],
        scores=read_scores(row["performance_metrics"]),
        champion_scores=read_scores(row["parent_performance"]),
        outcome=row["outcome"] or "",
        error_type=row["error_type"] or "",
        error=row["error"] or "",
        details=TrainingDetails.from_json(row["execution_metrics"]),
        approved_by=row["approved_by"] or "",
        retraining_id=str(row["retraining_id"]),
        wish=wish_from_row(row),
    )


def version_from_row(row: Mapping[str, Any]) -> Version:
    """Read a version from its row."""
    return Version(
        model_name=row["model_name"],
        version=row["version"],
        event_id=row["event_id"],
        status=VersionStatus(row["status"]),
        created_at=to_utc(row["created_at"]),
        parent=row["parent"],
        artifact_path=row["artifact_path"],
        artifact_sha256=row["artifact_sha256"],
        baseline=None if row["baseline"] is None else read_baseline(row["baseline"]),
        data_until=time_of(row["data_until"]),
        recent_hash=row["recent_hash"],
        details=TrainingDetails.from_json(row["details"]),
        shadow_checks=row["shadow_checks"],
    )
