"""Export: every table as CSV, inert and streamed."""

from __future__ import annotations

import csv
import io
import itertools
import tracemalloc
from datetime import UTC, datetime
from typing import Any

import pytest

from include.errors import ConfigurationError, NotOnRecord
from include.records.postgres.export import EXPORTED, cell
from include.workflow import annotate, export_csv, tables_to_export
from tests.reading.conftest import House, ago
from tests.records.examples import make_decision


@pytest.fixture(scope="module")
def lived(shared: House) -> House:
    """Two models with all kinds of rows."""
    for name in ("housing", "shop"):
        shared.register(name)
        shared.train(name, hours=50.0)
        shared.check(name, hours=5.0, champion_version=1)
    shared.check("shop", hours=1.0, run_id="=1+1", decision=make_decision(triggered=False, reason='@a, "b"\r\nc'))
    annotate(shared.deployment, "shop", at=ago(2), text="=cmd|' /C calc'!A0", by="+ada")
    return shared


def read(lines: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO("".join(lines), newline="")))


def test_every_table_and_view_can_be_exported(lived: House) -> None:
    with lived.store.connect() as connection:
        there = {
            name for (name,) in connection.execute(
                "SELECT relname FROM pg_class WHERE relnamespace = 'retraining'::regnamespace"
                " AND relkind IN ('r', 'p', 'v') AND NOT relispartition"
            )
        }  # fmt: skip
    left_out = {
        "schema_migrations", "records_identity", "records_places", "champion_announcements", "idempotency_keys",
        "audit_chain_columns", "audit_chain_heads", "dropped_months",
        "retraining_tallies", "quiet_days",  # counts
        "data_arrivals", "notification_deliveries",  # places and services: of no model
    }  # fmt: skip
    assert there - set(tables_to_export()) == left_out
    for table in tables_to_export():
        rows = read(export_csv(lived.deployment, table))
        assert isinstance(rows, list)
        if EXPORTED[table].time:
            assert read(export_csv(lived.deployment, table, start=ago(1e5), end=ago(9e4))) == []


def test_rows_come_back_as_they_were(lived: House) -> None:
    rows = read(export_csv(lived.deployment, "retraining_decisions", model_name="shop"))
    by_run = {row["run_id"]: row for row in rows}
    assert set(by_run) == {"train-50", "run-5", "'=1+1"}
    odd = by_run["'=1+1"]
    assert odd["reason"] == '\'@a, "b"\r\nc'
    assert odd["triggered"] == "false"
    assert odd["nearness"] == ""
    assert datetime.fromisoformat(odd["decided_at"]) < datetime.now(UTC)
    [note] = read(export_csv(lived.deployment, "model_annotations"))
    assert (note["text"], note["written_by"]) == ("'=cmd|' /C calc'!A0", "'+ada")


def test_period_ends_before_its_end(lived: House) -> None:
    runs = read(export_csv(lived.deployment, "retraining_runs", model_name="shop", start=ago(6), end=ago(2)))
    assert {row["run_id"] for row in runs} == {"run-5"}


@pytest.mark.parametrize("start", ["=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20"])
def test_no_text_is_a_formula(start: str) -> None:
    written = cell(f"{start}SUM(A1)")
    assert written.startswith("\"'")
    [[found]] = csv.reader(io.StringIO(written, newline=""))
    assert found == f"'{start}SUM(A1)"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        (None, ""), ("", '""'), (-0.5, "-0.5"), (-3, "-3"), (True, "true"), (float("-inf"), "\"'-inf\""),
        (float("nan"), '"nan"'), ([1, None], '"[1, null]"'), ({"a": "=1"}, '"{""a"": ""=1""}"'), ("a;=1+1", '"a;=1+1"'),
        (datetime(2026, 5, 3, tzinfo=UTC), "2026-05-03T00:00:00+00:00"), ("naïve", '"naïve"'),
    ],
)  # fmt: skip
def test_cells_of_all_kinds(value: object, written: str) -> None:
    assert cell(value) == written


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"table": "model_retraining_event"}, "did you mean 'model_retraining_events'"),
        ({"table": "pg_shadow"}, "known: auto_retraining_jobs"),
        ({"table": "retraining_runs; DROP TABLE retraining_runs"}, "table"),
        ({"table": "idempotency_keys"}, "table"),
        ({"table": "auto_retraining_config", "start": ago(1)}, "has no time"),
        ({"table": "retraining_runs", "start": ago(1), "end": ago(2)}, "is not before"),
    ],
)
def test_what_cannot_be_exported_is_refused_before_the_first_line(
    lived: House, asked: dict[str, Any], told: str
) -> None:
    with pytest.raises(ConfigurationError, match=told):
        export_csv(lived.deployment, **asked)


def test_unknown_model_is_refused_before_the_first_line(lived: House) -> None:
    with pytest.raises(NotOnRecord):
        export_csv(lived.deployment, "retraining_runs", model_name="hous\x00ing")


@pytest.mark.sweep
def test_memory_does_not_grow_with_the_table(house: House) -> None:
    with house.store.connect() as connection:
        connection.execute(
            "INSERT INTO retraining.model_annotations (model_name, about, text, written_by, written_at)"
            " SELECT 'housing', now(), repeat('x', 500), 'ada', now() FROM generate_series(1, 60000)"
        )
    lines = export_csv(house.deployment, "model_annotations")
    next(lines)
    sum(map(len, itertools.islice(lines, 5_000)))
    tracemalloc.start()
    try:
        read_on = sum(map(len, lines))
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert read_on > 25e6
    assert peak < 8e6


def test_reading_can_be_given_up(lived: House) -> None:
    lines = export_csv(lived.deployment, "retraining_runs")
    next(lines)
    lines.close()  # type: ignore[attr-defined]  # a generator, which closes its connection
