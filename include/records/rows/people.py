"""What people say, failures and calls as rows and back, for both stores."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from include.errors import DataError, NotOnRecord
from include.records.entries import (
    Annotation,
    FailedStep,
    Failure,
    KeptCall,
    Mark,
    MarkVerdict,
    Mute,
    Pause,
)
from include.records.json_values import clean_json, clean_text, storable, to_utc
from include.records.rows.columns import Row


def pause_row(model_name: str, paused: bool, by: str, reason: str, at: datetime) -> Row:
    """Return a row of ``model_pauses``; a `DataError` without a name of a person or a reason."""
    what = f"model {model_name}: to {'pause' if paused else 'resume'} it"
    return {"model_name": model_name, "paused": paused, **_who(what, "set_by", by, reason), "set_at": to_utc(at)}


def pause_from_row(row: Mapping[str, Any]) -> Pause:
    """Read a pause from its row."""
    return Pause(id=row["id"], model_name=row["model_name"], paused=row["paused"], by=row["set_by"],
                 reason=row["reason"], at=to_utc(row["set_at"]))  # fmt: skip


def so_already(model_name: str, paused: bool) -> DataError:
    """The error for a model that is paused already, or is not."""
    if paused:
        return DataError(f"model {model_name}: it is paused already; resume it first to give another reason")
    return DataError(f"model {model_name}: it is not paused; there is nothing to resume")


def mute_row(model_name: str, until: datetime, by: str, reason: str, at: datetime) -> Row:
    """Return a row of ``notification_mutes``; a `DataError` for one that would be over before it begins."""
    about = f"model {model_name}" if model_name else "all models"
    if to_utc(until) <= to_utc(at):
        raise DataError(
            f"{about}: until {to_utc(until):%Y-%m-%d %H:%M} UTC: that is not later than now, "
            f"{to_utc(at):%Y-%m-%d %H:%M} UTC; give a time to come"
        )
    told = _who(f"{about}: to mute notifications", "muted_by", by, reason)
    return {"model_name": model_name, "muted_until": to_utc(until), **told, "muted_at": to_utc(at)}


def mute_from_row(row: Mapping[str, Any]) -> Mute:
    """Read a mute from its row."""
    lifted = row["lifted_at"]
    return Mute(
        id=row["id"], model_name=row["model_name"], until=to_utc(row["muted_until"]), by=row["muted_by"],
        reason=row["reason"], at=to_utc(row["muted_at"]), lifted_by=row["lifted_by"] or "",
        lift_reason=row["lift_reason"] or "", lifted_at=None if lifted is None else to_utc(lifted),
    )  # fmt: skip


def mute_lifting_row(mute_id: int, by: str, reason: str, at: datetime) -> Row:
    """Return the columns that end a mute, and its id."""
    told = _who(f"mute {mute_id}: to lift it", "lifted_by", by, reason)
    return {"id": mute_id, "lifted_by": told["lifted_by"], "lift_reason": told["reason"], "lifted_at": to_utc(at)}


def no_mute(mute_id: int) -> NotOnRecord:
    """The error for a mute that there is not, or not any more."""
    return NotOnRecord(f"there is no mute {mute_id} that has not ended already")


def annotation_row(model_name: str, about: datetime, text: str, by: str, at: datetime) -> Row:
    """Return a row of ``model_annotations``; a `DataError` without text or a name of a person."""
    told = _who(f"model {model_name}: an annotation", "written_by", by, text, what="text")
    return {
        "model_name": model_name, "about": to_utc(about), "text": told["reason"], "written_by": told["written_by"],
        "written_at": to_utc(at),
    }  # fmt: skip


def annotation_from_row(row: Mapping[str, Any]) -> Annotation:
    """Read an annotation from its row."""
    return Annotation(id=row["id"], model_name=row["model_name"], at=to_utc(row["about"]), text=row["text"],
                      by=row["written_by"], written_at=to_utc(row["written_at"]))  # fmt: skip


def mark_row(model_name: str, run_id: str, verdict: MarkVerdict, by: str, reason: str, at: datetime) -> Row:
    """Return a row of ``decision_marks``; a `DataError` without a reason or a name of a person."""
    told = _who(f"model {model_name}, run {run_id}: a mark", "marked_by", by, reason)
    return {"model_name": model_name, "run_id": run_id, "verdict": str(verdict), **told, "marked_at": to_utc(at)}


def mark_from_row(row: Mapping[str, Any]) -> Mark:
    """Read a mark from its row, and what it has of the decision."""
    return Mark(
        id=row["id"], model_name=row["model_name"], run_id=row["run_id"], verdict=MarkVerdict(row["verdict"]),
        by=row["marked_by"], reason=row["reason"], at=to_utc(row["marked_at"]), trigger_type=row["trigger_type"],
        decided_at=to_utc(row["decided_at"]), counts=row["counts"],
    )  # fmt: skip


def no_decision(model_name: str, run_id: str) -> NotOnRecord:
    """The error for a decision that is not on record."""
    return NotOnRecord(f"model {model_name}: run {run_id} has decided nothing about it that could be marked")


def failure_row(failure: Failure) -> Row:
    """Return a row of ``retraining_failures``."""
    return {
        "failure_id": failure.failure_id, "model_name": storable(failure.model_name),
        "run_id": storable(failure.run_id), "step": str(failure.step), "error_type": failure.error_type,
        "error": clean_text(failure.error), "permanent": failure.permanent, "requested_by": clean_text(failure.by),
        "failed_at": to_utc(failure.at),
    }  # fmt: skip


def failure_from_row(row: Mapping[str, Any]) -> Failure:
    """Read a failure from its row."""
    return Failure(
        failure_id=str(row["failure_id"]), model_name=row["model_name"], run_id=row["run_id"],
        step=FailedStep(row["step"]), error_type=row["error_type"], error=row["error"], permanent=row["permanent"],
        by=row["requested_by"], at=to_utc(row["failed_at"]),
    )  # fmt: skip


def call_row(caller: str, key: str, fingerprint: str, attempt: str, at: datetime, give_up: timedelta) -> Row:
    """Return a row of ``idempotency_keys`` that has no answer yet, and before when others are given up."""
    return {
        "caller": clean_text(caller), "key": clean_text(key), "fingerprint": fingerprint, "attempt": attempt,
        "begun_at": to_utc(at), "given_up_before": to_utc(at) - give_up,
    }  # fmt: skip


def answer_row(call: KeptCall, status: int, answer: Mapping[str, Any], at: datetime) -> Row:
    """Return the columns that answer a call, and its key."""
    return {
        "caller": clean_text(call.caller), "key": clean_text(call.key), "attempt": call.attempt, "http_status": status,
        "answer": clean_json(answer), "answered_at": to_utc(at),
    }  # fmt: skip


def call_from_row(row: Mapping[str, Any], attempt: str) -> KeptCall:
    """Read a call from its row, as whoever made `attempt` sees it."""
    return KeptCall(
        caller=row["caller"], key=row["key"], fingerprint=row["fingerprint"], attempt=str(row["attempt"]),
        begun_at=to_utc(row["begun_at"]), mine=str(row["attempt"]) == attempt and row["status"] is None,
        status=row["status"], answer=row["answer"] or {},
    )  # fmt: skip


def _who(purpose: str, column: str, by: str, reason: str, what: str = "reason") -> Row:
    """Who says so and why, cleaned; a `DataError` names what is missing."""
    told = {column: clean_text(by).strip(), "reason": clean_text(reason).strip()}
    if not told["reason"]:
        raise DataError(f"{purpose} needs a {what}, which is kept on record")
    if not told[column]:
        raise DataError(f"{purpose} needs the name of who does so, which is kept on record")
    return told
