"""Any table, by any reader: the same rows give the same kinds, profiles and decision, and no error but ours.

``RETRAINING_TEST_TABLES=5000 pytest tests/data/test_any_table.py`` looks at as many tables as one likes.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from psycopg import sql

from include.data.batches import CursorBatches
from include.data.frames import frame_of
from include.data.pairs import Pair, profile_pair
from include.data.profile import CategoricalColumn, Column, Extra
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.parquet_batches import ParquetBatches
from include.decision.decision import Decision
from include.detectors.catalogue import standard_detectors
from include.errors import RetrainingError
from include.orchestrator import AutomaticRetrainingOrchestrator
from include.orchestrator.answers import Answers
from include.registry.kinds import Kind
from tests.data.columns_of_kinds import KINDS, column_of
from tools.embedded_postgres import EmbeddedPostgres

TABLES = int(os.environ.get("RETRAINING_TEST_TABLES", "12"))
LEAST = 20  # recent values below which nothing is called changed
ASK = AutomaticRetrainingOrchestrator(min_samples_for_retraining=LEAST)
MARGIN = 3.0  # a p-value so near its level may fall on either side for a cell more or less
MANY = settings(
    max_examples=TABLES, deadline=30_000,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture, HealthCheck.filter_too_much],
)  # fmt: skip


@dataclass(frozen=True)
class Tables:
    """Reference and recent rows."""

    reference: pd.DataFrame
    recent: pd.DataFrame

    def both(self, change: Any) -> Tables:
        """The same change made to both."""
        return Tables(change(self.reference), change(self.recent))


@st.composite
def tables(draw: st.DrawFn) -> Tables:
    """Two tables of the same columns, whose distributions move or stay."""
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    kinds = draw(st.lists(st.sampled_from(KINDS), min_size=1, max_size=6))
    sizes = draw(st.integers(100, 400)), draw(st.integers(LEAST, 300))
    names = [f"{kind} {place}" for place, kind in enumerate(kinds)]
    shifts = [draw(st.sampled_from([0.0, 0.0, 0.0, 2.0])) for _ in kinds]
    found = [
        pd.DataFrame(
            {n: column_of(k, rng, rows, s * later) for n, k, s in zip(names, kinds, shifts, strict=True)}
        )
        for later, rows in enumerate(sizes)
    ]  # fmt: skip
    return Tables(*found)


def seen(pair: Tables) -> tuple[Pair, Decision]:
    """What the tables are taken for, and what is decided from them."""
    return profile_pair(pair.reference, pair.recent), ASK.should_retrain(pair.reference, pair.recent)


def same(one: Tables, other: Tables) -> None:
    """Both are taken for the same, column by column, and decided the same way for the same reason."""
    (first, decision), (second, again) = seen(one), seen(other)
    assert {name: kind.kind for name, kind in first.kinds.items()} == {
        name: kind.kind for name, kind in second.kinds.items()
    }
    for before, after in ((first.known, second.known), (first.found, second.found)):
        assert before.rows == after.rows
        for name, column in before.columns.items():
            assert loosened(column) == loosened(after.columns[name]), name
    assert (decision.triggered, decision.severity) == (again.triggered, again.severity)
    assert digits(decision.reason) == digits(again.reason)


def loosened(column: Column) -> Column:
    """Without what depends on the type that cells came in, and without the last bits of sums."""
    column = replace(column, neighbours=replace(column.neighbours, **dict.fromkeys(SUMS, 0.0)), retyped=0)
    if isinstance(column, CategoricalColumn):
        return replace(column, counts=dict(sorted(column.counts.items())))
    moments = (column.mean, column.variance)
    mean, variance = (0.0 if math.isnan(each) else float(f"{each:.6g}") for each in moments)
    return replace(column, mean=mean, variance=variance)


SUMS = ("mean_before", "mean_after", "square_before", "square_after", "product")


def digits(reason: str) -> str:
    """A reason with its columns in the alphabet's order."""
    return " ".join(sorted(reason.replace(",", " ").replace(";", " ").split()))


