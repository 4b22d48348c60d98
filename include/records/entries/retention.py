"""What is kept by month, and what retention removed of it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

#: The tables that are kept by month, by the word for what is in them.
KEPT_BY_MONTH: Mapping[str, str] = {
    "signals": "model_drift_monitoring",
    "measurements": "model_performance_tracking",
    "analyses": "retraining_analyses",
}


@dataclass(frozen=True, kw_only=True)
class KeptMonth:
    """One month of one of these tables.

    Parameters
    ----------
    month : datetime
        Its first moment, in UTC.
    rows : int or None
        About how many; None where Postgres has not counted yet.
    bytes : int
        What it takes on the disk, indexes counted in.
    """

    table: str
    month: datetime
    rows: int | None
    bytes: int


@dataclass(frozen=True, kw_only=True)
class DroppedMonth:
    """One month of one of these tables that retention removed, counted row by row."""

    table: str
    month: datetime
    rows: int
    bytes: int
    dropped_by: str
    dropped_at: datetime


@dataclass(frozen=True, kw_only=True)
class Retention:
    """What retention is to remove, or did.

    Parameters
    ----------
    keep : mapping of str to int
        Whole months before the present one that are kept, by a word of `KEPT_BY_MONTH`; what is not named is kept.
    due : sequence of KeptMonth
        The months that are older, and there; after a removal, those that were.
    dropped : sequence of DroppedMonth
        Those of them that were removed by this call; none in a preview.
    """

    keep: Mapping[str, int]
    due: Sequence[KeptMonth]
    dropped: Sequence[DroppedMonth] = ()
