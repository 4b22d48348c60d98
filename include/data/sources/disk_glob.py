"""Finds files below a folder of this machine's disks by a glob, and tells of each folder that it may not look into."""

from __future__ import annotations

import errno
import os
import unicodedata
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from functools import cached_property
from pathlib import Path

from include.data.sources.foreign_files import holds_rows
from include.errors import SourceUnavailable
from include.registry.model_files import printable

EVERYTHING = "**"
_WILD = frozenset("*?[")


@dataclass(frozen=True)
class DiskGlob:
    """What lies below `start`, but for what holds no rows of the model by its name and is none of the parts `named`.

    As the standard library's, ``*`` and ``**`` stand for no hidden names. Folders that are links are gone into, too:
    by ``**`` those that lead out of `start`, for the others are on the way anyway; what several lead to is found once.
    What only letters of the other case keep from a match is in `other_case`.
    """

    start: Path
    named: Sequence[str] = ()
    other_case: set[Path] = field(default_factory=set, compare=False, repr=False)

    def find(self, parts: Sequence[str]) -> Iterator[Path]:
        """Files and folders that the parts of a glob match; some come twice.

        Raises
        ------
        SourceUnavailable
            When a folder on the way may not be looked into: the rows in it would be missing, and nobody told.
        """
        return self._below(self.start, parts, ())

    def _below(self, folder: Path, parts: Sequence[str], through: tuple[Path, ...]) -> Iterator[Path]:
        if not parts:
            yield from self._once(folder, through)
        elif parts[0] == EVERYTHING:
            yield from self._at_any_depth(folder, parts, through)
        elif _WILD.isdisjoint(parts[0]):
            place = as_there(folder / parts[0])
            if place.is_dir() or (len(parts) == 1 and place.exists()):
                yield from self._below(place, parts[1:], through)
        else:
            for each in self._listed(folder):
                shown = parts[0][0] == "." or each.name[0] != "."
                name, part = composed(each.name), composed(parts[0])
                fits = shown and fnmatchcase(name, part)
                if not fits and shown and len(parts) == 1 and fnmatchcase(name.casefold(), part.casefold()):
                    self.other_case.add(folder / each.name)
                if fits and (len(parts) == 1 or _is_folder(each)):
                    yield from self._below(folder / each.name, parts[1:], through)

    def _at_any_depth(self, folder: Path, parts: Sequence[str], through: tuple[Path, ...]) -> Iterator[Path]:
        yield from self._below(folder, parts[1:], through)
        for each in self._listed(folder):
            if each.name[0] == ".":
                continue
            place = folder / each.name
            if not _is_folder(each):
                if len(parts) == 1:
                    yield from self._once(place, through)
            elif not each.is_symlink():
                yield from self._at_any_depth(place, parts, through)
            elif not any(_meet(target := place.resolve(), known) for known in (self._real, *through)):
                yield from self._at_any_depth(place, parts, (*through, target))

    def _once(self, place: Path, through: tuple[Path, ...]) -> Iterator[Path]:
        """A place; none behind a link that another link has led to already."""
        real = place.resolve() if through else None
        if real is None or real not in self._behind_links:
            yield place
        if real is not None:
            self._behind_links.add(real)

    @cached_property
    def _behind_links(self) -> set[Path]:
        return set()

    @cached_property
    def _real(self) -> Path:
        return self.start.resolve()

    def _listed(self, folder: Path) -> list[os.DirEntry[str]]:
        """What is in a folder; nothing in one that is gone by now, or holds no rows of the model by its name."""
        if not holds_rows((*folder.relative_to(self.start).parts, "rows"), self.named):
            return []
        try:
            with os.scandir(folder) as entries:
                return sorted(entries, key=lambda each: each.name)
        except (FileNotFoundError, NotADirectoryError):
            return []
        except OSError as error:
            raise may_not_be_read(folder, error) from error


def composed(name: str) -> str:
    """The name with composed letters: as a person sees it, it is the same in either writing."""
    return name if name.isascii() else unicodedata.normalize("NFC", name)


def as_there(place: Path) -> Path:
    """The path as the disk has it, where some of its letters are there in another writing, of two signs or of one.

    >>> as_there(Path("/nowhere/a"))
    PosixPath('/nowhere/a')
    """
    if str(place).isascii() or place.exists():
        return place
    parent = as_there(place.parent)
    with suppress(OSError), os.scandir(parent) as entries:  # who may not look there is told when it is read
        for each in sorted(entry.name for entry in entries):
            if composed(each) == composed(place.name):
                return parent / each
    return parent / place.name


def may_not_be_read(place: object, error: OSError) -> SourceUnavailable:
    """The error of a place that is there, and does not let this user look."""
    why = os.strerror(error.errno) if error.errno else error
    return SourceUnavailable(f"{place}: cannot be read: {why}; let the user of this process read it, or move it away")


def require_text(file: Path) -> None:
    """Refuse a file whose name is no text: no reader opens it, and no record can name it."""
    if (shown := printable(str(file))) != str(file):
        raise SourceUnavailable(f"{shown}: its name, or that of a folder on the way, is no UTF-8; rename it")


def is_file(place: Path) -> bool:
    """Whether there is a regular file, or a link to one; a `SourceUnavailable` names a link that leads nowhere."""
    if place.is_symlink() and not place.exists():
        raise SourceUnavailable(
            f"{place}: a link to {printable(str(place.readlink()))}, where nothing is: its rows are missing; bring "
            "back what it leads to, as a disk that is not mounted, or remove it"
        )
    return place.is_file()


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        if "=" in entry.name and entry.is_symlink():
            is_file(Path(entry.path))  # a partition: its rows would be missing
        return entry.is_dir()
    except OSError as error:
        if error.errno == errno.ELOOP:  # a link that leads to itself
            return False
        raise may_not_be_read(entry.path, error) from error


def _meet(one: Path, other: Path) -> bool:
    """Whether one of two folders is in the other."""
    return one.is_relative_to(other) or other.is_relative_to(one)
