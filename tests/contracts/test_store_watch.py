"""What both stores say of the monitor itself and of what decisions came to: memory first, then Postgres."""

from __future__ import annotations

from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from include.decision.request import RequestKind
from include.decision.signals import Signal, SignalKind, Verdict
from include.records.entries import EventStatus, FailedStep, Figures, MarkVerdict, TrainingDetails
from include.records.memory import MemoryStore
from include.records.store import Store
from tests.records.examples import (
    HOUR,
    NOW,
    execute,
    fail,
    make_analysis,
    make_decision,
    make_outcome,
    open_event,
    postgres_store,
)

DAY = 24 * HOUR
STALE = Signal(
    kind=SignalKind.DATA_QUALITY, statistic="staleness", verdict=Verdict.CHANGED, reason="the source stopped",
    value=9e5, threshold=1e5,
)  # fmt: skip
WORTH = {"effective": {"worth": {"per_unit_of_loss": 0.5, "horizon_seconds": 7 * 86400.0}}}


def check(store: Store, run_id: str, hours: float, model_name: str = "housing", **changes: Any) -> None:
    at = NOW + hours * HOUR
    store.save_analysis(make_analysis(run_id, model_name, as_of=at, **changes), at=at)


def test_watched_is_the_latest_check_that_was_no_dry_run(store: Store) -> None:
    store.register_model("housing", "hash", {}, at=NOW)
    store.register_model("unseen", "hash", {}, at=NOW)
    assert store.watch.watched() == []
    check(store, "run-1", 0)
    check(store, "run-2", 6, rows=300, labelled_rows=0)
    check(store, "run-3", 12, dry_run=True)
    check(store, "run-4", 0, model_name="unregistered")
    [seen] = store.watch.watched()
    assert (seen.model_name, seen.run_id, seen.checked_at) == ("housing", "run-2", NOW + 6 * HOUR)
    assert (seen.rows, seen.labelled_rows, seen.share, seen.stale) == (300, 0, 0.0, "")
    assert seen.labelled_at == NOW + 12 * HOUR  # a dry run sees labels as any does
    assert seen.earlier_share is None
    assert seen.reach == DAY
    check(store, "run-5", 18, window_start=None)
    assert [each.reach for each in store.watch.watched()] == [None]


def test_watched_tells_the_share_of_labels_of_thirty_days_before_and_whether_the_source_stopped(store: Store) -> None:
    store.register_model("housing", "hash", {}, at=NOW)
    for number, days in enumerate((-31.0, -30.0, -29.0)):
        check(store, f"run-{number}", 24 * days, rows=100, labelled_rows=90 + number)
    check(store, "run-now", 0, signals=(STALE,))
    [seen] = store.watch.watched()
    assert (seen.earlier_share, seen.stale) == (0.91, "the source stopped")


def test_waiting_counts_requests_that_no_run_has_consumed(store: Store) -> None:
    first, _ = store.add_request("housing", RequestKind.API, "one", "ada", at=NOW)
    store.add_request("housing", RequestKind.API, "two", "ada", at=NOW + HOUR)
    store.add_request("iris", RequestKind.API, "one", "ada", at=NOW + 2 * HOUR)
    told = [(each.model_name, each.requests, each.since) for each in store.watch.waiting()]
    assert told == [("housing", 2, NOW), ("iris", 1, NOW + 2 * HOUR)]
    store.save_decision(make_analysis(), make_decision(), at=NOW, requests=[first])
    assert [(each.requests, each.since) for each in store.watch.waiting()] == [(1, NOW + HOUR), (1, NOW + 2 * HOUR)]


def test_analysis_fails_until_one_succeeds(store: Store) -> None:
    for number in range(3):
        fail(store, f"run-{number}", NOW + number * HOUR, error="gone" if number < 2 else "refused")
        fail(store, f"run-{number}", NOW + number * HOUR)
    fail(store, "run-1", NOW + HOUR, model_name="", step=FailedStep.CHOOSE, permanent=True)
    everything, housing = store.watch.failing(since=NOW)
    assert (everything.model_name, everything.step, everything.runs, everything.permanent) == ("", "choose", 1, True)
    assert (housing.model_name, housing.step, housing.runs, housing.permanent) == ("housing", "analyze", 3, False)
    assert (housing.since, housing.last) == (NOW, NOW + 2 * HOUR)
    assert housing.error == "SourceUnavailable: data/housing.csv: no such file"
    [_, late] = store.watch.failing(since=NOW + HOUR)
    assert late.runs == 2
    check(store, "run-2", 2.5, model_name="iris")  # so some model could be looked at again
    assert [each.model_name for each in store.watch.failing(since=NOW)] == ["housing"]
    check(store, "run-3", 3)
    assert store.watch.failing(since=NOW) == []
    fail(store, "run-4", NOW + 4 * HOUR)
    assert [each.runs for each in store.watch.failing(since=NOW)] == [1]


