from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from pydantic import ValidationError

from include.data.rows.copies import Deliveries, key_numbers
from include.data.tables import ModelTables, cut_tables, feature_names, read_tables, table_hash
from include.errors import DataError
from include.registry.spec import ModelSpec
from tests.retraining.models import spec_of

TIMED: dict[str, Any] = {
    "source": {"kind": "csv", "path": "rows"}, "timestamp": "at", "window": "10d",
    "reference": {"start": "2026-01-01", "end": "2026-01-11"},
}  # fmt: skip
UNTIL = datetime(2026, 1, 31, tzinfo=UTC)


def timed(**fields: Any) -> ModelSpec:
    return spec_of(**{**TIMED, **fields})


def orders(days: int = 30) -> pd.DataFrame:
    return pd.DataFrame({
        "at": pd.date_range("2026-01-01 12:00", periods=days), "order": np.arange(days), "x": np.arange(days) * 10.0,
        "y": np.arange(days) * 1.0,
    })  # fmt: skip


def read(folder: Path, spec: ModelSpec, **files: pd.DataFrame) -> ModelTables:
    (folder / "rows").mkdir(exist_ok=True)
    for name, table in files.items():
        table.to_csv(folder / "rows" / f"{name}.csv", index=False)
    return read_tables(spec, folder, as_of=UNTIL)


def test_without_a_key_every_row_is_a_row(tmp_path: Path) -> None:
    table = orders()
    tables = read(tmp_path, timed(), a=table, b=table.iloc[5:25])
    assert len(tables.history) == 50
    assert tables.copies == 0


def test_of_one_key_the_row_read_last_counts_and_how_many_were_left_out_is_known(tmp_path: Path) -> None:
    table = orders()
    corrected = table.iloc[5:25].assign(y=-1.0)
    tables = read(tmp_path, timed(key="order"), a=table, b=corrected)
    assert tables.history["order"].tolist() == list(range(30))
    assert tables.history["y"].tolist() == [-1.0 if 5 <= n < 25 else float(n) for n in range(30)]
    assert (tables.copies, tables.reference_copies) == (20, 5)
    assert len(tables.reference) == 10


def test_a_row_delivered_again_at_a_later_time_stays_where_it_was(tmp_path: Path) -> None:
    table = orders()
    again = table.iloc[:10].assign(at=pd.Timestamp("2026-01-30"), y=-1.0)
    tables = read(tmp_path, timed(key="order"), a=table, b=again)
    assert len(tables.reference) == 10
    assert (tables.reference["y"] == -1.0).all()
    assert not set(tables.recent["order"]) & set(tables.reference["order"])
    assert tables.history["at"].is_monotonic_increasing


def test_a_check_of_the_past_does_not_see_what_was_delivered_later(tmp_path: Path) -> None:
    table, later = orders(), pd.Timestamp("2026-01-30", tz="UTC")
    again = table.iloc[:10].assign(at=pd.Timestamp("2026-01-30"), y=-1.0)
    (tmp_path / "rows").mkdir()
    pd.concat([table, again]).to_csv(tmp_path / "rows" / "a.csv", index=False)
    spec = timed(key=["order"])
    before = read_tables(spec, tmp_path, as_of=(later - pd.Timedelta(days=1)).to_pydatetime())
    assert before.reference["y"].tolist() == [float(n) for n in range(10)]
    whole = pd.concat([table, again]).assign(at=lambda t: t["at"].dt.tz_localize("UTC"))
    whole = whole.sort_values("at", kind="stable", ignore_index=True)
    cut = cut_tables(spec, whole, later.to_pydatetime() + pd.Timedelta(days=1))
    assert (cut.reference["y"] == -1.0).all()


def test_columns_of_the_key_are_features_only_where_they_are_named() -> None:
    table = orders()
    assert feature_names(timed(), table) == ["order", "x"]
    assert feature_names(timed(key="order"), table) == ["x"]
    assert feature_names(timed(key="order", features=["order", "x"]), table) == ["order", "x"]
    assert feature_names(timed(weight="x"), table) == ["order"]


@pytest.mark.parametrize("kind", ["csv", "parquet"])
def test_key_and_weight_are_read_although_features_are_named(tmp_path: Path, kind: str) -> None:
    table = pd.concat([orders(), orders().iloc[:3]]).assign(exposure=2.0)
    if kind == "csv":
        table.to_csv(tmp_path / "rows", index=False)
    else:
        table.to_parquet(tmp_path / "rows", index=False)
    source = {"kind": kind, "path": "rows"}
    spec = timed(source=source, features=["x"], key=["order"], weight="exposure")
    found = read_tables(spec, tmp_path, as_of=UNTIL)
    assert found.copies == 3
    assert set(found.history.columns) == {"at", "order", "x", "y", "exposure"}


def numbers(**columns: object) -> list[int]:
    table = pd.DataFrame(columns)
    return key_numbers(spec_of(key=list(table.columns)), table).tolist()


