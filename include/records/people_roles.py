"""The roles of the records that people and faces have: what they say, what failed, which calls were made."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Protocol

from include.records.entries import (
    Annotation,
    Arrival,
    Failing,
    Failure,
    Figures,
    KeptCall,
    Mark,
    MarkVerdict,
    Mute,
    Noted,
    Pause,
    Scheduled,
    Waiting,
    Watched,
    Whereabouts,
)
from include.records.entries.chain import ChainHead

WHERE_ROWS_COME_FROM = ("source", "timestamp", "target")  # fields of a model file


class Chain(Protocol):
    """The chain of hashes over what is audited, one a model."""

    def head(self, model_name: str) -> ChainHead | None:
        """The newest entry of a model's chain; None where it has none."""
        ...

    def hash_at(self, model_name: str, number: int) -> str | None:
        """The hash of one entry of a model's chain, hexadecimal; None where it is not there."""
        ...


class People(Protocol):
    """What people say about models and decisions. Each of them gives a reason; a `DataError` without one."""

    def knows(self, model_name: str) -> bool:
        """Whether anything is on record of a model of that name."""
        ...

    def set_pause(self, model_name: str, *, paused: bool, by: str, reason: str, at: datetime) -> Pause:
        """Pause a model, or let it go on; a `DataError` where it is so already."""
        ...

    def pause(self, model_name: str) -> Pause | None:
        """The pause that holds a model; None while it is not paused."""
        ...

    def pauses(self) -> Mapping[str, Pause]:
        """The models that are paused now, by name."""
        ...

    def pause_history(self, model_name: str) -> Sequence[Pause]:
        """When a model was paused, and when it went on, oldest first."""
        ...

    def add_mute(self, model_name: str, *, until: datetime, by: str, reason: str, at: datetime) -> Mute:
        """Silence the notifications about a model, or with an empty name all; a `DataError` unless `until` is later."""
        ...

    def lift_mute(self, mute_id: int, *, by: str, reason: str, at: datetime) -> Mute:
        """End a mute before its time; `NotOnRecord` for an id that is unknown, or has ended."""
        ...

    def mutes(self, *, at: datetime) -> Sequence[Mute]:
        """The mutes that have not ended at that time, oldest first."""
        ...

    def add_annotation(self, model_name: str, *, about: datetime, text: str, by: str, at: datetime) -> Annotation:
        """Write down a remark about a moment; a `DataError` without text."""
        ...

    def annotations(self, model_name: str) -> Sequence[Annotation]:
        """Remarks about a model, in order of the moments that they are about."""
        ...

    def add_mark(
        self, model_name: str, run_id: str, verdict: MarkVerdict, *, by: str, reason: str, at: datetime
    ) -> Mark:
        """Mark a decision in hindsight; `NotOnRecord` for one that is not on record."""
        ...

    def marks(self, model_name: str | None = None, *, since: datetime, until: datetime) -> Sequence[Mark]:
        """The last mark of each marked decision that was made from `since` on and before `until`, oldest first."""
        ...


class Failures(Protocol):
    """Steps of runs that failed."""

    def add(self, failure: Failure) -> None:
        """Keep a failure; one that is kept already is not kept twice."""
        ...

    def find(
        self,
        *,
        model_name: str | None = None,
        run_id: str | None = None,
        since: datetime | None = None,
        until: datetime | None = None,
        most: int = 100,
    ) -> Sequence[Failure]:
        """The latest failures from `since` on and before `until`, newest first."""
        ...


class Calls(Protocol):
    """Calls from outside that write, each of which is to be done once."""

    def begin(self, caller: str, key: str, fingerprint: str, *, at: datetime, give_up: timedelta) -> KeptCall:
        """Begin a call, unless it was begun before; what another process began `give_up` ago is taken over."""
        ...

    def end(self, call: KeptCall, status: int, answer: Mapping[str, Any], *, at: datetime) -> bool:
        """Keep the answer; False where another process has taken the call over, whose answer counts."""
        ...

    def drop(self, call: KeptCall) -> None:
        """Let the call be made again with its key, because nothing was done for it."""
        ...

    def forget(self, *, before: datetime) -> None:
        """Forget calls that began before a time."""
        ...


