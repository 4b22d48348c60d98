from __future__ import annotations

import gzip
import io
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from include.data.sources.connections import Connections
from include.data.sources.environment import aws_connection
from include.data.sources.object_files import ObjectFiles, matches
from include.data.sources.object_storage import client_from_environment
from include.data.sources.read import read_both, read_rows
from include.data.tables import table_hash
from include.errors import ConfigurationError, DataError, RetrainingError, SourceUnavailable
from include.registry.spec import ModelSpec
from include.workflow.backtest.rows_once import RowsOnce
from tests.object_server import SECRET, ObjectServer, StopsAt
from tests.stage import sales

START, END, UNTIL = (datetime(2026, 1, day, tzinfo=UTC) for day in (3, 9, 12))
ROWS = sales(20)


def model(path: str, kind: str = "parquet", **fields: Any) -> ModelSpec:
    source = {"kind": kind, "path": path, "connection": "shop_s3"} if path else fields.pop("source")
    given = {
        "name": "sales", "task": "regression", "source": source, "timestamp": "at", "target": "sales",
        "reference": {"start": START, "end": END}, "metric": "rmse", **fields,
    }  # fmt: skip
    return ModelSpec.model_validate({name: value for name, value in given.items() if value is not None})


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Rows on disk: whole, and in files of three days, the later ones first by name."""
    made = tmp_path_factory.mktemp("files")
    for folder in ("rows", "rows/a-b", "rows/a", "rows/a/deep"):
        (made / folder).mkdir(parents=True, exist_ok=True)
    ROWS.to_csv(made / "whole.csv", index=False)
    (made / "whole.csv.gz").write_bytes(gzip.compress((made / "whole.csv").read_bytes()))
    ROWS.to_parquet(made / "whole.parquet", row_group_size=100)
    for number, at in enumerate(range(0, len(ROWS), 72)):
        folder = ("rows", "rows/a-b", "rows/a", "rows/a/deep")[number % 4]
        ROWS[at : at + 72].to_csv(made / folder / f"{99 - number}.csv", index=False)
        ROWS[at : at + 72].to_parquet(made / folder / f"{99 - number}.parquet")
    for name in ("_unfinished.parquet", ".hidden.parquet", ".hidden.csv"):
        (made / "rows" / "a" / "deep" / name).write_bytes(b"PAR1")
    return made


@pytest.fixture
def place(files: Path, object_server: ObjectServer) -> Path:
    """The same files in the bucket, too; nothing on disk is to be changed."""
    for file in files.rglob("*"):
        if file.is_file():
            object_server.bucket.put(str(file.relative_to(files)), file.read_bytes())
    return files


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("csv", "whole.csv"), ("csv", "whole.csv.gz"), ("csv", "rows"), ("csv", "rows/*.csv"),
        ("parquet", "whole.parquet"), ("parquet", "rows"), ("parquet", "rows/*.parquet"),
        ("parquet", "rows/a*/*.parquet"), ("parquet", "**/9[0-9].parquet"), ("parquet", "rows/**/9?.parquet"),
    ],
)  # fmt: skip
def test_rows_and_their_hash_are_those_of_the_same_files_on_disk(place: Path, kind: str, path: str) -> None:
    fields = {"features": ["temperature", "region"] if "*" in path else None}
    there = read_rows(model(f"s3://shop/{path}", kind, **fields), Path(), UNTIL).table
    here = read_rows(model("", source={"kind": kind, "path": path}, **fields), place, UNTIL).table
    assert len(here) > 0
    pd.testing.assert_frame_equal(there, here)
    assert table_hash(there) == table_hash(here)


@pytest.mark.usefixtures("place")
def test_pair_of_folders_is_read() -> None:
    source = {"kind": "csv", "reference_path": "s3://shop/whole.csv", "recent_path": "s3://shop/rows/a"}
    pair = read_both(model("", source=source, timestamp=None, reference=None), Path())
    reference, recent = (rows.table for rows in pair)
    assert (len(reference), len(recent)) == (480, 192)


def test_large_file_is_read_in_parts(object_server: ObjectServer) -> None:
    rows = sales(4000)
    written = io.BytesIO()
    rows.to_parquet(written, row_group_size=20_000)
    object_server.bucket.put("large.parquet", written.getvalue())
    asked: list[str] = []

    class Counting:
        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(client_from_environment(""), name)

    spec = model("s3://shop/large.parquet", features=["temperature"])
    counting = Connections(storage=lambda _name: Counting())
    found = read_rows(spec, Path(), datetime(2099, 1, 1, tzinfo=UTC), counting).table
    assert len(found) == len(rows) - 48
    assert 2 <= asked.count("get_object") <= 16  # the end of the file twice, and a few requests for each of 5 groups


@pytest.mark.parametrize("path", ["gone.parquet", "gone", "gone/*.parquet", ""])
def test_nothing_there_is_told_with_its_address(object_server: ObjectServer, path: str) -> None:
    assert object_server.runs
    with pytest.raises(SourceUnavailable, match=f"model sales: field source.path: s3://shop/{path}".replace("*", ".")):
        read_rows(model(f"s3://shop/{path}"), Path(), UNTIL)


def test_bucket_that_is_not_there_is_a_wrong_setting(object_server: ObjectServer) -> None:
    assert object_server.runs
    with pytest.raises(ConfigurationError, match=r"s3://elsewhere/.*no such bucket"):
        read_rows(model("s3://elsewhere/rows"), Path(), UNTIL)


def test_object_that_is_no_parquet_is_an_error_of_the_rows(object_server: ObjectServer) -> None:
    object_server.bucket.put("bad.parquet", b"not at all")
    with pytest.raises(DataError, match=r"s3://shop/bad.parquet: cannot be read as Parquet"):
        read_rows(model("s3://shop/bad.parquet"), Path(), UNTIL)


@pytest.mark.usefixtures("place")
@pytest.mark.parametrize(("kind", "number"), [("parquet", 1), ("parquet", 3), ("csv", 1), ("csv", 2)])
def test_server_stopped_while_rows_are_read_is_told_and_a_later_reading_is_whole(
    object_server: ObjectServer, kind: str, number: int
) -> None:
    spec = model(f"s3://shop/whole.{kind}", kind)
    with pytest.raises(SourceUnavailable) as caught:
        read_rows(spec, Path(), UNTIL, Connections(storage=StopsAt(object_server, "get_object", number)))
    assert f"s3://shop/whole.{kind}: its server cannot be reached" in str(caught.value)
    assert SECRET not in str(caught.value)
    object_server.start()
    assert len(read_rows(spec, Path(), UNTIL).table) == 9 * 24


@pytest.mark.usefixtures("place")
def test_object_replaced_while_it_is_read_is_never_half_of_each(object_server: ObjectServer) -> None:
    class Replacing:
        seen = 0

        def __getattr__(self, name: str) -> Any:
            if name == "get_object":
                self.seen += 1
                if self.seen == 3:
                    object_server.bucket.put("whole.parquet", (b"PAR1" * 30_000))
            return getattr(client_from_environment(""), name)

    client = Replacing()
    with pytest.raises(SourceUnavailable, match="another object by now"):
        read_rows(model("s3://shop/whole.parquet"), Path(), UNTIL, Connections(storage=lambda _name: client))


def test_rows_read_once_are_read_again_after_the_object_has_changed(object_server: ObjectServer) -> None:
    once, spec = RowsOnce(UNTIL), model("s3://shop/rows.csv", "csv")
    for days, rows in ((5, 3 * 24), (5, 3 * 24), (7, 5 * 24)):
        object_server.bucket.put("rows.csv", sales(days).to_csv(index=False).encode())
        assert len(once.history(spec, Path())) == rows


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"path": "gs://shop/rows"}, "write s3://bucket/key"),
        ({"path": f"s3://keeper:{SECRET}@shop/rows"}, "without access keys"),
        ({"path": "file:///rows"}, "write s3://bucket/key, or a path of this machine by itself: file:// is not read"),
        ({"path": f"s3a://keeper:{SECRET}@shop/rows"}, "write s3://bucket/key, or a path .*: s3a:// is not read"),
        ({"path": "https://shop/rows.csv"}, "write s3://bucket/key, or a path .*: https:// is not read"),
        ({"path": "s3://shop_s3@shop/rows"}, "the connection in `connection`"),
        ({"path": "rows", "connection": "shop_s3"}, "for paths that begin with s3://"),
        ({"path": "s3://shop/rows", "connection": "no-name"}, "connection"),
    ],
)
def test_address_that_cannot_be_read_is_told(source: dict[str, str], said: str) -> None:
    with pytest.raises(ValueError, match=said) as caught:
        model("", source={"kind": "csv", **source})
    assert re.search(f"Value error, {said}", str(caught.value)) or "connection" in str(caught.value)


def test_connection_that_is_named_but_not_set_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIRFLOW_CONN_SHOP_S3", raising=False)
    client_from_environment.cache_clear()
    with pytest.raises(ConfigurationError, match="AIRFLOW_CONN_SHOP_S3: not set"):
        read_rows(model("s3://shop/rows"), Path(), UNTIL)


@pytest.mark.parametrize(
    "text",
    [
        "{", "[]", f"postgresql://keeper:{SECRET}@host/db",
        json.dumps({"conn_type": "aws", "password": SECRET, "extra": 3}),
        json.dumps({"conn_type": "aws", "password": SECRET, "extra": {"role_arn": "arn:aws:iam::1:role/x"}}),
    ],
)  # fmt: skip
def test_connection_that_cannot_be_used_is_told_without_its_secret(text: str) -> None:
    with pytest.raises(RetrainingError) as caught:
        aws_connection("shop_s3", {"AIRFLOW_CONN_SHOP_S3": text})
    assert "AIRFLOW_CONN_SHOP_S3" in str(caught.value)
    assert SECRET not in str(caught.value)
    assert caught.value.__cause__ is None


def test_connection_shows_no_secret() -> None:
    given = {"AIRFLOW_CONN_X": f"aws://keeper:{SECRET.replace('#', '%23').replace('/', '%2F')}@/?region_name=eu"}
    found = aws_connection("x", given)
    assert found is not None
    assert found.session == {"aws_access_key_id": "keeper", "aws_secret_access_key": SECRET, "region_name": "eu"}
    assert SECRET not in repr(found)


@pytest.mark.parametrize(
    ("pattern", "path", "fits"),
    [
        ("a/*.csv", "a/b.csv", True), ("a/*.csv", "a/b/c.csv", False), ("**", "a/b", True), ("**/c", "c", True),
        ("a/**/c", "a/b/d/c", True), ("a/**", "a/.b/c", False), ("*", ".a", False), (".*", ".a", True),
        ("a[0-9]", "a7", True), ("a/b", "a", False), ("a", "a/b", False),
    ],
)  # fmt: skip
def test_globs_fit_as_on_disk(tmp_path: Path, pattern: str, path: str, fits: bool) -> None:
    assert matches(pattern.split("/"), path.split("/")) is fits


def test_object_files_are_found_by_name_at_the_top_of_a_bucket(object_server: ObjectServer) -> None:
    object_server.bucket.put("b.csv", b"x\n1\n")
    object_server.bucket.put("a/c.csv", b"x\n1\n")
    files = ObjectFiles(client_from_environment, "")
    assert files.find("s3://shop", ".csv") == ["s3://shop/a/c.csv", "s3://shop/b.csv"]
    assert files.find("s3://shop/*.csv", ".csv") == ["s3://shop/b.csv"]