def test_other_steps_are_looked_at_since_the_check_before_the_last_two(store: Store) -> None:
    for number in range(4):
        check(store, f"run-{number}", number)
        fail(store, f"run-{number}", NOW + (number + 0.5) * HOUR, step=FailedStep.PUBLISH)
    [publishing] = store.watch.failing(since=NOW)
    assert (publishing.step, publishing.runs, publishing.since) == ("publish", 3, NOW + 1.5 * HOUR)
    for number in range(4, 7):
        check(store, f"run-{number}", number)
    assert store.watch.failing(since=NOW) == []


def look(value: float, version: int = 2, verdict: Verdict = Verdict.STABLE) -> Signal:
    scores = {"champion_score": 8.0, "predecessor_score": 8.0 + 10 * -value}
    return Signal(
        kind=SignalKind.PROBATION, statistic="rmse", verdict=verdict, reason="better", value=value, threshold=0.0,
        detail={"look": 1.0, "version": float(version), "predecessor": 1.0, **scores},
    )  # fmt: skip


def lived(store: Store) -> None:
    """A first version, a promotion that paid and cost, a failure, a false alarm, a "no", a dry run, a blind run."""
    store.register_model("housing", "hash", WORTH, at=NOW)
    train(store, "run-1", 0, EventStatus.PROMOTED)
    train(store, "run-2", 1, EventStatus.PROMOTED, seconds=3600.0, expected_gain=30.0, training_cost=4.0)
    for number, value in ((3, -0.05), (4, -0.2)):
        later = make_analysis(f"run-{number}", as_of=NOW + number * DAY, champion_version=2, signals=(look(value),))
        store.save_decision(later, make_decision(triggered=False), at=NOW + number * DAY)
    train(store, "run-5", 5, EventStatus.HELD)
    train(store, "run-6", 6, EventStatus.FAILED)
    dry = make_analysis("run-7", as_of=NOW + 7 * DAY, dry_run=True)
    store.save_decision(dry, make_decision(), at=NOW + 7 * DAY)
    for run_id in ("run-8", "run-8", "run-3"):  # the last looked all the same
        fail(store, run_id, NOW + 8 * DAY)
    fail(store, "run-6", NOW + 6 * DAY, step=FailedStep.EXECUTE)
    told: dict[str, Any] = {"by": "ada", "reason": "a sale", "at": NOW + 9 * DAY}
    store.people.add_mark("housing", "run-5", MarkVerdict.FALSE_ALARM, **told)
    store.people.add_mark("housing", "run-6", MarkVerdict.FALSE_ALARM, **told)
    store.people.add_mark("housing", "run-6", MarkVerdict.RIGHT, **told)
    train(store, "run-1", 0, EventStatus.PROMOTED, "iris")


def train(
    store: Store, run_id: str, days: float, status: EventStatus, model_name: str = "housing", *,
    seconds: float = 1800.0, **decided: Any,
) -> None:  # fmt: skip
    at = NOW + days * DAY
    analysis = make_analysis(run_id, model_name, as_of=at)
    event = store.save_decision(analysis, make_decision(**decided), at=at)[1]
    assert event is not None
    with store.claim(event.id, at=at) as claim:
        claim.begin_version(at=at)
        claim.finish(make_outcome(status, details=TrainingDetails(training_duration=seconds)), at=at)


