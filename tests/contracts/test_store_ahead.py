"""Checks of a time to come in both stores: what they say of the monitor counts only where it is asked for."""

from __future__ import annotations

from include.records.entries import FailedStep
from include.records.store import Store
from tests.contracts.test_store_watch import STALE, check
from tests.records.examples import HOUR, NOW, fail

YEARS = 24.0 * 365.0 * 5.0


def test_watched_is_the_latest_check_of_before_a_time(store: Store) -> None:
    for name in ("housing", "ahead only"):
        store.register_model(name, "hash", {}, at=NOW)
        check(store, "run-late", YEARS, model_name=name, rows=7, labelled_rows=0, signals=(STALE,))
    check(store, "run-1", -24.0 * 31.0, rows=100, labelled_rows=50)
    check(store, "run-2", 0, rows=300, labelled_rows=0)
    [seen] = store.watch.watched(before=NOW + 6 * HOUR)
    assert (seen.run_id, seen.rows, seen.stale, seen.earlier_share) == ("run-2", 300, "", 0.5)
    assert seen.labelled_at == NOW - 24 * 31 * HOUR
    assert [each.run_id for each in store.watch.watched(before=NOW)] == ["run-1"]  # the bound itself is left out
    assert [each.run_id for each in store.watch.watched()] == ["run-late"] * 2


def test_what_fails_is_not_mended_by_a_check_of_a_time_to_come(store: Store) -> None:
    check(store, "run-late", YEARS)
    for number in range(2):
        fail(store, f"run-{number}", NOW + number * HOUR)
        fail(store, f"run-{number}", NOW + number * HOUR, model_name="", step=FailedStep.CHOOSE)
        fail(store, f"run-{number}", NOW + number * HOUR, step=FailedStep.PUBLISH)
    found = store.watch.failing(since=NOW, before=NOW + 6 * HOUR)
    assert [(each.model_name, each.step, each.runs) for each in found] == [
        ("", "choose", 2), ("housing", "analyze", 2), ("housing", "publish", 2)
    ]  # fmt: skip
    assert [each.step for each in store.watch.failing(since=NOW)] == ["publish"]
    check(store, "run-3", 3)
    assert [each.step for each in store.watch.failing(since=NOW, before=NOW + 6 * HOUR)] == ["publish"]


def test_what_failed_at_a_time_to_come_fails_not_now(store: Store) -> None:
    fail(store, "run-late", NOW + YEARS * HOUR)
    assert store.watch.failing(since=NOW, before=NOW + 6 * HOUR) == []
    assert [each.runs for each in store.watch.failing(since=NOW)] == [1]
