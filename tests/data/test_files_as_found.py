"""Folders as people have them: foreign files among the rows, odd names, files that are written while they are read."""

from __future__ import annotations

import bz2
import gzip
import os
import struct
import unicodedata
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from include.data.batches import Batch
from include.data.sources.csv_batches import CsvBatches
from include.data.sources.files import LocalFiles
from include.data.sources.json_lines import JsonLinesBatches
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import client_from_environment
from include.data.sources.parquet_batches import ParquetBatches
from include.data.sources.sight import Looker
from include.errors import DataError, SourceUnavailable

FOREIGN = [
    ".ipynb_checkpoints/a-checkpoint.csv", "_delta_log/1.checkpoint.csv", "_spark_metadata/0.csv", ".hidden/a.csv",
    "_temporary/0/part-0.csv", "tmp/a.csv", "deep/temp/a.csv", "checkpoints/a.csv", "logs/a.csv", "__MACOSX/._a.csv",
    ".git/a.csv", "_unfinished.csv", ".a.csv", "~a.csv", "#a.csv", "a.tmp.csv", "a.part.csv", "a-checkpoint.csv",
    "$RECYCLE.BIN/a.csv", "@eaDir/a.csv", "lost+found/a.csv", "a.csv~", "a.csv.tmp", "a.bak.csv",
    "a.csv.download", "a.inprogress.csv", "a.csv.tmp.gz", "upload.partial/a.csv", "old.bak/a.csv", "a.CSV.INCOMPLETE",
    "checkpoint-500/a.csv", "tmp_17/a.csv", "tmp.Xa8LkQ2pd0/a.csv",
]  # fmt: skip
ROWS = ["a.csv", "day=1/a.csv", "_day=2/a.csv", "sales [eu]/b c.csv", "tmp.csv", "eu/log.csv", "catalogs/a.csv",
        "tmp_sensors/a.csv", "checkpoint_berlin/a.csv"]  # fmt: skip


@pytest.fixture(params=["disk", "bucket"])
def find(request: pytest.FixtureRequest, tmp_path: Path) -> Callable[..., set[str]]:
    """What is found of these files, all put below a folder whose own name is hidden."""

    def on_disk(path: str, *names: str) -> set[str]:
        root = tmp_path / "_mine [1]"
        for name in names:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_text("a\n1\n")
        return {str(Path(each).relative_to(root)) for each in LocalFiles().find(root / path, ".csv")}

    def in_bucket(path: str, *names: str) -> set[str]:
        request.getfixturevalue("object_server")
        client = client_from_environment("shop_s3")
        for name in names:
            client.put_object(Bucket="shop", Key=f"_mine [1]/{name}", Body=b"a\n1\n")
        found = ObjectFiles(client_from_environment).find(f"s3://shop/_mine [1]/{path}".rstrip("/"), ".csv")
        return {each.removeprefix("s3://shop/_mine [1]/") for each in found}

    return on_disk if request.param == "disk" else in_bucket


def test_what_is_no_row_of_the_model_is_left_out_of_a_folder(find: Callable[..., set[str]]) -> None:
    assert find("", *FOREIGN, *ROWS) == set(ROWS)


@pytest.mark.parametrize("path", ["", "**/*", "**/*.csv*", "*/*.csv", "_day=*/*.csv", "*.bak", "*.csv.download"])
def test_a_watcher_sees_the_files_that_a_check_reads(find: Callable[..., set[str]], path: str, tmp_path: Path) -> None:
    there = [*FOREIGN, *ROWS, "b.bak"]
    try:
        read = find(path, *there)
    except SourceUnavailable:
        read = set()
    place = str(tmp_path / "_mine [1]" / path) if (tmp_path / "_mine [1]").is_dir() else f"s3://shop/_mine [1]/{path}"
    seen = Looker(place.rstrip("/"), (".csv",), client_from_environment).look().files
    assert {name.partition("_mine [1]/")[2] for name in seen} == read


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("*.bak", {"b.bak"}),
        ("*.csv.download", {"a.csv.download"}),
        ("**/*.part", set()),
        ("_*.csv", {"_unfinished.csv"}),
    ],
)
def test_what_a_glob_names_on_purpose_is_found(find: Callable[..., set[str]], path: str, expected: set[str]) -> None:
    try:
        assert find(path, *FOREIGN, *ROWS, "b.bak", ".c.bak", "_d.bak") == expected
    except SourceUnavailable:
        assert not expected


def test_it_is_left_out_of_a_glob_too(find: Callable[..., set[str]]) -> None:
    assert find("**/*.csv", *FOREIGN, *ROWS) == set(ROWS)


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("sales [eu]/*.csv", {"sales [eu]/b c.csv"}),
        ("sales [eu]/b?c.csv", {"sales [eu]/b c.csv"}),
        ("sales [eu]", {"sales [eu]/b c.csv"}),
        ("*/b [[]x[]].csv", {"north/b [x].csv"}),
        ("*/b [x].csv", {"north/b [x].csv"}),
        ("sales [eu]/[a-c]*.csv", {"sales [eu]/b c.csv"}),
        ("logs/*.csv", {"logs/a.csv"}),
        ("_d*/*.csv", {"_day/a.csv"}),
    ],
)
def test_brackets_and_blanks_are_names_where_there_is_such_a_folder(
    find: Callable[..., set[str]], path: str, expected: set[str]
) -> None:
    assert (
        find(path, "sales [eu]/b c.csv", "north/b [x].csv", "logs/a.csv", "_day/a.csv", "sales e/b c.csv") == expected
    )


