"""Canaries: the share of the traffic that a version has beside the champion. Recorded, for others to route by."""

from __future__ import annotations

import math
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from include.errors import DataError
from include.records.entries import CanaryShare
from include.records.json_values import clean_text, to_utc
from include.records.rows.columns import Row


def canary_row(model_name: str, version: int, share: float, set_by: str, reason: str, at: datetime) -> Row:
    """Return a row of ``canary_shares``, but for the champion; a `DataError` for a share outside 0 to 100."""
    if not (math.isfinite(share) and 0.0 <= share <= 100.0):
        raise DataError(f"model {model_name}: a share of {share:g} %; write a number from 0 to 100")
    return {
        "model_name": model_name, "version": version, "share": float(share), "set_by": clean_text(set_by),
        "reason": clean_text(reason), "set_at": to_utc(at),
    }  # fmt: skip


def canary_from_row(row: Mapping[str, Any]) -> CanaryShare:
    """Read a canary from its row."""
    return CanaryShare(**{**row, "set_at": to_utc(row["set_at"])})


def no_canary(model_name: str, version: int) -> DataError:
    """The error for a version that cannot have a share of the traffic."""
    return DataError(
        f"model {model_name}: v{version} cannot be a canary: it takes a champion, and another version with an artifact "
        "that was champion or is in shadow"
    )