KEYS: dict[str, tuple[dict[str, object], list[int]]] = {
    "whole numbers": ({"a": [7, 8, 7]}, [0, 1, 0]),
    "text": ({"a": ["x", "y", "x"]}, [0, 1, 0]),
    "text with zeros in front": ({"a": ["017", "17", "17"]}, [0, 1, 1]),
    "two columns": ({"a": [1, 1, 2, 1], "b": ["x", "y", "x", "x"]}, [0, 1, 2, 0]),
    "three columns": ({"a": [1, 1, 1], "b": [2, 2, 2], "c": [3, 4, 3]}, [0, 1, 0]),
    "empty numbers": ({"a": [1.0, np.nan, np.nan, 1.0]}, [0, 1, 2, 0]),
    "empty text": ({"a": ["x", None, None, "", "", " ", " ", "x"]}, [0, 1, 2, 3, 4, 5, 6, 0]),
    "one of two empty": ({"a": [1, 1, 1], "b": ["x", None, None]}, [0, 1, 2]),
    "numbers in text and beside it": ({"a": pd.Series([17, "17", 18], dtype=object)}, [0, 0, 1]),
    "large whole numbers": ({"a": [2**53, 2**53 + 1, 2**53]}, [0, 1, 0]),
    "times": ({"a": pd.to_datetime(["2026-01-01", "2026-01-02", None, "2026-01-01"])}, [0, 1, 2, 0]),
    "truth values": ({"a": [True, False, True]}, [0, 1, 0]),
    "categories": ({"a": pd.Categorical(["x", None, "x"])}, [0, 1, 0]),
    "no rows": ({"a": np.zeros(0)}, []),
}


@pytest.mark.parametrize(("columns", "expected"), KEYS.values(), ids=KEYS.keys())
def test_rows_of_one_key_have_one_number_and_empty_cells_are_no_key(
    columns: dict[str, object], expected: list[int]
) -> None:
    assert numbers(**columns) == expected


def test_many_keys_of_many_columns_are_told_apart() -> None:
    grid = np.stack(np.meshgrid(*[np.arange(12)] * 4), axis=-1).reshape(-1, 4)
    table = pd.DataFrame(np.vstack([grid, grid]) * 10**12, columns=list("abcd"))
    found = Deliveries.of(key_numbers(spec_of(key=list("abcd")), table))
    assert found.total == len(grid)
    assert found.last.tolist() == list(range(len(grid), 2 * len(grid)))


def test_numbers_that_floating_point_cannot_tell_apart_are_refused() -> None:
    with pytest.raises(DataError, match=r"field key: column 'a' .* holds 9007199254740992: .* as text"):
        numbers(a=[float(2**53), np.nan])


def test_missing_column_of_the_key_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="model model: field key: no column number in the rows; found: at, order, x, y"):
        read(tmp_path, timed(key=["order", "number"]), a=orders())


def pair(folder: Path, reference: pd.DataFrame, recent: pd.DataFrame, **fields: Any) -> ModelTables:
    reference.to_csv(folder / "old.csv", index=False)
    recent.to_csv(folder / "new.csv", index=False)
    return read_tables(spec_of(**fields), folder, as_of=UNTIL, seen_hash=fields.pop("seen_hash", ""))


def test_recent_row_with_the_key_of_a_reference_row_is_that_row_corrected(tmp_path: Path) -> None:
    table = orders()
    tables = pair(tmp_path, table.iloc[:20], table.iloc[15:].assign(y=-1.0), key="order")
    assert tables.reference["y"].tolist() == [*(float(n) for n in range(15)), *[-1.0] * 5]
    assert tables.recent["order"].tolist() == list(range(20, 30))
    assert tables.history["order"].tolist() == list(range(30))
    assert (tables.copies, tables.reference_copies) == (5, 5)


def test_recent_rows_delivered_again_are_known_whatever_copies_are_among_them(tmp_path: Path) -> None:
    table = orders()
    first = pair(tmp_path, table.iloc[:20], table.iloc[20:], key="order")
    pd.concat([table.iloc[20:25], table.iloc[20:]]).to_csv(tmp_path / "new.csv", index=False)
    again = read_tables(spec_of(key="order"), tmp_path, as_of=UNTIL, seen_hash=table_hash(first.recent))
    assert again.recent.empty
    assert again.copies == 5


MISTAKES: dict[str, tuple[dict[str, Any], str]] = {
    "a key that is the target": ({"key": "y"}, "key: 'y' is the target, which may be corrected"),
    "a key that is the weight": ({"key": ["id", "w"], "weight": "w"}, "key: 'w' is the weight"),
    "a column twice": ({"key": ["a", "a"]}, "twice: a"),
    "a weight that is the target": ({"weight": "y"}, "weight: 'y' is the target already"),
    "a weight that is a feature": ({"weight": "x", "features": ["x"]}, "weight: 'x' .* is no feature"),
    "an estimator without weights": (
        {"weight": "w", "training": {"estimator": "sklearn.neighbors.KNeighborsRegressor"}},
        "KNeighborsRegressor takes no weights of rows",
    ),
}


@pytest.mark.parametrize(("fields", "message"), MISTAKES.values(), ids=MISTAKES.keys())
def test_mistakes_in_key_and_weight_are_refused_when_the_model_file_is_read(
    fields: dict[str, Any], message: str
) -> None:
    with pytest.raises(ValidationError, match=message):
        spec_of(**fields)


def test_the_time_may_be_part_of_the_key() -> None:
    assert timed(key=["order", "at"]).key == ["order", "at"]
