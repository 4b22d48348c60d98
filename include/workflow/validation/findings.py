"""What a validation found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any


class Weight(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # the model cannot be kept good so
    WARNING = "warning"  # it works, but not as its owner will expect
    NOTE = "note"  # worth knowing


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that a model's owner should know.

    Parameters
    ----------
    weight : Weight
    field : str
        Of the model file; ``source`` where it is the rows.
    text : str
        What was found.
    advice : str
        What to do.
    """

    weight: Weight
    field: str
    text: str
    advice: str = ""


@dataclass(frozen=True, kw_only=True)
class ColumnUse:
    """One column: its kind, what it is used for, and why it is not compared; empty if it is."""

    kind: str
    use: str
    why: str
    compared: bool


@dataclass(frozen=True, kw_only=True)
class Validation:
    """All that was found.

    Parameters
    ----------
    rows, labelled : int
        Of the history; rows with a label.
    first, last : datetime or None
        Of the rows; None without times.
    cadence : timedelta or None
        Between two moments that have rows.
    window_rows : int
        Rows of a usual recent window.
    left_out : mapping of str to int
        Rows that would not be trained on, by reason.
    first_version : str
        What became of a first version when it was tried, and why.
    budget : mapping of str to float
        ``false_retrains_per_quarter``, ``checks_per_quarter``, ``level`` of a check.
    power : tuple of str
        Smallest changes that a check sees four times out of five, a sentence each; approximate.
    seconds, training_seconds, peak_mib : float or None
        Of one check, reading included; of a first training; memory of both.
    """

    model: str
    findings: tuple[Finding, ...] = ()
    rows: int = 0
    labelled: int = 0
    reference_rows: int = 0
    window_rows: int = 0
    first: datetime | None = None
    last: datetime | None = None
    cadence: timedelta | None = None
    told: tuple[str, ...] = ()
    columns: Mapping[str, ColumnUse] = field(default_factory=dict)
    left_out: Mapping[str, int] = field(default_factory=dict)
    first_version: str = ""
    reference_length: str = ""
    budget: Mapping[str, float] = field(default_factory=dict)
    power: tuple[str, ...] = ()
    seconds: float | None = None
    training_seconds: float | None = None
    peak_mib: float | None = None

    @property
    def exit_code(self) -> int:
        """0 where all is well, 1 with warnings, 2 with errors."""
        weights = {finding.weight for finding in self.findings}
        return 2 if Weight.ERROR in weights else 1 if Weight.WARNING in weights else 0

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        found = asdict(self)
        for name in ("first", "last"):
            found[name] = None if found[name] is None else found[name].isoformat()
        found["cadence"] = None if self.cadence is None else self.cadence.total_seconds()
        return {**found, "exit_code": self.exit_code}
