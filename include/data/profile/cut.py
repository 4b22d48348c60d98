"""Cutting a reference: its column kinds, bins, categories and scales, before its rows are counted into them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from include.data.batches import BATCH_ROWS, Batch
from include.data.profile.categorical import cut_categories
from include.data.profile.cells import finite_of, floats_of, names_of, quantity_of
from include.data.profile.columns import BINS, CategoricalColumn, Column, NumericColumn, Quantity
from include.data.profile.near import distinct, snapped
from include.data.profile.numeric import Moments
from include.data.profile.possible import ANYTHING, Possible
from include.data.profile.scales import cut_knots
from include.data.profile.sentinels import sentinels_of_reference
from include.registry.kinds import Kinds

SAMPLE_ROWS = 200_000  # up to so many rows bins are cut from all of them, beyond from a sample of at least half as many

Floats = npt.NDArray[np.float64]


@dataclass(slots=True, kw_only=True)
class Cutter:
    """First of the two passes over a reference.

    Parameters
    ----------
    columns : sequence of str, optional
        Without it, all columns of the first batch.
    categorical : collection of str
        Numeric columns to be counted as categories.
    kinds : mapping of str to ColumnKind
        Of columns, as far as they are known; of the others the cells' types tell.
    possible : mapping of str to Possible
        Which numbers of a column are known to be values. Numbers that stand for none are looked for besides, unless
        that was declared.

    Notes
    -----
    Up to `SAMPLE_ROWS` rows, bin edges are exact quantiles. Beyond, they are those of the rows whose number's hash is
    below a bound that halves whenever the sample is full: the same rows however the table is split into batches. By
    the Dvoretzky-Kiefer-Wolfowitz inequality the rank of an edge is then off by less than 0.0062 (as a share of
    the rows) with probability 0.999 [1]_. That makes bins a little unequal, nothing else: what is counted into them,
    and mean, variance, minimum and maximum, is exact.

    References
    ----------
    .. [1] P. Massart, "The tight constant in the Dvoretzky-Kiefer-Wolfowitz inequality", Annals of Probability 18
       (1990).
    """

    columns: Sequence[str] | None = None
    categorical: frozenset[str] = frozenset()
    kinds: Kinds = field(default_factory=dict)
    possible: Mapping[str, Possible] = field(default_factory=dict)
    rows: int = field(default=0, init=False)
    kept: list[tuple[npt.NDArray[np.uint64], Batch]] = field(default_factory=list, init=False)
    _bound: int = field(default=2**64 - 1, init=False)
    _held: int = field(default=0, init=False)
    _moments: dict[str, Moments] = field(default_factory=dict, init=False)
    _kinds: dict[str, Quantity | None] = field(default_factory=dict, init=False)
    _texts: set[str] = field(default_factory=set, init=False)
    _seen: set[str] = field(default_factory=set, init=False)

    @property
    def complete(self) -> bool:
        """Whether all rows are among those kept."""
        return self._held == self.rows

    def add(self, batch: Batch) -> None:
        """Look at the next rows."""
        with np.errstate(all="ignore"):
            for first in range(0, max(batch.rows, 1), BATCH_ROWS):
                self._add(batch.slice(first, BATCH_ROWS) if batch.rows > BATCH_ROWS else batch)

    def finish(self) -> dict[str, Column]:
        """Columns without rows: what `ProfileBuilder` counts into."""
        with np.errstate(all="ignore"):
            return {name: self._column(name) for name in self.columns or () if name in self._seen}

    def _add(self, batch: Batch) -> None:
        if self.columns is None:
            self.columns = list(batch.columns)
        there = {name: batch.columns[name] for name in self.columns if name in batch.columns}
        for name, values in there.items():
            self._seen.add(name)
            self._note_kind(name, values)
            if self._kinds.get(name) is not None:
                _add_moments(self._moments.setdefault(name, Moments()), self._only(name, floats_of(values)[0]))
        self._sample(Batch(batch.rows, there))
        self.rows += batch.rows

    def _note_kind(self, name: str, values: pa.Array) -> None:
        """One batch of categories makes a column categorical; nothing but empty cells says nothing."""
        quantity, known = quantity_of(values.type), self.kinds.get(name)
        if name in self.categorical or (known is not None and known.named):
            self._kinds[name] = None
        elif known is not None:
            self._kinds[name] = quantity or self._kinds.get(name) or "number"
        elif quantity is not None:
            self._kinds[name] = quantity if self._kinds.get(name, quantity) in (quantity, None) else "number"
            if name in self._texts:
                self._kinds[name] = None
        elif pa.types.is_boolean(values.type) or values.null_count < len(values):
            self._texts.add(name)
            self._kinds[name] = None

    def _sample(self, batch: Batch) -> None:
        hashes = _hashes(self.rows, batch.rows)
        self.kept.append(_below(hashes, batch, self._bound))
        self._held += self.kept[-1][1].rows
        while self._held > SAMPLE_ROWS:
            self._bound //= 2
            self.kept = [_below(*part, self._bound) for part in self.kept]
            self._held = sum(part.rows for _, part in self.kept)

    def _column(self, name: str) -> Column:
        arrays = [batch.columns[name] for _, batch in self.kept if name in batch.columns]
        quantity = self._kinds.get(name, "number")  # of what kind an empty column is cannot be told; numbers are usual
        if quantity is None:
            return CategoricalColumn(rows=0, missing=0, counts=cut_categories(_tally(arrays)))
        sample = self._only(name, np.concatenate([np.empty(0), *(floats_of(values)[0] for values in arrays)]))
        sample, moments = finite_of(sample), self._moments.get(name, Moments())
        possible, ordered = self.possible.get(name, ANYTHING), np.sort(sample)
        seen, around = sample, ordered
        if moments.size > len(sample):
            ends = [moments.minimum, moments.maximum]
            seen, around = np.append(sample, ends), np.concatenate([ends[:1], ordered, ends[1:]])
        found = () if possible.declared else sentinels_of_reference(seen, quantity, ordered=around)
        if found:
            sample, moments = sample[~np.isin(sample, found)], Moments()
            ordered = ordered[~np.isin(ordered, found)]
            _add_moments(moments, sample)  # of a sample they only say from where on a value is an outlier
        return _numeric(ordered, moments, quantity, possible.with_sentinels(found))

    def _only(self, name: str, floats: Floats) -> Floats:
        """`floats` without those that are known to be impossible."""
        return self.possible[name].only(floats)[0] if name in self.possible else floats


def _numeric(ordered: Floats, moments: Moments, quantity: Quantity, possible: Possible) -> NumericColumn:
    if moments.size > len(ordered):  # a sample, which may lack the extremes
        ordered = np.concatenate([[moments.minimum], ordered, [moments.maximum]])
    edges = _cut(ordered)
    knots = snapped(np.array(cut_knots(ordered)), edges)
    nothing = (0,) * len(edges)
    return NumericColumn(
        rows=0, missing=0, unreadable=0, infinite=0, outliers=0, counts=(*nothing, 0), at_edges=nothing, exact=False,
        mean=moments.mean, variance=moments.variance, minimum=moments.minimum, maximum=moments.maximum,
        edges=tuple(edges.tolist()), knots=tuple(knots.tolist()), quantity=quantity, possible=possible,
    )  # fmt: skip


def _cut(ordered: Floats) -> Floats:
    """Upper bin edges for sorted values: each distinct value if there are few, else evenly spaced quantiles."""
    values = distinct(ordered)
    return values if len(values) <= BINS else distinct(ordered[np.linspace(0, len(ordered) - 1, BINS).astype(int)])


def _add_moments(moments: Moments, floats: Floats) -> None:
    finite = finite_of(floats)
    if len(finite):
        moments.add_exactly(finite, float(finite.min()), float(finite.max()))


def _tally(arrays: Iterable[pa.Array]) -> Counter[str]:
    tally: Counter[str] = Counter()
    for values in arrays:
        codes, names = names_of(values)
        for name, times in zip(names, np.bincount(codes, minlength=len(names) + 1).tolist(), strict=False):
            if name is not None and times:
                tally[name] += times
    return tally


def _hashes(start: int, rows: int) -> npt.NDArray[np.uint64]:
    """The splitmix64 hash of each row's number."""
    mixed = np.arange(start + 1, start + rows + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
    for shift, factor in ((30, 0xBF58476D1CE4E5B9), (27, 0x94D049BB133111EB)):
        mixed = (mixed ^ (mixed >> np.uint64(shift))) * np.uint64(factor)
    return mixed ^ (mixed >> np.uint64(31))


def _below(hashes: npt.NDArray[np.uint64], batch: Batch, bound: int) -> tuple[npt.NDArray[np.uint64], Batch]:
    """The rows whose hash is at most `bound`."""
    chosen = np.flatnonzero(hashes <= np.uint64(bound))
    if len(chosen) == batch.rows:
        return hashes, batch
    places = pa.array(chosen)
    return hashes[chosen], Batch(len(chosen), {name: values.take(places) for name, values in batch.columns.items()})
