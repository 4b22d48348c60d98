"""What a watched place looked like when it had changed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class Arrival:
    """One state of a watched file, folder, glob or prefix.

    Parameters
    ----------
    ordinal : int
        Counts the states of the place, from 1.
    fingerprint : str
        The same for the same files in the same states; empty without files.
    files : mapping or None
        State of each file by its name; None where they are too many to be kept.
    changed : sequence of str or None
        The files that came or changed; None where that is not known.
    starts : bool
        Whether a run is to start.
    run_id : str
        The run that took it; empty while it waits.
    last_start : datetime or None
        Of the last state of a place: when it last had a change that starts a run.
    """

    id: int
    place: str
    ordinal: int
    fingerprint: str
    files: Mapping[str, str] | None
    changed: Sequence[str] | None
    starts: bool
    noted_at: datetime
    run_id: str = ""
    last_start: datetime | None = None
