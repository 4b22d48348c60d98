"""What the doctor found: what is going to stop models, before a run meets it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from include.decision.decision import Severity


@dataclass(frozen=True, kw_only=True)
class Finding:
    """One thing that stops models, or is going to.

    Parameters
    ----------
    subject : str
        Name of the model, or what else it is about.
    told : str
        What is wrong, in a sentence without the subject.
    way_out : str
        What somebody should do: a command, or a setting.
    """

    subject: str
    told: str
    way_out: str
    severity: Severity


@dataclass(frozen=True, kw_only=True)
class Seen:
    """What a check looked at, and found in order."""

    told: str


@dataclass(frozen=True, kw_only=True)
class NotLookedAt:
    """What a check could not look at, and why: nothing is in order because nobody could see it."""

    why: str


Told = Finding | Seen | NotLookedAt


@dataclass(frozen=True, kw_only=True)
class Checked:
    """What one check of the doctor's catalogue came to."""

    check: str
    findings: tuple[Finding, ...] = ()
    seen: tuple[str, ...] = ()
    not_looked_at: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What the doctor found at a time, check by check in the order of the catalogue."""

    at: datetime
    checks: tuple[Checked, ...]

    @property
    def well(self) -> bool:
        """Whether nothing was found; what could not be looked at is no finding."""
        return not any(checked.findings for checked in self.checks)


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What only Airflow knows of itself.

    Parameters
    ----------
    pool : str
        Name of the pool that retrains wait for.
    slots : int or None
        Its slots; None where it is missing.
    default_timezone : str
        What Airflow takes times without a zone for.
    parallelism : int
        Tasks that one scheduler runs at once.
    max_map_length : int
        Instances that one task may be mapped to.
    has_connection : callable
        Whether it has a connection of that name.
    """

    pool: str
    slots: int | None
    default_timezone: str
    parallelism: int
    max_map_length: int
    has_connection: Callable[[str], bool]
