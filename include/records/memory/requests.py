"""Requests in memory: what the queries of ``retraining_requests`` do, on rows in a list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from include.decision.request import Request
from include.errors import RequestsTaken
from include.records.entries import KeptRequest
from include.records.json_values import to_utc
from include.records.rows.columns import Row
from include.records.rows.request import request_from_row


@dataclass(frozen=True)
class MemoryRequests:
    """The rows of ``retraining_requests``. Whoever uses it holds the store's lock."""

    rows: list[Row] = field(default_factory=list)

    def add(self, row: Row) -> tuple[Request, bool]:
        """Make a request, unless one with its key waits; the one that waits now, and whether it is new."""
        key = row["model_name"], row["key"]
        same = (kept for kept in self.rows if (kept["model_name"], kept["key"]) == key)
        waiting = next((kept for kept in same if kept["run_id"] is None), None)
        if waiting is not None:
            return request_from_row(waiting).request, False
        made = {"tries": 1, "retry_of": None, **row, "id": len(self.rows) + 1}
        made |= dict.fromkeys(("run_id", "consumed_at", "gave_up"))
        self.rows.append(made)
        return request_from_row(made).request, True

    def seen(self, model_name: str | None, run_id: str | None) -> list[KeptRequest]:
        """Return requests, oldest first; with a run only what its decision may see."""
        return [
            request_from_row(row)
            for row in self.rows
            if model_name in (None, row["model_name"]) and (run_id is None or row["run_id"] in (None, run_id))
        ]

    def waiting(self, model_name: str, requests: Sequence[Request]) -> list[Row]:
        """Return the rows of these requests; `RequestsTaken` if one of them does not wait any more."""
        wanted = {request.id for request in requests}
        mine = (row for row in self.rows if row["model_name"] == model_name and row["run_id"] is None)
        found = [row for row in mine if row["id"] in wanted]
        if len(found) < len(wanted):
            raise RequestsTaken(f"{model_name}: another run consumed a request that this decision saw")
        return found

    def consume(self, rows: Sequence[Row], run_id: str, at: datetime) -> None:
        """Let a run consume requests that wait."""
        for row in rows:
            row |= {"run_id": run_id, "consumed_at": to_utc(at)}

    def retry(self, failed: Mapping[str, Any]) -> None:
        """Let requests wait again whose retrain failed, but for those that were tried too often."""
        key = failed["model_name"], failed["run_id"]
        for row in [kept for kept in self.rows if (kept["model_name"], kept["run_id"]) == key]:
            if row["tries"] >= failed["most_tries"]:
                row["gave_up"] = failed["gave_up"]
            else:
                self.add({**row, "tries": row["tries"] + 1, "retry_of": row["id"]})
