"""Somebody's or something's wish that a model be retrained: by hand, by API, by a red team, or by new data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

MOST_TRIES = 3  # retrains for one request, if they fail


class RequestKind(StrEnum):
    """Where a request comes from."""

    MANUAL = "manual"
    API = "api"
    RED_TEAM = "red_team"  # a security or quality suite reports failures
    NEW_DATA = "new_data"  # a file or object appeared or changed


@dataclass(frozen=True, kw_only=True)
class Request:
    """One request, waiting for the next run of its model, which consumes it.

    Parameters
    ----------
    id : int
        Given by the store.
    key : str
        What makes it one and the same request when it is made again before it was consumed; unique per model.
    reason : str
        One sentence.
    requested_by : str
        Who, or what.
    requested_at : datetime
        UTC.
    hyperparameters : mapping
        For this retraining only, besides those of the model file.
    notes : str
        For the record.
    training_data_path : str
        Rows to train on besides those of the model file: a path or an address, as a source has it. Empty for none.
    tries : int
        How often it is tried, this time counted in; from 2 on the retrain before it failed or was abandoned.
    """

    id: int
    model_name: str
    kind: RequestKind
    key: str
    reason: str
    requested_by: str
    requested_at: datetime
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    notes: str = ""
    training_data_path: str = ""
    tries: int = 1
