"""Folders of Parquet files that are tables of Delta or Iceberg, on disk and in a bucket."""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import Bucket, Stored, client_from_environment
from include.data.sources.parquet_batches import ParquetBatches
from include.errors import ConfigurationError, DataError, SourceUnavailable

Put = Callable[[str, bytes], None]


@pytest.fixture(params=["disk", "bucket"])
def lake(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Put, Callable[[str], list[float]]]:
    """What puts a file there, and what reads the rows at a path."""

    def put(name: str, content: bytes) -> None:
        if request.param == "disk":
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_bytes(content)
        else:
            request.getfixturevalue("object_server")
            client_from_environment("shop_s3").put_object(Bucket="shop", Key=name, Body=content)

    def read(path: str) -> list[float]:
        batches: Any = ParquetBatches(tmp_path / path)
        if request.param == "bucket":
            batches = ParquetBatches(
                f"s3://shop/{path}".rstrip("/"), files=ObjectFiles(client_from_environment, "shop_s3")
            )
        return sorted(value for batch in batches for value in batch.columns["x"].to_pylist())

    return put, read


def rows(*values: float) -> bytes:
    return parquet(pa.table({"x": list(values)}))


def parquet(table: pa.Table) -> bytes:
    made = io.BytesIO()
    pq.write_table(table, made)
    return made.getvalue()


def commit(*actions: dict[str, Any]) -> bytes:
    return "\n".join(json.dumps(each) for each in ({"commitInfo": {}}, *actions)).encode()


def log(version: int, ending: str = "json") -> str:
    return f"t/_delta_log/{version:020}.{ending}"


def add(path: str, **more: Any) -> dict[str, Any]:
    return {"add": {"path": path, "size": 1, **more}}


def remove(path: str) -> dict[str, Any]:
    return {"remove": {"path": path, "dataChange": True}}


def checkpoint(*paths: str) -> bytes:
    kind = pa.struct([("path", pa.string()), ("deletionVector", pa.struct([("storageType", pa.string())]))])
    return parquet(pa.table({"add": pa.array([None, *({"path": path} for path in paths)], kind)}))


def overwritten(put: Put) -> None:
    put("t/a.parquet", rows(1.0))
    put("t/b.parquet", rows(2.0))
    put("t/failed.parquet", rows(9.0))  # of a write that never came to a commit
    put(log(0), commit(add("a.parquet")))
    put(log(1), commit(remove("a.parquet"), add("b.parquet")))


@pytest.mark.parametrize("path", ["t", "", "t/*.parquet", "*/*.parquet"])
def test_files_that_a_table_has_given_up_are_not_read(lake: Any, path: str) -> None:
    put, read = lake
    overwritten(put)
    assert read(path) == [2.0]


def test_a_part_of_a_table_is_read_by_the_log_of_the_whole(lake: Any) -> None:
    put, read = lake
    for day, value in (("day=1", 1.0), ("day=2", 2.0), ("day=2", 3.0)):
        put(f"t/{day}/{value}.parquet", rows(value))
    put(log(0), commit(add("day=1/1.0.parquet"), add("day=2/2.0.parquet")))
    put(log(1), commit(remove("day=2/2.0.parquet"), add("day=2/3.0.parquet")))
    assert read("t/day=2") == [3.0]
    assert read("t/day=*/*.parquet") == [1.0, 3.0]


def test_a_file_that_is_named_itself_is_read(lake: Any) -> None:
    put, read = lake
    overwritten(put)
    assert read("t/a.parquet") == [1.0]


def test_names_are_written_in_percent_in_the_log(lake: Any) -> None:
    put, read = lake
    put("t/g=a%20b é/1.parquet", rows(1.0))
    put("t/g=a%20b é/2.parquet", rows(2.0))
    put(log(0), commit(add("g=a%2520b%20%C3%A9/1.parquet")))
    assert read("t") == [1.0]


@pytest.mark.parametrize("parts", [1, 2])
def test_a_table_is_its_newest_checkpoint_and_what_came_after(lake: Any, parts: int) -> None:
    put, read = lake
    for value in range(5):
        put(f"t/{value}.parquet", rows(float(value)))
    if parts == 1:
        put(log(10, "checkpoint.parquet"), checkpoint("1.parquet", "2.parquet"))
    else:
        put(log(10, "checkpoint.0000000001.0000000002.parquet"), checkpoint("1.parquet"))
        put(log(10, "checkpoint.0000000002.0000000002.parquet"), checkpoint("2.parquet"))
    put(log(11, "checkpoint.0000000001.0000000002.parquet"), checkpoint("0.parquet"))  # half of it
    for number, actions in ((9, [add("0.parquet")]), (10, []), (11, [remove("1.parquet"), add("4.parquet")])):
        put(log(number), commit(*actions))
    put("t/_delta_log/_last_checkpoint", b"{}")
    assert read("t") == [2.0, 4.0]


