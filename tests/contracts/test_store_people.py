"""What both stores promise about what people say, about failures and about calls: memory first, then Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from include.decision.request import RequestKind
from include.errors import DataError, NotOnRecord
from include.records.entries import Budget, FailedStep, KeptCall, Mark, MarkVerdict, Mute, Pause
from include.records.store import Store
from tests.records.examples import HOUR, NOW, fail, make_analysis, make_decision, open_event, postgres_store

GIVE_UP = timedelta(minutes=5)


def pause(store: Store, model_name: str = "housing", *, paused: bool = True, hours: float = 0.0) -> Pause:
    reason = "the sensor is being replaced" if paused else "it was"
    return store.people.set_pause(model_name, paused=paused, by="ada", reason=reason, at=NOW + hours * HOUR)


def mute(store: Store, model_name: str = "housing", hours: float = 24.0) -> Mute:
    return store.people.add_mute(model_name, until=NOW + hours * HOUR, by="ada", reason="known", at=NOW)


def decide(store: Store, run_id: str, *, triggered: bool = True, hours: float = 0.0, **changes: Any) -> None:
    at = NOW + hours * HOUR
    analysis = make_analysis(run_id, as_of=at, **changes)
    store.save_decision(analysis, make_decision(triggered=triggered), at=at)


def mark(store: Store, run_id: str, verdict: MarkVerdict = MarkVerdict.FALSE_ALARM, hours: float = 1.0) -> Mark:
    at = NOW + hours * HOUR
    return store.people.add_mark("housing", run_id, verdict, by="ada", reason="the rows were in order", at=at)


def test_paused_model_is_paused_until_it_is_resumed(store: Store) -> None:
    assert store.people.pause("housing") is None
    kept = pause(store)
    assert (kept.by, kept.reason, kept.at, kept.paused) == ("ada", "the sensor is being replaced", NOW, True)
    assert kept.sentence == "paused by ada since 2026-05-03 12:00 UTC: the sensor is being replaced"
    assert store.people.pause("housing") == kept
    assert store.people.pause("iris") is None
    pause(store, "iris", hours=1)
    assert list(store.people.pauses()) == ["housing", "iris"]
    pause(store, paused=False, hours=2)
    assert list(store.people.pauses()) == ["iris"]
    again = pause(store, hours=3)
    assert store.people.pause("housing") == again
    assert [each.paused for each in store.people.pause_history("housing")] == [True, False, True]


def test_what_is_so_already_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="not paused"):
        pause(store, paused=False)
    pause(store)
    with pytest.raises(DataError, match="paused already"):
        pause(store)
    assert len(store.people.pause_history("housing")) == 1


def test_of_several_who_do_the_same_at_once_one_does_it(store: Store) -> None:
    def say(_: int) -> bool:
        try:
            pause(store)
        except DataError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        assert sum(pool.map(say, range(6))) == 1
        assert sum(call.mine for call in pool.map(lambda _: begin(store), range(6))) == 1
    assert len(store.people.pause_history("housing")) == 1


@pytest.mark.parametrize(("by", "reason", "missing"), [("ada", " ", "reason"), ("", "why", "who does so")])
def test_nothing_is_said_without_a_reason_and_a_name(store: Store, by: str, reason: str, missing: str) -> None:
    people = store.people
    decide(store, "run-1")
    told = {"by": by, "reason": reason, "at": NOW}
    kept = mute(store)
    for say in (
        lambda: people.set_pause("housing", paused=True, **told),
        lambda: people.add_mute("housing", until=NOW + HOUR, **told),
        lambda: people.lift_mute(kept.id, **told),
        lambda: people.add_annotation("housing", about=NOW, text=reason, by=by, at=NOW),
        lambda: people.add_mark("housing", "run-1", MarkVerdict.RIGHT, **told),
    ):
        with pytest.raises(DataError, match=missing if missing != "reason" else "reason|text"):
            say()
    assert people.pause_history("housing") == people.annotations("housing") == []
    assert people.mutes(at=NOW) == [kept]


def test_mute_lasts_until_its_end_or_until_it_is_lifted(store: Store) -> None:
    first, everything = mute(store, hours=2), mute(store, "", hours=24)
    assert store.people.mutes(at=NOW) == [first, everything]
    assert store.people.mutes(at=NOW + 2 * HOUR) == [everything]
    assert first.silences("housing", NOW + HOUR)
    assert not first.silences("iris", NOW + HOUR)
    assert not first.silences("housing", NOW + 2 * HOUR)
    assert everything.silences("iris", NOW + HOUR)
    lifted = store.people.lift_mute(everything.id, by="bob", reason="mended", at=NOW + 3 * HOUR)
    assert (lifted.lifted_by, lifted.lift_reason, lifted.lifted_at) == ("bob", "mended", NOW + 3 * HOUR)
    assert lifted.silences("iris", NOW + 2 * HOUR)
    assert not lifted.silences("iris", NOW + 4 * HOUR)
    assert store.people.mutes(at=NOW + 3 * HOUR) == []


def test_mute_is_lifted_once_and_while_it_lasts(store: Store) -> None:
    kept = mute(store, hours=2)
    for number, hours in ((kept.id + 7, 1), (kept.id, 2)):
        with pytest.raises(NotOnRecord, match=f"no mute {number}"):
            store.people.lift_mute(number, by="ada", reason="mended", at=NOW + hours * HOUR)
    store.people.lift_mute(kept.id, by="ada", reason="mended", at=NOW + HOUR)
    with pytest.raises(NotOnRecord):
        store.people.lift_mute(kept.id, by="bob", reason="mended", at=NOW + HOUR)


def test_mute_that_would_be_over_before_it_begins_is_refused(store: Store) -> None:
    with pytest.raises(DataError, match="not later than now"):
        mute(store, hours=0)


def test_annotations_come_in_order_of_what_they_are_about(store: Store) -> None:
    for hours, text in ((5, "sale ends"), (-9, "sale begins \x00\ud800")):
        store.people.add_annotation("housing", about=NOW + hours * HOUR, text=text, by="ada", at=NOW)
    store.people.add_annotation("iris", about=NOW, text="new sensor", by="ada", at=NOW)
    assert [(each.at, each.text) for each in store.people.annotations("housing")] == [
        (NOW - 9 * HOUR, "sale begins \ufffd?"), (NOW + 5 * HOUR, "sale ends"),
    ]  # fmt: skip


def test_last_mark_of_a_decision_counts(store: Store) -> None:
    decide(store, "run-1")
    mark(store, "run-1")
    mark(store, "run-1", MarkVerdict.RIGHT, hours=2)
    last = mark(store, "run-1", hours=3)
    assert (last.trigger_type, last.decided_at, last.counts, last.spends) == ("performance", NOW, True, True)
    assert store.people.marks("housing", since=NOW, until=NOW + HOUR) == [last]
    assert store.people.marks(since=NOW, until=NOW + HOUR) == [last]
    assert store.people.marks("iris", since=NOW, until=NOW + HOUR) == []


def test_marks_are_found_by_the_time_of_the_decision(store: Store) -> None:
    for number, hours in enumerate((0, 5, 10)):
        decide(store, f"run-{number}", hours=hours)
        mark(store, f"run-{number}", hours=100 - hours)
    found = store.people.marks("housing", since=NOW + 5 * HOUR, until=NOW + 10 * HOUR)
    assert [each.run_id for each in found] == ["run-1"]


def test_only_a_retrain_that_was_no_dry_run_spends_of_the_budget(store: Store) -> None:
    decide(store, "fired")
    decide(store, "quiet", triggered=False, hours=1)
    decide(store, "dry", dry_run=True, hours=2)
    marks = {run: mark(store, run) for run in ("fired", "quiet", "dry")}
    assert {run: each.spends for run, each in marks.items()} == {"fired": True, "quiet": False, "dry": False}
    assert not mark(store, "fired", MarkVerdict.RIGHT).spends


def test_decision_that_is_not_on_record_is_not_marked(store: Store) -> None:
    open_event(store, "run-1", model_name="iris")
    for run_id in ("run-1", "run-2"):
        with pytest.raises(NotOnRecord, match=run_id):
            mark(store, run_id)
    assert store.people.marks(since=NOW - HOUR, until=NOW + HOUR) == []


def test_share_of_the_budget() -> None:
    half = Budget(model_name="housing", allowed=2.0, marked=1, since=NOW)
    assert (half.spent, half.overdrawn) == (0.5, False)
    assert Budget(model_name="housing", allowed=0.0, marked=0, since=NOW).spent == 0.0
    over = Budget(model_name="housing", allowed=0.0, marked=1, since=NOW)
    assert (over.spent, over.overdrawn) == (float("inf"), True)


def test_failure_is_kept_once(store: Store) -> None:
    kept = fail(store, "run-1")
    store.failures.add(kept)
    assert store.failures.find() == [kept]


def test_failures_come_newest_first_by_model_run_and_time(store: Store) -> None:
    first, second, third = (fail(store, f"run-{number}", NOW + number * HOUR) for number in range(3))
    other = fail(store, "run-1", NOW + 1.5 * HOUR, model_name="iris", step=FailedStep.DECIDE, permanent=True)
    assert store.failures.find() == [third, other, second, first]
    assert store.failures.find(model_name="housing") == [third, second, first]
    assert store.failures.find(run_id="run-1") == [other, second]
    assert store.failures.find(since=NOW + HOUR, until=NOW + 2 * HOUR) == [other, second]
    assert store.failures.find(most=1) == [third]


def test_failure_without_a_run_or_a_model_is_kept_and_passwords_are_blotted_out(store: Store) -> None:
    fail(store, "", model_name="", step=FailedStep.CHOOSE, error="postgresql://me:secret@host/db refused \x00")
    [kept] = store.failures.find()
    assert (kept.model_name, kept.run_id, kept.step) == ("", "", FailedStep.CHOOSE)
    assert kept.error == "postgresql://me:***@host/db refused \ufffd"


def test_model_is_known_by_anything_on_record(store: Store) -> None:
    names = ("registered", "analyzed", "asked", "failed")
    assert not any(store.people.knows(name) for name in names)
    store.register_model("registered", "hash", {}, at=NOW)
    store.save_analysis(make_analysis(model_name="analyzed"), at=NOW)
    store.add_request("asked", RequestKind.API, "new rows", "ada", at=NOW)
    fail(store, "run-1", model_name="failed")
    assert all(store.people.knows(name) for name in names)
    assert not store.people.knows("misspelt")


def test_call_is_done_once_and_answered_alike_thereafter(store: Store) -> None:
    first = begin(store)
    assert (first.mine, first.status) == (True, None)
    second = begin(store, seconds=1)
    assert (second.mine, second.status, second.attempt) == (False, None, first.attempt)
    assert store.calls.end(first, 201, {"id": 7, "text": "a\x00"}, at=NOW)
    third = begin(store, seconds=2)
    assert (third.mine, third.status, third.answer) == (False, 201, {"id": 7, "text": "a\ufffd"})
    assert not store.calls.end(first, 500, {}, at=NOW)
    assert begin(store, caller="bob").mine
    assert begin(store, key="other").mine


def begin(
    store: Store, caller: str = "ada", key: str = "k", fingerprint: str = "f", seconds: float = 0.0
) -> KeptCall:  # fmt: skip
    at = NOW + timedelta(seconds=seconds)
    return store.calls.begin(caller, key, fingerprint, at=at, give_up=GIVE_UP)


def test_call_whose_process_died_is_taken_over_by_the_same_call_alone(store: Store) -> None:
    dead = begin(store)
    assert not begin(store, seconds=299).mine
    another = begin(store, fingerprint="g", seconds=301)
    assert (another.mine, another.fingerprint) == (False, "f")
    heir = begin(store, seconds=302)
    assert heir.mine
    assert not store.calls.end(dead, 201, {"by": "the dead"}, at=NOW)
    assert store.calls.end(heir, 201, {"by": "the heir"}, at=NOW)
    assert begin(store, seconds=9999).answer == {"by": "the heir"}


def test_call_for_which_nothing_was_done_can_be_made_again(store: Store) -> None:
    store.calls.drop(begin(store))
    again = begin(store, fingerprint="g")
    assert again.mine
    store.calls.end(again, 200, {}, at=NOW)
    store.calls.drop(again)  # answered: it stays
    assert begin(store, fingerprint="g").status == 200


def test_old_calls_are_forgotten(store: Store) -> None:
    begin(store, key="old")
    store.calls.end(begin(store, key="new", seconds=60), 200, {}, at=NOW)
    store.calls.forget(before=NOW + timedelta(seconds=60))
    assert begin(store, key="old").mine
    assert begin(store, key="new").status == 200


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE model_pauses SET reason = 'x'", "DELETE FROM model_pauses", "UPDATE model_annotations SET text = 'x'",
        "DELETE FROM model_annotations", "UPDATE decision_marks SET verdict = 'right'", "DELETE FROM decision_marks",
        "UPDATE notification_mutes SET muted_until = muted_until + interval '1 day'", "DELETE FROM notification_mutes",
        "UPDATE retraining_failures SET error = ''", "DELETE FROM retraining_failures",
        "TRUNCATE retraining_failures", "TRUNCATE model_pauses", "TRUNCATE decision_marks",
    ],
)  # fmt: skip
def test_postgres_itself_keeps_what_was_said(records_uri: str, statement: str) -> None:
    store = postgres_store(records_uri)
    decide(store, "run-1")
    pause(store), mute(store), mark(store, "run-1"), fail(store, "run-1")
    store.people.add_annotation("housing", about=NOW, text="new sensor", by="ada", at=NOW)
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.IntegrityError):
        connection.execute(statement.encode())
