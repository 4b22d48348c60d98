"""The roles of the records: who needs only one of them names only that one."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Protocol

from include.decision.decision import Decision
from include.decision.evidence import PastCheck
from include.decision.request import Request, RequestKind
from include.decision.signals import Signal, SignalKind
from include.records.claim import Claim
from include.records.entries import (
    Analysis,
    CanaryShare,
    ChampionChange,
    ChangeKind,
    Check,
    Event,
    KeptRequest,
    Quarantine,
    Version,
    Wish,
)

if TYPE_CHECKING:
    from include.data.reference.profiles import ReferenceProfiles
    from include.detectors.statistics.running_errors import RunningErrors


class Runs(Protocol):
    """What each run saw of a model and decided about it."""

    def register_model(self, model_name: str, config_hash: str, config: Mapping[str, Any], *, at: datetime) -> None:
        """Write down a model's effective settings as last seen."""
        ...

    def save_analysis(self, analysis: Analysis, *, at: datetime) -> Analysis:
        """Keep an analysis; for a model and run that was decided already, the one kept then is returned unchanged."""
        ...

    def analysis(self, model_name: str, run_id: str) -> Analysis | None:
        """What that run saw of that model."""
        ...

    def analyses(self, model_name: str) -> Sequence[Analysis]:
        """What all runs saw of that model, the earliest `as_of` first."""
        ...

    def running_errors(self, model_name: str, version: int, *, before: datetime) -> RunningErrors | None:
        """The champion's errors as the latest analysis of `version` with an `as_of` earlier than `before` left them.

        A run that is repeated, or runs twice at once, so starts from where it started first: no row counts twice.
        """
        ...

    def looks(self, model_name: str, kind: SignalKind, champion: int, *, before: datetime) -> Sequence[Signal]:
        """Signals of a kind from checks of that champion with an `as_of` before a time, the earliest first."""
        ...

    def save_decision(
        self, analysis: Analysis, decision: Decision, *, at: datetime, requests: Sequence[Request] = (),
        wish: Wish | None = None,
    ) -> tuple[Decision, Event | None]:  # fmt: skip
        """Keep a decision, and if it triggered open an event for it and consume `requests`, in one transaction.

        With it, but for a dry run, the rows that the analysis found broken are quarantined: a span that overlaps or
        continues one of the same column and fault makes that one longer.

        A model and run that has a decision already keeps that one; it is returned, with its event. The event of a dry
        run is closed at once.

        Parameters
        ----------
        requests : sequence of Request
            Those that the decision saw. A decision that did not trigger and a dry run leave them waiting, so that a
            request outlives broken data. `RequestsTaken`, and nothing is kept, when another run consumed one of them.
        wish : Wish, optional
            What goes on the event's record as wanted; by default what the requests say.
        """
        ...

    def decision(self, model_name: str, run_id: str) -> tuple[Decision, Event | None] | None:
        """What was decided for that model in that run, with the event if it triggered."""
        ...

    def decisions(self, *, run_id: str) -> Sequence[tuple[Analysis, Decision]]:
        """All decisions of a run, by model name."""
        ...

    def past_checks(self, model_name: str, *, before: datetime, most: int) -> Sequence[PastCheck]:
        """What the triggers answered at the latest checks with an `as_of` before a time, newest first; no dry runs.

        Of several decisions on the same `as_of` the last one counts.
        """
        ...

    def history(self, model_name: str, *, until: datetime, most: int) -> Sequence[Check]:
        """The latest checks of a model with an `as_of` up to `until`, oldest first; no dry runs."""
        ...

    def note_report(self, model_name: str, run_id: str, path: str) -> None:
        """Note on the decision of that run, and on its event, where its report is."""
        ...

    def report_path(self, model_name: str, run_id: str) -> str:
        """Where the report of that run is; empty for none."""
        ...


class Events(Protocol):
    """Decisions that fired, who may execute them, and what came of them."""

    def event(self, event_id: int) -> Event:
        """One event; a `NotOnRecord` for an unknown id."""
        ...

    def events(self, *, model_name: str | None = None, run_id: str | None = None) -> Sequence[Event]:
        """Events, newest first."""
        ...

    def claim(self, event_id: int, *, at: datetime, wait: timedelta = timedelta(0)) -> AbstractContextManager[Claim]:
        """Claim the right to retrain the event's model, for the time the context is open.

        While another process holds the right, wait for it up to `wait`, then fail with `ClaimLost`; the execution
        starts at `at`, later by what it had to wait. Other events of
        the model that are still `executing` had an owner that died: they are closed as abandoned. An open event
        becomes `executing`.
        """
        ...

    def close_unfinished(
        self, model_name: str, *, at: datetime, idle: timedelta, keep_run: str = ""
    ) -> Sequence[Event]:
        """Close as abandoned the open events of a model whose owner died, and return them.

        An executing event is abandoned when nobody holds the right to retrain its model; a decided one when it was
        triggered longer than `idle` ago, or if it is trained elsewhere 30 days ago. Events of the run `keep_run` are
        left alone.
        """
        ...

    def close_failed(self, event_id: int, *, at: datetime, error_type: str, error: str) -> Event:
        """Close an open event as failed, unless somebody holds the right to retrain its model; return it as it is then.

        An event that ends as failed or abandoned, in this way or another, gives its requests back: each waits again
        as a new one, `MOST_TRIES` times in all; then it is given up, with the reason.

        An error noted by the last try is kept and outranks the one given.
        """
        ...

    def last_retrained_at(self, model_name: str, *, until: datetime) -> datetime | None:
        """`as_of` of the newest retraining of the model up to then that ended with a verdict of the gate.

        First versions and ends of a shadow aside: those meet no champion, these train nothing. What is lost (failed or
        abandoned) is tried again at the next check, but after `MOST_TRIES` in a row the last of them counts, too.
        """
        ...


