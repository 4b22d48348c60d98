"""Files that are written while they are read: noticed, and worth another try."""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pyarrow as pa

from include.data.sources.disk_glob import may_not_be_read
from include.data.sources.files import Files
from include.data.sources.other_kinds import HEAD_BYTES, other_kind
from include.data.sources.packing import codec_of
from include.errors import DataError, SourceUnavailable

_HOLE = 4  # bytes 0 at the end
_PARQUET = b"PAR1"  # how such a file begins
_HALF = re.compile(
    r"magic bytes not found in footer|Parquet file size is \d+ bytes|end of (file|stream)|unexpected end|truncated"
    r"|invalid thrift|couldn't deserialize thrift|incorrect data check|Invalid or corrupted"
    r"|verify page integrity",
    re.IGNORECASE,
)
_LINE = re.compile(r"\bline (\d+) (?:has \d+ cells|ends within the object|is no JSON)")


@dataclass
class OneMoment:
    """Files of a folder as one state of them all: each by `unchanged`, and none of before beside one of after.

    Where each state is a request of its own, only each file by itself.

    Parameters
    ----------
    found : sequence of str or Path
        All of them, before the first is read.
    kind : str
        What they are read as.
    may_grow : bool
        Whether rows are appended to such files, which changes nothing about those that were read.
    """

    files: Files
    found: Sequence[str | Path]
    kind: str
    may_grow: bool = False
    _first: dict[str | Path, str] = field(default_factory=dict, init=False)
    _read: dict[str | Path, str] = field(default_factory=dict, init=False)

    def __post_init__(self) -> None:
        for file in () if self.files.distant else self.found:
            with suppress(OSError):  # who reads it tells why
                self._first[file] = self.files.state(file)

    def reading(self, file: str | Path) -> AbstractContextManager[None]:
        """Read one of them; see `unchanged`."""
        return unchanged(self.files, file, self.kind, self._read)

    def require(self) -> None:
        """Refuse what was read, where some files had been written over before, and others were afterwards."""
        newer = {file for file, state in self._read.items() if self._first.get(file, state) != state}
        for file, state in list(self._read.items()) if newer else ():
            if file not in newer and not (self.may_grow and self._has_grown(file, state)):
                with self.reading(file):
                    pass  # its state is looked at, and nothing more

    def _has_grown(self, file: str | Path, before: str) -> bool:
        """Whether the file is the one that was read, and longer; not where it is gone."""
        if not Path(file).exists():
            return False
        (_, size, number, _), (_, size_now, number_now, _) = before.split(), self.files.state(file).split()
        return number == number_now and int(size_now) > int(size)


@contextmanager
def unchanged(files: Files, file: str | Path, kind: str, states: dict[str | Path, str]) -> Iterator[None]:
    """Read a file as one state of it; errors of the reader, with the file's name, as errors of ours.

    Parameters
    ----------
    kind : str
        What it is read as.
    states : dict
        Of each file, its state when it was first looked at; kept by the caller for as long as what it has found out
        about the file counts.

    Raises
    ------
    SourceUnavailable
        When it is another file by now, is gone, or ends in the middle: half of it may have been written so far.
    DataError
        When it cannot be read.
    """
    try:
        began = states.setdefault(file, files.state(file))
        try:
            yield
        except (pa.ArrowException, OSError, UnicodeError, EOFError, zlib.error, DataError) as error:
            _require_same(files, file, began)
            _require_kind(files, file, kind, error)
            if _is_half(files, file, kind, error):
                raise SourceUnavailable(
                    f"{file}: ends in the middle of what {kind} needs: it is still being written, or damaged; deliver "
                    f"it whole, under another name until it is complete ({error})"
                ) from error
            raise
        _require_same(files, file, began)
    except FileNotFoundError as error:
        raise SourceUnavailable(f"{file}: gone while it was being read: {error}") from error
    except PermissionError as error:
        raise may_not_be_read(file, error) from error
    except (pa.ArrowException, OSError, UnicodeError, EOFError, zlib.error) as error:
        raise DataError(f"{file}: cannot be read as {kind}: {error}") from error


def _require_kind(files: Files, file: str | Path, kind: str, error: Exception) -> None:
    """Refuse a file that its first bytes say to be another one, which it stays however often it is read."""
    with files.raw(file) as stream:
        found = other_kind(stream.read(HEAD_BYTES), kind, codec_of(file))
    if found and found in str(error):
        raise error
    if found:
        raise DataError(f"{file}: cannot be read as {kind}: this is {found}; name it so, or deliver {kind}") from error


def _is_half(files: Files, file: str | Path, kind: str, error: Exception) -> bool:
    """Whether the error is that of a file that begins as it should and has no end."""
    if isinstance(error, DataError):
        return kind != "Parquet" and (_is_of_unfinished_line(files, file, str(error)) or _ends_in_a_hole(files, file))
    if not isinstance(error, EOFError) and not _HALF.search(str(error)):
        return False
    if kind != "Parquet":
        return True
    with files.raw(file) as stream:
        return _PARQUET.startswith(stream.read(len(_PARQUET)))


def _is_of_unfinished_line(files: Files, file: str | Path, told: str) -> bool:
    """Whether what is told is of the last line of a text, which no line end follows: its writer may be in it."""
    named = _LINE.search(told)
    if named is None or codec_of(file) is not None:
        return False
    lines, last = 1, b"\n"
    with files.raw(file) as stream:
        while block := stream.read(1 << 20):
            lines, last = lines + block.count(b"\n"), block[-1:]
    return last != b"\n" and int(named[1]) == lines


def _ends_in_a_hole(files: Files, file: str | Path) -> bool:
    """Whether nothing is at the end of a file yet: its writer has taken the room before it fills it, or a crash has.

    The last letter of UTF-32 ends in three bytes 0 at most; a packed file of nothing says its size so.
    """
    if codec_of(file) is not None:
        return False
    with files.raw(file) as stream:
        return stream.seek(0, io.SEEK_END) >= _HOLE and stream.seek(-_HOLE, io.SEEK_END) >= 0 and not any(stream.read())


def _require_same(files: Files, file: str | Path, began: str) -> None:
    if files.state(file) != began:
        raise SourceUnavailable(
            f"{file}: was written while it was being read; it is read again at the next try; let its writer use "
            "another name until it is whole"
        )
