"""Recognises pickles without opening them: unpickling runs whatever the file says."""

from __future__ import annotations

import bz2
import io
import lzma
import pickletools
import tarfile
import warnings
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO

_LOOK = 2**20  # bytes looked at, of each file and of each member of an archive
_MOST_MEMBERS = 10_000
_DEEPEST = 3  # an archive in an archive in an archive
_ACTING = {"REDUCE", "OBJ", "NEWOBJ", "NEWOBJ_EX", "BUILD", "INST", "STOP"}
_NUMPY_MAGIC = b"\x93NUMPY"
_GZIP = 16 + zlib.MAX_WBITS
_UNPACKERS: tuple[Callable[[bytes], bytes], ...] = (
    lambda data: zlib.decompressobj(_GZIP).decompress(data, _LOOK),
    lambda data: bz2.BZ2Decompressor().decompress(data, _LOOK),
    lambda data: lzma.LZMADecompressor().decompress(data, _LOOK),
    lambda data: zlib.decompressobj().decompress(data, _LOOK),
)
#: What `find_pickle` raises for a zip archive that is damaged, encrypted, or packed in an unknown way.
UNREADABLE = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, RuntimeError, ValueError, OSError)
_NOT_PACKED_SO = (OSError, EOFError, ValueError, lzma.LZMAError, zlib.error)


def find_pickle(file: Path) -> str:
    """Where in `file` a pickle is: its name, or that of a member of an archive; empty for none.

    Looked for are pickles of any protocol, as such, compressed (gzip, bz2, xz, zlib; so joblib's too), in members of
    zip and tar archives (so PyTorch's), and arrays of objects in NumPy's format. Only the first MiB of a file or a
    member is looked at, and archives three deep.

    Raises
    ------
    BadZipFile, RuntimeError and others of `UNREADABLE`
        For a zip archive that cannot be looked into.
    """
    with file.open("rb") as content:
        return _find(content, file.name, 0)


def looks_like_pickle(data: bytes) -> bool:
    """Whether unpickling `data` would begin: protocol 2 and later by the first bytes, earlier ones by their opcodes."""
    if len(data) >= 2 and data[0] == 0x80 and 2 <= data[1] <= 5:
        return True
    if data.startswith(_NUMPY_MAGIC):
        return b"'|O'" in data[:4096] or b"'O'" in data[:4096]
    names: list[str] = []  # of the last two texts: what STACK_GLOBAL refers to
    named = False
    with suppress(ValueError, IndexError), warnings.catch_warnings():  # no opcode, or cut short
        warnings.simplefilter("ignore")  # of escapes in what is no text at all
        for opcode, argument, _ in pickletools.genops(data):
            if opcode.name in ("GLOBAL", "INST"):
                named = named or _names_something(str(argument).split(" "))
            elif opcode.name == "STACK_GLOBAL":
                named = named or _names_something(names)
            elif isinstance(argument, str):
                names = [*names[-1:], argument]
            if named and opcode.name in _ACTING:
                return True
    return False


def _names_something(names: list[str]) -> bool:
    """Whether these are a module and what to find in it."""
    return len(names) == 2 and all(part.isidentifier() for name in names for part in name.split("."))


def _find(content: IO[bytes], name: str, depth: int) -> str:
    start = content.read(_LOOK)
    if looks_like_pickle(start) or any(looks_like_pickle(unpacked) for unpacked in _unpacked(start)):
        return name
    if depth == _DEEPEST:
        return ""
    content.seek(0)
    members = _members(content, packed=any(_begins_tar(data) for data in (start, *_unpacked(start))))
    return next(filter(None, (_find(member, f"{name}: {path}", depth + 1) for path, member in members)), "")


def _unpacked(data: bytes) -> Iterator[bytes]:
    for unpack in _UNPACKERS:
        with suppress(*_NOT_PACKED_SO):
            yield unpack(data)


def _begins_tar(data: bytes) -> bool:
    """Whether the first block is a header of a tar archive, by its checksum."""
    try:
        tarfile.TarInfo.frombuf(data[: tarfile.BLOCKSIZE], "utf-8", "surrogateescape")
    except tarfile.TarError:
        return False
    return True


def _members(content: IO[bytes], *, packed: bool) -> Iterator[tuple[str, IO[bytes]]]:
    """The members of a zip archive, or of one that is `packed` by tar; none of anything else."""
    if zipfile.is_zipfile(content):
        with zipfile.ZipFile(content) as archive:
            for info in archive.infolist()[:_MOST_MEMBERS]:
                with archive.open(info) as member:
                    yield info.filename, io.BytesIO(member.read(_LOOK))
        return
    if not packed:  # whoever asks tarfile waits until it has read all of the file in vain
        return
    content.seek(0)
    with suppress(tarfile.TarError, *_NOT_PACKED_SO), tarfile.open(fileobj=content) as opened:
        for number, entry in enumerate(opened):
            found = opened.extractfile(entry) if entry.isfile() and number < _MOST_MEMBERS else None
            if found is not None:
                yield entry.name, io.BytesIO(found.read(_LOOK))
