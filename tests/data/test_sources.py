from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import psycopg
import pytest

from include.data.sources.read import read_both, read_rows
from include.data.tables import new_features, read_tables
from include.errors import DataError, SourceUnavailable
from include.registry.spec import ModelSpec
from tests.stage import Stage, sales

START, END, UNTIL = (datetime(2026, 1, day, tzinfo=UTC) for day in (3, 9, 12))
ROWS = sales(20)
QUERY = "select at, temperature, price, region, sales from sales where at >= %(start)s and at < %(end)s"


def model(source: dict[str, Any], **fields: Any) -> ModelSpec:
    given = {
        "name": "sales", "task": "regression", "source": source, "timestamp": "at", "target": "sales",
        "reference": {"start": START, "end": END}, "metric": "rmse", **fields,
    }  # fmt: skip
    return ModelSpec.model_validate({name: value for name, value in given.items() if value is not None})


def expected() -> pd.DataFrame:
    return ROWS[(ROWS["at"] >= START) & (ROWS["at"] < UNTIL)].reset_index(drop=True)


def assert_same(found: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(found.assign(at=found["at"].dt.as_unit("us")), expected().assign(
        at=expected()["at"].dt.as_unit("us")))  # fmt: skip


def as_lines(table: pd.DataFrame, file: Path) -> None:
    rows = table.assign(at=table["at"].map(str)).to_dict("records")
    file.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """The same rows in every form: whole, and in files of three days, the later ones first by name."""
    ROWS.to_csv(tmp_path / "whole.csv", index=False)
    ROWS.to_parquet(tmp_path / "whole.parquet", row_group_size=100)
    as_lines(ROWS, tmp_path / "whole.jsonl")
    for folder in ("csv", "parquet/2026", "lines"):
        (tmp_path / folder).mkdir(parents=True)
    for number, at in enumerate(range(0, len(ROWS), 72)):
        part = ROWS[at : at + 72]
        part.to_csv(tmp_path / "csv" / f"{99 - number}.csv", index=False)
        as_lines(part, tmp_path / "lines" / f"{99 - number}.ndjson")
        part.to_parquet(tmp_path / "parquet" / "2026" / f"{99 - number}.parquet")
    (tmp_path / "parquet" / "_unfinished.parquet").write_bytes(b"PAR1")
    return tmp_path


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("csv", "whole.csv"), ("csv", "csv"), ("csv", "csv/*.csv"), ("parquet", "whole.parquet"),
        ("parquet", "parquet"), ("parquet", "parquet/*/*.parquet"),
        ("json_lines", "whole.jsonl"), ("json_lines", "lines"), ("json_lines", "lines/*.ndjson"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("listed", [True, False])
def test_rows_are_the_same_from_every_kind_of_path(place: Path, kind: str, path: str, listed: bool) -> None:
    features = ["temperature", "price", "region"] if listed else None
    assert_same(read_rows(model({"kind": kind, "path": path}, features=features), place, UNTIL).table)


def test_rows_of_a_query_are_those_of_the_file(database_uri: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with psycopg.connect(database_uri) as connection:
        connection.execute(
            "create table sales (at timestamptz, temperature float8, price float8, region text, sales float8)"
        )
        with connection.cursor().copy("copy sales from stdin (format csv)") as copy:
            copy.write(ROWS.to_csv(index=False, header=False))
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", database_uri)
    assert_same(read_rows(model({"kind": "sql", "connection": "shop_db", "query": QUERY}), Path(), UNTIL).table)
    open_start = model({"kind": "sql", "connection": "shop_db", "query": QUERY}, reference={"end": END})
    assert len(read_rows(open_start, Path(), UNTIL).table) == 11 * 24
    with pytest.raises(DataError, match=r"model sales: field source\.query: connection 'shop_db': .*gone"):
        read_rows(model({"kind": "sql", "connection": "shop_db", "query": "select gone"}), Path(), UNTIL)


@pytest.mark.parametrize(
    ("kind", "value"),
    [("timestamptz", "infinity"), ("timestamp", "-infinity"), ("date", "infinity"), ("date", "0044-03-15 BC"),
     ("time", "24:00"), ("interval", "2000000 years")],
)  # fmt: skip
def test_date_that_no_table_can_hold_is_empty_and_told(
    database_uri: str, monkeypatch: pytest.MonkeyPatch, kind: str, value: str
) -> None:
    with psycopg.connect(database_uri) as connection:
        connection.execute(
            f"create table sales (at timestamptz, temperature float8, price float8, region text, sales float8,"
            f" until {kind})"
        )
        with connection.cursor().copy(
            "copy sales (at, temperature, price, region, sales) from stdin (format csv)"
        ) as copy:
            copy.write(ROWS.to_csv(index=False, header=False))
        connection.execute(f"update sales set until = %s::{kind} where price > 2.4", (value,))
    monkeypatch.setenv("AIRFLOW_CONN_SHOP_DB", database_uri)
    query = "select * from sales where at >= %(start)s and at < %(end)s"
    found = read_rows(model({"kind": "sql", "connection": "shop_db", "query": query}), Path(), UNTIL)
    assert found.table["until"].isna().all()
    assert len(found.table) == 9 * 24
    assert any("are none of the years 1 to 9999: empty" in each for each in found.told)


def test_only_what_the_model_needs_is_kept(place: Path) -> None:
    found = read_rows(model({"kind": "parquet", "path": "whole.parquet"}, features=["price"]), place, UNTIL).table
    assert list(found) == ["at", "price", "sales"]


def test_all_columns_are_there_to_be_named_when_a_feature_is_not(place: Path) -> None:
    found = read_rows(model({"kind": "parquet", "path": "whole.parquet"}, features=["prise"]), place, UNTIL).table
    assert list(found) == list(ROWS)


@pytest.mark.parametrize(
    "times",
    [
        ROWS["at"].dt.strftime("%d.%m.%Y %H:%M"),
        ROWS["at"].dt.strftime("%m/%d/%Y %H:%M"),
        ROWS["at"].dt.strftime("%Y-%m-%dT%H:%M:%S+00:00"),
        ROWS["at"].dt.tz_convert("+02:00").dt.strftime("%Y-%m-%d %H:%M:%S+02:00"),
    ],
    ids=["text, day first", "text, month first", "with a zone", "with another zone"],
)
def test_timestamps_of_any_form_are_told_apart(tmp_path: Path, times: pd.Series[str]) -> None:
    ROWS.assign(at=times).to_csv(tmp_path / "rows.csv", index=False)
    assert_same(read_rows(model({"kind": "csv", "path": "rows.csv"}), tmp_path, UNTIL).table)


def test_bounds_are_exact(tmp_path: Path) -> None:
    moments = [START - pd.Timedelta("1us"), START, UNTIL - pd.Timedelta("1us"), UNTIL]
    table = pd.DataFrame({"at": pd.DatetimeIndex(moments).as_unit("us"), "x": range(4), "sales": 0.0})
    table.to_parquet(tmp_path / "rows.parquet")
    found = read_rows(model({"kind": "parquet", "path": "rows.parquet"}), tmp_path, UNTIL).table
    assert found["x"].tolist() == [1, 2]


def test_rows_without_a_time_are_left_out_and_told(tmp_path: Path) -> None:
    holed = ROWS.assign(at=ROWS["at"].where(ROWS.index % 100 != 99))
    lost = int(holed["at"].isna().sum())
    for kind in ("csv", "parquet"):
        getattr(holed, f"to_{kind}")(tmp_path / f"rows.{kind}", index=False)
        rows = read_rows(model({"kind": kind, "path": f"rows.{kind}"}), tmp_path, UNTIL)
        assert len(rows.table) == int(holed["at"].between(START, UNTIL, inclusive="left").sum())
        assert rows.without_time == lost
        assert rows.told == (f"at: {lost} rows without a readable time are left out",)


def test_pair_of_folders_is_read(place: Path) -> None:
    source = {"kind": "parquet", "reference_path": "parquet", "recent_path": "whole.parquet"}
    reference, recent = (rows.table for rows in read_both(model(source, timestamp=None, reference=None), place))
    assert len(reference) == len(recent) == len(ROWS)
    assert sorted(reference["sales"]) == sorted(recent["sales"])


@pytest.mark.parametrize("field", ["reference_path", "recent_path"])
def test_missing_half_of_a_pair_is_named(place: Path, field: str) -> None:
    source = {"kind": "csv", "reference_path": "whole.csv", "recent_path": "whole.csv", field: "gone/*.csv"}
    with pytest.raises(SourceUnavailable, match=rf"field source\.{field}: .*gone.*no such file"):
        read_both(model(source, timestamp=None, reference=None), place)


def test_arrivals_are_measured_up_to_the_moment_of_the_check(place: Path) -> None:
    spec = model({"kind": "csv", "path": "whole.csv"}, window="2d", max_age="3h")
    arrivals = read_tables(spec, place, as_of=UNTIL).arrivals
    assert arrivals is not None
    assert (arrivals.age, arrivals.max_age) == (3600.0, 3 * 3600.0)
    assert set(arrivals.earlier) <= {arrivals.rows - 1, arrivals.rows, arrivals.rows + 1}
    late = read_tables(spec, place, as_of=datetime(2026, 3, 1, tzinfo=UTC)).arrivals
    assert late is not None
    assert (late.rows, late.age) == (0, (59 - 20) * 86_400.0 + 3600.0)


def test_columns_that_the_champion_does_not_know_are_new(place: Path) -> None:
    table = read_rows(model({"kind": "csv", "path": "whole.csv"}), place, UNTIL).table
    assert new_features(model({"kind": "csv", "path": "whole.csv"}), table, ["temperature"]) == ("price", "region")
    listed = model({"kind": "csv", "path": "whole.csv"}, features=["temperature", "price"])
    assert new_features(listed, table, ["temperature"]) == ("price",)


def test_model_on_a_folder_runs_like_one_on_a_file(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), sales(45)
    stage.add("whole", table)
    stage.add("parts", source={"kind": "csv", "path": "parts"})
    (stage.data / "parts").mkdir()
    for number, part in enumerate(np.array_split(np.arange(len(table)), 7)):
        stage.write(f"parts/{number}", table.iloc[part])
    for at in (datetime(2026, 1, 31, tzinfo=UTC), datetime(2026, 2, 12, tzinfo=UTC)):
        whole, parts = stage.run("whole", at), stage.run("parts", at)
        assert [(s.statistic, s.feature, s.value) for s in whole.analysis.signals] == [
            (s.statistic, s.feature, s.value) for s in parts.analysis.signals
        ]
