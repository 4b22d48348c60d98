"""Rules that hold for every table of the schema, also for those that come later."""

from __future__ import annotations

import re
from typing import Any

import psycopg
import pytest

from include.records.migration_files import SCHEMA_FILES
from tests.records.examples import NOW, make_analysis, make_measurement, postgres_store
from tools.data_dictionary import PAGE, dictionary

RELATIONS = "c.relnamespace = 'retraining'::regnamespace AND c.relkind IN ('r', 'p', 'v')"


@pytest.fixture
def rows(records_uri: str) -> Any:
    """Asks records of which one month has partitions."""
    postgres_store(records_uri).save_analysis(make_analysis(), at=NOW)

    def ask(query: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(records_uri) as connection:
            return connection.execute(query.encode()).fetchall()

    return ask


def test_every_table_view_column_and_function_has_a_comment(rows: Any) -> None:
    assert rows(f"SELECT relname FROM pg_class c WHERE {RELATIONS} AND obj_description(oid, 'pg_class') IS NULL") == []
    columns = f"""
        SELECT c.relname, a.attname, col_description(c.oid, a.attnum) FROM pg_class c
        JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped WHERE {RELATIONS}"""
    found = rows(columns)
    assert len(found) > 300
    assert [(table, column) for table, column, comment in found if not (comment or "").strip()] == []
    functions = "SELECT proname FROM pg_proc WHERE pronamespace = 'retraining'::regnamespace"
    assert len(rows(functions)) > 8
    assert rows(f"{functions} AND obj_description(oid, 'pg_proc') IS NULL") == []


def test_every_foreign_key_has_an_index_that_begins_with_it(rows: Any) -> None:
    keys = rows("SELECT conrelid::regclass::text, conname, conkey FROM pg_constraint WHERE contype = 'f'")
    indexes = rows("SELECT indrelid::regclass::text, indkey::int2[] FROM pg_index WHERE indpred IS NULL")
    assert len(keys) > 20
    without = [
        (table, name)
        for table, name, key in keys
        if not any(of == table and set(columns[: len(key)]) == set(key) for of, columns in indexes)
    ]
    assert without == []


def test_every_constraint_has_a_name_that_somebody_gave_it(rows: Any) -> None:
    text = "\n".join(path.read_text() for path in SCHEMA_FILES.glob("*.sql"))
    given = {*re.findall(r"CONSTRAINT (?:TRIGGER )?(\w+)", text), "schema_migrations_key"}
    found = rows(
        "SELECT conname FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid"
        f" WHERE {RELATIONS} AND NOT c.relispartition AND contype <> 'n' AND conparentid = 0"
    )
    assert {name for (name,) in found} == given


def test_every_number_that_counts_rows_is_a_bigint_identity(rows: Any) -> None:
    found = rows(
        "SELECT relname, format_type(atttypid, NULL), attidentity FROM pg_attribute JOIN pg_class c ON c.oid = attrelid"
        f" WHERE {RELATIONS} AND c.relkind <> 'v' AND (attname = 'id' OR attidentity <> '') AND NOT c.relispartition"
    )
    assert {(kind, identity) for table, kind, identity in found if table != "records_identity"} == {("bigint", "a")}
    assert rows("SELECT relname FROM pg_class WHERE relkind = 'S' AND relname NOT LIKE '%_id_seq'") == []


def test_improvements_are_generated(rows: Any) -> None:
    found = rows(
        "SELECT attname FROM pg_attribute WHERE attrelid = 'model_retraining_events'::regclass AND attgenerated = 's'"
    )
    assert {name for (name,) in found} == {f"improvement_{metric}_percent" for metric in ("r2", "rmse", "accuracy")}


@pytest.mark.parametrize(
    ("new", "previous", "larger_is_better", "expected"),
    [
        (0.9, 0.8, True, 12.5),
        (8.0, 10.0, False, 20.0),
        (-0.5, -1.0, True, 50.0),
        (0.8, 0.8, False, 0.0),
        (0.9, 0.0, True, None),
        (None, 0.8, True, None),
        (0.9, None, True, None),
        (1e10, 1e-308, True, None),  # more than a double holds
        (1e308, -1e308, True, None),
        (5e-324, 1e300, True, -100.0),
        (1e300 * (1 + 1e-15), 1e300, True, 1e-13),
        (3e-324, 2e-310, False, 100.0),
        (float("nan"), 0.8, True, None),
        (float("inf"), 0.8, True, None),
        (0.8, float("inf"), True, None),
    ],
)
def test_improvement_is_told_wherever_it_can_be(
    records_uri: str, new: float | None, previous: float | None, larger_is_better: bool, expected: float | None
) -> None:
    with psycopg.connect(records_uri) as connection:
        row = connection.execute(
            "SELECT improvement_percent(%s::float8, %s::float8, %s)", (new, previous, larger_is_better)
        ).fetchone()
    assert row is not None
    assert row[0] == (None if expected is None else pytest.approx(expected, rel=0.2, abs=1e-300))


def test_data_dictionary_is_up_to_date(records_uri: str) -> None:
    with psycopg.connect(records_uri) as connection:
        written = dictionary(connection)
    assert PAGE.read_text(encoding="utf-8") == written, "make it again: python -m tools.data_dictionary"


def test_measurements_refer_to_versions(records_uri: str) -> None:
    with pytest.raises(psycopg.errors.ForeignKeyViolation, match="model_performance_tracking_version"):
        postgres_store(records_uri).save_analysis(make_analysis(measurements=(make_measurement(9),)), at=NOW)
