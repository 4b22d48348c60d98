"""What both stores promise about histories and reports: memory first, then Postgres."""

from __future__ import annotations

from include.data.reference.distributions import Distribution
from include.records.entries import Check, EventStatus
from include.records.store import Store
from tests.records.examples import (
    HOUR,
    KS_STABLE,
    NOW,
    RMSE_CHANGED,
    execute,
    make_analysis,
    make_decision,
    make_measurement,
    open_event,
)

DRAWN = Distribution(
    name="price", role="input", quantity="number", edges=(0.1, 0.2, 0.30000000000000004), reference=(0.25, 0.75),
    recent=(1.0, 0.0), reference_missing=0.0, recent_missing=0.5,
)  # fmt: skip
NAMED = Distribution(
    name="city", role="output", quantity="category", names=("b", "a"), reference=(0.5, 0.5), recent=(0.1, 0.9),
    reference_missing=0.0, recent_missing=0.0,
)  # fmt: skip


def test_distributions_come_back_to_the_last_digit(store: Store) -> None:
    analysis = make_analysis(distributions=(DRAWN, NAMED))
    assert store.save_analysis(analysis, at=NOW) == analysis
    again = make_analysis(distributions=())
    assert store.save_analysis(again, at=NOW) == again


def test_history_is_what_was_decided_with_what_changed_and_what_came_of_it(store: Store) -> None:
    first = execute(store, "run-1", at=NOW)
    seen = make_analysis(
        "run-2", as_of=NOW + HOUR, champion_version=1, measurements=(make_measurement(1),), distributions=(DRAWN,)
    )
    no = make_decision(triggered=False)
    store.save_decision(seen, no, at=NOW + HOUR)
    store.save_analysis(make_analysis("run-3", as_of=NOW + HOUR), at=NOW)  # not decided
    open_event(store, "dry", dry_run=True, as_of=NOW + HOUR)
    open_event(store, "run-1", model_name="iris")
    [one, two] = store.history("housing", until=NOW + HOUR, most=10)
    assert (one.event, one.decision) == (first, first.decision)
    assert one.event is not None
    assert one.event.status is EventStatus.PROMOTED
    assert two == Check(
        analysis=make_analysis(
            "run-2", as_of=NOW + HOUR, champion_version=1, measurements=(make_measurement(1),), signals=(RMSE_CHANGED,)
        ),
        decision=no,
    )
    assert KS_STABLE in seen.signals


def test_history_is_of_the_latest_checks_up_to_a_time_oldest_first(store: Store) -> None:
    for hour in (3, 1, 4, 2):
        store.save_decision(make_analysis(f"run-{hour}", as_of=NOW + hour * HOUR), make_decision(), at=NOW)
    names = [
        [check.analysis.run.run_id for check in store.history("housing", until=NOW + until * HOUR, most=most)]
        for until, most in ((9, 10), (3, 10), (3, 2), (0, 10))
    ]
    assert names == [["run-1", "run-2", "run-3", "run-4"], ["run-1", "run-2", "run-3"], ["run-2", "run-3"], []]
    assert store.history("iris", until=NOW, most=10) == []


def test_place_of_a_report_is_noted_also_after_the_event_closed(store: Store) -> None:
    execute(store, "run-1")
    assert store.report_path("housing", "run-1") == ""
    store.note_report("housing", "run-1", "reports/housing/run-1")
    store.note_report("housing", "run-1", "reports/housing/run-1")
    assert store.report_path("housing", "run-1") == "reports/housing/run-1"
    assert store.report_path("iris", "run-1") == ""
