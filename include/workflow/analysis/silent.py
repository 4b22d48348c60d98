"""What a check says of a champion that cannot be asked: the check goes on with what it can."""

from __future__ import annotations

from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ArtifactError


def silent(error: ArtifactError) -> Signal:
    """The signal that a champion cannot be asked, with why and what to do."""
    return Signal(kind=SignalKind.CHAMPION, statistic="answers", verdict=Verdict.NO_DATA, reason=str(error))