def test_two_tables_below_one_path_each_have_their_log(lake: Any) -> None:
    put, read = lake
    overwritten(put)
    put("u/a.parquet", rows(5.0))
    put("u/_delta_log/" + f"{0:020}.json", commit(add("a.parquet")))
    put("plain/a.parquet", rows(7.0))
    assert read("") == [2.0, 5.0, 7.0]


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({log(0): commit(add("a.parquet")), log(2): commit(add("a.parquet"))}, r"no commit 0+1\.json"),
        ({log(7): commit(add("a.parquet"))}, r"no commit 0+\.json"),
        ({log(0): commit(add("a.parquet")), log(0, "checkpoint.parquet"): b""}, "no checkpoint of a Delta table"),
        ({log(0): b'{"add": {"pa'}, "a line of it is no JSON"),
        ({log(0): commit(add("a.parquet"), add("gone.parquet"))}, r"1 of 2 files .* not there, such as gone\.parquet"),
        ({log(0): commit(add("a.parquet")), log(1): commit(remove("a.parquet"))}, "has no rows now"),
    ],
)
def test_a_log_that_cannot_be_followed_is_told_and_may_pass(lake: Any, files: dict[str, bytes], said: str) -> None:
    put, read = lake
    put("t/a.parquet", rows(1.0))
    for name, content in files.items():
        put(name, content)
    with pytest.raises(SourceUnavailable, match=said):
        read("t")


@pytest.mark.parametrize(
    ("action", "said"),
    [
        (add("a.parquet", deletionVector={"storageType": "u"}), r"deletion vectors.*REORG TABLE"),
        (add("s3://other/t/a.parquet"), "shallow clone"),
        ({"metaData": {"configuration": {"delta.columnMapping.mode": "name"}}}, "columnMapping"),
    ],
)
def test_what_files_alone_do_not_tell_is_refused_with_a_way_out(lake: Any, action: dict[str, Any], said: str) -> None:
    put, read = lake
    put("t/a.parquet", rows(1.0))
    put(log(0), commit(action))
    with pytest.raises(DataError, match=rf"(?s){said}.*through SQL"):
        read("t")


def test_what_was_only_once_so_is_no_hindrance(lake: Any) -> None:
    """Rows deleted beside a file that was rewritten since; a mapping of columns that was given up."""
    put, read = lake
    put("t/a.parquet", rows(1.0))
    put("t/b.parquet", rows(2.0))
    put(log(0), commit({"metaData": {"configuration": {"delta.columnMapping.mode": "name"}}}, add("a.parquet")))
    put(log(1), commit(add("a.parquet", deletionVector={"storageType": "u"}), remove("a.parquet")))
    with pytest.raises(DataError, match="deletion vectors"):
        read("t")
    put(log(2), commit({"metaData": {"configuration": {}}}, remove("a.parquet"), add("b.parquet")))
    assert read("t") == [2.0]


@pytest.mark.parametrize("content", [b"", commit(), commit({"protocol": {"minReaderVersion": 1}})])
def test_a_log_that_names_no_file_is_no_table(lake: Any, content: bytes) -> None:
    put, read = lake
    put("t/a.parquet", rows(1.0))
    put(log(0), content)
    put("t/_delta_log/00000000000000000010.checkpoint.parquet", parquet(pa.table({"txn": ["a"], "add": ["b"]})))
    assert read("t") == [1.0]


def iceberg(*operations: str) -> bytes:
    return json.dumps(
        {"format-version": 2, "snapshots": [{"summary": {"operation": each}} for each in operations]}
    ).encode()


@pytest.mark.parametrize("packed", [False, True])
def test_an_iceberg_table_is_read_while_it_was_only_added_to(lake: Any, packed: bool) -> None:
    put, read = lake
    put("t/data/a.parquet", rows(1.0))
    put("t/data/b.parquet", rows(2.0))
    put("t/metadata/00001-aa.metadata.json", iceberg("append", "append"))
    assert read("t") == [1.0, 2.0]
    later = iceberg("append", "append", "overwrite")
    name = "t/metadata/00002-bb.gz.metadata.json" if packed else "t/metadata/v2.metadata.json"
    put(name, gzip.compress(later) if packed else later)
    with pytest.raises(DataError, match=r"t: files of this Iceberg table .* \(snapshots that overwrite\).*through SQL"):
        read("t/data")


