from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.data.sources.object_storage import client_from_environment
from include.data.sources.sight import NOTHING, Looker, Sight
from tests.object_server import BUCKET, ObjectServer

CSV = (".csv", ".csv.gz")


def look(path: Path | str, *endings: str) -> Sight:
    return Looker(str(path), endings or CSV, client_from_environment).look()


def parquet_bytes(folder: Path) -> bytes:
    file = folder / "whole.bytes"
    pd.DataFrame({"x": np.arange(1000.0)}).to_parquet(file)
    return file.read_bytes()


def test_a_file_that_is_not_there_yet_is_nothing(tmp_path: Path) -> None:
    for path in (tmp_path / "sales.csv", tmp_path / "gone" / "*.csv", tmp_path):
        assert look(path).fingerprint == NOTHING


@pytest.mark.parametrize(
    "name",
    [".sales.csv", "_sales.csv", "sales.csv.tmp", "sales.csv.part", "sales.csv~", "_temporary/0/sales.csv",
     ".git/a.csv", "day/.staging/a.csv", "sales.csv.filepart", "a.CSV.TMP", "sales.csv.crdownload"],
)  # fmt: skip
@pytest.mark.parametrize("pattern", ["", "**/*", "**/*.csv*"])
def test_unfinished_names_are_no_arrival(tmp_path: Path, name: str, pattern: str) -> None:
    (tmp_path / "old.csv").write_text("x\n1\n")
    path = tmp_path / pattern if pattern else tmp_path
    before = look(path)
    assert before.fingerprint != NOTHING
    (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / name).write_text("x\n1\n")
    assert look(path) == before


def test_a_folder_that_itself_has_such_a_name_is_watched(tmp_path: Path) -> None:
    folder = tmp_path / "_temporary" / ".hidden"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("x\n1\n")
    assert list(look(folder).files) == [str(folder / "a.csv")]
    assert list(look(folder / "*.csv").files) == [str(folder / "a.csv")]
    assert list(look(folder / "a.csv").files) == [str(folder / "a.csv")]


def test_fingerprint_changes_with_size_time_name_and_number(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_text("x\n1\n")
    seen = {look(tmp_path).fingerprint}
    file.write_text("x\n12\n")
    seen.add(look(tmp_path).fingerprint)
    os.utime(file, ns=(1, 1))
    seen.add(look(tmp_path).fingerprint)
    file.rename(tmp_path / "b.csv")
    seen.add(look(tmp_path).fingerprint)
    (tmp_path / "c.csv").write_text("x\n")
    seen.add(look(tmp_path).fingerprint)
    assert len(seen) == 5
    assert look(tmp_path).fingerprint in seen


def test_parquet_is_whole_with_its_last_byte_only(tmp_path: Path) -> None:
    content, file = parquet_bytes(tmp_path), tmp_path / "sales.parquet"
    for length in (0, 1, 4, 7, 8, len(content) // 2, len(content) - 4, len(content) - 1):
        file.write_bytes(content[:length])
        assert look(tmp_path, ".parquet").unfinished == str(file), length
    file.write_bytes(b"\0" * len(content))  # space reserved beforehand
    assert look(file, ".parquet").unfinished
    file.write_bytes(content)
    assert not look(file, ".parquet").unfinished


def test_a_file_of_no_bytes_has_just_been_begun(tmp_path: Path) -> None:
    (tmp_path / "a.csv").touch()
    assert look(tmp_path).unfinished.endswith("a.csv")


def test_what_is_known_whole_is_not_opened_again(tmp_path: Path) -> None:
    file = tmp_path / "sales.parquet"
    file.write_bytes(parquet_bytes(tmp_path))
    looker = Looker(str(file), (".parquet",), client_from_environment)
    assert not looker.look().unfinished
    read_at = file.stat().st_atime_ns
    os.utime(file, ns=(1, file.stat().st_mtime_ns))
    looker.look()
    assert file.stat().st_atime_ns == 1 != read_at


def test_the_same_content_written_again_is_no_change_of_results(tmp_path: Path) -> None:
    file = tmp_path / "suite.xml"
    file.write_text("<testsuite/>")
    looker = Looker(str(tmp_path), (".xml",), client_from_environment, by_content=True)
    before = looker.look()
    os.utime(file, ns=(1, 1))
    assert looker.look() == before
    file.write_text("<testsuite></testsuite>")
    assert looker.look().changed_since(before.files) == [str(file)]


def test_objects_are_seen_by_their_listing(object_server: ObjectServer) -> None:
    put = object_server.bucket.put
    place = f"s3://{BUCKET}/sales"
    assert look(place).fingerprint == NOTHING
    put("sales/a.csv", b"x\n1\n")
    put("sales/_SUCCESS", b"")
    put("sales/_temporary/0/b.csv", b"x\n")
    put("sales/.c.csv", b"x\n")
    first = look(place)
    assert list(first.files) == [f"{place}/a.csv"]
    assert not first.unfinished
    put("sales/a.csv", b"x\n1\n")
    assert look(place) == first, "the same content"
    put("sales/a.csv", b"x\n2\n")
    assert look(place).changed_since(first.files) == [f"{place}/a.csv"]
    assert list(look(f"{place}/*.csv").files) == list(look(f"{place}/a.csv").files) == [f"{place}/a.csv"]
    assert look(f"{place}/a.parquet").fingerprint == NOTHING
