"""Labels and recorded predictions of a classifier, in the one coding that its champion knows."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import array_of_series
from include.data.new_classes import WORDS, replaced, still_to_come
from include.data.profile.cells import names_of
from include.data.tables import ModelTables
from include.errors import DataError
from include.registry.spec import ModelSpec
from include.scoring import Task
from include.scoring.classes import ClassCoding, disjoint, listed, refuse_probabilities, two_spellings
from include.scoring.spelling import alike_but_for_case

ACCIDENTS = 20  # labels: fewer that are all of unknown classes are left out, as many are another coding
STRAY = 5  # rows: a class of fewer needs no column of probabilities, and is a slip where all others are numbers
_NUMBER = re.compile(r"[+-]?\d+(\.\d*)?")


@dataclass(frozen=True, kw_only=True)
class ClassCells:
    """A column of classes.

    Parameters
    ----------
    codes : array of shape (n,)
        Position of each cell's class in `names`; after the last where it is empty.
    names : tuple of (str or None)
        A name may be there twice, or not occur.
    coded : bool
        Whether the names differ from what the cells hold.
    """

    codes: npt.NDArray[np.intp]
    names: tuple[str | None, ...]
    coded: bool = False

    @classmethod
    def of(cls, values: pd.Series[Any], coding: ClassCoding | None = None) -> ClassCells:
        """Each cell by its name, or by the name that `coding` gives it."""
        codes, found = names_of(array_of_series(values))
        if coding is None:
            return cls(codes=codes, names=tuple(found))
        names = tuple(None if name is None else coding.name(name) or None for name in found)
        return cls(codes=codes, names=names, coded=names != tuple(found))

    def counts(self, part: slice = slice(None)) -> dict[str, int]:
        """How many cells of that part each class has; classes that do not occur are not there."""
        found: dict[str, int] = {}
        for name, count in zip(self.names, np.bincount(self.codes[part], minlength=len(self.names)), strict=False):
            if name is not None and count:
                found[name] = found.get(name, 0) + int(count)
        return found

    def latest(self, rows: int) -> dict[str, int]:
        """The same of the later half of the cells that are not empty among the last `rows`."""
        there = self._filled(self.codes[len(self.codes) - rows :])
        return replace(self, codes=there[len(there) // 2 :]).counts()

    def last(self, rows: int) -> dict[str, int]:
        """The same of the last so many cells that are not empty; none where there are fewer."""
        there = self._filled(self.codes)
        return replace(self, codes=there[-rows:]).counts() if len(there) >= rows else {}

    def _filled(self, codes: npt.NDArray[np.intp]) -> npt.NDArray[np.intp]:
        """Those of cells that are not empty."""
        empty = np.array([name is None for name in self.names] + [True])
        filled: npt.NDArray[np.intp] = codes[~empty[codes]]
        return filled

    def in_turn(self) -> tuple[npt.NDArray[np.intp], tuple[str, ...]]:
        """The place of each cell's class in the names, each there once; -1 where the cell is empty."""
        names = tuple(dict.fromkeys(name for name in self.names if name is not None))
        places = [-1 if name is None else names.index(name) for name in (*self.names, None)]
        return np.array(places, dtype=np.intp)[self.codes], names

    def among(self, classes: Collection[str]) -> npt.NDArray[np.bool_]:
        """Which cells hold one of `classes`; shape (n,)."""
        return np.array([name in classes for name in self.names] + [False], dtype=bool)[self.codes]

    def values(self) -> npt.NDArray[np.object_]:
        """The name of each cell, None where it is empty; shape (n,)."""
        return np.array([*self.names, None], dtype=object)[self.codes]