def test_two_generations_of_a_hudi_file_are_refused(lake: Any) -> None:
    put, read = lake
    first = "t/day=1/3f2504e0-4f89-41d3-9a0c-0305e82c3301-0_0-21-21_20260101120000000.parquet"
    put(first, rows(1.0))
    put(first.replace("3301-0_0", "3302-0_1"), rows(2.0))
    put("t/.hoodie/20260101120000000.commit", b"{}")
    assert read("t") == [1.0, 2.0]
    put(first.replace("20260101", "20260102"), rows(1.0, 3.0))
    with pytest.raises(DataError, match=r"two generations of one file of a Hudi table.*through SQL"):
        read("t")


def snapshots(current: int, *counts: str) -> bytes:
    made = [{"snapshot-id": n, "summary": {"operation": "append", "total-data-files": c}} for n, c in enumerate(counts)]
    return json.dumps({"format-version": 2, "current-snapshot-id": current, "snapshots": made}).encode()


@pytest.mark.parametrize(("current", "counts"), [(0, ["1"]), (0, ["1", "2"]), (1, ["2", "3"])])
def test_an_iceberg_table_with_other_files_than_its_newest_snapshot_is_refused(
    lake: Any, current: int, counts: list[str]
) -> None:
    put, read = lake
    put("t/data/a.parquet", rows(1.0))
    put("t/data/b.parquet", rows(2.0))
    put("t/metadata/v2.metadata.json", snapshots(1, "1", "2"))
    assert read("t") == [1.0, 2.0]
    assert read("t/data") == [1.0, 2.0]
    put("t/metadata/v3.metadata.json", snapshots(current, *counts))
    with pytest.raises(SourceUnavailable, match=rf"newest snapshot .* has {counts[current]} files, and 2 are there"):
        read("t")


HUDI_FILE = "t/day=1/3f2504e0-4f89-41d3-9a0c-0305e82c3301-0_0-21-21_{}.parquet"


@pytest.mark.parametrize(
    "pending", [".hoodie/20260102120000000.inflight", ".hoodie/timeline/20260102120000000.commit.requested"]
)
def test_files_of_a_write_to_hudi_that_is_not_done_are_left_out(lake: Any, pending: str) -> None:
    put, read = lake
    put(HUDI_FILE.format("20260101120000000"), rows(1.0))
    put(HUDI_FILE.format("20260102120000000"), rows(1.0, 2.0))
    put("t/.hoodie/20260101120000000.commit", b"{}")
    put(f"t/{pending}", b"{}")
    assert read("t") == [1.0]
    put("t/.hoodie/timeline/20260102120000000_20260102120000001.commit", b"{}")
    with pytest.raises(DataError, match="two generations"):
        read("t")


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("20260101120000000.replacecommit", b"{}", "have been replaced by others"),
        ("hoodie.properties", b"#p\nhoodie.table.type=MERGE_ON_READ\n", "are in logs"),
    ],
)
def test_rows_that_only_hudi_finds_are_refused(lake: Any, name: str, content: bytes, said: str) -> None:
    put, read = lake
    put(HUDI_FILE.format("20260101120000000"), rows(1.0))
    put("t/.hoodie/hoodie.properties", b"hoodie.table.type=COPY_ON_WRITE\n")
    assert read("t") == [1.0]
    put(f"t/.hoodie/{name}", content)
    with pytest.raises(DataError, match=rf"{said}.*through SQL"):
        read("t/day=1")


def test_who_may_not_list_the_folders_above_reads_the_one_that_is_named(
    object_server: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_from_environment("shop_s3")
    client.put_object(Bucket="shop", Key="mine/t/a.parquet", Body=rows(1.0))
    known = Bucket.below

    def below(bucket: Bucket, prefix: str) -> list[Stored]:
        if not prefix.startswith("mine/t/"):
            raise ConfigurationError("shop", "AccessDenied")
        return known(bucket, prefix)

    monkeypatch.setattr(Bucket, "below", below)
    found = ParquetBatches("s3://shop/mine/t", files=ObjectFiles(client_from_environment, "shop_s3"))
    assert sum(batch.rows for batch in found) == 1
