"""Which files of a Delta table hold its rows now: those that were written over stay until they are vacuumed.

As the protocol has it [1]_: a table is its newest checkpoint and the commits after it. Read here are commits, and
checkpoints in one file or several. What cannot be told from file names, rows deleted within a file and columns under
other names, is refused, with what to do.

References
----------
.. [1] Delta Transaction Log Protocol, https://github.com/delta-io/delta/blob/master/PROTOCOL.md
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pyarrow as pa
import pyarrow.parquet as pq

from include.data.sources.files import DELTA_LOG, Files
from include.errors import DataError, SourceUnavailable

_COMMIT = re.compile(r"(\d{20})\.json")
_CHECKPOINT = re.compile(r"(\d{20})\.checkpoint(?:\.\d{10}\.(\d{10}))?\.parquet")
OTHER_WAY = "read it through SQL, or write the rows that the model reads to files of their own"


@dataclass
class DeltaLog:
    """The log of one table, as far as it is read.

    Parameters
    ----------
    present : dict of str to bool
        The files that hold the table's rows, by their names from the folder on, and whether rows of them are deleted
        beside the file.
    known : bool
        Whether the log names any file at all.
    """

    files: Files
    folder: str
    present: dict[str, bool] = field(default_factory=dict)
    known: bool = False
    _settings: Mapping[str, str] = field(default_factory=dict)

    def replay(self, log: Mapping[str, str | Path]) -> None:
        """Read the log, whose files are given by their names.

        Raises
        ------
        SourceUnavailable
            When it has gaps or cannot be read.
        DataError
            When the table has rows or columns that only its engine can tell.
        """
        commits = {int(hit[1]): log[name] for name in log if (hit := _COMMIT.fullmatch(name))}
        if not commits:
            return  # no table: one keeps its newest commit
        version, parts = _newest_checkpoint(log)
        for part in parts:
            self._take(self._checkpoint(part), part)
        later = sorted(number for number in commits if number > version)
        if missing := sorted(set(range(version + 1, max(later, default=version))) - set(later)):
            raise SourceUnavailable(
                f"{self.folder}/{DELTA_LOG}: the log of this Delta table has no commit {missing[0]:020}.json, and no "
                f"checkpoint after it; restore it, or {OTHER_WAY}"
            )
        for number in later:
            self._take(self._commit(commits[number]), commits[number])
        self._require_readable()

    def require(self, names: Iterable[str]) -> None:
        """Refuse a table of which a file is not among these."""
        if gone := sorted(self.present.keys() - set(names)):
            raise SourceUnavailable(
                f"{self.folder}: {len(gone)} of {len(self.present)} files of this Delta table are not there, such as "
                f"{gone[0]}; read again, restore them, or run FSCK REPAIR TABLE"
            )

    def _take(self, actions: Iterable[Mapping[str, Any]], of: str | Path) -> None:
        """What one version changes. Its removals come first: a file whose rows are deleted is removed and added."""
        added: dict[str, bool] = {}
        for action in actions:
            told = {name: each for name, each in action.items() if isinstance(each, dict)}
            if "add" in told:
                added[self._name(told["add"]["path"], of)] = bool(told["add"].get("deletionVector"))
            elif "remove" in told:
                self.present.pop(self._name(told["remove"]["path"], of), None)
            elif "metaData" in told:
                self._settings = dict(told["metaData"].get("configuration") or {})
            self.known |= bool(told.keys() & {"add", "remove"})
        self.present |= added

    def _require_readable(self) -> None:
        if deleted := sorted(name for name, beside in self.present.items() if beside):
            raise DataError(
                f"{self.folder}: rows of {deleted[0]} are deleted beside the file (deletion vectors), which file "
                f"readers do not see; run REORG TABLE … APPLY (PURGE), or {OTHER_WAY}"
            )
        if (mode := self._settings.get("delta.columnMapping.mode", "none")) != "none":
            raise DataError(
                f"{self.folder}: the table's columns have other names in its files (delta.columnMapping.mode: {mode}); "
                f"{OTHER_WAY}"
            )

    def _name(self, path: str, of: str | Path) -> str:
        """A file's name from the table's folder on; the log percent-encodes it."""
        name = unquote(path)
        if "://" in name or name.startswith(("/", "file:")):
            raise DataError(f"{of}: {name} is a file of another table (a shallow clone); {OTHER_WAY}")
        return name

    def _commit(self, file: str | Path) -> Iterator[Mapping[str, Any]]:
        with self.files.raw(file) as opened:
            lines = opened.read().decode("utf-8").splitlines()
        for line in filter(None, map(str.strip, lines)):
            try:
                action = json.loads(line)
            except json.JSONDecodeError:
                raise SourceUnavailable(f"{file}: no commit of a Delta table, for a line of it is no JSON") from None
            if isinstance(action, dict):
                yield action

    def _checkpoint(self, file: str | Path) -> Iterator[Mapping[str, Any]]:
        try:
            opened = pq.ParquetFile(self.files.open(file))
        except pa.ArrowInvalid as error:
            raise SourceUnavailable(f"{file}: no checkpoint of a Delta table: {error}; restore it") from None
        with opened:
            wanted = [name for name in ("add", "metaData", "sidecar") if name in opened.schema_arrow.names]
            for batch in opened.iter_batches(columns=wanted, use_threads=False):
                for row in batch.to_pylist():
                    if row.get("sidecar"):
                        raise DataError(f"{file}: this checkpoint refers to other files (format v2); {OTHER_WAY}")
                    yield row


def _newest_checkpoint(log: Mapping[str, str | Path]) -> tuple[int, list[str | Path]]:
    """Version and files of the newest one that is whole; -1 without any."""
    parts: dict[tuple[int, int], list[str | Path]] = {}
    for name in sorted(log):
        if hit := _CHECKPOINT.fullmatch(name):
            parts.setdefault((int(hit[1]), int(hit[2] or 1)), []).append(log[name])
    whole = [(version, found) for (version, count), found in sorted(parts.items()) if len(found) == count]
    return whole[-1] if whole else (-1, [])
