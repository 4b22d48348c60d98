"""What a check keeps of a probation and of a shadow, from which the next one goes on: typed, read and written here.

A signal's `detail` holds numbers only; these say which ones.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Self

from include.decision.signals import Signal


@dataclass(frozen=True, kw_only=True)
class ProbationLook:
    """One look at a new champion beside its predecessor.

    Parameters
    ----------
    look : int
        Looks that have been made, this one included if it could be.
    version, predecessor : int
        The champion on probation, and the version that it replaced.
    """

    look: int
    version: int
    predecessor: int

    @classmethod
    def of(cls, signal: Signal) -> Self:
        """What the signal of a probation keeps."""
        found = signal.detail
        return cls(look=int(found["look"]), version=int(found["version"]), predecessor=int(found["predecessor"]))

    @property
    def detail(self) -> Mapping[str, float]:
        """The same for a signal."""
        return _numbers(self)


@dataclass(frozen=True, kw_only=True)
class ShadowCheck:
    """One check of a version in shadow.

    Parameters
    ----------
    version, champion : int
        The version in shadow, and the one beside which it is.
    check, checks : int
        Which check this is, and how many there are.
    counted : bool
        Whether it counts: not in a dry run, and not where nothing could be compared.
    over : bool
        Whether it is the last.
    """

    version: int
    champion: int
    check: int
    checks: int
    counted: bool
    over: bool

    @classmethod
    def of(cls, signal: Signal) -> Self:
        """What the signal of a shadow keeps."""
        found = signal.detail
        numbers = {name: int(found[name]) for name in ("version", "champion", "check", "checks")}
        return cls(**numbers, counted=bool(found["counted"]), over=bool(found["over"]))

    @property
    def detail(self) -> Mapping[str, float]:
        """The same for a signal."""
        return _numbers(self)

    @property
    def progress(self) -> str:
        """For example ``version 3 is in shadow, check 1 of 2``."""
        return f"version {self.version} is in shadow, check {self.check} of {self.checks}"


def _numbers(kept: ProbationLook | ShadowCheck) -> Mapping[str, float]:
    return {name: float(value) for name, value in asdict(kept).items()}
