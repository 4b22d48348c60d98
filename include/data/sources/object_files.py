"""Files of rows that are objects in S3-compatible storage."""

from __future__ import annotations

import io
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path
from typing import IO, cast

import pyarrow as pa

from include.data.sources.files import (
    COMMITTED,
    DELTA_LOG,
    HUDI,
    HUDI_TIMELINE,
    ICEBERG_METADATA,
    SINK_LOG,
    STARTED,
    nothing_found,
)
from include.data.sources.foreign_files import holds_rows, tell_left_out, tell_other_case
from include.data.sources.object_storage import Bucket, Connect, ObjectFile, Stored
from include.data.sources.packing import unpacked
from include.errors import ConfigurationError
from include.registry.address import Address

_WILD = "*?["
_KEPT = tuple(f"/{name}" for name in (DELTA_LOG, ICEBERG_METADATA, HUDI, HUDI_TIMELINE, SINK_LOG))


@dataclass(frozen=True)
class ObjectFiles:
    """Objects in S3-compatible storage, at ``s3://bucket/key``.

    Parameters
    ----------
    connect : callable
    connection : str
        Name of the Airflow connection to reach it by; '' for the default one.
    """

    connect: Connect
    connection: str = ""
    _listed: dict[str, Stored] = field(default_factory=dict, compare=False, repr=False)
    _logs: dict[str, dict[str, str | Path]] = field(default_factory=dict, compare=False, repr=False)
    _seen: set[str] = field(default_factory=set, compare=False, repr=False)

    def find(self, path: str | Path, *endings: str) -> list[str]:
        """See `Files.find`. A glob's ``*`` ends at a slash, as on disk."""
        address = Address.of(str(path))
        bucket = self._bucket(address)
        found = (self._found(bucket, key, endings) for key in _writings(address.key))
        return next(filter(None, found), []) or nothing_found(address, endings)

    def _found(self, bucket: Bucket, key: str, endings: tuple[str, ...]) -> list[str]:
        if key:
            try:
                bucket.find(key)
            except FileNotFoundError:
                return self._matches(bucket, key, endings)
            return [f"{Address(bucket=bucket.name, key=key)}"]
        return self._matches(bucket, key, endings)

    def open(self, file: str | Path) -> pa.NativeFile:
        """See `Files.open`."""
        address = Address.of(str(file))
        opened = pa.PythonFile(ObjectFile(self._bucket(address), address.key), mode="r")
        return unpacked(address.key, opened)

    def state(self, file: str | Path) -> str:
        """See `Files.state`."""
        address = Address.of(str(file))
        return self._bucket(address).find(address.key).tag

    def size(self, file: str | Path) -> int:
        """See `Files.size`; 0 for one that is gone by now."""
        return self._stored(file).size

    def tag(self, file: str | Path) -> str:
        """See `Files.tag`; that of an object sent in parts tells only that equal ones are equal."""
        return self._stored(file).tag

    def raw(self, file: str | Path) -> IO[bytes]:
        """See `Files.raw`."""
        address = Address.of(str(file))
        return cast(IO[bytes], io.BufferedReader(ObjectFile(self._bucket(address), address.key)))

    def beside(self, folder: str, name: str) -> dict[str, str | Path]:
        """See `Files.beside`; from the server where no listing has shown the folder."""
        place = f"{folder}/{name}".rstrip("/")
        if not any(f"{place}/".startswith(start) for start in self._seen):
            address = Address.of(place)
            bucket = self._bucket(address)
            self._seen.add(f"{place}/")
            with suppress(ConfigurationError):  # who may read one folder may not list those above it
                self._keep_logs(bucket, bucket.below(f"{address.key}/"))
        return dict(self._logs.get(place, {}))

    def _keep_logs(self, bucket: Bucket, stored: Iterable[Stored]) -> None:
        for each in stored:
            folder, _, name = f"/{each.key}".rpartition("/")
            if name and (folder.endswith(_KEPT) or name.startswith((STARTED, COMMITTED))):
                file = f"{Address(bucket=bucket.name, key=each.key)}"
                self._logs.setdefault(file.rpartition("/")[0], {})[name] = file

    @property
    def distant(self) -> bool:
        """See `Files.distant`."""
        return True

    def _stored(self, file: str | Path) -> Stored:
        """What the last listing said of a file, else the server."""
        address = Address.of(str(file))
        if str(file) not in self._listed:
            try:
                return self._bucket(address).find(address.key)
            except FileNotFoundError:
                return Stored(address.key, 0, "")
        return self._listed[str(file)]

    def _bucket(self, address: Address) -> Bucket:
        return Bucket(self.connect(self.connection), address.bucket)

    def _matches(self, bucket: Bucket, key: str, endings: tuple[str, ...]) -> list[str]:
        first = min((key.find(mark) for mark in _WILD if mark in key), default=-1)
        if "[" in key and bucket.below(f"{key}/"):
            first = -1
        start = (f"{key}/" if key else "") if first < 0 else key[:first]
        listed = {stored.key: stored for stored in bucket.below(start)}
        keys = list(listed)
        self._seen.add(f"{Address(bucket=bucket.name, key=start)}")
        self._keep_logs(bucket, listed.values())
        if first < 0:
            tell_left_out(f"s3://{bucket.name}/{key}", (each.rpartition("/")[2] for each in keys), endings)
            found = [
                each for each in keys if each.lower().endswith(endings) and holds_rows(each[len(start) :].split("/"))
            ]
        else:
            pattern = key.split("/")
            given = key[:first].count("/")  # folders that are named
            found = [
                each
                for each in keys
                if not each.endswith("/")
                and (matches(pattern, parts := each.split("/")) or _is_of_a_folder(pattern, parts, endings))
                and holds_rows(parts[given:], pattern)
            ]
            tell_other_case(f"s3://{bucket.name}/{key}", _in_other_case(pattern, set(keys) - set(found)))
            folders = [(place, part) for place, part in enumerate(pattern[:-1]) if "[" in part]
            named = [each for each in found if all(each.split("/")[place] == part for place, part in folders)]
            found = named or found  # a folder of that name goes before those that the brackets could stand for
        ordered = sorted(found, key=lambda key: key.split("/"))  # as paths are ordered
        made = {f"{Address(bucket=bucket.name, key=key)}": listed[key] for key in ordered}
        self._listed.update(made)
        return list(made)


