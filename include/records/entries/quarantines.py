"""Quarantined rows, and who let them be trained on again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.detectors.broken_rows import Fault


@dataclass(frozen=True, kw_only=True)
class Lifting:
    """Who lifted a quarantine, why and when; `accepts` says that further rows may look like this, see `Quarantine`."""

    lifted_by: str
    reason: str
    at: datetime
    accepts: bool = False


@dataclass(frozen=True, kw_only=True)
class Quarantine:
    """Rows that are not trained on, for a column is broken in them.

    Parameters
    ----------
    fault : Fault
        The column, what is wrong with it, and from when to when. While it lasts, each check makes the span longer.
    run_id, last_run_id : str
        The runs whose decisions quarantined the rows first, and last made the span longer.
    champion_version : int or None
        The version whose reference the rows were compared with.
    lifted : Lifting or None
        The rows are trained on again. One that `accepts` also lets later rows of the column look like this, for as
        long as that version is the champion.
    """

    id: int
    model_name: str
    fault: Fault
    run_id: str
    last_run_id: str
    champion_version: int | None
    at: datetime
    lifted: Lifting | None = None
