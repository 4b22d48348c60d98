"""Files of rows on this machine's disks, and the protocol of what finds and opens files elsewhere."""

from __future__ import annotations

import glob
from collections.abc import Sequence
from pathlib import Path
from typing import IO, NoReturn, Protocol

import pyarrow as pa

from include.errors import SourceUnavailable


class Files(Protocol):
    """Finds and opens files."""

    def find(self, path: str | Path, *endings: str) -> Sequence[str | Path]:
        """The file itself, a folder's files that end so, or a glob's matches, by path; `SourceUnavailable` if none.

        In a folder, files whose names begin with a dot or an underscore are left out: writers name unfinished ones so.
        """
        ...

    def open(self, file: str | Path) -> str | Path | pa.NativeFile:
        """What pyarrow reads one of the files from."""
        ...

    def state(self, file: str | Path) -> str:
        """What tells whether a file has changed since."""
        ...

    def size(self, file: str | Path) -> int:
        """Its bytes, as they are stored."""
        ...

    def tag(self, file: str | Path) -> str:
        """The same for files of one content, as far as the place knows; empty where it knows nothing."""
        ...

    def raw(self, file: str | Path) -> IO[bytes]:
        """Its bytes as they are stored, to be read at any place."""
        ...

    @property
    def distant(self) -> bool:
        """Whether each reading takes so long that few large ones are better than many small ones."""
        ...


class LocalFiles:
    """Files on this machine's disks."""

    def find(self, path: str | Path, *endings: str) -> list[Path]:
        """See `Files.find`."""
        place = Path(path)
        if place.is_file():
            return [place]
        if place.is_dir():
            files = (file for ending in endings for file in place.rglob(f"*{ending}"))
            found = sorted(file for file in files if file.is_file() and file.name[0] not in "._")
        else:
            found = sorted(file for name in glob.glob(str(path), recursive=True) if (file := Path(name)).is_file())  # noqa: PTH207 - Path.glob takes no absolute patterns
        return found or nothing_found(path, endings)

    def open(self, file: str | Path) -> str | Path:
        """See `Files.open`."""
        return file

    def state(self, file: str | Path) -> str:
        """See `Files.state`."""
        found = Path(file).stat()
        return f"{found.st_mtime_ns} {found.st_size}"

    def size(self, file: str | Path) -> int:
        """See `Files.size`; 0 for one that is gone by now."""
        place = Path(file)
        return place.stat().st_size if place.exists() else 0

    def tag(self, file: str | Path) -> str:
        """See `Files.tag`."""
        return ""

    def raw(self, file: str | Path) -> IO[bytes]:
        """See `Files.raw`."""
        return Path(file).open("rb")

    @property
    def distant(self) -> bool:
        """See `Files.distant`."""
        return False


def nothing_found(path: object, endings: Sequence[str]) -> NoReturn:
    """Raise the error of a path that leads to no file."""
    raise SourceUnavailable(
        f"{path}: no such file, folder with *{endings[0]} files, or glob with a match; deliver it or correct it"
    )