def test_figures_say_what_decisions_came_to_by_model_and_trigger(store: Store) -> None:
    lived(store)
    quiet, fired, iris = store.watch.figures(since=NOW, until=NOW + 10 * DAY)
    assert (quiet.model_name, quiet.trigger, quiet.checks, quiet.retrains, quiet.failures) == ("housing", "", 2, 0, 1)
    assert (fired.trigger, fired.checks, fired.retrains) == ("performance", 4, 4)
    assert (fired.promotions, fired.holds, fired.rejections, fired.failures) == (2, 1, 0, 1)
    assert fired.false_alarms == 1
    assert fired.hours == pytest.approx(0.5 + 1.0 + 0.5 + 0.5)
    assert (fired.cost, fired.expected_gain) == (4.0, 30.0)
    assert fired.loss_cut == pytest.approx(0.2)
    # two units of RMSE less, half a unit of money each, on the 500 rows of a day, for seven days
    assert fired.gain == pytest.approx(2.0 * 0.5 * 500 * 7)
    assert (iris.model_name, iris.checks, iris.promotions, iris.gain, iris.cost) == ("iris", 1, 1, None, None)


def test_figures_are_those_of_the_period_and_the_model(store: Store) -> None:
    lived(store)
    assert store.watch.figures(since=NOW + 20 * DAY, until=NOW + 30 * DAY) == []
    one = store.watch.figures(since=NOW + DAY, until=NOW + 2 * DAY, model_name="housing")
    assert [(each.trigger, each.checks, each.promotions) for each in one] == [("performance", 1, 1)]
    iris = store.watch.figures(since=NOW, until=NOW + timedelta(seconds=1), model_name="iris")
    assert [each.model_name for each in iris] == ["iris"]


PERIODS = [
    ("2026-05-03", "2026-05-05"), ("2026-05-03 12:00", "2026-05-05"), ("2026-05-03", "2026-05-04 12:00"),
    ("2026-05-03 11:59:59.999999", "2026-05-06 12:00:00.000001"), ("2026-05-03 12:00", "2026-05-03 23:00"),
    ("2026-05-03 23:59:59", "2026-05-04 00:00:01"), ("2026-05-02 18:00", "2026-05-03 18:00"),
    ("2026-05-04", "2026-05-04 00:00:00.000001"), ("2026-05-03 22:00+02:00", "2026-05-05 02:00+02:00"),
    ("2026-05-04 12:00", "2026-05-04 12:00:01"), ("2026-04-01", "2026-06-01"),
]  # fmt: skip


@pytest.mark.parametrize("model_name", [None, "housing"])
def test_quiet_decisions_are_those_of_the_period_to_the_moment(store: Store, model_name: str | None) -> None:
    midnight = datetime(2026, 5, 3, tzinfo=UTC)
    moments = [midnight + hours * HOUR for hours in (0, 0.5, 11.5, 12, 18, 23.5, 24, 36, 47.999, 48, 60, 72)]
    for name in ("housing", "iris"):
        for number, at in enumerate(moments):
            looked = make_analysis(f"run-{number}", name, as_of=at, dry_run=number == 4)
            store.save_decision(looked, make_decision(triggered=False), at=at)
    for start, end in PERIODS:
        since, until = (datetime.fromisoformat(each) for each in (start, end))
        since, until = (each if each.tzinfo else each.replace(tzinfo=UTC) for each in (since, until))
        expected = sum(since <= at < until for number, at in enumerate(moments) if number != 4)
        found = store.watch.figures(since=since, until=until, model_name=model_name)
        names = ["housing", "iris"] if model_name is None else ["housing"]
        assert [(each.model_name, each.checks) for each in found] == [(name, expected) for name in names if expected]


def test_version_that_failed_its_probation_cost_what_it_did_worse(store: Store) -> None:
    store.register_model("housing", "hash", WORTH, at=NOW)
    execute(store, "run-1", at=NOW)
    execute(store, "run-2", at=NOW + DAY)
    worse = make_analysis("run-3", as_of=NOW + 2 * DAY, champion_version=2, signals=(look(0.1, 2, Verdict.CHANGED),))
    store.save_decision(worse, make_decision(triggered=False), at=NOW + 2 * DAY)
    [_, fired] = store.watch.figures(since=NOW, until=NOW + 3 * DAY)
    assert fired.loss_cut == pytest.approx(-0.1)
    assert fired.gain == pytest.approx(-1.0 * 0.5 * 500 * 7)


