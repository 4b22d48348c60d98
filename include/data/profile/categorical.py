"""Counting a column of categories, batch by batch, into those that the reference has."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt

from include.data.profile.columns import CATEGORIES, REST, CategoricalColumn, commonest
from include.data.profile.names import BUCKETS, NameSample, bucket_of, merge_samples, name_hashes
from include.data.profile.neighbours import NeighbourState, Place, merge_neighbours
from include.data.profile.products import dot
from include.errors import DataError


@dataclass(slots=True)
class CategoricalState:
    """One column of categories while its rows are being counted."""

    known: CategoricalColumn
    names: list[str] = field(init=False)
    tally: dict[str, int] = field(init=False)
    commonest: str | None = field(init=False)
    neighbours: NeighbourState = field(default_factory=NeighbourState)
    retyped: int = 0
    seen: bool = False
    buckets: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(BUCKETS, dtype=np.int64))
    sample: NameSample = field(default_factory=NameSample)

    def __post_init__(self) -> None:
        self.names = [name for name in self.known.counts if name != REST]
        self.tally = dict.fromkeys((*self.names, REST), 0)
        self.commonest = commonest(self.known.counts)

    def add(
        self, codes: npt.NDArray[np.intp], names: Sequence[str | None], *, begins: bool, retyped: bool = False
    ) -> None:
        """Count consecutive rows, each the number of a name, or the number after the last one where it is empty.

        `retyped` says that they came as numbers, dates or durations.
        """
        self.seen = True
        times = np.bincount(codes, minlength=len(names) + 1)
        others = []
        for place in np.flatnonzero(times[: len(names)]).tolist():
            name = names[place]
            if name is None:
                continue
            if name in self.tally and name != REST:
                self.tally[name] += int(times[place])
            else:
                others.append(place)
            self.retyped += int(times[place]) if retyped else 0
        if others:
            self._add_others([str(names[place]) for place in others], times[others])
        if self.commonest is None:
            return
        meaning = np.array([-1 if n is None else n == self.commonest for n in (*names, None)], dtype=np.int8)
        flags = meaning.take(codes)
        absent = np.flatnonzero(flags < 0)
        pairs = self.neighbours.count(flags, absent, begins=begins)
        if self.neighbours.lag1:
            values, centre = flags.astype(np.float64), 0.5  # exact, so that the sums are
            deviations = values - centre
            deviations[absent] = 0.0
            sums = float(deviations.sum()), dot(deviations, deviations)
            self.neighbours.add(values, deviations, centre, absent, sums, pairs)

    def _add_others(self, names: Sequence[str], times: npt.NDArray[np.intp]) -> None:
        """Count rows of categories that are not counted by name."""
        hashes = name_hashes(names)
        self.tally[REST] += int(times.sum())
        np.add.at(self.buckets, bucket_of(hashes), times)
        self.sample = self.sample.adding(hashes, times.astype(np.int64))

    @property
    def expected(self) -> Sequence[str]:
        """What all cells are likely to be: the known names, as long as there was no other."""
        return () if self.tally[REST] else self.names

    def skip(self) -> None:
        """Note that the rows that follow the last ones have no such column."""
        self.neighbours.last = float("nan")

    def result(self, rows: int, *, placed: bool, cut: bool = False) -> CategoricalColumn:
        """The column, of `rows` rows in all; one that was `cut` here has no rest unless there is one."""
        counts = {name: n for name, n in self.tally.items() if not (cut and name == REST and n == 0)}
        return CategoricalColumn(
            rows=rows,
            missing=rows - sum(counts.values()),
            counts=counts,
            neighbours=self.neighbours.result(placed=placed),
            retyped=self.retyped,
            buckets=tuple(self.buckets.tolist()) if self.tally[REST] else (),
            sample=self.sample if self.tally[REST] else None,
        )


def cut_categories(tally: Mapping[str, int]) -> dict[str, int]:
    """The `CATEGORIES` most frequent names; of equals the first in the alphabet."""
    ordered = sorted((name for name in tally if name != REST), key=lambda name: (-tally[name], name))
    return {name: tally[name] for name in ordered[:CATEGORIES]}


def merge_categorical(
    name: str, parts: Sequence[CategoricalColumn], places: Sequence[Sequence[Place]], rows: int
) -> CategoricalColumn:
    """One column from those of the parts; a DataError if they do not count the same categories."""
    known = {frozenset(part.counts) - {REST} for part in parts}
    if len(known) > 1:
        raise DataError(
            f"column {name!r}: the profiles to merge have different categories; make them against one reference"
        )
    counts: Counter[str] = Counter()
    for part in parts:
        counts.update(part.counts)
    ordered = [*(n for n in parts[0].counts if n != REST), *([REST] if any(REST in p.counts for p in parts) else [])]
    return CategoricalColumn(
        rows=rows,
        missing=rows - counts.total(),
        counts={n: counts[n] for n in ordered},
        neighbours=merge_neighbours([part.neighbours for part in parts], places),
        retyped=sum(part.retyped for part in parts),
        buckets=_merged_buckets(parts),
        sample=_merged_sample(parts),
    )


def _merged_buckets(parts: Sequence[CategoricalColumn]) -> tuple[int, ...]:
    """Empty where no part has a rest, or where one that has does not tell its buckets."""
    having = [part.buckets for part in parts if part.rest]
    return tuple(np.sum(having, axis=0).tolist()) if having and all(having) else ()


def _merged_sample(parts: Sequence[CategoricalColumn]) -> NameSample | None:
    having = [part.sample for part in parts if part.rest]
    known = [sample for sample in having if sample is not None]
    return merge_samples(known) if known and len(known) == len(having) else None
