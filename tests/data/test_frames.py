from __future__ import annotations

import decimal
from datetime import date
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from include.data.batches import Batch
from include.data.frames import frame_of
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.parquet_batches import ParquetBatches
from include.data.tables import table_hash


def frame() -> pd.DataFrame:
    rng = np.random.default_rng(0)
    return pd.DataFrame(
        {
            "float": rng.normal(size=300) * 10.0 ** rng.integers(-9, 9, 300),
            "holes": np.where(rng.random(300) < 0.1, np.nan, rng.integers(0, 9, 300)),
            "whole": rng.integers(-5, 300, 300),
            "flag": rng.random(300) < 0.5,
            "text": rng.choice(["a", "b", "NA", "None", ""], 300),
            "huge": np.where(rng.random(300) < 0.1, np.inf, 1e308),
            "empty": np.full(300, np.nan),
        }
    )


def test_csv_gives_the_table_that_pandas_reads_with_words_for_missing_as_words(tmp_path: Path) -> None:
    frame().to_csv(tmp_path / "rows.csv", index=False)
    found = frame_of(CsvBatches(tmp_path / "rows.csv"))
    empty = {name: [""] for name in ("text", "holes", "empty")}
    expected = pd.read_csv(tmp_path / "rows.csv", keep_default_na=False, na_values=empty)
    pd.testing.assert_frame_equal(found, expected)
    assert table_hash(found) == table_hash(expected)


def test_parquet_gives_the_table_that_pandas_reads(tmp_path: Path) -> None:
    table = frame().assign(t=pd.date_range("2026-01-01", periods=300, freq="h", tz="UTC"), day=date(2026, 1, 1))
    table.to_parquet(tmp_path / "rows.parquet", row_group_size=70)
    found, expected = frame_of(ParquetBatches(tmp_path / "rows.parquet")), pd.read_parquet(tmp_path / "rows.parquet")
    pd.testing.assert_frame_equal(found, expected)
    assert table_hash(found) == table_hash(expected)


def test_row_labels_of_pandas_are_no_column_unless_they_have_a_name(tmp_path: Path) -> None:
    table = pd.DataFrame({"x": [1, 2]}, index=[5, 7])
    table.to_parquet(tmp_path / "labels.parquet")
    table.rename_axis("at").to_parquet(tmp_path / "named.parquet")
    assert list(frame_of(ParquetBatches(tmp_path / "labels.parquet"))) == ["x"]
    assert list(frame_of(ParquetBatches(tmp_path / "named.parquet"))) == ["x", "at"]


def test_parts_of_different_types_are_what_pandas_makes_of_them() -> None:
    found = frame_of(
        [
            Batch(2, {"n": pa.array([1, 2]), "m": pa.array([1, 2]), "late": pa.nulls(2)}),
            Batch(2, {"n": pa.array([0.5, None]), "m": pa.array(["x", None]), "late": pa.array([1, 2])}),
            Batch(1, {"new": pa.array(["y"])}),
        ]
    )
    assert found["n"].tolist()[:3] == [1.0, 2.0, 0.5]
    assert found["m"].tolist()[:3] == [1, 2, "x"]
    assert found["late"].isna().tolist() == [True, True, False, False, True]
    assert found["new"].isna().tolist() == [True] * 4 + [False]
    assert len(found) == 5


def test_decimals_are_floats() -> None:
    cells = pa.array([decimal.Decimal("1.50"), None, decimal.Decimal("12.25")])
    assert frame_of([Batch(3, {"x": cells})])["x"].tolist() == pytest.approx([1.5, np.nan, 12.25], nan_ok=True)


def test_rows_left_out_of_each_batch_are_in_no_column() -> None:
    batches = [Batch(3, {"x": pa.array([1, 2, 3])}), Batch(2, {"x": pa.array([4, 5])})]
    assert frame_of(batches, lambda batch: batch.slice(0, 1))["x"].tolist() == [1, 4]


def test_no_batches_and_no_rows_are_a_table_without_rows() -> None:
    assert frame_of([]).shape == (0, 0)
    assert frame_of([Batch(0, {"x": pa.array([], pa.float64())})]).dtypes.to_dict() == {"x": np.dtype(float)}
