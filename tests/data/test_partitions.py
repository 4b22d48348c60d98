"""Folders that hold a column, in every reader, on disk and in a bucket."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.data.frames import frame_of
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.json_lines import JsonLinesBatches
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import client_from_environment
from include.data.sources.parquet_batches import ParquetBatches
from tests.stage import Stage, day, sales

READERS: dict[str, tuple[type[Any], Callable[[pd.DataFrame, Any], None]]] = {
    "csv": (CsvBatches, lambda table, file: table.to_csv(file, index=False)),
    "parquet": (ParquetBatches, lambda table, file: table.to_parquet(file)),
    "jsonl": (JsonLinesBatches, lambda table, file: table.to_json(file, orient="records", lines=True)),
}


def content(kind: str, *values: float) -> bytes:
    made = io.BytesIO()
    READERS[kind][1](pd.DataFrame({"x": list(values)}), made)
    return made.getvalue()


@pytest.fixture(params=["disk", "bucket"])
def read(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., pd.DataFrame]:
    """The rows at a path, of these files by their names."""

    def on_disk(kind: str, path: str, files: dict[str, bytes], **asked: Any) -> pd.DataFrame:
        for name, made in files.items():
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(made)
        return frame_of(READERS[kind][0](tmp_path / path, **asked))

    def in_bucket(kind: str, path: str, files: dict[str, bytes], **asked: Any) -> pd.DataFrame:
        request.getfixturevalue("object_server")
        for name, made in files.items():
            client_from_environment("shop_s3").put_object(Bucket="shop", Key=name, Body=made)
        there = ObjectFiles(client_from_environment, "shop_s3")
        return frame_of(READERS[kind][0](f"s3://shop/{path}", files=there, **asked))

    return on_disk if request.param == "disk" else in_bucket


@pytest.mark.parametrize("kind", READERS)
def test_the_columns_of_folders_are_columns_of_their_rows(read: Callable[..., pd.DataFrame], kind: str) -> None:
    files = {
        f"rows/region=north/day=1/a.{kind}": content(kind, 1.0, 2.0),
        f"rows/region=s%C3%BCd west/day=2/a.{kind}": content(kind, 3.0),
        f"rows/region=__HIVE_DEFAULT_PARTITION__/_day=3/a.{kind}": content(kind, 4.0),
        f"rows/plain/a.{kind}": content(kind, 5.0),
    }
    found = read(kind, "rows", files).sort_values("x")
    assert found["x"].tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
    assert found["region"].astype(object).where(found["region"].notna(), None).tolist() == [
        "north", "north", "süd west", None, None,
    ]  # fmt: skip
    assert found["day"].astype(object).where(found["day"].notna(), None).tolist() == ["1", "1", "2", "3", None]
    some = read(kind, "rows/region=*/*/*", {}, columns=["x", "day"])
    assert sorted(some.columns) == ["day", "x"]
    assert list(read(kind, "rows/region=north", {}, columns=None)) == ["x", "day"]


@pytest.mark.parametrize("folder", ["übung", "my column", "2nd", "zip-code", "my%20column"])
def test_a_folder_holds_a_column_of_any_name(read: Callable[..., pd.DataFrame], folder: str) -> None:
    found = read("csv", "rows", {f"rows/{folder}={day}/a.csv": content("csv", day) for day in (1.0, 2.0)})
    assert found[folder.replace("%20", " ")].astype(str).tolist() == ["1.0", "2.0"]


@pytest.mark.parametrize("kind", READERS)
def test_a_column_of_the_file_itself_goes_before_that_of_its_folder(
    read: Callable[..., pd.DataFrame], kind: str
) -> None:
    assert read(kind, "rows", {f"rows/x=9/a.{kind}": content(kind, 1.0)})["x"].tolist() == [1.0]


@pytest.mark.parametrize("kind", READERS)
def test_equal_files_of_two_partitions_are_rows_of_both(read: Callable[..., pd.DataFrame], kind: str) -> None:
    files = {f"rows/region={name}/a.{kind}": content(kind, 1.0, 2.0) for name in ("north", "south")}
    assert read(kind, "rows", files)["region"].astype(str).tolist() == ["north"] * 2 + ["south"] * 2
    files = {f"rows/region=north/{name}.{kind}": content(kind, 1.0, 2.0) for name in ("a", "b")}
    assert len(read(kind, "rows", files)) == 4  # a copy within one is read once


def test_a_model_learns_from_the_column_of_folders(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    table = sales(40)
    stage.add("sales", source={"kind": "parquet", "path": "rows"})
    for region, part in table.groupby("region"):
        folder = stage.data / "rows" / f"region={region}"
        folder.mkdir(parents=True)
        part.drop(columns="region").assign(at=part["at"].astype("datetime64[ms, UTC]")).to_parquet(folder / "a.parquet")
    event = stage.run("sales", day(32)).event
    assert event is not None
    stage.add("whole", table)
    beside = stage.run("whole", day(32)).event
    assert beside is not None
    assert np.isclose(event.scores["rmse"], beside.scores["rmse"], rtol=0.1)