@pytest.mark.parametrize("there", ["NFC", "NFD"])
@pytest.mark.parametrize("said", ["NFC", "NFD"])
@pytest.mark.parametrize("path", ["Verkäufe", "Verkäufe/*.csv", "Verk*/é/*.csv", "**/é*.csv", "Verkäufe/é/ü.csv"])
def test_letters_of_one_sign_and_of_two_are_the_same_in_names(
    find: Callable[..., set[str]], there: str, said: str, path: str
) -> None:
    names = [unicodedata.normalize(there, each) for each in ("Verkäufe/é/ü.csv", "Verkäufe/é.csv", "andere/ü.csv")]
    expected = {"Verkäufe": {0, 1}, "Verkäufe/*.csv": {1}, "**/é*.csv": {1}}.get(path, {0})
    assert find(unicodedata.normalize(said, path), *names) == {names[place] for place in expected}


def test_what_only_the_case_of_letters_keeps_from_a_glob_is_told(
    find: Callable[..., set[str]], caplog: pytest.LogCaptureFixture
) -> None:
    assert find("eu/*.csv", "eu/1.csv", "eu/2.CSV", "eu/_3.CSV", "us/4.CSV") == {"eu/1.csv"}
    assert "eu/*.csv: left out: 1, such as" in caplog.text
    assert "eu/2.CSV: to a glob capital letters are other ones" in caplog.text


def test_a_folder_that_is_named_as_a_file_is_the_files_in_it(find: Callable[..., set[str]]) -> None:
    there = ["out.csv/part-0.csv", "out.csv/_SUCCESS.csv", "out.csv/deep/b.csv", "other/c.csv", "a.csv"]
    found = {"out.csv/part-0.csv", "out.csv/deep/b.csv", "a.csv"}
    assert find("*.csv", *there) == found
    assert find("*", *there) == found
    assert find("**/*.csv", *there) == {*found, "other/c.csv"}


TABLE = pd.DataFrame({"a": range(3_000), "b": [f"name {n % 7}" for n in range(3_000)]})
KINDS: dict[str, tuple[type[Any], Callable[[Path, pd.DataFrame], None]]] = {
    "rows.csv": (CsvBatches, lambda file, table: table.to_csv(file, index=False)),
    "rows.csv.gz": (CsvBatches, lambda file, table: table.to_csv(file, index=False)),
    "rows.jsonl": (JsonLinesBatches, lambda file, table: table.to_json(file, orient="records", lines=True)),
    "rows.jsonl.gz": (JsonLinesBatches, lambda file, table: table.to_json(file, orient="records", lines=True)),
    "rows.parquet": (ParquetBatches, lambda file, table: table.to_parquet(file, row_group_size=500)),
}


def _interrupted(batches: Iterator[Batch], change: Callable[[], None]) -> int:
    """How many rows there are where the file is changed after the first batch."""
    rows = next(batches).rows
    change()
    return rows + sum(batch.rows for batch in batches)


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("how", ["shorter", "same size", "same time", "renamed over", "removed"])
def test_file_that_is_rewritten_while_it_is_read_is_worth_another_try(tmp_path: Path, name: str, how: str) -> None:
    read, write = KINDS[name]
    file = tmp_path / name
    write(file, TABLE)
    known = file.stat()

    def change() -> None:
        if how == "removed":
            file.unlink()
        elif how == "shorter":
            write(file, TABLE[:100])
        elif how == "renamed over":
            write(tmp_path / f"new{name}", TABLE[:100])
            (tmp_path / f"new{name}").rename(file)
        else:
            file.write_bytes(file.read_bytes())
            if how == "same time":
                os.utime(file, ns=(known.st_atime_ns, known.st_mtime_ns))

    with pytest.raises(SourceUnavailable, match=r"written while it was being read|gone while"):
        _interrupted(iter(read(file)), change)


