"""What both stores promise about what arrived at watched places: memory first, then Postgres."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import psycopg
import pytest

from include.records.entries import Arrival
from include.records.rows.arrivals import MOST_FILES
from include.records.store import Store
from tests.records.examples import HOUR, NOW

PLACE = "rows /data/sales"


def add(
    store: Store, follows: int, *, place: str = PLACE, starts: bool = True, files: int = 1,
    changed: Sequence[str] | None = ("0.csv",), hours: float = 0.0,
) -> Arrival | None:  # fmt: skip
    return store.arrivals.add(
        place, follows=follows, fingerprint=f"f{follows}", files={f"{n}.csv": "1 2" for n in range(files)},
        changed=changed, starts=starts, at=NOW + hours * HOUR,
    )  # fmt: skip


def test_the_last_state_of_a_place_is_remembered_with_its_last_start(store: Store) -> None:
    assert store.arrivals.last(PLACE) is None
    add(store, 0, starts=False, changed=[])
    first = store.arrivals.last(PLACE)
    assert first is not None
    assert (first.ordinal, first.fingerprint, first.files, first.changed) == (1, "f0", {"0.csv": "1 2"}, ())
    assert first.last_start is None
    add(store, 1, hours=1)
    add(store, 2, hours=2, starts=False, changed=None)
    last = store.arrivals.last(PLACE)
    assert last is not None
    assert (last.ordinal, last.starts, last.changed, last.last_start) == (3, False, None, NOW + HOUR)
    assert store.arrivals.last("rows /data/other") is None


def test_of_several_who_see_the_same_change_one_writes_it_down(store: Store) -> None:
    add(store, 0, starts=False)
    with ThreadPoolExecutor(6) as pool:
        written = list(pool.map(lambda _: add(store, 1), range(6)))
    assert sum(each is not None for each in written) == 1
    assert len(store.arrivals.take("run-1", at=NOW)) == 1


def test_places_whose_arrivals_wait_are_known_with_the_oldest(store: Store) -> None:
    add(store, 0, starts=False)
    assert store.arrivals.untaken(noted_before=NOW + HOUR) == {}
    add(store, 1, hours=1)
    add(store, 2, hours=2)
    add(store, 0, place="results /data/suite.xml", hours=3)
    assert store.arrivals.untaken(noted_before=NOW + HOUR) == {}
    assert store.arrivals.untaken(noted_before=NOW + 3 * HOUR) == {PLACE: NOW + HOUR}
    assert list(store.arrivals.untaken(noted_before=NOW + 4 * HOUR)) == ["results /data/suite.xml", PLACE]
    store.arrivals.take("run-1", at=NOW + 4 * HOUR)
    assert store.arrivals.untaken(noted_before=NOW + 9 * HOUR) == {}


def test_each_arrival_is_taken_once_and_a_run_that_is_tried_again_has_what_it_took(store: Store) -> None:
    add(store, 0, starts=False)
    add(store, 1)
    add(store, 0, place="results /data/suite.xml", hours=1)
    assert store.arrivals.waits(PLACE)
    taken = store.arrivals.take("run-1", at=NOW + 2 * HOUR)
    assert [(each.place, each.run_id) for each in taken] == [(PLACE, "run-1"), ("results /data/suite.xml", "run-1")]
    assert not store.arrivals.waits(PLACE)
    assert store.arrivals.take("run-2", at=NOW + 3 * HOUR) == []
    assert store.arrivals.take("run-1", at=NOW + 4 * HOUR) == taken
    add(store, 2, hours=5)
    assert [each.ordinal for each in store.arrivals.take("run-2", at=NOW + 6 * HOUR)] == [3]


def test_two_runs_at_once_share_what_waits(store: Store) -> None:
    for number in range(20):
        add(store, number)
    with ThreadPoolExecutor(4) as pool:
        taken = list(pool.map(lambda n: store.arrivals.take(f"run-{n}", at=NOW), range(4)))
    assert sorted(each.ordinal for some in taken for each in some) == list(range(1, 21))


def test_states_of_many_files_are_not_kept(store: Store) -> None:
    many = [f"{n}.csv" for n in range(MOST_FILES + 1)]
    add(store, 0, files=MOST_FILES + 1, changed=many)
    last = store.arrivals.last(PLACE)
    assert last is not None
    assert (last.files, last.changed) == (None, None)


@pytest.mark.parametrize(
    "change",
    ["UPDATE data_arrivals SET fingerprint = 'x'", "UPDATE data_arrivals SET run_id = 'run-2'",
     "UPDATE data_arrivals SET run_id = NULL, taken_at = NULL", "DELETE FROM data_arrivals", "TRUNCATE data_arrivals"],
)  # fmt: skip
def test_an_arrival_never_changes_once_taken(records_uri: str, change: str) -> None:
    from tests.records.examples import postgres_store

    store: Any = postgres_store(records_uri)
    add(store, 0)
    store.arrivals.take("run-1", at=NOW)
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(change.encode())
