from __future__ import annotations

import gzip
import logging
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.frames import frame_of
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import LocalFiles
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import client_from_environment
from include.data.sources.parquet_batches import ParquetBatches
from include.data.sources.same_files import distinct_files
from tests.object_server import ObjectServer


def write(file: Path, *, seed: int = 0, rows: int = 20_000) -> None:
    values = np.random.default_rng(seed).integers(100, 999, rows)  # every file has the same length
    file.write_text("x\n" + "\n".join(map(str, values)) + "\n", encoding="utf-8")


def names(folder: Path, pattern: str = "*") -> list[str]:
    files = LocalFiles()
    return [Path(file).name for file in distinct_files(files, files.find(folder / pattern, ".csv"))]


def test_a_copy_in_a_folder_is_read_once_and_told(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    write(tmp_path / "jan.csv")
    (tmp_path / "archive").mkdir()
    shutil.copy(tmp_path / "jan.csv", tmp_path / "archive" / "jan.csv")
    shutil.copy(tmp_path / "jan.csv", tmp_path / "jan (1).csv")
    with caplog.at_level(logging.WARNING):
        assert len(frame_of(CsvBatches(tmp_path))) == 20_000
    assert "jan.csv holds the same content as" in caplog.text


def test_files_of_one_length_that_differ_anywhere_are_all_read(tmp_path: Path) -> None:
    write(tmp_path / "a.csv", rows=100_000)  # longer than what is looked at first
    text = (tmp_path / "a.csv").read_text()
    middle = len(text) // 2 // 4 * 4 + 2
    for name, place in (("b", 2), ("c", middle), ("d", len(text) - 4)):
        (tmp_path / f"{name}.csv").write_text(text[:place] + "000" + text[place + 3 :])
    (tmp_path / "e.csv").write_text(text)
    assert names(tmp_path) == ["a.csv", "b.csv", "c.csv", "d.csv"]


def test_a_packed_file_beside_itself_is_read_once(tmp_path: Path) -> None:
    write(tmp_path / "jan.csv")
    write(tmp_path / "feb.csv", seed=1)
    content = (tmp_path / "jan.csv").read_bytes()
    (tmp_path / "jan.csv.gz").write_bytes(gzip.compress(content, mtime=1))
    (tmp_path / "jan-again.csv.gz").write_bytes(gzip.compress(content, 1, mtime=2))
    assert names(tmp_path, "*.csv*") == ["feb.csv", "jan-again.csv.gz"]


def test_a_damaged_archive_is_left_to_the_reader(tmp_path: Path) -> None:
    write(tmp_path / "jan.csv")
    content = gzip.compress((tmp_path / "jan.csv").read_bytes())
    (tmp_path / "a.csv.gz").write_bytes(content[:200] + content[-8:])
    (tmp_path / "b.csv.gz").write_bytes(b"")
    assert names(tmp_path) == ["a.csv.gz", "b.csv.gz", "jan.csv"]


def test_a_file_that_is_gone_by_now_is_left_to_the_reader(tmp_path: Path) -> None:
    for name in ("a.csv", "b.csv", "c.csv"):
        write(tmp_path / name, rows=10)
    found = LocalFiles().find(tmp_path, ".csv")
    (tmp_path / "b.csv").unlink()
    assert [file.name for file in map(Path, distinct_files(LocalFiles(), found))] == ["a.csv", "b.csv"]


def test_parts_of_parquet_that_are_alike_to_the_byte_are_read_once(tmp_path: Path) -> None:
    for number, seed in enumerate((0, 1, 0)):
        values = np.random.default_rng(seed).normal(size=500)
        pd.DataFrame({"x": values}).to_parquet(tmp_path / f"part-{number}.parquet", index=False)
    assert len(frame_of(ParquetBatches(tmp_path))) == 1000


def test_objects_are_told_apart_as_files_are(tmp_path: Path, object_server: ObjectServer) -> None:
    write(tmp_path / "a.csv")
    write(tmp_path / "b.csv", seed=1)
    bucket, content = object_server.bucket, (tmp_path / "a.csv").read_bytes()
    for key, body in (("a", content), ("b", (tmp_path / "b.csv").read_bytes()), ("copy", content)):
        bucket.put(f"rows/{key}.csv", body)
    given = {"Bucket": bucket.name, "Key": "rows/in-parts.csv"}
    upload = {**given, "UploadId": bucket.client.create_multipart_upload(**given)["UploadId"]}
    sent = bucket.client.upload_part(**upload, PartNumber=1, Body=content)
    parts = {"Parts": [{"ETag": sent["ETag"], "PartNumber": 1}]}
    bucket.client.complete_multipart_upload(**upload, MultipartUpload=parts)
    files = ObjectFiles(client_from_environment)
    found = files.find(f"s3://{bucket.name}/rows", ".csv")
    assert len({files.tag(file) for file in found}) == 3  # the one sent in parts has a tag of its own
    assert distinct_files(files, found) == [f"s3://{bucket.name}/rows/a.csv", f"s3://{bucket.name}/rows/b.csv"]