def _writings(key: str) -> list[str]:
    """The key as it is given, and with its letters of one sign or of two: to a person they are the same.

    >>> [len(each) for each in _writings("caf\u00e9")], _writings("a")
    ([4, 5], ['a'])
    """
    if key.isascii():
        return [key]
    return list(dict.fromkeys((key, *(unicodedata.normalize(form, key) for form in ("NFC", "NFD")))))


def _in_other_case(pattern: Sequence[str], keys: Iterable[str]) -> Iterator[str]:
    """Those that a glob would match, were capital letters and small ones the same in names of files."""
    last = pattern[-1].casefold()
    for key in keys:
        *folders, name = key.split("/")
        other = fnmatchcase(name.casefold(), last) and not fnmatchcase(name, pattern[-1])
        if other and holds_rows([name], pattern) and matches([*pattern[:-1], "*"], [*folders, name]):
            yield key


def _is_of_a_folder(pattern: Sequence[str], parts: Sequence[str], endings: tuple[str, ...]) -> bool:
    """Whether a glob matches a folder that is named as a file, and a file of such a name lies in it."""
    return parts[-1].lower().endswith(endings) and any(
        parts[place].lower().endswith(endings) and matches(pattern, parts[: place + 1])
        for place in range(len(parts) - 1)
    )


def matches(pattern: Sequence[str], parts: Sequence[str]) -> bool:
    """Whether a path fits a glob, both cut at slashes; ``**`` is any number of folders.

    >>> matches(["a", "**", "*.csv"], ["a", "b", "c", "d.csv"]), matches(["*.csv"], [".hidden.csv"])
    (True, False)
    """
    if not pattern or not parts:
        return not parts and all(part == "**" for part in pattern)
    first, shown = pattern[0], not parts[0].startswith(".")
    if first == "**":
        return matches(pattern[1:], parts) or (shown and matches(pattern, parts[1:]))
    fits = fnmatchcase(parts[0], first) or parts[0] == first
    return (shown or first.startswith(".")) and fits and matches(pattern[1:], parts[1:])