def in_one_coding(spec: ModelSpec, tables: ModelTables, known: Sequence[str] = ()) -> ModelTables:
    """The tables with labels and recorded predictions spelled as the champion spells its classes, `known`.

    Without a champion as the model file's `classes` says, else as the labels of the reference do. Columns that are
    spelled so already stay the cells that they are.

    Raises
    ------
    DataError
        When labels and predictions share no class, labels and what the champion knows share none, or `probabilities`
        lacks the column of a class.
    """
    if spec.task is Task.REGRESSION:
        return tables
    labels = () if known else ClassCells.of(tables.reference[spec.target]).counts()
    coding = ClassCoding.of(known=known, labels=labels, declared=spec.classes)
    actual = ClassCells.of(tables.history[spec.target], coding)
    told, named = tables.told, {*known, *coding.declared.values()}
    if odd := _stray(actual.counts(), named):
        said = " among numbers or truth values: left out; name them in `classes` if they are one"
        told, actual = _without(spec, actual, odd, told, said)
    if waiting := _waiting(spec, actual, named, champion=bool(known), ordered=tables.window_start is not None):
        name = sorted(waiting)[0]
        said = (
            ", no class that is known, and by place or name labels still to come: they count as not arrived; write "
            f"`missing: [{name}]` in `source`, or, if it is a class, `classes: {{{name}: []}}`"
        )
        told, actual = _without(spec, actual, waiting, told, said)
    told += _told_of_case(spec.target, actual.counts(), known, set(coding.declared.values()))
    columns = {spec.target: actual}
    if spec.prediction is not None and spec.prediction in tables.history.columns:
        columns[spec.prediction] = ClassCells.of(tables.history[spec.prediction], coding)
    _check(spec, columns, len(tables.recent), known)
    made = {name: pd.Series(cells.values(), dtype=object) for name, cells in columns.items() if cells.coded}
    if not made:
        return replace(tables, told=told)
    first, last = len(tables.reference), len(tables.history) - len(tables.recent)
    return replace(
        tables, told=told,
        reference=tables.reference.assign(**{n: v.iloc[:first].to_numpy() for n, v in made.items()}),
        recent=tables.recent.assign(**{n: v.iloc[last:].to_numpy() for n, v in made.items()}),
        history=tables.history.assign(**{n: v.to_numpy() for n, v in made.items()}),
    )  # fmt: skip


def _without(
    spec: ModelSpec, actual: ClassCells, classes: Collection[str], told: tuple[str, ...], said: str
) -> tuple[tuple[str, ...], ClassCells]:
    """Labels without some classes, and what is told with a word on how many those were."""
    count = int(actual.among(classes).sum())
    names = tuple(None if name in classes else name for name in actual.names)
    return (*told, f"{count} labels ({spec.target!r}) are {listed(classes)}{said}"), replace(
        actual, names=names, coded=True
    )


def _waiting(spec: ModelSpec, actual: ClassCells, known: Collection[str], *, champion: bool, ordered: bool) -> set[str]:
    """The classes that say that labels are still to come, by their place, where that is `ordered` by time, or name.

    Without a champion no class is known, and place and name must say so.

    Raises
    ------
    DataError
        When a class came in the place of a known one: from then on labels are coded otherwise.
    """
    codes, names = actual.in_turn()
    waiting = {name for name in names if name not in known and name.casefold() in WORDS}
    if not champion:
        found = still_to_come(codes[codes >= 0], {names.index(name) for name in waiting}) if ordered else None
        return {names[found[0]]} if found else set()
    codes = codes[(codes >= 0) & ~actual.among(waiting)]
    new = {code for code in np.unique(codes).tolist() if names[code] not in known}
    if not new or not ordered:
        return waiting
    if found := still_to_come(codes, new):
        return {*waiting, names[found[0]]}
    if gone := replaced(codes, {code for code, name in enumerate(names) if name in known}, new):
        old, came = names[gone[0]], names[gone[1]]
        raise DataError(
            f"model {spec.name}: field target: {old!r} is not among the newest {gone[2]} labels ({spec.target!r}), and "
            f"since then there is {came!r}, which the champion does not know: this looks like another coding, in which "
            f"the other classes may be others, too; correct the column, or say in `classes` what {came} is: "
            f"`{{{old}: [{came}], …}}`, or `{{{came}: []}}` for a class of its own"
        )
    return waiting


def _stray(counts: Mapping[str, int], known: Collection[str]) -> set[str]:
    """Labels that are a slip among numbers or truth values: ``#REF!`` once among ones and zeros is no third class."""
    usual = {name for name, rows in counts.items() if rows >= STRAY} | set(known)
    if len(usual) < 2 or not all(map(_plain, usual)):
        return set()
    return {name for name in counts if name not in usual and not _plain(name)}


def _told_of_case(
    target: str, counts: Mapping[str, int], known: Collection[str], declared: set[str]
) -> tuple[str, ...]:
    """What is told of classes such as Yes and YES: that they are one is for their owner to say."""
    groups = [group for group in alike_but_for_case(counts) if not declared.issuperset(group)]
    if not groups:
        return ()
    named = {*known, *declared}
    ordered = [sorted(group, key=lambda name: (name not in named, -counts[name], name)) for group in groups]
    said = json.dumps({first: others for first, *others in ordered}, ensure_ascii=False)
    names = ", ".join(repr(name) for group in ordered for name in group)
    return (
        f"classes {names} of {target!r} differ in small and capital letters only, and each counts for itself: if they "
        f"are the same, say `classes: {said}`",
    )


