"""Columns whose names look the same and are written in several ways: `Price` in one file, `price` in the others."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from include.data.batches import Batch
from include.errors import DataError, found_instead
from include.scoring.spelling import plain_name

Written = Sequence[Any]  # names of columns, as a file has them


def as_written(stated: Collection[str], names: Sequence[str]) -> dict[str, str]:
    """Those of a file's names that stand for columns of which something is stated, each with the column.

    >>> as_written(["at"], ["AT", "price"]), as_written(["at"], ["AT", "at"])
    ({'AT': 'at'}, {'at': 'at'})
    """
    known = {_plain(name): name for name in stated if name not in names}
    found = {name: name if name in stated else known.get(_plain(name), "") for name in names}
    return {name: column for name, column in found.items() if column}


@dataclass(frozen=True)
class AnySpelling(Sequence[str]):
    """Names of columns, which a file may write otherwise.

    >>> "PRICE" in AnySpelling(["price"]), "prices" in AnySpelling(["price"])
    (True, False)
    """

    names: Sequence[str]
    _plain: frozenset[str] = field(init=False, compare=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_plain", frozenset(map(_plain, self.names)))

    def __contains__(self, name: object) -> bool:
        return _plain(name) in self._plain

    def __len__(self) -> int:
        return len(self.names)

    def __getitem__(self, place: Any) -> Any:
        return self.names[place]


@dataclass(frozen=True)
class OneSpelling:
    """Batches in which a column has one name: that which the model file gives it, else the first one that is read.

    A file that has columns of both names keeps both.

    Parameters
    ----------
    named : sequence of str
        Columns that the model file names; of two that look the same the first is meant.
    needed : sequence of str
        Columns without which no row counts: a file that lacks one, which others have, is refused.
    """

    batches: Iterable[Batch]
    named: Sequence[str] = ()
    needed: Sequence[str] = ()
    _having: dict[tuple[str, bool], Batch] = field(default_factory=dict, compare=False, repr=False)
    _lacking: dict[str, dict[bool, set[str]]] = field(default_factory=dict, compare=False, repr=False)
    _files: dict[tuple[str, str], set[str]] = field(default_factory=dict, compare=False, repr=False)

    def __iter__(self) -> Iterator[Batch]:
        names = _Names({_plain(name): name for name in reversed(self.named)}, {*self.named})
        for batch in self.batches:
            if other := names.instead(tuple(batch.columns)):
                for pair in other.items():
                    self._files.setdefault(pair, set()).update([batch.file] if batch.file else [])
                batch = Batch(batch.rows, {other.get(n, n): cells for n, cells in batch.columns.items()}, batch.file)
            for name in self.needed:
                self._require(name, batch)
            for name in self.named if batch.rows and batch.file else ():
                self._lacking.setdefault(name, {True: set(), False: set()})[name in batch.columns].add(batch.file)
            yield batch

    def _require(self, name: str, batch: Batch) -> None:
        """Refuse rows that lack a needed column, beside files that have it: they would be lost."""
        if not batch.rows:
            return
        known = self._having
        known.setdefault((name, name in batch.columns), Batch(0, dict.fromkeys(batch.columns), batch.file))
        if (name, True) in known and (without := known.get((name, False))) is not None:
            raise DataError(
                f"{without.file}: no column {name!r}, which {Path(known[name, True].file).name} has"
                f"{found_instead(name, without.columns)}; correct its names on top, or, if it holds other rows, move "
                "it away or leave it out by a glob"
            )

    @property
    def told(self) -> tuple[str, ...]:
        """What had to be found out to read the batches, and which columns some files call otherwise, or lack."""
        return (
            *getattr(self.batches, "told", ()),
            *(
                f"column {name!r} is read as {other!r}: {len(files)} file{'s' * (len(files) > 1)}, "
                f"such as {Path(min(files)).name}"
                for (name, other), files in self._files.items()
                if files
            ),
            *(
                f"column {name!r} is missing in {len(files[False])} of {len(files[False] | files[True])} files, such "
                f"as {Path(min(files[False])).name}: empty there"
                for name, files in self._lacking.items()
                if files[False] and files[True]
            ),
        )


@dataclass
class _Names:
    """Names of columns as they come up: the one for each way in which they look, and all of them."""

    first: dict[str, str]
    seen: set[str]
    _found: dict[Written, dict[str, str]] = field(default_factory=dict)

    def instead(self, names: Written) -> dict[str, str]:
        """Of a batch's columns those that have another name elsewhere, and that name."""
        if names not in self._found:
            self._found[names] = self._look(names)
        return self._found[names]

    def _look(self, names: Written) -> dict[str, str]:
        strange = [name for name in names if name not in self.seen]
        others = {name: self.first.get(_plain(name), name) for name in strange}
        taken = [*names, *others.values()]
        found = {name: other for name, other in others.items() if other != name and taken.count(other) == 1}
        for name in strange:
            if name not in found:
                self.first.setdefault(_plain(name), name)
                self.seen.add(name)
        return found


def _plain(name: object) -> str:
    return plain_name(str(name)).casefold()
