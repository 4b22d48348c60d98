"""Fields and placeholders: what the code gives to a query is what that takes, and each column is written by one."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from functools import cache
from typing import Any

import psycopg
import pytest

from include.data.rows.spans import Span
from include.decision.request import RequestKind
from include.decision.signals import SignalKind
from include.detectors.broken_rows import Fault
from include.records.entries import ChangeKind, EventStatus, FailedStep, Failure, KeptCall, MarkVerdict
from include.records.entries.facts import Facts
from include.records.postgres import PostgresStore
from include.records.postgres.audit import read_audit
from include.records.postgres.examination import RecordsSeen
from include.records.postgres.lineage import read_lineage
from include.records.postgres.queries import QUERIES, query
from include.records.postgres.retention import drop_month, kept_months
from include.records.postgres.session import Session
from include.records.rows.analyses import analysis_row, decision_row, measurement_rows, signal_rows
from include.records.rows.canaries import canary_row
from include.records.rows.champion import rollback_row
from include.records.rows.events import new_event_row
from include.records.rows.outcome import closing_row, ending_row, giving_up_row, named_versions, trained_row
from include.records.rows.people import (
    annotation_row,
    answer_row,
    call_row,
    failure_row,
    mark_row,
    mute_lifting_row,
    mute_row,
    pause_row,
)
from include.records.rows.quarantine import lifting_row, quarantine_rows
from include.records.rows.request import request_row, retry_row
from tests.records.examples import (
    HOUR,
    NOW,
    execute,
    make_analysis,
    make_decision,
    make_measurement,
    make_outcome,
    open_event,
    postgres_store,
    speak,
)
from tests.records.test_schema import SEED_QUERIES

NAMES = sorted(path.stem for path in QUERIES.glob("*.sql"))
ASKING = {"rows", "row", "one", "each"}  # what asks a query of a session, by its name
KEYS = {"model_name", "run_id", "event_id"}  # given to many queries, of which some need only one
FAULT = Fault(feature="price", statistic="missing_rise", reason="empty", span=Span(NOW - HOUR, NOW))
ANALYSIS = make_analysis(measurements=(make_measurement(1),), facts=Facts(faults=(FAULT,)))
CLOSING = closing_row(make_outcome(), NOW)
FAILURE = Failure(failure_id="f", model_name="housing", run_id="run-1", step=FailedStep.ANALYZE, error_type="E",
                  error="", permanent=False, at=NOW)  # fmt: skip
CALL = KeptCall(caller="ada", key="k", fingerprint="f", attempt="a", begun_at=NOW, mine=True)

# What the functions that make rows make, for which queries, and with which fields beside them.
ROWS: list[tuple[tuple[str, ...], Mapping[str, Any], set[str]]] = [
    (("save_run", "add_analysis"), analysis_row(ANALYSIS, NOW), set()),
    (("add_signal",), signal_rows(ANALYSIS, NOW)[0], set()),
    (("add_measurement",), measurement_rows(ANALYSIS, NOW)[0], set()),
    (("add_decision",), decision_row(ANALYSIS, make_decision(), NOW), set()),
    (("open_event",), new_event_row(ANALYSIS, make_decision(), NOW), set()),
    (("close_event",), CLOSING, {"event_id"}),
    (("give_up_event",), giving_up_row({"error_type": "", "error": ""}, EventStatus.FAILED, "", NOW), {"event_id"}),
    (("settle_candidate",), trained_row(make_outcome(), NOW, {"details": {}}), {"model_name", "version"}),
    (("note_version",), named_versions("housing", 2, 1), {"event_id"}),
    (("add_deployment",), rollback_row("housing", 2, 1, ChangeKind.ROLLBACK, "ada", "worse", NOW, "k", ""), set()),
    (("end_shadow",), ending_row("housing", 2, "ada", NOW), set()),
    (("add_canary",), canary_row("housing", 2, 10.0, "ada", "to see", NOW), set()),
    (("add_request",), request_row("housing", RequestKind.API, "new rows", "ada", at=NOW), set()),
    (("retry_requests",), retry_row({"model_name": "housing", "run_id": "run-1"}, CLOSING), set()),
    (("quarantine_span",), quarantine_rows(ANALYSIS, NOW)[0], set()),
    (("add_pause",), pause_row("housing", True, "ada", "why", NOW), set()),
    (("add_mute",), mute_row("housing", NOW + HOUR, "ada", "why", NOW), set()),
    (("lift_mute",), mute_lifting_row(1, "ada", "why", NOW), set()),
    (("add_annotation",), annotation_row("housing", NOW, "a sale", "ada", NOW), set()),
    (("add_mark",), mark_row("housing", "run-1", MarkVerdict.RIGHT, "ada", "why", NOW), set()),
    (("add_failure",), failure_row(FAILURE), set()),
    (("begin_call",), call_row("ada", "k", "f", "a", NOW, HOUR), set()),
    (("end_call",), answer_row(CALL, 200, {}, NOW), set()),
    (("lift_quarantine",), lifting_row(1, "ada", "mended", at=NOW, accepts=False), set()),
]


@cache
def placeholders(name: str) -> frozenset[str]:
    return frozenset(re.findall(r"%\((\w+)\)s", query(name).decode()))


def test_every_query_is_used_and_every_used_one_is_there() -> None:
    strings, asked = set[str](), set[str]()
    for path in (QUERIES.parents[1] / "include").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Constant) and isinstance(node.value, str):
                strings.add(node.value)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.args:
                first, owner = node.args[0], node.func.value
                if isinstance(first, ast.Constant) and isinstance(owner, ast.Name) and node.func.attr in ASKING:
                    asked.add(str(first.value))
    assert set(NAMES) - strings == set(SEED_QUERIES) - strings  # those are for people
    assert len(asked) > 40
    assert asked - set(NAMES) == set()


@pytest.mark.parametrize(("names", "row", "beside"), ROWS, ids=[names[0] for names, _, _ in ROWS])
def test_row_has_the_fields_that_its_queries_take(
    names: tuple[str, ...], row: Mapping[str, Any], beside: set[str]
) -> None:
    assert frozenset().union(*map(placeholders, names)) == row.keys() | beside


#: Columns that stay as they are when their row is written again, by the query that does so.
STAYS = {
    "save_model": {"registered_at"},  # since when it is known
    "add_request": None,  # one that waits is found, and not changed
    "begin_call": {"fingerprint"},  # another call under the same key is refused by it
}


@pytest.mark.parametrize("name", [name for name in NAMES if b"DO UPDATE" in query(name)])
def test_row_that_is_written_again_is_replaced_in_every_column(name: str) -> None:
    """Each column that is inserted is updated, but for the key, and those that are named above."""
    form = r"INSERT INTO [\w ]+\((.*?)\).*?ON CONFLICT \((.*?)\).*?DO UPDATE SET(.*)"
    found = re.search(form, query(name).decode(), re.DOTALL)
    assert found
    inserted, key = ({each.strip() for each in part.split(",")} for part in found.groups()[:2])
    updated = set(re.findall(r"(?:^|,)\s*(\w+) =", found[3]))
    stays = STAYS.get(name, set())
    if stays is not None:
        assert inserted - key - updated == stays


@pytest.mark.parametrize("name", NAMES)
def test_header_names_every_parameter(name: str) -> None:
    header = "".join(line for line in query(name).decode().splitlines(keepends=True) if line.startswith("--"))
    told = set(re.findall(r"\w+", header[header.index("Parameters:") : header.index("Returns:")]))
    if "columns" not in told:
        assert placeholders(name) - told == set()
    assert ("none" in told) == (not placeholders(name))


def look_up(store: PostgresStore) -> None:
    """Everything that people look up."""
    period = {"model_name": "housing", "since": NOW - HOUR, "until": NOW + HOUR}
    with store.overview.moment() as reading:
        reading.known("housing"), reading.registered(), reading.state("housing", since=NOW, before=NOW)
        states = reading.fleet(since=NOW, before=NOW)
        reading.fleet_details(states, since=NOW, before=NOW, most=9)
        for back in (False, True):
            reading.decisions({**period, "answered": ""}, {}, 9, back=back)
            reading.events({**period, "status": ""}, {}, 9, back=back)
        reading.count("decisions", {**period, "answered": ""}, 9), reading.count("events", {**period, "status": ""}, 9)
        reading.course("housing", NOW - HOUR, NOW + HOUR, 9), reading.slices("housing", "run-1", NOW)
        reading.heatmap("housing", NOW - HOUR, NOW + HOUR, checks=9, features=9)
        reading.versions("housing", 9), reading.importances("housing"), reading.requests("housing", 9)
        reading.requests_before(None, None, 9), reading.quarantines_before("housing", 7, 9)
        reading.model_files("housing", 9), reading.distributions("housing", "run-1")
        reading.recorded("housing", NOW - HOUR, NOW + HOUR, 9), reading.known_champions("housing", [1])
        reading.scraped(at=NOW, before=NOW), reading.dropped(NOW, NOW)
    store.watch.false_alarms(since=NOW - HOUR, until=NOW)
    store.watch.looked_at("run-1", ["housing"]), store.watch.untold(["housing"]), store.watch.orphans(["housing"])
    store.watch.scheduled(["housing"], before=NOW)


def live(uri: str) -> None:
    """Everything that is ever asked of the records."""
    store = postgres_store(uri)
    store.identity()
    store.register_model("housing", "hash", {}, at=NOW)
    request, _ = store.add_request("housing", RequestKind.API, "new rows", "ada", at=NOW)
    first = make_analysis(facts=Facts(faults=(FAULT,)))
    store.save_analysis(first, at=NOW)
    store.save_decision(first, make_decision(), at=NOW, requests=[request])
    store.note_report("housing", "run-1", "reports/run-1")
    event = store.events()[0]
    with store.claim(event.id, at=NOW) as claim:
        claim.note_approval("grace", at=NOW)
        claim.begin_version(at=NOW)
        claim.note_error("E", "once")
    store.close_failed(event.id, at=NOW, error_type="E", error="no rows")
    execute(store, "run-2")
    with store.claim(open_event(store, "run-3", measurements=(make_measurement(2),)).id, at=NOW) as claim:
        claim.begin_version(at=NOW)
        claim.begin_version(at=NOW)
        claim.finish(make_outcome(EventStatus.HELD, shadow_checks=1), at=NOW)
    store.shadow("housing")
    with store.claim(open_event(store, "run-4").id, at=NOW) as claim:
        claim.take_shadow()
        claim.finish(make_outcome(), at=NOW)
    store.announce("housing", "run-4", at=NOW)
    store.roll_back("housing", from_version=3, to_version=2, kind=ChangeKind.ROLLBACK, requested_by="ada",
                    reason="worse", at=NOW, key="k")  # fmt: skip
    store.set_canary("housing", 3, 10.0, set_by="ada", reason="to see", at=NOW)
    store.lift_quarantine(store.quarantines()[0].id, "ada", "mended", at=NOW)
    speak(store)
    store.home.renew()
    store.analyses("housing"), store.history("housing", until=NOW, most=9), store.canaries("housing")
    store.champion("housing"), store.champion_at("housing", NOW), store.champion_changes("housing")
    store.looks("housing", SignalKind.PROBATION, 2, before=NOW), store.past_checks("housing", before=NOW, most=9)
    store.running_errors("housing", 2, before=NOW), store.reference("housing", 2), store.versions("housing")
    store.requests(), store.last_retrained_at("housing", until=NOW + 90 * HOUR), store.decisions(run_id="run-1")

    def connect() -> psycopg.Connection:
        return psycopg.connect(uri)

    look_up(store)
    seen = RecordsSeen(connect)
    (
        seen.server(),
        seen.applied(),
        seen.objects(),
        seen.versions(),
        seen.numbers(),
        seen.open_events(),
        seen.lends_sessions(),
    )
    store.chain.head("housing"), store.chain.hash_at("housing", 1), store.chain.verify("housing")
    for month in kept_months(connect):
        drop_month(connect, month, "ada")
    read_audit(connect, NOW - HOUR, NOW + HOUR)
    read_lineage(connect, "housing")


def test_no_query_is_given_what_none_of_its_transaction_takes(
    records_uri: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A field of which all queries know nothing is a column that was forgotten in the SQL."""
    seen = set[str]()
    given, taken = defaultdict[int, set[str]](set), defaultdict[int, set[str]](set)
    sessions: list[Session] = []  # kept, so that no two have the same id
    rows, each = Session.rows, Session.each

    def note(session: Session, name: str, fields: Iterable[str]) -> None:
        sessions.append(session)
        seen.add(name)
        given[id(session)] |= set(fields)
        taken[id(session)] |= placeholders(name)

    def noted_rows(self: Session, name: str, parameters: Mapping[str, Any]) -> Any:
        note(self, name, parameters)
        return rows(self, name, parameters)

    def noted_each(self: Session, name: str, parameters: Iterable[Mapping[str, Any]]) -> None:
        all_of_them = list(parameters)
        for one in all_of_them:
            note(self, name, one)
        each(self, name, all_of_them)

    monkeypatch.setattr(Session, "rows", noted_rows)  # every call of every store ends here
    monkeypatch.setattr(Session, "each", noted_each)
    live(records_uri)
    assert [unused for number in given if (unused := given[number] - taken[number] - KEYS)] == []
    assert set(NAMES) - seen - set(SEED_QUERIES) == set()


