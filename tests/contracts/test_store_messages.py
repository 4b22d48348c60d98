"""What both stores promise about the outbox: memory first, then Postgres."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import psycopg
import pytest

from include.records.entries import DeliveryStatus, EventStatus, Notification, Phase, Settled
from include.records.store import Store
from tests.records.examples import HOSTILE, HOUR, NOW, execute, make_notification, open_event, postgres_store


def message(phase: Phase = Phase.BEGUN, *, hours: float = 0.0, **changes: Any) -> Notification:
    return make_notification(phase, at=NOW + hours * HOUR, **changes)


def test_notification_is_kept_as_it_was_written(store: Store) -> None:
    wanted = message()
    [kept] = store.outbox.add([wanted])
    assert (kept.settled, kept.facts, kept.routing) == (None, {"error": "no rows"}, {"services": ["ops"]})
    [found] = store.outbox.find()
    assert (found.notification, found.deliveries) == (kept, ())
    assert kept.id == 1
    assert kept.key == "retraining/housing/failed/event 1"


def test_same_phase_of_the_same_episode_is_written_once(store: Store) -> None:
    assert len(store.outbox.add([message(), message(), message(hours=1)])) == 1
    assert len(store.outbox.add([message(Phase.OVER, hours=2), message(Phase.OVER, hours=3)])) == 1
    told = [message(Phase.TOLD, kind="promoted", episode=f"event {number}") for number in (1, 2, 1)]
    assert len(store.outbox.add(told)) == 2
    assert store.outbox.add(told) == []


def test_one_episode_of_a_kind_is_open_at_a_time_and_none_ends_that_never_began(store: Store) -> None:
    outbox = store.outbox
    assert outbox.add([message(Phase.OVER)]) == []
    [first] = outbox.add([message()])
    assert outbox.add([message(episode="event 2", hours=1)]) == []
    assert outbox.open() == [first]
    assert len(outbox.add([message(model_name="iris", subject="iris"), message(kind="stale_source")])) == 2
    outbox.add([message(Phase.OVER, hours=2)])
    assert [each.topic[1:] for each in outbox.open()] == [("iris", "failed"), ("housing", "stale_source")]
    [again] = outbox.add([message(episode="event 3", hours=3)])
    assert again in outbox.open()


def test_what_was_seen_before_the_end_of_an_episode_begins_no_other(store: Store) -> None:
    store.outbox.add([message()])
    store.outbox.add([message(Phase.OVER, hours=2)])
    assert store.outbox.add([message(episode="event 2", hours=1)]) == []


def test_only_what_is_due_and_not_settled_is_to_be_sent(store: Store) -> None:
    first, later = store.outbox.add([message(), message(kind="held", due_at=NOW + 5 * HOUR)])
    assert [each.notification for each in store.outbox.due(at=NOW, most=9)] == [first]
    assert [each.notification for each in store.outbox.due(at=NOW + 5 * HOUR, most=9)] == [first, later]
    assert len(store.outbox.due(at=NOW + 5 * HOUR, most=1)) == 1
    store.outbox.settle(first.id, Settled.DELIVERED, at=NOW)
    store.outbox.settle(first.id, Settled.GIVEN_UP, at=NOW + HOUR)
    assert [each.notification.id for each in store.outbox.due(at=NOW + 5 * HOUR, most=9)] == [later.id]
    settled = store.outbox.find()[-1].notification
    assert (settled.settled, settled.settled_at) == (Settled.DELIVERED, NOW)


def test_try_is_begun_once_and_again_only_after_it_failed(store: Store) -> None:
    outbox, [kept] = store.outbox, store.outbox.add([message()])
    first = outbox.begin(kept.id, "ops", "slack://…", "", at=NOW)
    assert first is not None
    assert outbox.begin(kept.id, "ops", "slack://…", "", at=NOW) is None
    assert outbox.begin(kept.id, "mail", "mailto://…", "", at=NOW) is not None
    outbox.end(first, DeliveryStatus.FAILED, "500", at=NOW)
    second = outbox.begin(kept.id, "ops", "slack://…", "", at=NOW + HOUR)
    assert second is not None
    assert second.attempt == 2
    outbox.end(second, DeliveryStatus.SENT, at=NOW + HOUR)
    outbox.end(second, DeliveryStatus.FAILED, "late", at=NOW + HOUR)
    assert outbox.begin(kept.id, "ops", "slack://…", "", at=NOW + HOUR) is None
    [told] = outbox.find()
    assert [(each.service, str(each.status), each.error) for each in told.deliveries] == [
        ("ops", "failed", "500"), ("mail", "sending", ""), ("ops", "sent", ""),
    ]  # fmt: skip
    assert outbox.opening(message(Phase.OVER)) == told


def test_process_that_died_while_it_sent_leaves_a_try_that_is_made_again(store: Store) -> None:
    outbox, [kept] = store.outbox, store.outbox.add([message()])
    lost = outbox.begin(kept.id, "ops", "slack://…", "", at=NOW)
    assert lost is not None
    outbox.call_lost(begun_before=NOW, at=NOW + HOUR)
    assert outbox.begin(kept.id, "ops", "slack://…", "", at=NOW) is None
    outbox.call_lost(begun_before=NOW + HOUR / 2, at=NOW + HOUR)
    outbox.end(lost, DeliveryStatus.SENT, at=NOW + HOUR)
    again = outbox.begin(kept.id, "ops", "slack://…", "", at=NOW + HOUR)
    assert again is not None
    assert again.attempt == 2
    [told] = outbox.find()
    assert "died" in told.deliveries[0].error


def test_incident_goes_on_until_the_last_of_its_episodes_is_over(store: Store) -> None:
    outbox = store.outbox
    kept = outbox.add([message(model_name=name, subject=name) for name in ("housing", "iris")])
    for each in kept:
        delivery = outbox.begin(each.id, "pager", "pagerduty://…", "digest", at=NOW)
        assert delivery is not None
        outbox.end(delivery, DeliveryStatus.SENT, at=NOW)
    assert outbox.going_on("pager", "digest") == 2
    outbox.add([message(Phase.OVER, hours=1)])
    assert (outbox.going_on("pager", "digest"), outbox.going_on("ops", "digest"), outbox.going_on("pager", "")) == (
        1, 0, 0,
    )  # fmt: skip


def test_stuck_is_what_was_due_or_given_up_and_is_not_muted(store: Store) -> None:
    outbox = store.outbox
    given = {"due_before": NOW + HOUR, "since": NOW - HOUR, "at": NOW + 2 * HOUR}
    assert outbox.stuck(**given) is None
    first, _ = outbox.add([message(), message(kind="held", hours=3)])
    found = outbox.stuck(**given)
    assert found is not None
    assert (found.waiting, found.given_up, found.since) == (1, 0, NOW)
    outbox.settle(first.id, Settled.GIVEN_UP, at=NOW)
    found = outbox.stuck(**given)
    assert found is not None
    assert (found.waiting, found.given_up) == (0, 1)
    store.people.add_mute("housing", until=NOW + 9 * HOUR, by="ada", reason="known", at=NOW)
    assert outbox.stuck(**given) is None


def test_notifications_are_paged_newest_first(store: Store) -> None:
    store.outbox.add([message(Phase.TOLD, episode=f"event {number}") for number in range(5)])
    store.outbox.add([message(Phase.TOLD, model_name="", subject="scheduler")])
    page = store.outbox.find(model_name="housing", most=2)
    assert [each.notification.episode for each in page] == ["event 4", "event 3"]
    page = store.outbox.find(model_name="housing", before=page[-1].notification.id, most=2)
    assert [each.notification.episode for each in page] == ["event 2", "event 1"]
    assert len(store.outbox.find()) == 6


def test_news_are_closed_events_and_changes_of_champion_of_all_models(store: Store) -> None:
    open_event(store, "open", at=NOW - HOUR, model_name="iris")
    assert store.outbox.ended(since=NOW - HOUR) == []
    event = execute(store, "run-1")
    open_event(store, "dry", dry_run=True)
    [ended] = store.outbox.ended(since=NOW - HOUR)
    assert (ended.id, ended.status) == (event.id, EventStatus.PROMOTED)
    [change] = store.outbox.changes(since=NOW - HOUR)
    assert (change.model_name, change.to_version) == ("housing", 1)
    assert store.outbox.ended(since=NOW + timedelta(days=99)) == []
    assert store.outbox.changes(since=NOW + timedelta(days=99)) == []


@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_can_be_told(store: Store, text: str) -> None:
    wanted = message(headline=f"x{text}", facts={"error": text, text: 1}, routing={"title": text}, owner=text)
    assert len(store.outbox.add([wanted])) == 1


def test_two_processes_write_and_send_a_notification_once(records_uri: str) -> None:
    stores = [postgres_store(records_uri) for _ in range(4)]
    with ThreadPoolExecutor(4) as pool:
        written = [each for kept in pool.map(lambda s: s.outbox.add([message()]), stores) for each in kept]
        assert len(written) == 1
        begun = list(pool.map(lambda s: s.outbox.begin(written[0].id, "ops", "x", "", at=NOW), stores))
    assert sum(each is not None for each in begun) == 1


@pytest.mark.parametrize("statement", [
    "DELETE FROM notifications", "TRUNCATE notifications CASCADE", "DELETE FROM notification_deliveries",
    "UPDATE notifications SET headline = 'x'", "UPDATE notifications SET settled = NULL, settled_at = NULL",
    "UPDATE notification_deliveries SET status = 'failed'", "UPDATE notification_deliveries SET service = 'x'",
])  # fmt: skip
def test_what_was_told_is_never_rewritten(records_uri: str, statement: str) -> None:
    store = postgres_store(records_uri)
    [kept] = store.outbox.add([message()])
    delivery = store.outbox.begin(kept.id, "ops", "x", "", at=NOW)
    assert delivery is not None
    store.outbox.end(delivery, DeliveryStatus.SENT, at=NOW)
    store.outbox.settle(kept.id, Settled.DELIVERED, at=NOW)
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.IntegrityError):
        connection.execute(statement.encode())
