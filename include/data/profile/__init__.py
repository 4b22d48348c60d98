"""A profile: what one scan keeps of a table, so that the reference never has to be read again.

Bins and categories are cut once, on the reference; recent rows are counted into the same ones. All statistics of
distribution come from two profiles.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import pandas as pd

from include.data.batches import Batch, CursorBatches, FrameBatches, Spooled
from include.data.profile.beside import with_possible
from include.data.profile.builder import ProfileBuilder
from include.data.profile.cells import to_floats, to_names
from include.data.profile.columns import (
    BINS,
    CATEGORIES,
    OUTLIER_Z,
    REST,
    CategoricalColumn,
    Column,
    Neighbours,
    NumericColumn,
    Quantity,
)
from include.data.profile.cross import CrossMoments
from include.data.profile.cut import SAMPLE_ROWS, Cutter
from include.data.profile.extras import ALL_EXTRAS, NO_EXTRAS, Extra
from include.data.profile.possible import Possible
from include.data.profile.profiles import Profile, merge_profiles
from include.data.profile.stored import SCHEMA_VERSION
from include.registry.kinds import Kinds

__all__ = [
    "ALL_EXTRAS",
    "BINS",
    "CATEGORIES",
    "NO_EXTRAS",
    "OUTLIER_Z",
    "REST",
    "SAMPLE_ROWS",
    "SCHEMA_VERSION",
    "CategoricalColumn",
    "Column",
    "CrossMoments",
    "Extra",
    "Neighbours",
    "NumericColumn",
    "Possible",
    "Profile",
    "ProfileBuilder",
    "Quantity",
    "merge_profiles",
    "profile_batches",
    "profile_table",
    "to_floats",
    "to_names",
    "with_possible",
]


def profile_table(
    table: pd.DataFrame,
    columns: Sequence[str],
    *,
    categorical: Collection[str] = (),
    kinds: Kinds | None = None,
    against: Profile | None = None,
    start: int | None = None,
    extras: Extra = ALL_EXTRAS,
    possible: Mapping[str, Possible] | None = None,
) -> Profile:
    """Profile `columns` of `table`, rows in time order.

    Parameters
    ----------
    table : DataFrame
    columns : sequence of str
        Columns to profile; those that the table does not have are left out of the profile.
    categorical : collection of str
        Numeric columns to be counted as categories.
    kinds : mapping of str to ColumnKind, optional
        Of columns, as far as they are known; of the others the cells' types tell.
    against : Profile, optional
        The reference's profile. Its bins, categories and column kinds are used, so that both can be compared. Columns
        that it does not have are cut from `table`.
    start : int, optional
        Number of the table's first row in a larger whole whose other parts' profiles are to be merged with this one.
    extras : Extra, default `ALL_EXTRAS`
        What to add up besides: a detector says in its `extras` what it reads.
    possible : mapping of str to Possible, optional
        Which numbers of a column that is cut here are values; those of `against` have it said there.

    Raises
    ------
    DataError
        When one of `columns` is in the table twice.

    Examples
    --------
    >>> reference = profile_table(pd.DataFrame({"x": [1.0, 2.0, 4.0]}), ["x"])
    >>> profile_table(pd.DataFrame({"x": [2.0, 3.0]}), ["x"], against=reference).columns["x"].counts
    (0, 1, 1, 0)
    """
    return profile_batches(
        FrameBatches(table, columns), columns, categorical=categorical, kinds=kinds, against=against, start=start,
        extras=extras, possible=possible,
    )  # fmt: skip


def profile_batches(
    batches: Iterable[Batch],
    columns: Sequence[str] | None = None,
    *,
    categorical: Collection[str] = (),
    kinds: Kinds | None = None,
    against: Profile | None = None,
    start: int | None = None,
    extras: Extra = ALL_EXTRAS,
    possible: Mapping[str, Possible] | None = None,
) -> Profile:
    """Profile rows that come in batches, in time order; see `include.data.batches` for where from.

    Against a reference the rows are read once and memory does not grow with their number. A reference itself is cut:
    its rows are read twice, unless they are so few (`SAMPLE_ROWS`) that they are kept; what can be read only once
    goes through a temporary file.

    Parameters
    ----------
    batches : iterable of Batch
    columns : sequence of str, optional
        Columns to profile; without it those of `against`, or else all of the first batch.
    categorical, kinds, against, start, extras, possible
        As for `profile_table`.
    """
    if columns is None and against is not None:
        columns = list(against.columns)
    if against is not None and columns is not None and all(name in against.columns for name in columns):
        builder = ProfileBuilder(known={name: against.columns[name] for name in columns}, start=start, extras=extras)
        return _count(builder, batches)
    cutter = Cutter(
        columns=columns, categorical=frozenset(categorical), kinds=kinds or {}, possible=possible or {}
    )  # fmt: skip
    if isinstance(batches, Iterator | CursorBatches):
        with Spooled(batches) as again:
            return _cut(again, cutter, against, start, extras)
    return _cut(batches, cutter, against, start, extras)


def _cut(
    batches: Iterable[Batch], cutter: Cutter, against: Profile | None, start: int | None, extras: Extra
) -> Profile:
    for batch in batches:
        cutter.add(batch)
    known = cutter.finish()
    if against is not None:
        known |= {name: column for name, column in against.columns.items() if name in known}
    builder = ProfileBuilder(known=known, start=start, cut=against is None, extras=extras)
    return _count(builder, (batch for _, batch in cutter.kept) if cutter.complete else batches)


def _count(builder: ProfileBuilder, batches: Iterable[Batch]) -> Profile:
    for batch in batches:
        builder.add(batch)
    return builder.finish()