def test_every_column_is_written_by_a_query_or_by_the_database(records_uri: str) -> None:
    written: dict[str, set[str]] = defaultdict(set)
    for name in NAMES:
        text = re.sub(r"--[^\n]*", "", query(name).decode())
        for table, columns in re.findall(r"INSERT INTO (\w+)[^(]*\(([\w\s,]+)\)", text):
            written[table] |= set(re.findall(r"\w+", columns))
        update = r"(?<!DO )UPDATE (\w+)(?: \w+)?\s+SET\s(.*?)(?:\bWHERE\b|\bFROM\b|\Z)"
        for table, changes in re.findall(update, text, re.S):
            written[table] |= set(re.findall(r"(?:^|,)\s*(\w+) =", changes, re.M))
    with psycopg.connect(records_uri) as connection:
        columns = connection.execute(
            "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0"
            " WHERE c.relnamespace = 'retraining'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition"
            " AND a.attidentity = '' AND a.attgenerated = '' AND NOT a.attisdropped"
        ).fetchall()
    noted = ("model_name", "config_hash", "config", "seen_at")  # by a trigger
    counted = ("model_name", "tally", "label", "total")  # by triggers, too
    chained = (
        "model_name",
        "number",
        "what",
        "key",
        "state",
        "written_at",
        "columns_id",
        "content_hash",
        "previous_hash",
        "hash",
    )  # by a trigger, too
    removed = ("table_name", "month", "rows", "bytes", "dropped_by", "dropped_at")  # by the function that removes
    made_by_the_database = {
        *(("model_file_history", column) for column in noted), *(("retraining_tallies", column) for column in counted),
        *(("quiet_days", column) for column in ("model_name", "day", "checks")),
        ("records_places", "mark"),
        *(("audit_chain", column) for column in chained), *(("dropped_months", column) for column in removed),
        *(("audit_chain_heads", column) for column in ("model_name", "number", "hash")),
        ("audit_chain_columns", "columns"),
    }  # fmt: skip
    unwritten = {
        (table, column)
        for table, column in columns
        if table not in {"schema_migrations", "records_identity"} and column not in written[table]
    }
    assert unwritten == made_by_the_database
