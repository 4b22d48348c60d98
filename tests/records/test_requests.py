"""Requests in Postgres, from processes of their own, and what the schema forbids."""

from __future__ import annotations

import multiprocessing
from multiprocessing.connection import Connection
from multiprocessing.context import ForkServerContext
from typing import Any

import psycopg
import pytest

from include.decision.request import RequestKind
from tests.records.examples import (
    NOW,
    ask_often,
    decide_on_requests,
    make_analysis,
    make_decision,
    postgres_store,
)


@pytest.fixture(scope="module")
def processes() -> ForkServerContext:
    context = multiprocessing.get_context("forkserver")
    context.set_forkserver_preload(["tests.records.examples"])
    return context


def answer(pipe: Connection) -> Any:
    """What a process says, within twenty seconds."""
    assert pipe.poll(20)
    return pipe.recv()


def test_two_processes_that_ask_for_the_same_thing_make_one_request(
    processes: ForkServerContext, records_uri: str
) -> None:
    ours, theirs = processes.Pipe()
    askers = [processes.Process(target=ask_often, args=(records_uri, 20, theirs)) for _ in range(2)]
    for asker in askers:
        asker.start()
    for asker in askers:
        asker.join()
    assert sorted(answer(ours) for _ in askers) == [0, 1]
    assert len(postgres_store(records_uri).requests()) == 1


def test_of_two_processes_that_decide_at_once_one_consumes_all(processes: ForkServerContext, records_uri: str) -> None:
    store = postgres_store(records_uri)
    for number in range(3):
        store.add_request("housing", RequestKind.API, "why", "ada", at=NOW, key=str(number))
    pipes = [processes.Pipe() for _ in range(2)]
    deciders = [
        processes.Process(target=decide_on_requests, args=(records_uri, f"run-{number}", theirs))
        for number, (_, theirs) in enumerate(pipes)
    ]
    for decider in deciders:
        decider.start()
    for ours, _ in pipes:
        assert answer(ours) == "ready"  # both have seen all three
    for ours, _ in pipes:
        ours.send("go")
    assert sorted(answer(ours) for ours, _ in pipes) == [0, 3]
    for decider in deciders:
        decider.join()
    assert len({kept.consumed and kept.consumed.run_id for kept in store.requests()}) == 1
    assert len(store.events()) == 1


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE retraining_requests SET run_id = NULL, consumed_at = NULL WHERE key = 'used'",
        "UPDATE retraining_requests SET reason = 'better' WHERE key = 'open'",
        "UPDATE retraining_requests SET gave_up = 'no' WHERE key = 'open'",
        "UPDATE retraining_requests SET tries = 2 WHERE key = 'open'",
        "UPDATE retraining_requests SET run_id = 'run-1' WHERE key = 'open'",
        "UPDATE retraining_requests SET run_id = 'run-9', consumed_at = now() WHERE key = 'open'",
        "INSERT INTO retraining_requests (model_name, kind, key, reason, requested_by, requested_at)"
        " VALUES ('housing', 'api', 'open', '', '', now())",
        "INSERT INTO retraining_requests (model_name, kind, key, reason, requested_by, requested_at)"
        " VALUES ('housing', 'whim', 'new', '', '', now())",
    ],
)
def test_schema_forbids(records_uri: str, statement: str) -> None:
    store = postgres_store(records_uri)
    used, _ = store.add_request("housing", RequestKind.API, "why", "ada", at=NOW, key="used")
    store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[used])
    store.add_request("housing", RequestKind.API, "why", "ada", at=NOW, key="open")
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(statement.encode())
