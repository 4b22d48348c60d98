"""Two tables as a caller hands them over, reference and recent: the same kinds, the same cells, both profiled."""

from __future__ import annotations

import difflib
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from include.data.batches import require_distinct
from include.data.kinds.conform import conform
from include.data.kinds.decimals import Said
from include.data.kinds.find import FEWEST, IDENTIFYING, find_kinds
from include.data.kinds.row_times import Floats, goes_on, rises_by_its_newest
from include.data.kinds.text_cells import plain_text
from include.data.profile import ALL_EXTRAS, Extra, Profile, profile_table, to_floats, with_possible
from include.data.profile.cells import finite_of
from include.data.reference.moments import goes_one_way, mixed, was_sorted_by
from include.errors import DataError
from include.registry.kinds import ColumnKind, Kind, Kinds

_WAY_OUT = "give numbers instead of text"


@dataclass(frozen=True, kw_only=True)
class Pair:
    """Reference and recent rows.

    Parameters
    ----------
    reference, recent : DataFrame
        Cells as the kinds of the reference's columns have them.
    calibrating : DataFrame
        The reference's rows to measure on how much one tells: in no order where they were sorted by a column.
    known, found : Profile
        Of both, the recent one counted into the bins of the reference.
    kinds : mapping of str to ColumnKind
    """

    reference: pd.DataFrame
    recent: pd.DataFrame
    calibrating: pd.DataFrame
    known: Profile
    found: Profile
    kinds: Kinds

    @property
    def new_columns(self) -> tuple[str, ...]:
        """Columns that only the recent rows have."""
        return tuple(name for name in self.recent.columns if name not in self.known.columns)


def profile_pair(
    reference: pd.DataFrame, recent: pd.DataFrame, declared: Kinds | None = None, *, extras: Extra = ALL_EXTRAS,
    labels: pd.Series[Any] | None = None,
) -> Pair:  # fmt: skip
    """Find the kinds of the reference's columns, and profile both tables by them.

    `extras` is what will be read of the reference's profile, and of it those of the recent rows that anybody reads.

    That neighbours are alike where the reference was sorted by a column, or by its `labels`, counts for nothing.
    Rows need not be in time order, so that only what moves in equal steps, dates, and what goes on in the recent rows
    as it went in the reference are seen to move with time.

    Raises
    ------
    DataError
        When a column is there twice in one of them, or the reference has no rows.
    """
    require_frames(reference, recent)
    if reference.empty:
        raise DataError("the reference has no rows, so nothing can be compared; give those of the training")
    (reference, recent), _ = plain_text([reference, recent], Said(where="the rows", way_out=_WAY_OUT))
    kinds = find_kinds(reference, declared or {})
    reference, recent = conform(reference, kinds), conform(recent, kinds)
    kinds |= _going_on(reference, recent, kinds)
    calibrating = mixed(reference) if _was_sorted(reference, recent, kinds, labels) else reference
    known = profile_table(calibrating, list(reference.columns), kinds=kinds, extras=extras)
    known = with_possible(known, recent, len(recent))
    found = profile_table(recent, list(known.columns), against=known, extras=extras & ~Extra.NEIGHBOURS)
    return Pair(
        reference=reference, recent=recent, calibrating=calibrating, known=known, found=found, kinds=kinds
    )  # fmt: skip


def _was_sorted(reference: pd.DataFrame, recent: pd.DataFrame, kinds: Kinds, labels: pd.Series[Any] | None) -> bool:
    """Whether the reference was sorted by a column or its labels, and none of its columns says that it is in time."""
    by_time = (reference[name] for name, found in kinds.items() if found.kind is Kind.CALENDAR)
    if any(len(np.unique(np.diff(finite_of(to_floats(cells)[0])))) > 1 for cells in by_time):
        return False
    if labels is not None and goes_one_way(labels):
        return True
    watched = [name for name, found in kinds.items() if found.kind.watched and name in recent.columns]
    return any(was_sorted_by(reference[name], recent[name]) for name in watched)


def _going_on(reference: pd.DataFrame, recent: pd.DataFrame, kinds: Kinds) -> dict[str, ColumnKind]:
    """Columns of numbers that move with time, as only both tables together show."""
    found = {}
    for name, known in kinds.items():
        if known.kind is not Kind.NUMBER or known.declared or name not in recent.columns:
            continue
        before, after = (finite_of(to_floats(table[name])[0]) for table in (reference, recent))
        if why := goes_on(before, after) or _goes_on_by_its_newest(str(name), before, after):
            found[name] = ColumnKind(kind=Kind.CALENDAR, why=why)
    return found


def _goes_on_by_its_newest(name: str, before: Floats, after: Floats) -> str:
    """Whether these are numbers of customers, orders and the like, of which new ones come with higher numbers."""
    both = np.concatenate([before, after])
    if not IDENTIFYING.search(name) or len(both) < FEWEST or not np.all(both == np.rint(both)):
        return ""
    return "its highest number rises steadily" if rises_by_its_newest(both) else ""


def require_frames(reference: object, recent: object) -> None:
    """Refuse what is no DataFrame, or has a column twice; a DataError says which of the two."""
    for table, role in ((reference, "the reference"), (recent, "the recent rows")):
        if not isinstance(table, pd.DataFrame):
            raise DataError(
                f"{role}: a {type(table).__name__} instead of a DataFrame; give both as pandas.DataFrame(…) with the "
                "same names of columns"
            )
        require_distinct(list(table.columns), role)


def named_by_text(table: pd.DataFrame) -> pd.DataFrame:
    """The table with the names of its columns as text; a DataError where two become one."""
    if all(isinstance(name, str) for name in table.columns):
        return table
    names = [str(name) for name in table.columns]
    require_distinct(names, "the names of the columns, as text")
    return table.set_axis(names, axis=1)


def column_gone(column: object, others: Collection[object]) -> str:
    """That a column is gone, and which of the new columns it may be now."""
    name = str(column)
    names = [str(other) for other in others]
    folded = [other for other in names if _folded(other) == _folded(name)]
    near = folded or difflib.get_close_matches(name, names, n=1, cutoff=0.75)
    return f"{name}: the column is gone" + (f"; was it renamed to {near[0]!r}?" if near else "")


def _folded(name: str) -> Sequence[str]:
    return [letter for letter in name.casefold() if letter.isalnum()]
