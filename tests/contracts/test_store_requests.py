"""What both stores promise about requests: memory first, then Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from threading import Barrier

import numpy as np
import pytest

from include.decision.request import MOST_TRIES, Request, RequestKind
from include.errors import DataError, RequestsTaken
from include.records.entries import Consumption, EventStatus, KeptRequest
from include.records.store import Store
from tests.records.examples import HOUR, NOW, make_analysis, make_decision, make_outcome


def ask(store: Store, key: str = "", *, model_name: str = "housing", reason: str = "audit") -> Request:
    return store.add_request(model_name, RequestKind.MANUAL, reason, "ada", at=NOW, key=key)[0]


def waiting(store: Store, run_id: str | None = None) -> list[Request]:
    kept = store.requests(model_name="housing", run_id=run_id)
    return [each.request for each in kept if each.consumed is None]


def test_request_waits_as_it_was_made(store: Store) -> None:
    asked = {"max_iter": np.int64(50), "loss": "absolute_error"}
    request, added = store.add_request(
        "housing", RequestKind.RED_TEAM, "3 of 40 prompts leak", "suite\x00 7", at=NOW, key="suite-7",
        hyperparameters=asked,
    )  # fmt: skip
    assert added
    assert request == Request(
        id=request.id, model_name="housing", kind=RequestKind.RED_TEAM, key="suite-7", reason="3 of 40 prompts leak",
        requested_by="suite\ufffd 7", requested_at=NOW, hyperparameters={"max_iter": 50, "loss": "absolute_error"},
    )  # fmt: skip
    assert store.requests() == [KeptRequest(request=request)]
    assert store.requests(model_name="iris") == []


def test_asking_twice_is_asking_once_while_the_first_waits(store: Store) -> None:
    first, _ = store.add_request("housing", RequestKind.API, "why", "ada", at=NOW, key="k", hyperparameters={"a": 1})
    again = store.add_request("housing", RequestKind.MANUAL, "other", "bob", at=NOW + HOUR, key="k")
    assert again == (first, False)
    assert ask(store, "k", model_name="iris").id != first.id


def test_key_that_is_not_given_tells_wishes_apart(store: Store) -> None:
    same = {ask(store).id, ask(store).id}
    assert len(same) == 1
    others = {
        ask(store, reason="another").id,
        store.add_request("housing", RequestKind.API, "audit", "ada", at=NOW)[0].id,
        store.add_request("housing", RequestKind.MANUAL, "audit", "bob", at=NOW)[0].id,
        store.add_request("housing", RequestKind.MANUAL, "audit", "ada", at=NOW, hyperparameters={"a": 1})[0].id,
    }
    assert len(same | others) == 5


def test_decision_to_retrain_consumes_what_it_saw_and_nothing_else(store: Store) -> None:
    seen, late = ask(store, "seen"), ask(store, "late")
    store.save_decision(make_analysis(), make_decision(), at=NOW + HOUR, requests=[seen])
    consumed = Consumption(run_id="run-1", at=NOW + HOUR)
    assert store.requests() == [KeptRequest(request=seen, consumed=consumed), KeptRequest(request=late)]


def test_consumed_request_can_be_made_again(store: Store) -> None:
    first = ask(store, "k")
    store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[first])
    again, added = store.add_request("housing", RequestKind.MANUAL, "audit", "ada", at=NOW, key="k")
    assert added
    assert again.id > first.id
    assert waiting(store) == [again]


@pytest.mark.parametrize(("triggered", "dry_run"), [(False, False), (True, True)])
def test_request_outlives_a_no_and_a_dry_run(store: Store, triggered: bool, dry_run: bool) -> None:
    request = ask(store)
    decision = make_decision(triggered=triggered, blocked_by=() if triggered else ("price is 95 % empty",))
    store.save_decision(make_analysis(dry_run=dry_run), decision, at=NOW, requests=[request])
    assert waiting(store) == [request]


def test_repeated_run_sees_the_requests_that_it_saw_first(store: Store) -> None:
    first = ask(store, "first")
    kept = store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[first])
    later = ask(store, "later")
    assert [each.request for each in store.requests(model_name="housing", run_id="run-1")] == [first, later]
    assert [each.request for each in store.requests(model_name="housing", run_id="run-2")] == [later]
    again = store.save_decision(make_analysis(), make_decision(), at=NOW + HOUR, requests=[first, later])
    assert again == kept
    assert waiting(store) == [later]  # the kept decision had not seen it


def test_decision_that_counted_on_a_request_of_another_run_is_not_kept(store: Store) -> None:
    request = ask(store)
    store.save_decision(make_analysis("run-1"), make_decision(), at=NOW, requests=[request])
    with pytest.raises(RequestsTaken, match="housing"):
        store.save_decision(make_analysis("run-2"), make_decision(), at=NOW, requests=[request])
    assert store.decision("housing", "run-2") is None
    assert len(store.events()) == 1


def test_request_of_another_model_is_not_consumed(store: Store) -> None:
    foreign = ask(store, model_name="iris")
    with pytest.raises(RequestsTaken):
        store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[foreign])
    assert store.requests() == [KeptRequest(request=foreign)]


def test_of_runs_that_decide_at_once_one_consumes(store: Store) -> None:
    requests, start = [ask(store, str(number)) for number in range(5)], Barrier(4)

    def decide(number: int) -> bool:
        start.wait()
        seen = requests if number % 2 else requests[::-1]
        try:
            store.save_decision(make_analysis(f"run-{number}"), make_decision(), at=NOW, requests=seen)
        except RequestsTaken:
            return False
        return True

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(decide, range(4))) == [False, False, False, True]
    assert waiting(store) == []
    assert len({each.consumed.run_id for each in store.requests() if each.consumed}) == 1
    assert len(store.events()) == 1


def test_of_many_that_ask_at_once_one_adds(store: Store) -> None:
    start = Barrier(6)

    def add(_: int) -> tuple[int, bool]:
        start.wait()
        request, added = store.add_request("housing", RequestKind.NEW_DATA, "a file came", "sensor", at=NOW, key="f")
        return request.id, added

    with ThreadPoolExecutor(6) as pool:
        answers = list(pool.map(add, range(6)))
    assert len({number for number, _ in answers}) == 1
    assert [added for _, added in answers].count(True) == 1


def test_request_without_a_reason_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="model housing: a request needs a reason"):
        store.add_request("housing", RequestKind.MANUAL, " ", "ada", at=NOW)
    assert store.requests() == []


def test_hyperparameters_that_cannot_be_kept_are_refused(store: Store) -> None:
    with pytest.raises(DataError, match="object cannot be kept"):
        store.add_request("housing", RequestKind.API, "why", "ada", at=NOW, hyperparameters={"a": object()})
    assert store.requests() == []


def lose(store: Store, run_id: str, how: str) -> None:
    """Decide on all requests that wait, and let the event fail or be abandoned."""
    decided = store.save_decision(make_analysis(run_id), make_decision(), at=NOW, requests=waiting(store))
    event = decided[1]
    assert event is not None
    if how == "outcome":
        with store.claim(event.id, at=NOW) as claim:
            claim.finish(make_outcome(EventStatus.FAILED, reason="no labelled rows"), at=NOW)
    elif how == "failed":
        store.close_failed(event.id, at=NOW, error_type="TrainingError", error="no labelled rows")
    else:
        assert store.close_unfinished("housing", at=NOW + 9 * HOUR, idle=HOUR)


@pytest.mark.parametrize("how", ["outcome", "failed", "abandoned"])
def test_request_whose_retrain_is_lost_waits_again(store: Store, how: str) -> None:
    asked = {"max_iter": 50}
    first, _ = store.add_request("housing", RequestKind.RED_TEAM, "why", "ada", at=NOW, key="k", hyperparameters=asked)
    foreign = ask(store, model_name="iris")
    lose(store, "run-1", how)
    again, other, kept = sorted(store.requests(), key=lambda each: each.request.id)[::-1]
    assert kept.request == first  # on record, with the run whose event failed
    assert kept.consumed == Consumption(run_id="run-1", at=NOW)
    assert (again.request, again.consumed, again.retry_of) == (
        replace(first, id=again.request.id, tries=2), None, first.id
    )  # fmt: skip
    assert other.request == foreign


@pytest.mark.parametrize("how", ["outcome", "failed", "abandoned"])
def test_request_that_always_fails_is_given_up_with_the_reason(store: Store, how: str) -> None:
    ask(store)
    for number in range(MOST_TRIES):
        assert [request.tries for request in waiting(store)] == [number + 1]
        lose(store, f"run-{number}", how)
    assert waiting(store) == []
    *earlier, last = store.requests()
    assert len(earlier) == MOST_TRIES - 1
    assert not any(kept.gave_up for kept in earlier)
    reason = "nobody came to execute it" if how == "abandoned" else "no labelled rows"
    assert last.gave_up == f"tried 3 times, at last {'abandoned' if how == 'abandoned' else 'failed'}: {reason}"
    assert ask(store).tries == 1  # asked for anew it is a new one


def test_request_made_again_meanwhile_is_not_doubled(store: Store) -> None:
    first = ask(store, "k")
    event = store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[first])[1]
    assert event is not None
    anew = ask(store, "k")
    store.close_failed(event.id, at=NOW, error_type="TrainingError", error="no labelled rows")
    assert waiting(store) == [anew]


@pytest.mark.parametrize("status", [EventStatus.PROMOTED, EventStatus.HELD, EventStatus.REJECTED])
def test_verdict_of_the_gate_fulfils_a_request(store: Store, status: EventStatus) -> None:
    event = store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[ask(store)])[1]
    assert event is not None
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(status), at=NOW)
    assert waiting(store) == []
    assert len(store.requests()) == 1


def test_closing_a_lost_event_twice_asks_once(store: Store) -> None:
    ask(store)
    lose(store, "run-1", "failed")
    [event] = store.events()
    store.close_failed(event.id, at=NOW, error_type="TrainingError", error="again")
    with store.claim(event.id, at=NOW) as claim:
        claim.finish(make_outcome(EventStatus.FAILED), at=NOW)
    assert [request.tries for request in waiting(store)] == [2]
