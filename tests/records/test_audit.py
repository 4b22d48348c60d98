"""The audit leaves nothing out, doubles nothing, and says the same whenever it is made."""

from __future__ import annotations

import json
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.rows import dict_row

from include.cli.__main__ import main
from include.data.rows.spans import Span
from include.decision.request import RequestKind
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.broken_rows import Fault
from include.errors import ConfigurationError
from include.interfaces.reports.audit import FORMATS, to_html, to_markdown, to_text
from include.records.entries import Audit, ChangeKind, EventStatus, Facts, TrainingDetails
from include.records.postgres.audit import read_audit
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
    speak,
)
from tests.reports.test_reports import HOSTILE, check_page
from tests.stage import REFERENCE_DAYS, Stage, day, sales

START, END = NOW - HOUR, NOW + 30 * HOUR
LOOK = Signal(
    kind=SignalKind.PROBATION, statistic="rmse", verdict=Verdict.CHANGED, reason="worse than v1 and than promised",
    detail={"look": 1.0, "version": 3.0, "predecessor": 1.0, "rows": 200.0},
)  # fmt: skip
MOMENTS = """
    SELECT 'model_retraining_events' AS source, id, triggered_at AS at FROM model_retraining_events
    UNION ALL SELECT 'model_retraining_events', id, approved_at FROM model_retraining_events
    UNION ALL SELECT 'model_retraining_events', id, execution_completed_at FROM model_retraining_events
        WHERE status <> 'dry_run'
    UNION ALL SELECT 'model_deployment_history', id, deployed_at FROM model_deployment_history
    UNION ALL SELECT 'champion_announcements', change_id, announced_at FROM champion_announcements
    UNION ALL SELECT 'canary_shares', id, set_at FROM canary_shares
    UNION ALL SELECT 'quarantined_spans', id, quarantined_at FROM quarantined_spans
    UNION ALL SELECT 'quarantined_spans', id, lifted_at FROM quarantined_spans
    UNION ALL SELECT 'retraining_requests', id, requested_at FROM retraining_requests
    UNION ALL SELECT 'retraining_requests', id, consumed_at FROM retraining_requests
    UNION ALL SELECT 'model_drift_monitoring', s.id, analyzed_at FROM model_drift_monitoring s
        JOIN retraining_runs USING (model_name, run_id) WHERE kind = 'probation'
    UNION ALL SELECT 'retraining_failures', id, failed_at FROM retraining_failures
    UNION ALL SELECT 'model_pauses', id, set_at FROM model_pauses
    UNION ALL SELECT 'notification_mutes', id, muted_at FROM notification_mutes
    UNION ALL SELECT 'notification_mutes', id, lifted_at FROM notification_mutes
    UNION ALL SELECT 'model_annotations', id, written_at FROM model_annotations
    UNION ALL SELECT 'decision_marks', id, marked_at FROM decision_marks
"""


def after(hours: float) -> datetime:
    return NOW + hours * HOUR


def audit(uri: str, start: datetime = START, end: datetime = END, model_name: str = "") -> Audit:
    return read_audit(lambda: psycopg.connect(uri), start, end, model_name)


