"""What both stores promise about rollbacks: memory first, then Postgres."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ClaimLost, RollbackRefused
from include.records.entries import ChampionChange, ChangeKind, EventStatus, VersionStatus
from include.records.store import Store
from tests.records.examples import HOUR, NOW, execute, make_analysis, make_decision, make_outcome, open_event

LOOK = Signal(kind=SignalKind.PROBATION, statistic="r2", verdict=Verdict.STABLE, reason="as good", detail={"look": 1.0})


@pytest.fixture
def promoted(store: Store) -> Store:
    """Records with two promotions behind them: v2 is champion, v1 retired."""
    execute(store, "run-1")
    execute(store, "run-2", at=NOW + HOUR)
    return store


def back(store: Store, **changes: Any) -> ChampionChange:
    asked: dict[str, Any] = {
        "from_version": 2, "to_version": 1, "kind": ChangeKind.ROLLBACK, "requested_by": "ada", "reason": "too slow",
        "at": NOW + 2 * HOUR, "key": "first", **changes,
    }  # fmt: skip
    return store.roll_back("housing", **asked)


def statuses(store: Store) -> list[VersionStatus]:
    return [version.status for version in store.versions("housing")]


def test_rollback_moves_the_pointer_and_is_on_record(promoted: Store) -> None:
    change = back(promoted, run_id="run-3")
    assert (change.kind, change.from_version, change.to_version) == (ChangeKind.ROLLBACK, 2, 1)
    assert (change.deployed_by, change.reason, change.deployed_at) == ("ada", "too slow", NOW + 2 * HOUR)
    assert (change.run_id, change.key, change.event_id) == ("run-3", "first", None)
    assert change.sentence == "rolled back from v2 to v1: too slow"
    assert statuses(promoted) == [VersionStatus.CHAMPION, VersionStatus.ROLLED_BACK]
    champion = promoted.champion("housing")
    assert champion is not None
    assert champion.version == 1
    changes = promoted.champion_changes("housing")
    assert [(c.kind, c.from_version, c.to_version) for c in changes] == [
        (ChangeKind.PROMOTION, None, 1), (ChangeKind.PROMOTION, 1, 2), (ChangeKind.ROLLBACK, 2, 1)
    ]  # fmt: skip
    assert changes[-1] == change
    assert [c.run_id for c in changes] == ["run-1", "run-2", "run-3"]
    assert promoted.champion_changes("iris") == []


def test_who_was_champion_at_any_time_counts_rollbacks(promoted: Store) -> None:
    back(promoted)
    found = [promoted.champion_at("housing", NOW + hours * HOUR) for hours in (0, 1, 2, 9)]
    assert [version and version.version for version in found] == [1, 2, 1, 1]


def test_rollback_with_the_same_key_happens_once(promoted: Store) -> None:
    first = back(promoted)
    assert back(promoted, reason="again", at=NOW + 3 * HOUR) == first
    assert len(promoted.champion_changes("housing")) == 3


def test_key_of_a_rollback_to_another_version_is_refused(promoted: Store) -> None:
    execute(promoted, "run-3", at=NOW + HOUR)
    back(promoted, from_version=3, to_version=2)
    with pytest.raises(RollbackRefused, match="key 'first' it was rolled back to v2 before, not to v1"):
        back(promoted, from_version=2, to_version=1)
    assert len(promoted.champion_changes("housing")) == 4


def test_rolled_back_version_can_come_back(promoted: Store) -> None:
    back(promoted)
    back(promoted, from_version=1, to_version=2, key="second", at=NOW + 3 * HOUR)
    assert statuses(promoted) == [VersionStatus.ROLLED_BACK, VersionStatus.CHAMPION]


def test_promotion_after_a_rollback_names_the_restored_version(promoted: Store) -> None:
    back(promoted)
    execute(promoted, "run-4", at=NOW + 4 * HOUR)
    assert statuses(promoted) == [VersionStatus.RETIRED, VersionStatus.ROLLED_BACK, VersionStatus.CHAMPION]
    assert promoted.versions("housing")[-1].parent == 1
    assert promoted.champion_changes("housing")[-1].from_version == 1


@pytest.mark.parametrize(
    ("asked", "why"),
    [
        ({"from_version": 1, "to_version": 2}, "v1 is not champion any more"),
        ({"to_version": 3}, "v3 was never champion"),
        ({"to_version": 9}, "v9 was never champion"),
        ({"to_version": 2}, "v2 is champion already"),
        ({"key": ""}, "needs a key"),
        ({"reason": " "}, "needs a reason"),
    ],
)
def test_impossible_rollback_is_refused_and_changes_nothing(promoted: Store, asked: dict[str, Any], why: str) -> None:
    execute(promoted, "run-3", at=NOW + HOUR, status=EventStatus.REJECTED)
    before = statuses(promoted)
    with pytest.raises(RollbackRefused, match=why):
        back(promoted, **asked)
    assert statuses(promoted) == before
    assert len(promoted.champion_changes("housing")) == 2


def test_model_that_is_being_retrained_is_not_rolled_back(promoted: Store) -> None:
    event = open_event(promoted, "run-3")
    with promoted.claim(event.id, at=NOW), pytest.raises(ClaimLost, match="being retrained"):
        back(promoted)
    assert back(promoted).to_version == 1


def test_rollback_waits_for_a_retrain_that_ends(promoted: Store) -> None:
    event, inside, done = open_event(promoted, "run-3"), Barrier(2), Barrier(2)

    def train() -> None:
        with promoted.claim(event.id, at=NOW):
            inside.wait()
            done.wait(timeout=5)

    thread = Thread(target=train)
    thread.start()
    inside.wait()
    with pytest.raises(ClaimLost):
        back(promoted, wait=timedelta(seconds=0.1))
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(back, promoted, wait=timedelta(seconds=10))
        time.sleep(0.5)
        done.wait(timeout=5)
        change = waiting.result(timeout=10)
    thread.join()
    assert change.to_version == 1
    assert change.deployed_at >= NOW + 2 * HOUR + timedelta(seconds=0.3)  # not when it was asked for


def test_of_many_that_roll_back_at_once_one_does(promoted: Store) -> None:
    start = Barrier(6)

    def ask(_: int) -> ChampionChange:
        start.wait()
        return back(promoted, wait=timedelta(seconds=10))

    with ThreadPoolExecutor(6) as pool:
        changes = set(pool.map(ask, range(6)))
    assert len(changes) == 1
    assert len(promoted.champion_changes("housing")) == 3


def test_each_change_is_told_by_one_run(promoted: Store) -> None:
    told = promoted.announce("housing", "run-2", at=NOW)
    assert told is not None
    assert told.to_version == 2
    assert promoted.announce("housing", "run-2", at=NOW) == told  # the task is repeated
    assert promoted.announce("housing", "run-3", at=NOW) is None
    change = back(promoted)
    assert promoted.announce("housing", "run-4", at=NOW) == change
    assert promoted.announce("housing", "run-2", at=NOW) is None
    assert promoted.announce("iris", "run-4", at=NOW) is None


def test_probation_checks_of_one_champion_come_back_in_order(promoted: Store) -> None:
    for number, champion in ((1, 2), (2, 2), (3, 1)):
        look = replace(LOOK, detail={"look": float(number)})
        analysis = make_analysis(
            f"check-{number}", as_of=NOW + number * HOUR, champion_version=champion, signals=[look]
        )  # fmt: skip
        promoted.save_decision(analysis, make_decision(triggered=False), at=NOW)
    plain = make_analysis("plain", as_of=NOW, champion_version=2)
    promoted.save_decision(plain, make_decision(triggered=False), at=NOW)
    found = promoted.looks("housing", SignalKind.PROBATION, 2, before=NOW + 3 * HOUR)
    assert [signal.detail["look"] for signal in found] == [1.0, 2.0]
    assert found[0] == replace(LOOK, detail={"look": 1.0})
    assert len(promoted.looks("housing", SignalKind.PROBATION, 2, before=NOW + 2 * HOUR)) == 1
    assert promoted.looks("housing", SignalKind.SHADOW, 2, before=NOW + 3 * HOUR) == []


def test_try_after_a_rollback_names_the_restored_version(promoted: Store) -> None:
    event = open_event(promoted, "run-3", champion_version=2)
    with promoted.claim(event.id, at=NOW) as claim:
        assert claim.begin_version(at=NOW).parent == 2  # and the process dies
    back(promoted)
    with promoted.claim(event.id, at=NOW + 3 * HOUR) as claim:
        again = claim.begin_version(at=NOW + 3 * HOUR)
        assert (again.version, again.parent) == (3, 1)
        assert claim.finish(make_outcome(), at=NOW + 3 * HOUR).champion_version == 1
    assert promoted.versions("housing")[-1].parent == 1
    assert promoted.champion_changes("housing")[-1].from_version == 1


def test_history_keeps_its_order_when_clocks_differ(promoted: Store) -> None:
    fast = NOW + 5 * HOUR
    execute(promoted, "run-3", at=fast)
    change = back(promoted, from_version=3, to_version=1, at=NOW + 4 * HOUR)
    assert change.deployed_at == fast
    execute(promoted, "run-4", at=NOW + 3 * HOUR)
    found = [promoted.champion_at("housing", at) for at in (NOW + 4 * HOUR, fast, fast + HOUR)]
    assert [version and version.version for version in found] == [2, 4, 4]
    assert [each.deployed_at for each in promoted.champion_changes("housing")] == [NOW, NOW + HOUR, fast, fast, fast]
