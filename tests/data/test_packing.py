"""Packed files, whatever packs them and however their names are written, on disk and in a bucket."""

from __future__ import annotations

import bz2
import logging
from pathlib import Path

import pyarrow as pa
import pytest

from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import LocalFiles
from include.data.sources.json_lines import JsonLinesBatches
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import client_from_environment
from include.data.sources.same_files import distinct_files
from include.errors import SourceUnavailable
from include.registry.source import CODECS

TEXT = {".csv": (CsvBatches, b"x\n1\n2\n"), ".jsonl": (JsonLinesBatches, b'{"x": 1}\n{"x": 2}\n')}
NAMES = [f"rows{kind}{packing}" for kind in TEXT for packing in CODECS]


def packed(name: str, content: bytes) -> bytes:
    codec = CODECS.get(Path(name).suffix.lower())
    if codec is None:
        return content
    made = pa.BufferOutputStream()
    with pa.CompressedOutputStream(made, codec) as stream:
        stream.write(content)
    return bytes(made.getvalue())


def put(where: str, folder: Path, name: str, content: bytes) -> tuple[str | Path, LocalFiles | ObjectFiles]:
    """Write it, and what its folder is read by."""
    if where == "disk":
        (folder / name).write_bytes(content)
        return folder, LocalFiles()
    client_from_environment("shop_s3").put_object(Bucket="shop", Key=f"in/{name}", Body=content)
    return "s3://shop/in", ObjectFiles(client_from_environment, "shop_s3")


@pytest.mark.usefixtures("object_server")
@pytest.mark.parametrize("where", ["disk", "bucket"])
@pytest.mark.parametrize("spelt", [str, str.upper])
@pytest.mark.parametrize("name", NAMES)
def test_a_packed_file_is_found_in_a_folder_and_read(tmp_path: Path, where: str, name: str, spelt: type) -> None:
    read, content = TEXT[f".{name.split('.')[1]}"]
    folder, files = put(where, tmp_path, spelt(name), packed(name, content))
    assert sum(batch.rows for batch in read(folder, files=files)) == 2


@pytest.mark.usefixtures("object_server")
@pytest.mark.parametrize("where", ["disk", "bucket"])
@pytest.mark.parametrize("packing", [packing.upper() for packing in CODECS] + list(CODECS))
def test_a_file_beside_its_archive_is_read_once(tmp_path: Path, where: str, packing: str) -> None:
    content = b"x\n" + b"1\n" * 5_000
    put(where, tmp_path, "a.csv", content)
    folder, files = put(where, tmp_path, f"a.csv{packing}", packed(f"a.csv{packing}", content))
    put(where, tmp_path, "b.csv", b"x\n" + b"2\n" * 5_000)
    assert len(distinct_files(files, files.find(folder, ".csv", f".csv{packing.lower()}"))) == 2


@pytest.mark.parametrize("name", NAMES)
def test_half_an_archive_may_still_be_written(tmp_path: Path, name: str) -> None:
    read, content = TEXT[f".{name.split('.')[1]}"]
    whole = packed(name, content * 1 if name.startswith("rows.csv") else content * 2_000)
    (tmp_path / name).write_bytes(whole[: len(whole) // 2])
    with pytest.raises(SourceUnavailable):
        list(read(tmp_path))


def test_an_archive_of_several_streams_is_read_whole(tmp_path: Path) -> None:
    (tmp_path / "rows.csv.bz2").write_bytes(bz2.compress(b"x\n1\n") + bz2.compress(b"2\n3\n"))
    assert sum(batch.rows for batch in CsvBatches(tmp_path)) == 3


@pytest.mark.usefixtures("object_server")
@pytest.mark.parametrize("where", ["disk", "bucket"])
@pytest.mark.parametrize("other", ["b.tsv", "b.txt", "b.csv.xz", "B.CSV.ZIP", "b.pq", "b.jsonl"])
def test_a_file_beside_the_rows_that_no_reader_takes_is_told(
    tmp_path: Path, where: str, other: str, caplog: pytest.LogCaptureFixture
) -> None:
    put(where, tmp_path, "a.csv", b"x\n1\n")
    folder, files = put(where, tmp_path, other, b"x\n2\n")
    for foreign in (".b.tsv", "b.tsv.tmp", "notes.md", "_b.txt"):
        put(where, tmp_path, foreign, b"nothing")
    with caplog.at_level(logging.WARNING):
        assert sum(batch.rows for batch in CsvBatches(folder, files=files)) == 1
    assert f"left out: 1, such as {other}: of a folder those are read that end in .csv, .csv.gz" in caplog.text
    caplog.clear()
    (tmp_path / other).unlink(missing_ok=True)
    client_from_environment("shop_s3").delete_object(Bucket="shop", Key=f"in/{other}")
    with caplog.at_level(logging.WARNING):
        list(CsvBatches(folder, files=files))
    assert not caplog.text