class Champions(Protocol):
    """Versions, which of them is in production, which was, and the way back."""

    def champion(self, model_name: str) -> Version | None:
        """The version in production."""
        ...

    def champion_at(self, model_name: str, at: datetime) -> Version | None:
        """The version that was in production at that time."""
        ...

    def champion_changes(self, model_name: str) -> Sequence[ChampionChange]:
        """All changes of the champion, oldest first."""
        ...

    def roll_back(
        self,
        model_name: str,
        *,
        from_version: int,
        to_version: int,
        kind: ChangeKind,
        requested_by: str,
        reason: str,
        at: datetime,
        key: str,
        run_id: str = "",
        wait: timedelta = timedelta(0),
    ) -> ChampionChange:
        """Make a former champion champion again, in one transaction with the row of the deployment history.

        The version that was champion until then is rolled back, one in shadow beside it held. A rollback with a
        key that was used before changes nothing, and that one is returned. While a process holds the right to retrain
        the model, wait for it up to `wait`, then fail with `ClaimLost`; `RollbackRefused` when `from_version` is not
        champion (any more), `to_version` never was, the key was used for another one, or the reason is empty. The
        change is put down at `at`, later by what it had to wait, and never before the last one, whose process may have
        had another clock.
        """
        ...

    def announce(self, model_name: str, run_id: str, *, at: datetime) -> ChampionChange | None:
        """The last change of the champion if no other run has told downstream of it; noted as told by this run."""
        ...

    def shadow(self, model_name: str) -> Version | None:
        """The version that is in shadow."""
        ...

    def versions(self, model_name: str) -> Sequence[Version]:
        """All versions of a model, oldest first."""
        ...

    def reference(self, model_name: str, version: int) -> ReferenceProfiles | None:
        """Profiles of the rows that a version was trained and accepted on."""
        ...


class Requests(Protocol):
    """What somebody asks for, until a decision takes it."""

    def add_request(
        self, model_name: str, kind: RequestKind, reason: str, requested_by: str, *, at: datetime, key: str = "",
        hyperparameters: Mapping[str, Any] | None = None, notes: str = "", training_data_path: str = "",
    ) -> tuple[Request, bool]:  # fmt: skip
        """Ask for a retrain; the request that now waits, and whether it is new; a `DataError` without a reason.

        Parameters
        ----------
        key : str
            While a request with this key waits, making it again changes nothing. Empty: one is made of all that
            says what is wanted.
        hyperparameters : mapping, optional
            For this retraining only, besides those of the model file.
        notes : str, optional
            For the record of the retraining.
        training_data_path : str, optional
            Rows to train on besides those of the model file.
        """
        ...

    def requests(self, *, model_name: str | None = None, run_id: str | None = None) -> Sequence[KeptRequest]:
        """Requests, oldest first; with a run only what its decision may see: the waiting, and its own."""
        ...


class Quarantines(Protocol):
    """Rows that are not trained on."""

    def quarantines(self, model_name: str | None = None) -> Sequence[Quarantine]:
        """Quarantined rows of a model, or of all, oldest first; those lifted included."""
        ...

    def lift_quarantine(
        self, quarantine_id: int, lifted_by: str, reason: str, *, at: datetime, accepts: bool = False
    ) -> Quarantine:
        """Let rows be trained on again, and return them as they stand; a `NotOnRecord` for an id unknown or lifted."""
        ...


class Canaries(Protocol):
    """Shares of the traffic that versions have beside the champion."""

    def set_canary(
        self, model_name: str, version: int, share: float, *, set_by: str, reason: str, at: datetime
    ) -> CanaryShare:
        """Write down that `version` has `share` per cent of the traffic beside the champion, and return that.

        It is so until the next share, or until the champion changes; 0 ends it. Nothing here routes by it. A
        `DataError` for a share outside 0 to 100, without a champion, or for a version that is champion, has no
        artifact, or neither was champion nor is in shadow: what the gate turned down gets no traffic.
        """
        ...

    def canaries(self, model_name: str) -> Sequence[CanaryShare]:
        """All changes of a model's canaries, oldest first."""
        ...
