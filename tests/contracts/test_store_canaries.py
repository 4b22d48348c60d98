"""What both stores promise about canaries: memory first, then Postgres."""

from __future__ import annotations

from datetime import timedelta

import pytest

from include.errors import DataError
from include.records.entries import CanaryShare, ChangeKind, EventStatus
from include.records.store import Store
from tests.contracts.test_store_shadows import end, into_shadow
from tests.records.examples import HOUR, NOW, execute, make_outcome


@pytest.fixture
def promoted(store: Store) -> Store:
    """Records with two promotions behind them: v2 is champion, v1 retired."""
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR)
    return store


def give(store: Store, share: float, *, version: int = 1, after: timedelta = 2 * HOUR) -> CanaryShare:
    return store.set_canary("housing", version, share, set_by="ada", reason="try it", at=NOW + after)


def test_canary_is_on_record_with_who_gave_it_and_since_when(promoted: Store) -> None:
    given = give(promoted, 12.5)
    assert (given.version, given.champion_version, given.share, given.running) == (1, 2, 12.5, True)
    assert (given.set_by, given.reason, given.set_at) == ("ada", "try it", NOW + 2 * HOUR)
    assert promoted.canaries("housing") == [given]
    assert promoted.canaries("iris") == []


def test_the_next_share_takes_its_place_and_nought_ends_it(promoted: Store) -> None:
    give(promoted, 10.0)
    give(promoted, 50.0, after=3 * HOUR)
    assert [(kept.share, kept.running) for kept in promoted.canaries("housing")] == [(10.0, False), (50.0, True)]
    give(promoted, 0.0, after=4 * HOUR)
    assert [kept.running for kept in promoted.canaries("housing")] == [False, False, False]


def test_canary_ends_when_the_champion_changes_and_does_not_come_back_with_it(promoted: Store) -> None:
    give(promoted, 10.0)
    for number, (old, new) in enumerate([(2, 1), (1, 2)]):
        promoted.roll_back(
            "housing", from_version=old, to_version=new, kind=ChangeKind.ROLLBACK, requested_by="eve", reason="slow",
            at=NOW + (3 + number) * HOUR, key=f"key {number}",
        )  # fmt: skip
        assert [kept.running for kept in promoted.canaries("housing")] == [False]


@pytest.mark.parametrize("share", [-1.0, 100.5, float("nan")])
def test_share_outside_nought_to_a_hundred_is_refused(promoted: Store, share: float) -> None:
    with pytest.raises(DataError, match="from 0 to 100"):
        give(promoted, share)


@pytest.mark.parametrize("version", [2, 3, 4, 5, 7])
def test_champion_failed_turned_down_and_unknown_versions_are_no_canaries(promoted: Store, version: int) -> None:
    for number, status in enumerate((EventStatus.FAILED, EventStatus.HELD, EventStatus.REJECTED)):
        execute(promoted, f"run-{3 + number}", status=status, at=NOW + 2 * HOUR)
    with pytest.raises(DataError, match=f"v{version} cannot be a canary"):
        give(promoted, 10.0, version=version, after=3 * HOUR)
    assert promoted.canaries("housing") == []


@pytest.mark.parametrize("status", [EventStatus.HELD, EventStatus.REJECTED])
def test_version_in_shadow_may_be_a_canary_until_its_shadow_comes_to_nothing(store: Store, status: EventStatus) -> None:
    execute(store, "run-1")
    into_shadow(store)
    assert give(store, 5.0, version=2).running
    end(store, make_outcome(status))
    assert [kept.running for kept in store.canaries("housing")] == [False]
    with pytest.raises(DataError, match="was champion or is in shadow"):
        give(store, 5.0, version=2, after=9 * HOUR)


def test_without_a_champion_there_is_no_canary(store: Store) -> None:
    with pytest.raises(DataError, match="it takes a champion"):
        give(store, 10.0)
