"""Requests as rows and back, for both stores."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.decision.request import MOST_TRIES, Request, RequestKind
from include.errors import DataError
from include.records.entries import Consumption, KeptRequest
from include.records.json_values import clean_json, clean_text, to_utc
from include.records.rows.columns import Row


def request_row(
    model_name: str,
    kind: RequestKind,
    reason: str,
    requested_by: str,
    *,
    at: datetime,
    key: str = "",
    hyperparameters: Mapping[str, Any] | None = None,
    notes: str = "",
    training_data_path: str = "",
) -> Row:
    """Return a row of ``retraining_requests`` that waits; a `DataError` without a reason."""
    if not clean_text(reason).strip():
        raise DataError(f"model {model_name}: a request needs a reason, which is kept on record")
    known = clean_json(dict(hyperparameters or {}))
    return {
        "model_name": model_name,
        "kind": str(kind),
        "key": clean_text(key) or _key(kind, reason, requested_by, known, training_data_path),
        "reason": clean_text(reason),
        "requested_by": clean_text(requested_by),
        "requested_at": to_utc(at),
        "hyperparameters": known,
        "notes": clean_text(notes),
        "training_data_path": clean_text(training_data_path),
    }


def request_from_row(row: Mapping[str, Any]) -> KeptRequest:
    """Read a request from its row."""
    request = Request(
        id=row["id"],
        model_name=row["model_name"],
        kind=RequestKind(row["kind"]),
        key=row["key"],
        reason=row["reason"],
        requested_by=row["requested_by"],
        requested_at=to_utc(row["requested_at"]),
        hyperparameters=row["hyperparameters"],
        notes=row["notes"],
        training_data_path=row["training_data_path"],
        tries=row["tries"],
    )
    consumed = None
    if row["run_id"] is not None:
        consumed = Consumption(run_id=row["run_id"], at=to_utc(row["consumed_at"]))
    return KeptRequest(
        request=request, consumed=consumed, retry_of=row["retry_of"], gave_up=row["gave_up"] or ""
    )  # fmt: skip


def retry_row(event: Mapping[str, Any], closing: Mapping[str, Any]) -> Row:
    """Return what becomes of the requests of an event that fails: parameters of ``retry_requests.sql``."""
    return {
        "model_name": event["model_name"],
        "run_id": event["run_id"],
        "most_tries": MOST_TRIES,
        "gave_up": f"tried {MOST_TRIES} times, at last {closing['status']}: {closing['outcome']}",
    }


def _key(kind: RequestKind, reason: str, requested_by: str, hyperparameters: Mapping[str, Any], path: str) -> str:
    """The same person asking for the same thing for the same reason is one request."""
    content = json.dumps([reason, requested_by, hyperparameters, path], sort_keys=True)
    return f"{kind}-{hashlib.sha256(content.encode()).hexdigest()[:16]}"
