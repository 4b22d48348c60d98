"""One connection for a step: the calls share it, a claim has its own, and one that broke or was idle is opened anew."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import psycopg
import pytest

from include.records.postgres import PostgresStore
from include.records.postgres.session import KeptConnection, transaction
from tests.records.examples import NOW, make_analysis, make_decision


class Counting:
    """Opens connections, and keeps them for the test to look at."""

    def __init__(self, uri: str) -> None:
        self._uri = uri
        self.opened: list[psycopg.Connection[Any]] = []

    def __call__(self) -> psycopg.Connection[Any]:
        self.opened.append(psycopg.connect(self._uri))
        return self.opened[-1]


@pytest.fixture
def connect(records_uri: str) -> Iterator[Counting]:
    counting = Counting(records_uri)
    yield counting
    assert all(each.closed for each in counting.opened), "left open by what kept it, when that was gone"


def look(kept: KeptConnection) -> None:
    with transaction(kept) as session:
        assert session.one("find_identity", {})["id"]


def test_calls_share_a_connection_and_a_claim_has_its_own(connect: Counting) -> None:
    store = PostgresStore(connect, keep=True)
    store.register_model("housing", "hash", {}, at=NOW)
    event = store.save_decision(make_analysis("run-1"), make_decision(), at=NOW)[1]
    assert event is not None
    assert [each.id for each in store.events()] == [event.id]
    assert len(connect.opened) == 1
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        assert store.champion("housing") is None
    kept, *others = connect.opened
    assert not kept.closed
    assert others
    assert all(each.closed for each in others)


def test_error_undoes_the_transaction_and_leaves_the_connection_to_the_next_call(connect: Counting) -> None:
    kept = KeptConnection(connect)
    with pytest.raises(psycopg.ProgrammingError), transaction(kept) as session:
        session.rows("save_model", {})
    look(kept)
    assert len(connect.opened) == 1


def test_who_needs_one_while_it_is_lent_gets_one_of_his_own_that_is_closed_after_it(connect: Counting) -> None:
    kept = KeptConnection(connect)
    with transaction(kept) as session:
        look(kept)
        assert session.one("find_identity", {})["id"]
    look(kept)
    assert [each.closed for each in connect.opened] in ([True, False], [False, True])


def test_broken_connection_is_opened_anew(connect: Counting) -> None:
    kept = KeptConnection(connect, idle_seconds=1000.0)
    for number in (1, 2):
        look(kept)
        assert len(connect.opened) == number
        connect.opened[-1].close()


def test_idle_connection_is_opened_anew(connect: Counting) -> None:
    kept = KeptConnection(connect, idle_seconds=0.0)
    look(kept)
    look(kept)
    assert [each.closed for each in connect.opened] == [True, False]


def test_without_keeping_each_call_has_a_connection_that_is_closed_after_it(connect: Counting) -> None:
    store = PostgresStore(connect)
    store.events()
    store.events()
    assert [each.closed for each in connect.opened] == [True, True]