def live(uri: str) -> None:
    """All that can happen to a model, an hour apart; `iris` has a first version and no more."""
    store = postgres_store(uri)
    store.add_request("housing", RequestKind.API, "a new price list", "ada", at=NOW)
    [asked] = store.requests()
    first = make_analysis("run-1", as_of=NOW)
    event = store.save_decision(first, make_decision(), at=NOW, requests=[asked.request])[1]
    assert event is not None
    with store.claim(event.id, at=after(0.1)) as claim:
        claim.note_approval("grace", at=after(0.1))
        claim.begin_version(at=after(0.1))
        trained = TrainingDetails(training_data_hash="ef01", training_data_size=900, training_data_path="housing.csv")
        claim.finish(make_outcome(details=trained), at=after(0.5))
    store.announce("housing", "run-1", at=after(0.6))
    execute(store, "run-2", at=after(1), status=EventStatus.HELD)
    execute(store, "run-3", at=after(2))
    look = make_analysis("run-4", as_of=after(3), signals=(LOOK,), champion_version=3)
    store.save_decision(store.save_analysis(look, at=after(3)), make_decision(triggered=False), at=after(3))
    roll = {"from_version": 3, "to_version": 1, "requested_by": "probation", "reason": "worse", "run_id": "run-4"}
    store.roll_back("housing", **roll, kind=ChangeKind.PROBATION, at=after(3.5), key="p")  # type: ignore[arg-type]
    execute(store, "run-5", at=after(4), status=EventStatus.REJECTED)
    execute(store, "run-6", at=after(5), status=EventStatus.FAILED)
    roll = {"from_version": 1, "to_version": 3, "requested_by": "ada", "reason": "v3 was right after all"}
    store.roll_back("housing", **roll, kind=ChangeKind.ROLLBACK, at=after(6), key="h")  # type: ignore[arg-type]
    store.set_canary("housing", 1, 10.0, set_by="ada", reason="to be sure", at=after(6.5))
    open_event(store, "run-7", at=after(7), dry_run=True, as_of=after(7))
    fault = Fault(feature="price", statistic="missing_rise", reason="95 % empty", span=Span(after(7), after(8)))
    broken = make_analysis("run-8", as_of=after(8), facts=Facts(faults=(fault,)))
    held_back = make_decision(triggered=False, blocked_by=("data quality",))
    store.save_decision(broken, held_back, at=after(8))
    store.lift_quarantine(store.quarantines()[0].id, "grace", "backfilled", at=after(9))
    open_event(store, "run-9", at=after(10), as_of=after(10))
    store.close_unfinished("housing", at=after(20), idle=timedelta(hours=6))
    open_event(store, "run-10", at=after(21), as_of=after(21))
    store.save_analysis(make_analysis("run-11", as_of=after(22)), at=after(22))
    event = store.save_decision(make_analysis("run-1", "iris"), make_decision(), at=after(24))[1]
    assert event is not None
    with store.claim(event.id, at=after(24)) as claim:
        claim.begin_version(at=after(24))
        claim.finish(make_outcome(details=TrainingDetails()), at=after(25))
    speak(store, at=after(23))
    for hours in (23.5, 23.6):  # tried twice
        fail(store, "run-12", after(hours))
    fail(store, "run-11", after(23.7))  # it looked all the same


@pytest.fixture
def lived(records_uri: str) -> str:
    live(records_uri)
    return records_uri


def test_every_row_of_the_period_appears_once_and_no_other(lived: str) -> None:
    with psycopg.connect(lived, row_factory=dict_row) as connection:
        moments = [row for row in connection.execute(MOMENTS.encode()) if row["at"] is not None]
    for start, end in ((START, END), (after(0), after(3)), (after(3), after(9)), (after(9), after(25))):
        found = audit(lived, start, end)
        expected = Counter((row["source"], row["id"], row["at"]) for row in moments if start <= row["at"] < end)
        assert Counter((entry.source, entry.source_id, entry.at) for entry in found.entries) == expected
        assert len({(entry.source, entry.source_id, entry.action) for entry in found.entries}) == len(found.entries)
    assert Counter(entry.source for entry in audit(lived).entries)["model_retraining_events"] > 10


@pytest.mark.parametrize("model_name", ["", "housing", "iris", "nobody"])
def test_champions_of_a_period_are_the_stretches_that_fall_into_it(lived: str, model_name: str) -> None:
    with psycopg.connect(lived) as connection:
        query = "SELECT model_name, version, since, until, kind, reason FROM champion_periods ORDER BY 1, 3, change_id"
        stretches = [row for row in connection.execute(query.encode()) if row[0] == model_name or not model_name]
    moments = sorted({moment for row in stretches for moment in row[2:4] if moment} | {START, after(0.7), END})
    for start in moments:
        for end in (moment for moment in moments if moment > start):
            asked = audit(lived, start, end, model_name).champions
            found = [(c.model_name, c.version, c.since, c.until, c.kind, c.reason) for c in asked]
            assert found == [row for row in stretches if row[2] < end and (row[3] is None or row[3] > start)]


