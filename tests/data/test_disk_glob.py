"""Rows on disks: no folder is left out without a word, whether it may not be read or is a link."""

from __future__ import annotations

import glob
import os
from collections.abc import Callable
from pathlib import Path

import pytest

from include.data.sources.csv_batches import CsvBatches
from include.data.sources.disk_glob import DiskGlob
from include.data.sources.files import LocalFiles
from include.data.sources.object_storage import client_from_environment
from include.data.sources.sight import Looker
from include.errors import SourceUnavailable
from tests.unprivileged import as_nobody, open_folder


def write(folder: Path, *names: str) -> None:
    for name in names:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(f"a\n{name!a}\n")


def found(folder: Path, path: str) -> set[str]:
    return {str(file.relative_to(folder)) for file in LocalFiles().find(folder / path, ".csv")}


LOCKED: dict[str, Callable[[Path], None]] = {
    "a file": lambda root: (root / "s/b.csv").chmod(0),
    "the folder": lambda root: (root / "s").chmod(0),
    "the folder, but for its names": lambda root: (root / "s").chmod(0o444),
    "a folder in it": lambda root: (root / "s/x").chmod(0),
    "a folder in it, but for its names": lambda root: (root / "s/x").chmod(0o444),
}


@pytest.mark.parametrize("what", LOCKED)
@pytest.mark.parametrize("path", ["s", "s/**/*.csv", "s/*/*.csv", "s/x/c.csv", "s/b.csv", "*/*.csv"])
def test_what_may_not_be_read_is_named_and_never_left_out(what: str, path: str) -> None:
    with open_folder() as root:
        write(root, "s/a.csv", "s/b.csv", "s/x/c.csv")
        whole, rows, told = sum(batch.rows for batch in CsvBatches(root / path)), 0, ""
        LOCKED[what](root)
        with as_nobody():
            try:
                rows = sum(batch.rows for batch in CsvBatches(root / path))
            except SourceUnavailable as error:
                told = str(error)
        if told or path == "s":
            assert str(root) in told
            assert "cannot be read: Permission denied; let the user of this process read it" in told
        else:
            assert rows == whole


@pytest.mark.parametrize("name", ["lost+found", ".Trash-0", ".snapshot", "_temporary", "logs"])
@pytest.mark.parametrize("path", ["", "**/*.csv", "*/*.csv"])
def test_folder_of_others_need_not_be_read(name: str, path: str) -> None:
    with open_folder() as root:
        write(root, "x/a.csv", f"{name}/b.csv")
        (root / name).chmod(0)
        with as_nobody():
            assert found(root, path) == {"x/a.csv"}


def test_watcher_tells_what_it_may_not_look_into() -> None:
    with open_folder() as root:
        write(root, "s/x/c.csv")
        (root / "s/x").chmod(0)
        with as_nobody(), pytest.raises(SourceUnavailable, match="cannot be read"):
            Looker(str(root / "s"), (".csv",), client_from_environment).look()


@pytest.mark.parametrize("name", [b"s/gr\xf6sse.csv", b"s/\xff/a.csv", b"s/shop=\xfe/a.csv"])
@pytest.mark.parametrize("path", ["s", "s/**/*.csv"])
def test_file_of_a_name_that_is_no_text_is_to_be_renamed(tmp_path: Path, name: bytes, path: str) -> None:
    write(tmp_path, "s/größe/süd.csv")
    assert found(tmp_path, path) == {"s/größe/süd.csv"}
    write(tmp_path, os.fsdecode(name))
    with pytest.raises(SourceUnavailable, match=r"\\x[0-9a-f]{2}.*is no UTF-8; rename it") as told:
        found(tmp_path, path)
    assert str(told.value).encode()


_ANYWHERE = {"s/first/a.csv", "s/second/b.csv", "s/second/c/d.csv"}


@pytest.mark.parametrize(
    ("path", "expected"),
    [("s", _ANYWHERE), ("s/**/*.csv", _ANYWHERE), ("s/*/*.csv", {"s/first/a.csv", "s/second/b.csv", "s/latest/a.csv"})],
)
def test_folder_that_is_a_link_is_gone_into_and_none_for_ever(tmp_path: Path, path: str, expected: set[str]) -> None:
    write(tmp_path, "s/first/a.csv", "store/b.csv", "store/c/d.csv")
    (tmp_path / "s/second").symlink_to(tmp_path / "store")
    (tmp_path / "store/back").symlink_to(tmp_path / "s")
    (tmp_path / "store/again").symlink_to(tmp_path / "store")
    (tmp_path / "s/latest").symlink_to(tmp_path / "s/first")
    (tmp_path / "s/itself").symlink_to("itself")
    (tmp_path / "s/gone").symlink_to("nowhere")
    assert found(tmp_path, path) == expected


@pytest.mark.parametrize("path", ["s", "s/**/*.csv"])
def test_rows_that_several_links_lead_to_are_found_once(tmp_path: Path, path: str) -> None:
    write(tmp_path, "s/a.csv", "store/b.csv", "store/c/d.csv")
    for name, target in (("inner", "store/c"), ("one", "store"), ("other", "store")):
        (tmp_path / "s" / name).symlink_to(tmp_path / target)
    assert found(tmp_path, path) == {"s/a.csv", "s/inner/d.csv", "s/one/b.csv"}


@pytest.mark.parametrize("path", ["s", "s/*.csv", "s/**/*.csv", "s/*/*.csv"])
@pytest.mark.parametrize(("link", "target"), [("b.csv", "/nowhere/b.csv"), ("day=2", "/nowhere/2"), ("b.csv", "b.csv")])
def test_rows_behind_a_link_that_leads_nowhere_are_missed_aloud(
    tmp_path: Path, path: str, link: str, target: str
) -> None:
    write(tmp_path, "s/a.csv", "s/day=1/a.csv")
    (tmp_path / "s/day=1" / link if path == "s/*/*.csv" and link == "b.csv" else tmp_path / "s" / link).symlink_to(
        target
    )
    if path == "s/*.csv" and link == "day=2":
        assert found(tmp_path, path) == {"s/a.csv"}
        return
    with pytest.raises(SourceUnavailable, match=rf"{link}: a link to {target}, where nothing is"):
        found(tmp_path, path)


PATTERNS = ["*", "*.csv", "**", "**/*", "**/*.csv", "*/*", "*/**", "s?/*", "[st]*/a.csv", "[!t]*/*.csv", "s1/*", ".h/*",
            "s1/a.csv", "none/*", "**/s1/**/*.csv", "a[[]1].csv", "s1/../*.csv"]  # fmt: skip


@pytest.mark.parametrize("pattern", PATTERNS)
def test_it_matches_as_the_standard_library_does(tmp_path: Path, pattern: str) -> None:
    write(tmp_path, "a.csv", "s1/a.csv", "s1/deep/b.csv", "s2/c.txt", "t/a.csv", ".h/x.csv", "s1/.h.csv", "a[1].csv")
    expected = {os.path.normpath(name) for name in glob.glob(pattern, root_dir=tmp_path, recursive=True)}  # noqa: PTH207  # what a glob means
    matched = DiskGlob(tmp_path, [".h", ".."]).find(pattern.split("/"))
    assert {os.path.normpath(file.relative_to(tmp_path)) for file in matched} - {"."} == expected - {"."}


def test_a_dead_link_that_is_no_file_of_rows_stops_nobody(tmp_path: Path) -> None:
    write(tmp_path, "rows/1.csv")
    (tmp_path / "rows/README").symlink_to(tmp_path / "nowhere")
    assert found(tmp_path, "rows/*") == {"rows/1.csv"}