def test_view_of_statistics_adds_up_to_the_figures(records_uri: str) -> None:
    store = postgres_store(records_uri)
    lived(store)
    memory = MemoryStore()
    lived(memory)
    both = [each.watch.figures(since=NOW, until=NOW + 10 * DAY) for each in (store, memory)]
    assert [asdict(each) for each in both[0]] == [pytest.approx(asdict(each)) for each in both[1]]
    with psycopg.connect(records_uri) as connection:
        found = connection.execute(
            "SELECT sum(checks), sum(retrains), sum(promotions), sum(false_alarms), sum(gain)"
            " FROM retraining_statistics"
        ).fetchone()
    assert found is not None
    figures: list[Figures] = list(both[0])
    assert found[:4] == tuple(
        sum(getattr(each, name) for each in figures) for name in ("checks", "retrains", "promotions", "false_alarms")
    )
    assert found[4] == pytest.approx(sum(each.gain or 0.0 for each in figures))


def test_looked_at_tells_which_of_the_models_a_run_has_an_analysis_of(store: Store) -> None:
    check(store, "run-1", 0)
    check(store, "run-1", 0, model_name="iris")
    check(store, "run-2", 6, model_name="other")
    assert store.watch.looked_at("run-1", ["housing", "other", "unseen"]) == {"housing"}
    assert store.watch.looked_at("run-3", ["housing"]) == store.watch.looked_at("run-1", []) == frozenset()


def test_untold_is_a_champion_whose_last_change_no_run_has_told_of(store: Store) -> None:
    execute(store, "run-1")
    assert store.watch.untold(["housing", "iris"]) == {"housing"}
    assert store.watch.untold(["iris"]) == store.watch.untold([]) == frozenset()
    store.announce("housing", "run-1", at=NOW)
    assert store.watch.untold(["housing"]) == frozenset()
    execute(store, "run-2")
    assert store.watch.untold(["housing"]) == {"housing"}


def test_orphan_is_a_champion_without_a_file_and_says_where_its_rows_came_from(store: Store) -> None:
    rows = {"source": {"kind": "csv", "path": "a.csv"}, "timestamp": None, "target": "price"}
    for name in ("housing", "iris"):
        store.register_model(name, "0" * 64, {**rows, "window": "7d"}, at=NOW)
    execute(store, "run-1")
    seen = {"housing": {**rows, "last_seen_at": NOW}}
    assert store.watch.orphans(["iris"]) == store.watch.orphans([]) == seen
    assert store.watch.orphans(["housing"]) == {}
    assert store.watch.registered("iris") == {**rows, "window": "7d"}
    assert store.watch.registered("unseen") is None


def test_scheduled_is_the_last_check_by_schedule_before_a_time_and_tells_what_waits(store: Store) -> None:
    for number, by in enumerate(("scheduled", "ada", "backfill", "ada")):
        analysis = make_analysis(f"run-{number}", as_of=NOW + number * HOUR, requested_by=by)
        store.save_decision(analysis, make_decision(triggered=False), at=NOW)
    assert store.watch.scheduled(["iris"], before=NOW + DAY) == {}
    assert store.watch.scheduled(["housing"], before=NOW) == {}
    found = store.watch.scheduled(["housing", "iris"], before=NOW + DAY)
    assert {name: (each.last, each.waits) for name, each in found.items()} == {"housing": (NOW + 2 * HOUR, False)}
    assert store.watch.scheduled(["housing"], before=NOW + 2 * HOUR)["housing"].last == NOW
    store.add_request("housing", RequestKind.API, "one", "ada", at=NOW)
    assert store.watch.scheduled(["housing"], before=NOW + DAY)["housing"].waits


@pytest.mark.parametrize(("lost", "waits"), [(True, True), (False, False)])
def test_retrain_of_the_last_check_by_schedule_waits_while_it_is_open_or_when_it_was_lost(
    store: Store, lost: bool, waits: bool
) -> None:
    event = open_event(store, "run-1", requested_by="scheduled")
    assert store.watch.scheduled(["housing"], before=event.run.as_of + HOUR)["housing"].waits
    with store.claim(event.id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(EventStatus.FAILED if lost else EventStatus.HELD), at=NOW)
    assert store.watch.scheduled(["housing"], before=event.run.as_of + HOUR)["housing"].waits is waits


def test_champion_that_downstream_was_not_told_of_waits_for_a_run_by_schedule(store: Store) -> None:
    check(store, "run-0", -6, requested_by="scheduled")
    execute(store, "run-1")
    assert store.watch.scheduled(["housing"], before=NOW + DAY)["housing"].waits
    store.announce("housing", "run-1", at=NOW)
    assert not store.watch.scheduled(["housing"], before=NOW + DAY)["housing"].waits