def test_every_table_whose_rows_are_guarded_is_audited(lived: str) -> None:
    with psycopg.connect(lived) as connection:
        guarded = connection.execute(
            "SELECT DISTINCT c.relname FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid"
            " WHERE NOT t.tgisinternal AND t.tgconstraint = 0 AND c.relnamespace = current_schema()::regnamespace"
            " AND NOT c.relispartition"
        ).fetchall()
    known = {
        "model_version_management",  # what became of a version is in its event and in the deployment history
        "data_arrivals",  # what came of it is a run with its reason, or a request
        "auto_retraining_jobs", "model_file_history",  # settings as runs found them, with the decisions that they made
        "notifications", "notification_deliveries",  # who was told of what the audit has
        "audit_chain", "audit_chain_columns", "audit_chain_heads",  # hashes of what the audit has
        "dropped_months",  # told where there are any: tests/records/test_months.py
        "retraining_decisions",  # counted; those that fired are in their events
        # what decisions were made on; looks of probation and shadow, which are signals, are audited
        "retraining_runs", "retraining_analyses", "model_performance_tracking", "model_drift_monitoring",
    }  # fmt: skip
    assert ("model_deployment_history",) in guarded
    assert {name for (name,) in guarded} - known <= {entry.source for entry in audit(lived).entries}


def test_each_action_says_who_why_on_which_data_and_with_what_outcome(lived: str) -> None:
    found = audit(lived)
    assert found.counts == {
        "abandoned": 1, "announced": 1, "approved": 1, "canary_set": 1, "decided": 9, "deployed": 3, "failed": 1,
        "held": 1, "probation_look": 1, "promoted": 3, "quarantine_lifted": 1, "quarantined": 1, "rejected": 1,
        "request_consumed": 1, "requested": 1, "rolled_back": 1, "rolled_back_by_probation": 1, "annotated": 1,
        "decision_marked": 1, "muted": 1, "paused": 1, "resumed": 1, "step_failed": 4, "unmuted": 1,
    }  # fmt: skip
    by_action = {entry.action: entry for entry in reversed(found.entries)}
    decided, promoted, deployed = (by_action[name] for name in ("decided", "promoted", "deployed"))
    assert (decided.who, decided.why, decided.outcome) == (
        "schedule", "the error rose; requested: because", "HIGH, promoted"
    )  # fmt: skip
    approved = by_action["approved"]
    assert (approved.who, approved.why, approved.event_id, approved.at) == (
        "grace", "the error rose", decided.event_id, after(0.1)
    )  # fmt: skip
    assert (decided.data_rows, decided.data_from, decided.data_until) == (500, NOW - 24 * HOUR, NOW)
    assert (promoted.data_path, promoted.data_hash, promoted.data_rows) == ("housing.csv", "ef01", 900)
    assert (promoted.version, promoted.outcome, promoted.data_until) == (1, "better on the same rows", NOW)
    assert (deployed.who, deployed.why, deployed.at) == ("schedule", "better on the same rows", after(0.5))
    back, look = by_action["rolled_back_by_probation"], by_action["probation_look"]
    assert (back.who, back.why, back.version, back.other_version) == ("probation", "worse", 1, 3)
    assert (look.version, look.other_version, look.data_rows, look.outcome) == (3, 1, 200, "failed")
    asked, lifted = by_action["requested"], by_action["quarantine_lifted"]
    assert (asked.who, asked.why, asked.outcome) == ("ada", "a new price list", "api, consumed")
    assert by_action["request_consumed"].outcome == "promoted"
    assert (lifted.who, lifted.why, lifted.outcome) == ("grace", "backfilled", "price: trained on again")
    assert (lifted.data_from, lifted.data_until) == (after(7), after(8))
    [decisions, _] = found.decisions
    assert (decisions.decisions, decisions.fired, decisions.dry_runs, decisions.blocked, decisions.quiet) == (
        10, 7, 1, 1, 1
    )  # fmt: skip


def test_normal_run_leaves_path_hash_and_rows_of_its_data(records_uri: str, tmp_path: Path) -> None:
    stage = Stage(tmp_path, postgres_store(records_uri))  # type: ignore[arg-type]  # either store will do
    stage.add("sales", sales(40), training={"estimator": "linear"})
    step = stage.run("sales", day(REFERENCE_DAYS), requested_by="ada", reason="the first of its kind")
    assert step.event is not None
    now = datetime.now(UTC)
    found = audit(records_uri, now - HOUR, now + HOUR)
    decided, promoted, deployed = found.entries
    assert (decided.who, decided.action) == ("ada", "decided")
    assert decided.why.endswith("requested: the first of its kind")
    for entry in (promoted, deployed):
        assert (entry.data_path, entry.data_rows, len(entry.data_hash)) == ("sales.csv", REFERENCE_DAYS * 24, 64)
        assert entry.data_until == day(REFERENCE_DAYS)
    assert (promoted.outcome, promoted.event_id) == (step.event.outcome, step.event.id)
    assert [gap.kind for gap in found.gaps] == ["not_announced"]