@pytest.mark.usefixtures("object_server")
@pytest.mark.parametrize("name", ["rows.csv", "rows.parquet", "rows.jsonl"])
def test_object_that_is_written_between_two_passes_is_worth_another_try(tmp_path: Path, name: str) -> None:
    read, write = KINDS[name]
    client = client_from_environment("shop_s3")

    def put(table: pd.DataFrame) -> None:
        write(tmp_path / name, table)
        client.put_object(Bucket="shop", Key=name, Body=(tmp_path / name).read_bytes())

    put(TABLE)
    batches = read(f"s3://shop/{name}", files=ObjectFiles(client_from_environment))
    with pytest.raises(SourceUnavailable):
        _interrupted(iter(batches), lambda: put(TABLE[:100]))


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.jsonl.gz", "rows.parquet"])
@pytest.mark.parametrize("share", [0.1, 0.5, 0.95])
def test_half_a_file_is_worth_another_try_and_no_mistake_for_ever(tmp_path: Path, name: str, share: float) -> None:
    read, write = KINDS[name]
    write(tmp_path / name, TABLE)
    whole = (tmp_path / name).read_bytes()
    (tmp_path / name).write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(SourceUnavailable):
        list(read(tmp_path / name))


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
@pytest.mark.parametrize("cut", [2, 5])
def test_line_that_is_not_finished_is_worth_another_try_and_a_short_one_before_it_is_a_mistake(
    tmp_path: Path, name: str, cut: int
) -> None:
    read, write = KINDS[name]
    write(tmp_path / name, TABLE.assign(more="text, which is longer", last=1.0))
    whole = (tmp_path / name).read_bytes().rstrip(b"\n")
    last = whole.rindex(b"\n") + 1
    (tmp_path / name).write_bytes(whole[: last + cut])
    with pytest.raises(SourceUnavailable):
        list(read(tmp_path / name))
    (tmp_path / name).write_bytes(whole[: last + cut] + b"\n" + whole[last:])
    with pytest.raises(DataError):
        list(read(tmp_path / name))


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl"])
@pytest.mark.parametrize("whole", [0, 2_000])
def test_room_that_is_taken_and_not_filled_is_worth_another_try(tmp_path: Path, name: str, whole: int) -> None:
    read, write = KINDS[name]
    write(tmp_path / name, TABLE)
    (tmp_path / name).write_bytes((tmp_path / name).read_bytes()[:whole] + bytes(4_096))
    with pytest.raises(SourceUnavailable, match="still being written"):
        list(read(tmp_path / name))
    (tmp_path / name).write_bytes("a,b\n1,2\n".encode("utf-16-le"))
    with pytest.raises(DataError):
        list(read(tmp_path / name))


def test_a_page_that_is_not_what_was_written_is_noticed_where_its_writer_has_left_a_checksum(tmp_path: Path) -> None:
    made = pa.table({"x": [1.5, 2.5, 3.5]})
    pq.write_table(made, tmp_path / "a.parquet", write_page_checksum=True, use_dictionary=False, compression="none")
    content = bytearray((tmp_path / "a.parquet").read_bytes())
    content[content.find(struct.pack("<d", 2.5))] ^= 1
    (tmp_path / "a.parquet").write_bytes(content)
    with pytest.raises(SourceUnavailable, match="or damaged; deliver it whole"):
        list(ParquetBatches(tmp_path))


def test_files_of_a_folder_are_found_whatever_the_case_of_their_endings(tmp_path: Path) -> None:
    for name in ("a.csv", "B.CSV", "c.Csv"):
        TABLE[:10].assign(part=name).to_csv(tmp_path / name, index=False)
    assert sum(batch.rows for batch in CsvBatches(tmp_path)) == 30


OTHERS = {
    "packed by gzip": gzip.compress(b"at,sales\n1,2\n"), "packed by bz2": bz2.compress(b"at,sales\n1,2\n"),
    "git lfs pull": b"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a21\nsize 12345\n",
    "ZIP archive": b"PK\x03\x04" + bytes(40), "a web page": b"<html>403</html>", "Feather": b"ARROW1\0\0" + bytes(40),
}  # fmt: skip


@pytest.mark.parametrize("name", ["rows.csv", "rows.jsonl", "rows.parquet"])
@pytest.mark.parametrize("told", OTHERS)
def test_file_of_another_kind_than_its_name_says_is_told_as_what_it_is(tmp_path: Path, name: str, told: str) -> None:
    read, write = KINDS[name]
    write(tmp_path / f"first.{name}", TABLE)
    (tmp_path / name).write_bytes(OTHERS[told])
    with pytest.raises(DataError, match=told):
        list(read(tmp_path))


@pytest.mark.parametrize("name", ["rows.csv.gz", "rows.jsonl.gz", "rows.csv.bz2", "rows.csv.zst"])
def test_file_that_is_not_packed_as_its_name_says_is_told(tmp_path: Path, name: str) -> None:
    TABLE.to_csv(tmp_path / name, index=False, compression=None)
    read = JsonLinesBatches if ".jsonl" in name else CsvBatches
    with pytest.raises(DataError, match=r"not packed by"):
        list(read(tmp_path / name))


def test_file_of_another_kind_is_a_mistake_and_not_tried_again(tmp_path: Path) -> None:
    (tmp_path / "rows.parquet").write_bytes(gzip.compress(b"no rows at all"))
    with pytest.raises(DataError):
        list(ParquetBatches(tmp_path / "rows.parquet"))


@pytest.mark.parametrize("name", KINDS)
def test_file_that_stays_is_read_twice(tmp_path: Path, name: str) -> None:
    read, write = KINDS[name]
    write(tmp_path / name, TABLE)
    batches = read(tmp_path / name)
    assert [sum(batch.rows for batch in batches) for _ in range(2)] == [3_000, 3_000]