def marginal(pair: Tables) -> bool:
    """Whether a p-value or an effect is so near its limit that a cell may decide."""
    made = profile_pair(pair.reference, pair.recent, extras=Extra.CROSS | Extra.NEIGHBOURS)
    comparison = ASK._compare(made, Answers())
    settings = ASK.settings.replace(drift_level=ASK.data_drift_threshold)
    found = [s for each in standard_detectors(settings, "rmse") for s in each.detect(comparison.watched)]
    return any(
        near(s.p_value, s.level) or near(s.value, s.threshold)
        for s in found
        if s.p_value is not None and s.p_value < 0.2
    )


def near(value: float | None, limit: float | None) -> bool:
    """Whether a value is within `MARGIN` times its limit."""
    if value is None or not limit or value <= 0.0:
        return False
    return 1.0 / MARGIN < value / limit < MARGIN


@pytest.fixture(scope="module")
def server(postgres: EmbeddedPostgres) -> Iterator[psycopg.Connection[Any]]:
    """A connection to a database whose tables nobody else uses."""
    with psycopg.connect(postgres.uri(), autocommit=True) as connection:
        connection.execute("create schema if not exists any_table")
        yield connection
        connection.execute("drop schema any_table cascade")


def from_sql(connection: psycopg.Connection[Any], table: pd.DataFrame) -> pd.DataFrame:
    """The table through Postgres."""
    types = {"f": "float8", "i": "int8", "b": "boolean", "M": "timestamp"}
    columns = [
        sql.SQL("{} {}").format(sql.Identifier(name), sql.SQL(types.get(table[name].dtype.kind, "text")))
        for name in table
    ]
    place = sql.Identifier("any_table", "rows")
    connection.execute(sql.SQL("drop table if exists {}").format(place))
    connection.execute(sql.SQL("create table {} (place int, {})").format(place, sql.SQL(", ").join(columns)))
    with connection.cursor().copy(sql.SQL("copy {} from stdin").format(place)) as copy:
        for number, row in enumerate(table.astype(object).where(table.notna(), None).itertuples(index=False)):
            copy.write_row((number, *row))
    names = sql.SQL(", ").join(map(sql.Identifier, table))
    cursor = connection.execute(sql.SQL("select {} from {} order by place").format(names, place))
    return frame_of(CursorBatches(cursor))


def from_csv(folder: Path, table: pd.DataFrame, **how: Any) -> pd.DataFrame:
    """The table through a CSV file."""
    table.to_csv(folder / "rows.csv", index=False, **how)
    return frame_of(CsvBatches(folder / "rows.csv"))


def from_parquet(folder: Path, table: pd.DataFrame) -> pd.DataFrame:
    """The table through a Parquet file."""
    table.to_parquet(folder / "rows.parquet", index=False)
    return frame_of(ParquetBatches(folder / "rows.parquet"))


@MANY
@given(tables())
def test_every_reader_gives_the_same_rows(tmp_path: Path, server: psycopg.Connection[Any], pair: Tables) -> None:
    same(pair, pair.both(lambda table: from_parquet(tmp_path, table)))
    same(pair, pair.both(lambda table: from_csv(tmp_path, table)))
    same(pair, pair.both(lambda table: from_sql(server, table)))


@MANY
@given(tables(), st.sampled_from(["latin-1", "utf-16", "utf-8-sig"]), st.sampled_from([",", ";", "\t"]))
def test_encoding_and_dialect_change_nothing(tmp_path: Path, pair: Tables, encoding: str, delimiter: str) -> None:
    assume(len(pair.reference.columns) > 1)  # of one column nothing tells what it would be separated by
    decimal = "," if delimiter == ";" else "."
    dots = any(name.startswith("decimals") for name in pair.reference)
    assume(not dots or decimal == ".")  # where other columns have decimal commas, 2.149 is two thousand (which is told)
    same(pair, pair.both(lambda t: from_csv(tmp_path, t, encoding=encoding, sep=delimiter, decimal=decimal)))


