"""What both stores promise about when a model was last retrained: memory first, then Postgres."""

from __future__ import annotations

from datetime import timedelta

from include.records.entries import EventStatus
from include.records.store import Store
from tests.records.examples import HOUR, NOW, execute, open_event

GIVEN_UP = timedelta(hours=6)


def test_last_retrained_at_counts_verdicts_on_a_challenger(store: Store) -> None:
    execute(store, "run-1")  # a first version meets no champion
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) is None
    execute(store, "run-2", at=NOW + HOUR, status=EventStatus.HELD)
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + HOUR
    execute(store, "run-3", at=NOW + 3 * HOUR, status=EventStatus.FAILED)
    store.close_failed(open_event(store, "run-4", as_of=NOW + 3 * HOUR).id, at=NOW, error_type="", error="")
    open_event(store, "run-5", as_of=NOW + 3 * HOUR, dry_run=True)
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + HOUR
    execute(store, "run-7", at=NOW + 2 * HOUR)
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + 2 * HOUR


def test_last_retrained_at_counts_what_was_lost_three_times_in_a_row(store: Store) -> None:
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR, status=EventStatus.HELD)
    execute(store, "run-3", at=NOW + 2 * HOUR, status=EventStatus.FAILED)
    store.close_failed(open_event(store, "run-4", as_of=NOW + 3 * HOUR).id, at=NOW, error_type="", error="")
    open_event(store, "run-5", as_of=NOW + 4 * HOUR, dry_run=True)
    open_event(store, "run-6", as_of=NOW + 4 * HOUR, model_name="iris")
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + HOUR
    with store.claim(open_event(store, "run-7", as_of=NOW + 5 * HOUR).id, at=NOW):
        pass
    store.close_unfinished("housing", at=NOW, idle=GIVEN_UP)
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + 5 * HOUR
    execute(store, "run-8", at=NOW + 6 * HOUR, status=EventStatus.FAILED)
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + 6 * HOUR
    execute(store, "run-9", at=NOW + 7 * HOUR)
    execute(store, "run-10", at=NOW + 8 * HOUR, status=EventStatus.FAILED)
    assert store.last_retrained_at("housing", until=NOW + 90 * HOUR) == NOW + 7 * HOUR  # counted anew


def test_retrains_of_later_than_that_do_not_count(store: Store) -> None:
    execute(store, "run-1", at=NOW)
    execute(store, "run-2", at=NOW + HOUR, status=EventStatus.HELD)
    execute(store, "run-3", at=NOW + 90_000 * HOUR, status=EventStatus.HELD)
    assert store.last_retrained_at("housing", until=NOW + 2 * HOUR) == NOW + HOUR
    assert store.last_retrained_at("housing", until=NOW) is None
