"""Files of a folder that are replaced together while they are read: never one of before beside one of after."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from include.data.sources.files import LocalFiles
from include.errors import SourceUnavailable
from tests.data.test_files_as_found import KINDS, TABLE


class Between(LocalFiles):
    """Lets something happen once the first file has been read, before the next one is."""

    def __init__(self, happen: Callable[[], None]) -> None:
        self._happen, self.reads = happen, False

    def state(self, file: str | Path) -> str:
        found = super().state(file)
        if self.reads:
            self.reads = False
            self._happen()
        return found


def _parts(place: Path, name: str, change: Callable[[], None]) -> list[int]:
    """What is read of three files, with something that happens between the first and the second one."""
    read, write = KINDS[name]
    for number in range(3):
        write(place / f"{number}{name}", TABLE.assign(part=number))
    files, parts = Between(change), list[int]()
    for batch in read(place, files=files):
        parts += batch.columns["part"].to_pylist()
        files.reads = len(parts) == len(TABLE)
    return parts


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("how", ["written over", "renamed over", "removed", "the first removed"])
def test_files_that_are_replaced_together_are_not_read_one_of_before_and_one_of_after(
    tmp_path: Path, name: str, how: str
) -> None:
    def change() -> None:
        for number in range(3):
            file = tmp_path / f"{number}{name}"
            if how == "removed" or (how == "the first removed" and number == 0):
                file.unlink()
                continue
            KINDS[name][1](tmp_path / f"_{name}", TABLE[:100].assign(part=9))
            file.write_bytes((tmp_path / f"_{name}").read_bytes())
            if how == "renamed over":
                (tmp_path / f"_{name}").rename(file)

    with pytest.raises(SourceUnavailable, match=r"written while it was being read|gone while"):
        _parts(tmp_path, name, change)


@pytest.mark.parametrize("name", KINDS)
def test_file_that_comes_or_is_replaced_alone_after_it_was_read_changes_nothing(tmp_path: Path, name: str) -> None:
    def change() -> None:
        for number in (0, 3):
            KINDS[name][1](tmp_path / f"{number}{name}", TABLE[:100].assign(part=9))

    assert sorted(set(_parts(tmp_path, name, change))) == [0, 1, 2]


def test_lines_that_are_appended_to_several_files_hold_nothing_up(tmp_path: Path) -> None:
    def change() -> None:
        for number in range(3):
            with (tmp_path / f"{number}rows.jsonl").open("a") as file:
                file.write('{"a": 1, "b": "name 1", "part": 7}\n')

    assert _parts(tmp_path, "rows.jsonl", change).count(7) == 2
