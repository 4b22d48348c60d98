"""What a trigger sees, what it answers, and the protocol.

Not to be confused with Airflow's triggers (coroutines that wake tasks): a trigger here is a rule, "retrain?".
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any, Protocol

from include.decision.request import Request, RequestKind
from include.decision.signals import Signal, SignalKind


@dataclass(frozen=True, kw_only=True)
class Evidence:
    """All that a trigger may look at, so that a decision can be replayed and tested.

    What is not known is None, or empty: a trigger that needs it does not fire, and says so.

    Parameters
    ----------
    now : datetime
        The end of the recent window, in UTC.
    signals : sequence of Signal
    has_champion : bool
    last_retrained_at : datetime or None
        When a retraining of this model was last attempted.
    rolled_back_at : datetime or None
        When somebody last rolled it back by hand.
    requested : str
        Reason of a run that was forced; empty for none.
    requests : sequence of Request
        Requests that wait to be consumed by this run.
    champion_since : datetime or None
        As of when the champion was trained and promoted.
    trained_rows, new_rows : int or None
        Rows that the champion was trained on; rows observed since then.
    data_hash, trained_data_hash : str
        Hash of all rows that this run saw, and of those that the last retraining saw.
    probes : mapping of str to float
        Values that the model's owner has measured, by name, such as ``inference_latency``.
    past : sequence of PastCheck
        Earlier decisions on this model, the newest first; dry runs aside.
    declined : sequence of PastCheck
        Those of them that led to a retrain of this champion which the gate turned down.
    checked_until : datetime or None
        The latest moment that any check of this model was of, dry runs aside; None for none.
    patience : timedelta
        The window: as long what was turned down once may not ask again; each further time doubles that.
    """

    now: datetime
    signals: Sequence[Signal]
    has_champion: bool = True
    last_retrained_at: datetime | None = None
    rolled_back_at: datetime | None = None
    requested: str = ""
    requests: Sequence[Request] = ()
    champion_since: datetime | None = None
    trained_rows: int | None = None
    new_rows: int | None = None
    data_hash: str = ""
    trained_data_hash: str = ""
    probes: Mapping[str, float] = field(default_factory=dict)
    past: Sequence[PastCheck] = ()
    declined: Sequence[PastCheck] = ()
    checked_until: datetime | None = None
    patience: timedelta = timedelta(0)

    @property
    def last_tried_at(self) -> datetime | None:
        """The later of the champion's training and the last retraining, promoted or not."""
        return max((at for at in (self.champion_since, self.last_retrained_at) if at is not None), default=None)

    def asked(self, *kinds: RequestKind) -> list[Request]:
        """The requests of these kinds, the oldest first."""
        return sorted((r for r in self.requests if r.kind in kinds), key=lambda r: (r.requested_at, r.id))

    def of_kind(self, kind: SignalKind) -> list[Signal]:
        """The signals of one kind."""
        return list(self._by_kind.get(kind, ()))

    @cached_property
    def _by_kind(self) -> Mapping[SignalKind, Sequence[Signal]]:
        """A policy asks for kinds some forty times, of hundreds of signals."""
        found = defaultdict[SignalKind, list[Signal]](list)
        for signal in self.signals:
            found[signal.kind].append(signal)
        return dict(found)


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
    label : str
        The name with its settings, such as ``model_age 7d``: what earlier answers of the same rule are found by.
        Empty in records from before there were labels.
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
    label: str = ""

    def leaves(self) -> tuple[TriggerResult, ...]:
        """The single triggers below this one, in order; itself if it is single."""
        return tuple(leaf for part in self.parts for leaf in part.leaves()) or (self,)

    def fired_leaves(self) -> tuple[TriggerResult, ...]:
        """The single triggers that fired in branches that ask for a retrain, held back or not."""
        if not self.fired and not self.blocked_by:
            return ()
        return tuple(leaf for part in self.parts for leaf in part.fired_leaves()) if self.parts else (self,)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form of a single trigger's answer."""
        fields = asdict(self)
        del fields["parts"]
        return fields


@dataclass(frozen=True, kw_only=True)
class PastCheck:
    """What the single triggers answered at an earlier check, whatever the tree made of it."""

    at: datetime
    results: tuple[TriggerResult, ...]

    def fired(self, label: str) -> bool:
        """Whether the rule of that label fired then; False too if there was no such rule then."""
        return any(result.fired and (result.label or result.trigger) == label for result in self.results)


class Trigger(Protocol):
    """Decides from evidence alone, so that a decision can be replayed and tested.

    A single trigger has a `label` too, see `TriggerResult`; a combination has its members, see
    `include.decision.triggers.tree`.
    """

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Say whether it fires, and how far it is from firing."""
        ...
