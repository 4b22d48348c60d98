"""The claim protocol: the right to retrain one model."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from include.records.entries import Event, Outcome, Version


class Claim(Protocol):
    """The right to retrain one model, held for as long as the `Store.claim` context is open.

    It is bound to the process that holds it: when that dies, the right is free at once. Every method fails with
    `ClaimLost` when the right is no longer held (for example because the database connection broke), so that a
    process that lost it cannot publish.
    """

    @property
    def event(self) -> Event:
        """The claimed event as it was found; a closed one needs no work."""
        ...

    def begin_version(self, *, at: datetime, above: int = 0) -> Version:
        """The candidate version of this event, to replace the champion of now: a new one, or that of an earlier try.

        A new one has a number that no version on record has, and that is higher than `above`.
        """
        ...

    def take_shadow(self) -> Version:
        """The version in shadow, which this event judges instead of one of its own; a `DataError` for none.

        From here on the event names that version, and `finish` settles it.
        """
        ...

    def finish(self, outcome: Outcome, *, at: datetime) -> Event:
        """Close the event with `outcome`, in one transaction with all that follows from it.

        Promoted: the candidate becomes champion, the champion until then retires, the change of champion goes into
        the deployment history, the reference profile is kept; another version in shadow is held. Otherwise the
        candidate, if one was begun, is held, rejected or failed as the event is; with `Outcome.shadow_checks` it stays
        candidate, in shadow, and its reference profile is kept. Finishing a closed event changes nothing and returns
        it as it is.
        """
        ...

    def note_approval(self, approved_by: str, *, at: datetime) -> None:
        """Write on the open event who approved it; the first to be written stays, whatever becomes of the event."""
        ...

    def note_error(self, error_type: str, error: str) -> None:
        """Write on the open event why this try failed; the event stays open for the next try."""
        ...
