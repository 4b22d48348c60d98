"""What a place holds at a moment, by its listing alone: which files, of which state, and whether all are whole."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from include.data.sources.disk_glob import may_not_be_read
from include.data.sources.files import Files, LocalFiles
from include.data.sources.object_files import ObjectFiles
from include.data.sources.object_storage import Connect
from include.errors import SourceUnavailable

NOTHING = ""  # the fingerprint of a place without files
_PARQUET = (".parquet", ".pq", ".parq")
_LEAST_PARQUET = 12  # bytes: the magic ones at both ends, and the footer's length
_MAGIC = (b"PAR1", b"PARE")  # the second with an encrypted footer


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What is there.

    Parameters
    ----------
    files : mapping
        State of each finished file, which changes with it, by name.
    unfinished : str
        A file that is being written; empty for none.
    """

    files: Mapping[str, str]
    unfinished: str = ""

    @property
    def fingerprint(self) -> str:
        """The same for the same files in the same states; `NOTHING` without a file."""
        if not self.files:
            return NOTHING
        lines = (f"{name}\0{state}\n" for name, state in sorted(self.files.items()))
        return hashlib.sha256("".join(lines).encode("utf-8", "surrogateescape")).hexdigest()

    def changed_since(self, earlier: Mapping[str, str]) -> list[str]:
        """Files that were not there, or in another state, by name."""
        return [name for name, state in sorted(self.files.items()) if earlier.get(name) != state]


@dataclass
class Looker:
    """Looks at one place again and again, and reads nothing of files that it knows already.

    What holds no rows by its name is left out, as when they are read (`include.data.sources.foreign_files`). A file of
    no bytes has just been begun. A Parquet file on disk is whole when it begins and ends with the magic bytes; an
    object in storage always is.

    Parameters
    ----------
    path : str
        A file, a folder or a glob, absolute, or ``s3://bucket/key``.
    endings : sequence of str
        How names of a folder's files end.
    by_content : bool
        Whether a state is a hash of the content, so that writing the same again is no change; for small files.
    """

    path: str
    endings: Sequence[str]
    connect: Connect
    connection: str = ""
    by_content: bool = False
    _whole: dict[str, str] = field(default_factory=dict)
    _hashes: dict[str, tuple[str, str]] = field(default_factory=dict)

    def look(self) -> Sight:
        """What is there now; nothing where the path leads to nothing.

        Raises
        ------
        SourceUnavailable, ConfigurationError
            When storage cannot be reached, or refuses.
        """
        files = ObjectFiles(self.connect, self.connection) if "://" in self.path else LocalFiles()
        states, unfinished = dict[str, str](), ""
        for file in self._found(files):
            state = _state(files, file)
            if state is None:  # it has gone since
                continue
            if not self._is_whole(files, file, state):
                unfinished = str(file)
            states[str(file)] = self._content(files, file, state) if self.by_content else state
        self._whole = {name: state for name, state in self._whole.items() if name in states}
        self._hashes = {name: known for name, known in self._hashes.items() if name in states}
        return Sight(files=states, unfinished=unfinished)

    def _found(self, files: Files) -> list[str | Path]:
        try:
            return list(files.find(self.path, *self.endings))
        except SourceUnavailable as error:
            if "no such file" in str(error):
                return []
            raise

    def _is_whole(self, files: Files, file: str | Path, state: str) -> bool:
        if self._whole.get(str(file)) == state:
            return True
        if state.endswith(" 0"):
            return False
        if not files.distant and str(file).lower().endswith(_PARQUET) and not _has_footer(Path(file)):
            return False
        self._whole[str(file)] = state
        return True

    def _content(self, files: Files, file: str | Path, state: str) -> str:
        known = self._hashes.get(str(file))
        if known is None or known[0] != state:
            with files.raw(file) as stream:
                known = state, hashlib.sha256(stream.read()).hexdigest()
            self._hashes[str(file)] = known
        return known[1]


def _state(files: Files, file: str | Path) -> str | None:
    """What changes with a file, and last its size; None for one that has gone."""
    try:
        if files.distant:
            return f"{files.tag(file)} {files.size(file)}"
        found = Path(file).stat()  # not what moves with a copy put back: its place on the disk, its last change of name
        return f"{found.st_mtime_ns} {found.st_size}"
    except FileNotFoundError:
        return None
    except PermissionError as error:
        raise may_not_be_read(file, error) from error


def _has_footer(file: Path) -> bool:
    """Whether a Parquet file is whole: writers write its last bytes last."""
    try:
        with file.open("rb") as stream:
            first = stream.read(4)
            return first in _MAGIC and stream.seek(-4, 2) >= _LEAST_PARQUET - 4 and stream.read(4) == first
    except OSError:  # shorter than that, or gone
        return False