def test_champions_are_those_of_the_period(lived: str) -> None:
    found = audit(lived, after(3), after(6), "housing").champions
    assert [(each.version, each.since, each.until, each.kind) for each in found] == [
        (3, after(2), after(3.5), "promotion"), (1, after(3.5), after(6), "probation")
    ]  # fmt: skip
    store = postgres_store(lived)
    for each in audit(lived, model_name="housing").champions:
        champion = store.champion_at("housing", each.since)
        assert champion is not None
        assert (champion.version, champion.artifact_sha256) == (each.version, each.artifact_sha256)


def test_gaps_are_named(lived: str) -> None:
    assert [(gap.kind, gap.run_id, gap.model_name) for gap in audit(lived).gaps] == [
        ("not_announced", "", "housing"), ("open_event", "run-10", "housing"), ("no_decision", "run-11", "housing"),
        ("not_analyzed", "run-12", "housing"),
        ("data_unknown", "run-1", "iris"), ("not_announced", "run-1", "iris"),
    ]  # fmt: skip
    assert audit(lived, after(0), after(3)).gaps == []


def test_one_model_is_audited_alone(lived: str) -> None:
    both, housing, iris = audit(lived), audit(lived, model_name="housing"), audit(lived, model_name="iris")
    assert {entry.model_name for entry in iris.entries} == {"iris"}
    assert [*housing.entries, *iris.entries] == list(both.entries)
    assert audit(lived, model_name="demand").entries == []


def test_audit_made_again_is_the_same_to_the_letter(lived: str) -> None:
    def made(zone: str) -> list[str]:
        found = read_audit(lambda: psycopg.connect(lived, options=f"-c TimeZone={zone}"), START, END)
        return [render(found) for render in FORMATS.values()]

    assert made("UTC") == made("Asia/Tokyo")


def test_every_entry_is_in_every_format(lived: str) -> None:
    found = audit(lived)
    for entry in found.entries:
        for text in (to_text(found), to_html(found)):
            assert f"{entry.source} {entry.source_id}" in text
    page = check_page(to_html(found))
    assert sum(tag == "tr" for tag, _ in page.elements) == (
        5 + len(found.entries) + len(found.champions) + len(found.gaps) + len(found.counts) + len(found.decisions)
    )
    assert to_markdown(found).count("\n| ") == (
        5 + len(found.entries) + len(found.champions) + len(found.gaps) + len(found.counts) + len(found.decisions)
    )
    told: dict[str, Any] = json.loads(FORMATS["json"](found))
    assert len(told["entries"]) == len(found.entries)
    assert told["entries"][0]["at"] == "2026-05-03T12:00:00+00:00"


def test_period_without_records_says_so(records_uri: str) -> None:
    found = audit(records_uri)
    for render in (to_text, to_markdown, to_html):
        assert "None found: every event closed" in render(found)
        assert "There was no champion." in render(found)
    check_page(to_html(found))


def test_hostile_words_stay_words(records_uri: str) -> None:
    store = postgres_store(records_uri)
    for number, text in enumerate(HOSTILE):
        store.add_request("housing", RequestKind.API, text, text, at=after(number), key=str(number))
    found = audit(records_uri)
    page = check_page(to_html(found))
    assert not [tag for tag, _ in page.elements if tag == "img"]
    assert len(to_markdown(found).splitlines()) == len(to_markdown(audit(records_uri)).splitlines())
    assert "<script>" not in to_markdown(found)


def test_empty_period_is_refused(records_uri: str) -> None:
    with pytest.raises(ConfigurationError, match="is not before"):
        audit(records_uri, NOW, NOW)


def test_command_writes_each_format(
    lived: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("AIRFLOW_CONN_RETRAINING_DB", lived)
    asked = ["audit", "--from", "2026-05-03", "--to", "2026-05-05"]
    assert main(asked) == 0
    assert capsys.readouterr().out.startswith("Audit of all models, 2026-05-03 00:00:00 to 2026-05-05 00:00:00 UTC\n")
    for ending, beginning in (("json", "{"), ("md", "# Audit of iris"), ("html", "<!doctype html>")):
        file = tmp_path / f"audit.{ending}"
        assert main([*asked, "--model", "iris", "--format", ending, "--out", str(file)]) == 0
        assert file.read_text().startswith(beginning)