class Watch(Protocol):
    """What the records say of the monitor itself."""

    def watched(self, *, before: datetime | None = None) -> Sequence[Watched]:
        """The latest check of each registered model that has one, by model; of those that are of before a time."""
        ...

    def waiting(self) -> Sequence[Waiting]:
        """The models with requests that wait, by name."""
        ...

    def failing(self, *, since: datetime, before: datetime | None = None) -> Sequence[Failing]:
        """The steps that have failed since a time in the latest runs of each model, by model and step.

        What failed at a time, and checks that are of a time, from `before` on do not count.
        """
        ...

    def figures(self, *, since: datetime, until: datetime, model_name: str | None = None) -> Sequence[Figures]:
        """What the decisions from `since` on and before `until` came to, by model and trigger; no dry runs."""
        ...

    def looked_at(self, run_id: str, model_names: Sequence[str]) -> frozenset[str]:
        """Those of the models that the run has looked at."""
        ...

    def untold(self, model_names: Sequence[str]) -> frozenset[str]:
        """Those of the models with a last change of champion that no run has told downstream of."""
        ...

    def scheduled(self, model_names: Sequence[str], *, before: datetime) -> Mapping[str, Scheduled]:
        """Of the models that were checked by schedule before a time the last such check, by name."""
        ...

    def false_alarms(self, *, since: datetime, until: datetime) -> Mapping[str, int]:
        """How many retrains decided from `since` on and before `until` the last mark calls a false alarm, by model."""
        ...

    def orphans(self, model_names: Collection[str]) -> Mapping[str, Mapping[str, Any]]:
        """The models with a champion but these, each with `WHERE_ROWS_COME_FROM` and `last_seen_at`, as last seen."""
        ...

    def registered(self, model_name: str) -> Mapping[str, Any] | None:
        """A model's effective settings as a run last saw them; None for one that none has seen."""
        ...


class Arrivals(Protocol):
    """What arrived at watched places, each named by a text."""

    def last(self, place: str) -> Arrival | None:
        """The last state of a place that was written down; None for a new place."""
        ...

    def add(
        self, place: str, *, follows: int, fingerprint: str, files: Mapping[str, str], changed: Sequence[str] | None,
        starts: bool, at: datetime,
    ) -> Arrival | None:  # fmt: skip
        """Write down the state that follows the one of that number (0: the first); None where another was quicker.

        Parameters
        ----------
        files : mapping
            State of each file by its name; kept where they are few (`include.records.rows.arrivals.MOST_FILES`).
        changed : sequence of str or None
            The files that came or changed; None where that is not known.
        starts : bool
            Whether it waits for a run to take it.
        """
        ...

    def waits(self, place: str) -> bool:
        """Whether an arrival at a place waits for a run."""
        ...

    def untaken(self, *, noted_before: datetime) -> Mapping[str, datetime]:
        """The places at which arrivals from before that time wait for a run, and when the oldest was noted."""
        ...

    def take(self, run_id: str, *, at: datetime) -> Sequence[Arrival]:
        """Let a run take all that waits; all that this run has ever taken, oldest first. Each goes to one run."""
        ...


class Home(Protocol):
    """Where these records live, and what they wrote outside."""

    @property
    def guarded(self) -> bool:
        """Whether records that are somewhere else than where they lived may write nothing outside."""
        ...

    def find(self) -> Whereabouts:
        """Who these records are, where they lived, and where they are."""
        ...

    def note(self, kind: Noted, by: str, *, at: datetime) -> str:
        """Write down that they live here; the mark of that, which nobody else's records know."""
        ...

    def knows(self, mark: str) -> bool:
        """Whether these records wrote that mark."""
        ...

    def renew(self) -> str:
        """Make them others than those that they were copied from; their new id.

        Raises
        ------
        ConfigurationError
            When this user may not: only the owner of the tables may.
        """
        ...
