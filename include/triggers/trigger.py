"""What a trigger sees, what it answers, and the protocol.

Not to be confused with Airflow's triggers (coroutines that wake tasks): a trigger here is a rule, "retrain?".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Protocol

from include.signals import Signal, SignalKind


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a trigger may look at, so that a decision can be replayed and tested.

    Parameters
    ----------
    now : datetime
        The end of the recent window, in UTC.
    signals : sequence of Signal
    has_champion : bool
    last_retrained_at : datetime or None
        When a retraining of this model was last attempted.
    requested : str
        Reason of a manual request; empty for none.
    """

    now: datetime
    signals: Sequence[Signal]
    has_champion: bool = True
    last_retrained_at: datetime | None = None
    requested: str = ""

    def of_kind(self, kind: SignalKind) -> list[Signal]:
        """The signals of one kind."""
        return [signal for signal in self.signals if signal.kind is kind]


@dataclass(frozen=True, kw_only=True)
class TriggerResult:
    """One trigger's answer.

    Parameters
    ----------
    trigger : str
        Its name.
    fired : bool
    reason : str
        One sentence.
    strength : float
        How far beyond its threshold, as value / threshold: 1 at the threshold, below 1 when not reached, 0 unknown.
    value, threshold : float or None
        What was compared with what.
    distance : float or None
        How much of the threshold is still missing before it fires, in the value's unit; 0 or less when it is reached.
    p_value : float or None
        Probability of the value without change, corrected for the number of features.
    blocked_by : str
        Why it would have fired but may not now; empty for not blocked.
    parts : tuple of TriggerResult
        For a combination of triggers, what each of them answered.
    """

    trigger: str
    fired: bool
    reason: str
    strength: float = 0.0
    value: float | None = None
    threshold: float | None = None
    distance: float | None = None
    p_value: float | None = None
    blocked_by: str = ""
    parts: tuple[TriggerResult, ...] = ()

    def leaves(self) -> tuple[TriggerResult, ...]:
        """The single triggers below this one, in order; itself if it is single."""
        return tuple(leaf for part in self.parts for leaf in part.leaves()) or (self,)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form of a single trigger's answer."""
        fields = asdict(self)
        del fields["parts"]
        return fields


class Trigger(Protocol):
    """Decides from evidence alone, so that a decision can be replayed and tested."""

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Say whether it fires, and how far it is from firing."""
        ...