def _plain(name: str) -> bool:
    """Whether a class is a number or a truth value."""
    return name.casefold() in ("true", "false") or bool(_NUMBER.fullmatch(name))


def rows_in_one_coding(spec: ModelSpec, rows: pd.DataFrame, known: Sequence[str]) -> pd.DataFrame:
    """The same for rows on their own, whatever classes they hold."""
    if spec.task is Task.REGRESSION:
        return rows
    coding = ClassCoding.of(known=known, declared=spec.classes)
    cells = {
        name: ClassCells.of(rows[name], coding) for name in (spec.target, spec.prediction)
        if name is not None and name in rows.columns
    }  # fmt: skip
    return rows.assign(**{name: each.values() for name, each in cells.items() if each.coded})


def _check(spec: ModelSpec, columns: dict[str, ClassCells], recent: int, known: Sequence[str]) -> None:
    actual = columns[spec.target]
    labels, late = actual.counts(), actual.latest(recent)
    where = f"model {spec.name}: fields target, prediction"
    if spec.prediction in columns and labels:
        predicted = columns[spec.prediction].counts()
        refuse_probabilities({*labels, *known}, predicted, where)
        if lists := disjoint({*labels, *known}, predicted):
            raise DataError(
                f"{where}: labels ({spec.target!r}) and predictions ({spec.prediction!r}) share no class: {lists}, so "
                f"that none could be right; {_advice(labels, predicted)}"
            )
        if told := two_spellings(labels, predicted, known):
            advice = _advice(labels.keys() - predicted.keys(), predicted.keys() - {*labels, *known})
            raise DataError(f"{where}: {told}; {_counted_otherwise(labels, predicted) or advice}")
    now = actual.last(ACCIDENTS)
    if len(now) > 1 and known and disjoint(now, known):  # several at once: no new class, but another coding
        late = now
    if known and sum(late.values()) >= ACCIDENTS and (lists := disjoint(late, known)):
        raise DataError(
            f"model {spec.name}: field target: the latest {sum(late.values())} labels ({spec.target!r}) and the "
            f"classes that the champion knows share none: {lists}, so that it could not be right; "
            f"{_advice(known, late)}"
        )
    names = {*labels, *known, *(ClassCoding.of(declared=spec.classes).declared.values())}
    if spec.positive_class is not None and names and positive_class(spec, names) not in names:
        raise DataError(
            f"model {spec.name}: field positive_class: {spec.positive_class!r} is not among the classes {listed(names)}"
        )
    _check_probabilities(spec, {**dict.fromkeys(known, 0), **labels})


def _check_probabilities(spec: ModelSpec, labels: dict[str, int]) -> None:
    if spec.probabilities is None:
        return
    covered = covered_classes(spec, labels)
    lacking = [name for name, count in labels.items() if name not in covered and count >= STRAY]
    if lacking:
        raise DataError(
            f"model {spec.name}: field probabilities: no column for the class {listed(lacking)} of {spec.target!r}; "
            f"name it as in `{lacking[0]}: its_column`; there are columns for {listed(spec.probabilities)}"
        )


def covered_classes(spec: ModelSpec, names: Collection[str]) -> tuple[str, ...]:
    """The classes that `probabilities` has columns for, spelled as in `names`, in the order of the columns."""
    coding = ClassCoding.of(known=names, declared=spec.classes)
    return tuple(coding.positive(name, names) for name in spec.probabilities or ())


def positive_class(spec: ModelSpec, names: Collection[str]) -> str:
    """The model file's positive class, spelled as in `names`; empty where it names none."""
    if spec.positive_class is None:
        return ""
    return ClassCoding.of(known=names, declared=spec.classes).positive(spec.positive_class, names)


def _advice(one: Collection[str], other: Collection[str]) -> str:
    first, second = sorted(one)[0], sorted(other)[0]
    return (
        f"say in `classes` which mean the same, for example `classes: {{{first}: [{second}], …}}`, or correct the "
        "columns"
    )


def _counted_otherwise(labels: Collection[str], predicted: Collection[str]) -> str:
    """What to do where one counts its classes from 0 and the other from 1: `classes` cannot say that 1 is two."""
    if len(labels) != len(predicted) or not all(name.isdecimal() for name in (*labels, *predicted)):
        return ""
    pairs = list(zip(sorted(labels, key=int), sorted(predicted, key=int), strict=True))
    if len({int(label) - int(guess) for label, guess in pairs}) > 1:
        return ""
    label, guess = pairs[0]
    return f"predictions of {guess!r} are most likely labels of {label!r}, and so on; deliver both counted from {label}"
