"""Folders that Spark writes to: a file counts once its job or its streaming query has committed it."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.data.frames import frame_of
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import Files, LocalFiles
from include.data.sources.json_lines import JsonLinesBatches
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import client_from_environment
from include.data.sources.parquet_batches import ParquetBatches
from include.errors import SourceUnavailable

READERS: dict[str, Callable[..., Any]] = {
    "csv": lambda path, files: CsvBatches(path, files=files),
    "jsonl": lambda path, files: JsonLinesBatches(path, files=files),
    "parquet": lambda path, files: ParquetBatches(path, files=files),
}
PLACES = [("disk", "csv"), ("disk", "jsonl"), ("disk", "parquet"), ("bucket", "csv")]


class Lake:
    """A folder of a kind of files, on disk or in a bucket."""

    def __init__(self, put: Callable[[str, bytes], None], root: str, files: Files, kind: str) -> None:
        self._put, self._root, self._files, self.kind = put, root, files, kind

    def file(self, name: str, value: int) -> None:
        """Put a file of one row there, with the ending of the kind."""
        table, made = pd.DataFrame({"x": [value]}), io.BytesIO()
        if self.kind == "parquet":
            table.to_parquet(made)
        else:
            text = table.to_csv(index=False) if self.kind == "csv" else table.to_json(orient="records", lines=True)
            made.write(text.encode())
        self._put(f"{name}.{self.kind}", made.getvalue())

    def mark(self, name: str, content: str = "") -> None:
        """Put something else there."""
        self._put(name, content.encode())

    def rows(self, path: str = "sink") -> list[int]:
        """The rows at a path."""
        return sorted(frame_of(READERS[self.kind](f"{self._root}/{path}", self._files))["x"].tolist())


@pytest.fixture(params=PLACES, ids="-".join)
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> Lake:
    where, kind = request.param

    def on_disk(name: str, content: bytes) -> None:
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_bytes(content)

    def in_bucket(name: str, content: bytes) -> None:
        client_from_environment("shop_s3").put_object(Bucket="shop", Key=name, Body=content)

    if where == "disk":
        return Lake(on_disk, str(tmp_path), LocalFiles(), kind)
    request.getfixturevalue("object_server")
    return Lake(in_bucket, "s3://shop", ObjectFiles(client_from_environment, "shop_s3"), kind)


def batch(lake: Lake, *names: str, action: str = "add") -> str:
    entries = ({"path": f"s3://other/sink/{name}.{lake.kind}", "isDir": False, "action": action} for name in names)
    return "\n".join(["v1", *map(json.dumps, entries)])


@pytest.mark.parametrize("path", ["sink", "sink/*/*.{}"])
def test_what_a_streaming_query_has_not_committed_is_left_out(
    lake: Lake, path: str, caplog: pytest.LogCaptureFixture
) -> None:
    path = path.format(lake.kind)
    for value, name in enumerate(["day=1/part-0-aa", "day=1/part-0-bb", "day=2/part 1-cc", "day=2/part-1-dd"]):
        lake.file(f"sink/{name}", value)
    assert lake.rows(path) == [0, 1, 2, 3]
    lake.mark("sink/_spark_metadata/0", batch(lake, "day=1/part-0-bb", "day=2/part%201-cc"))
    assert lake.rows(path) == [1, 2]
    assert "left out: 2 files that Spark has not committed" in caplog.text
    lake.mark("sink/_spark_metadata/1.compact", batch(lake, "day=1/part-0-bb", "day=1/part-0-aa"))
    lake.mark("sink/_spark_metadata/2", batch(lake, "day=2/part-1-dd"))
    assert lake.rows(path) == [0, 1, 3]
    lake.mark("sink/_spark_metadata/3", batch(lake, "day=1/part-0-aa", action="delete"))
    assert lake.rows(path) == [1, 3]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("2", "v1\n", "no batch 1 before it"),
        ("1", 'v1\n{"path": "a', "is no JSON"),
        ("0", "v1", "has committed no file"),
    ],
)
def test_a_log_that_cannot_be_followed_is_worth_another_try(lake: Lake, name: str, content: str, said: str) -> None:
    lake.file("sink/part-0-aa", 1)
    lake.mark("sink/_spark_metadata/0", batch(lake, "part-0-aa"))
    lake.mark(f"sink/_spark_metadata/{name}", content)
    with pytest.raises(SourceUnavailable, match=said):
        lake.rows()


def test_what_a_job_on_databricks_has_not_committed_or_taken_away_is_left_out(lake: Lake) -> None:
    for value in (1, 2, 3):
        lake.file(f"sink/part-00000-tid-{value}-aa-c000", value)
        lake.mark(f"sink/_started_{value}")
    with pytest.raises(SourceUnavailable, match="Spark has committed no file there so far"):
        lake.rows()
    lake.mark("sink/_committed_1", json.dumps({"added": [f"part-00000-tid-1-aa-c000.{lake.kind}"], "removed": []}))
    assert lake.rows() == [1]
    lake.mark("sink/_committed_3", json.dumps({"added": [], "removed": [f"part-00000-tid-1-aa-c000.{lake.kind}"]}))
    assert lake.rows() == [3]
    lake.mark("sink/_committed_2", "{")
    with pytest.raises(SourceUnavailable, match=r"_committed_2: no mark of a job on Databricks"):
        lake.rows()


def test_files_named_so_without_marks_are_read(lake: Lake) -> None:
    lake.file("sink/part-00000-tid-1-aa-c000", 1)
    lake.file("sink/day=1/part-00000-tid-2-aa-c000", 2)
    lake.mark("sink/_SUCCESS")
    assert lake.rows() == [1, 2]
