"""What both stores promise about quarantine: memory first, then Postgres."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import psycopg
import pytest

from include.data.rows.spans import Span
from include.detectors.broken_rows import Fault
from include.errors import DataError
from include.records.entries import Facts, Lifting, Quarantine
from include.records.store import Store
from tests.records.examples import HOUR, NOW, make_analysis, make_decision, open_event, postgres_store


def fault(start: float = 0.0, end: float = 10.0, feature: str = "price", statistic: str = "missing_rise") -> Fault:
    span = Span(NOW + start * HOUR, NOW + end * HOUR)
    return Fault(feature=feature, statistic=statistic, reason=f"{feature}: 95 % empty", span=span)


def decide(store: Store, run_id: str, *faults: Fault, **changes: Any) -> None:
    analysis = make_analysis(run_id, facts=Facts(faults=faults), **changes)
    store.save_decision(analysis, make_decision(triggered=False), at=NOW)


def spans(store: Store) -> list[tuple[float, float]]:
    found = [kept.fault.span for kept in store.quarantines("housing")]
    return [((span.start - NOW) / HOUR, (span.end - NOW) / HOUR) for span in found if span is not None]


def test_decision_quarantines_what_its_analysis_found_broken(store: Store) -> None:
    store.save_analysis(make_analysis(facts=Facts(faults=(fault(),))), at=NOW)
    assert store.quarantines() == []  # only a decision does
    decide(store, "run-1", fault())
    [kept] = store.quarantines()
    assert kept == Quarantine(
        id=kept.id, model_name="housing", fault=fault(), run_id="run-1", last_run_id="run-1", champion_version=None,
        at=NOW,
    )  # fmt: skip
    assert store.quarantines("iris") == []
    assert store.analysis("housing", "run-1").facts.faults == (fault(),)  # type: ignore[union-attr]  # just saved


def test_repeated_decision_quarantines_once(store: Store) -> None:
    decide(store, "run-1", fault())
    decide(store, "run-1", fault(), fault(50, 60))
    assert spans(store) == [(0, 10)]


def test_dry_run_quarantines_nothing(store: Store) -> None:
    decide(store, "run-1", fault(), dry_run=True)
    assert store.quarantines() == []


def test_fault_that_lasts_makes_its_span_longer(store: Store) -> None:
    decide(store, "run-1", fault(0, 10))
    decide(store, "run-2", fault(10, 16))  # it continues the first
    decide(store, "run-3", fault(-2, 3))
    decide(store, "run-4", fault(1, 2))  # no news
    assert spans(store) == [(-2, 16)]
    [kept] = store.quarantines()
    assert (kept.run_id, kept.last_run_id) == ("run-1", "run-4")


def test_run_of_a_past_date_makes_a_span_longer_and_says_nothing_else_of_it(store: Store) -> None:
    decide(store, "run-1", fault(0, 10))
    decide(store, "backfill", replace(fault(-2, 3), reason="of long ago"), as_of=NOW - 30 * HOUR)
    assert spans(store) == [(-2, 10)]
    [kept] = store.quarantines()
    assert (kept.fault.reason, kept.last_run_id) == (fault().reason, "run-1")


def test_other_times_columns_and_faults_are_quarantines_of_their_own(store: Store) -> None:
    decide(store, "run-1", fault(), fault(feature="city"), fault(statistic="unit_change"), fault(11, 12))
    decide(store, "run-1", fault(), model_name="iris")
    assert len(store.quarantines("housing")) == 4
    assert len(store.quarantines()) == 5


def test_models_without_timestamps_have_no_span(store: Store) -> None:
    whole = Fault(feature="price", statistic="constant", reason="stands still", span=None)
    decide(store, "run-1", whole)
    decide(store, "run-2", whole, fault())
    assert [kept.fault.span for kept in store.quarantines()] == [None, fault().span]


def test_lifting_is_kept_on_record_and_done_once(store: Store) -> None:
    decide(store, "run-1", fault())
    [kept] = store.quarantines()
    lifted = store.lift_quarantine(kept.id, "ada", "back\x00filled", at=NOW + HOUR, accepts=True)
    assert lifted.lifted == Lifting(lifted_by="ada", reason="back\ufffdfilled", at=NOW + HOUR, accepts=True)
    assert store.quarantines() == [lifted]
    for number in (kept.id, kept.id + 1):
        with pytest.raises(DataError, match=f"no quarantine {number}"):
            store.lift_quarantine(number, "bob", "again", at=NOW + HOUR)


def test_lifted_span_does_not_grow(store: Store) -> None:
    decide(store, "run-1", fault(0, 10))
    store.lift_quarantine(store.quarantines()[0].id, "ada", "backfilled", at=NOW)
    decide(store, "run-2", fault(10, 16))
    assert spans(store) == [(0, 10), (10, 16)]
    assert [kept.lifted is None for kept in store.quarantines()] == [False, True]


def test_quarantine_beside_an_event(store: Store) -> None:
    event = open_event(store, facts=Facts(faults=(fault(),)))
    assert event.run.run_id == store.quarantines()[0].run_id


@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM quarantined_spans",
        "UPDATE quarantined_spans SET feature = 'other'",
        "UPDATE quarantined_spans SET span_end = span_end - interval '1 hour'",
        "UPDATE quarantined_spans SET lifted_at = now()",  # nobody, for no reason
        "UPDATE quarantined_spans SET accepts = true",  # not lifted
    ],
)
def test_schema_keeps_what_was_quarantined(records_uri: str, statement: str) -> None:
    decide(postgres_store(records_uri), "run-1", fault())
    with psycopg.connect(records_uri) as connection, pytest.raises(psycopg.errors.CheckViolation):
        connection.execute(statement)