@MANY
@given(tables(), st.integers(1, 99))
def test_columns_in_another_order_and_rows_in_several_files_change_nothing(
    tmp_path: Path, pair: Tables, cut: int
) -> None:
    same(pair, pair.both(lambda table: table[list(table)[::-1]]))

    def split(table: pd.DataFrame) -> pd.DataFrame:
        at = len(table) * cut // 100
        assume(not table.iloc[:at].equals(table.iloc[at:].reset_index(drop=True)))  # two files alike are read once
        table.iloc[:at].to_csv(tmp_path / "part-1.csv", index=False)
        table.iloc[at:].to_csv(tmp_path / "part-2.csv", index=False)
        return frame_of(CsvBatches(tmp_path / "part-*.csv"))

    same(pair, pair.both(split))


@MANY
@given(tables(), st.sampled_from(["constant", "identifier", "calendar", "stray"]), st.integers(0, 2**16))
def test_what_says_nothing_decides_nothing(pair: Tables, added: str, seed: int) -> None:
    assume(not marginal(pair))
    assume(added != "stray" or not (pair.recent.count() == LEAST).any())  # one less would be too few to say anything
    rng = np.random.default_rng(seed)
    before = seen(pair)[1]

    def change(table: pd.DataFrame) -> pd.DataFrame:
        if added == "stray":
            return _with_stray(table, rng)
        made = {
            "constant": np.full(len(table), 3.0),
            "identifier": np.array([f"key-{n}" for n in rng.permutation(10**6)[: len(table)]], dtype=object),
            "calendar": np.arange(len(table)),
        }[added]
        return table.assign(added=made)

    after = seen(pair.both(change))[1]
    assert (after.triggered, after.severity) == (before.triggered, before.severity)


def _with_stray(table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """One cell of a column of numbers is text."""
    numbers = [name for name in table if table[name].dtype.kind == "f" and table[name].notna().any()]
    if not numbers:
        return table
    name = numbers[int(rng.integers(len(numbers)))]
    cells = table[name].astype(object).where(table[name].notna(), None)
    cells.iloc[int(rng.integers(len(cells)))] = "#REF!"
    return table.assign(**{name: cells})


@settings(MANY, deadline=10_000)
@given(st.binary(max_size=3000) | st.text(max_size=1000).map(str.encode), st.binary(max_size=500))
def test_any_bytes_are_a_table_or_an_error_of_ours(tmp_path: Path, head: bytes, tail: bytes) -> None:
    (tmp_path / "any.csv").write_bytes(head + tail)
    try:
        table = frame_of(CsvBatches(tmp_path / "any.csv"))
    except RetrainingError as error:
        told = str(error)
    else:
        told = "any.csv"
        if len(table):  # nothing can be compared with no rows
            profile_pair(table, table)
    assert "any.csv" in told


def test_kinds_that_the_tables_are_meant_to_have_are_found() -> None:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({kind: column_of(kind, rng, 400, 0.0) for kind in KINDS})
    found = profile_pair(table, table)
    kinds = {name: kind.kind for name, kind in found.kinds.items()}
    assert kinds["identifier"] is Kind.IDENTIFIER
    assert kinds["flag"] is Kind.BOOLEAN
    assert kinds["date"] is Kind.TIME
    assert kinds["codes"] is kinds["words"] is kinds["zip"] is Kind.CATEGORY
    assert kinds["truths"] is kinds["blanks"] is Kind.BOOLEAN
    numbers = ("percent", "comma", "dollars", "brackets", "clock", "gaps", "decimals")
    assert {kinds[name] for name in numbers} == {Kind.NUMBER}
    assert isinstance(found.known.columns["large"], CategoricalColumn)
    assert math.isnan(found.known.columns["empty"].mean)
