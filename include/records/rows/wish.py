"""What was wanted of a retraining, as columns of ``model_retraining_events`` and back."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from include.decision.request import Request
from include.records.entries.runs import Run
from include.records.entries.wish import Wish
from include.records.json_values import clean_json, clean_text

#: What stands in an event from the time that it opens, and stays where its end says nothing.
KEPT = frozenset({"retraining_notes", "training_data_path", "hyperparameters"})


def wish_of(requests: Sequence[Request]) -> Wish:
    """What these requests ask for together, oldest first: of two that differ the later counts; all notes stay."""
    if not requests:
        return Wish()
    paths = [request.training_data_path for request in requests if request.training_data_path]
    return Wish(
        by=", ".join(dict.fromkeys(request.requested_by for request in requests)),
        notes="\n".join(dict.fromkeys(request.notes for request in requests if request.notes)),
        training_data_path=paths[-1] if paths else "",
        hyperparameters={name: value for each in requests for name, value in each.hyperparameters.items()},
    )


def wish_columns(run: Run, wish: Wish) -> dict[str, Any]:
    """Who wanted what, and the id under which a training elsewhere is completed: that of its run."""
    return {
        "retraining_id": run.run_id if run.elsewhere else str(uuid.uuid4()),
        "created_by": clean_text(wish.by or run.requested_by),
        "retraining_notes": clean_text(wish.notes) or None,
        "training_data_path": clean_text(wish.training_data_path) or None,
        "hyperparameters": clean_json(dict(wish.hyperparameters)) or None,
    }


def wish_from_row(row: Mapping[str, Any]) -> Wish:
    """Read it from the row of an event; once that is closed, what was done in place of what was wanted."""
    return Wish(
        by=row["created_by"], notes=row["retraining_notes"] or "", training_data_path=row["training_data_path"] or "",
        hyperparameters=row["hyperparameters"] or {},
    )  # fmt: skip


def kept(closing: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of the end of an event, without those that stay because it says nothing of them."""
    return {name: value for name, value in closing.items() if value is not None or name not in KEPT}
