"""What a check says of a champion that does not answer: the check goes on with what it can."""

from __future__ import annotations

from include.decision.signals import ANSWERS, Signal, SignalKind, Verdict
from include.errors import ArtifactError


def silent(error: ArtifactError) -> Signal:
    """The signal that a champion does not answer, with why and what to do."""
    return Signal(kind=SignalKind.CHAMPION, statistic=ANSWERS, verdict=Verdict.NO_DATA, reason=str(error))
