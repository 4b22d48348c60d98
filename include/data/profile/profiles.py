"""A table's profile, and the merging of profiles of its parts."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

from include.data.profile.categorical import merge_categorical
from include.data.profile.columns import CategoricalColumn, Column, NumericColumn
from include.data.profile.cross import CrossMoments, merge_cross
from include.data.profile.neighbours import merge_places
from include.data.profile.numeric import merge_numeric
from include.data.profile.stored import (
    READABLE,
    SCHEMA_VERSION,
    column_from_json,
    column_to_json,
    cross_from_json,
    cross_to_json,
)
from include.errors import DataError


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """A table's profile: its rows, and each column that was wanted and is there.

    Parameters
    ----------
    rows : int
    columns : mapping of str to Column
    cross : CrossMoments or None
        Of the numeric columns; None for fewer than two, and where nobody wanted it.
    places : tuple of (int, int)
        Runs of rows in the whole table that were counted, as (number of the first row, rows); empty if not known.
    """

    rows: int
    columns: Mapping[str, Column]
    cross: CrossMoments | None = None
    places: tuple[tuple[int, int], ...] = ()

    def without(self, names: Collection[str]) -> Profile:
        """The same without these columns."""
        if not self.columns.keys() & set(names):
            return self
        kept = {name: column for name, column in self.columns.items() if name not in names}
        return replace(self, columns=kept, cross=None if self.cross is None else self.cross.among(kept))

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form that carries its schema version; see `include.data.profile.stored`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "rows": self.rows,
            "columns": {name: column_to_json(column) for name, column in self.columns.items()},
            "cross": cross_to_json(self.cross),
            "places": [list(place) for place in self.places],
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Profile:
        """Read what `to_json` wrote; a ValueError names a schema version that this code does not know."""
        if stored.get("schema_version") not in READABLE:
            known = ", ".join(str(version) for version in READABLE)
            raise ValueError(f"profile has schema version {stored.get('schema_version')!r}; known: {known}")
        return cls(
            rows=stored["rows"],
            columns={name: column_from_json(column) for name, column in stored["columns"].items()},
            cross=cross_from_json(stored["cross"]),
            places=tuple((start, rows) for start, rows in stored["places"]),
        )


def merge_profiles(profiles: Iterable[Profile]) -> Profile:
    """The profile of the whole from those of its parts, in any order.

    All parts must have been counted against one reference. Counts, extremes and cross moments are those of the whole
    exactly, other numbers up to rounding: within 1e-9 unless a column's mean exceeds its standard deviation a million
    times. The pair of neighbours at a seam is counted if both parts know their place; otherwise it is left out of the
    autocorrelation. A column that a part lacks counts as empty there.

    Raises
    ------
    DataError
        For no parts, for parts of different references, or when a row is in two of them.
    """
    parts = list(profiles)
    if not parts:
        raise DataError("no profiles to merge")
    rows = sum(part.rows for part in parts)
    names = dict.fromkeys(name for part in parts for name in part.columns)
    return Profile(
        rows=rows,
        columns={name: _merge_column(name, parts, rows) for name in names},
        cross=merge_cross([part.cross for part in parts]),
        places=merge_places([part.places for part in parts]),
    )


def _merge_column(name: str, parts: list[Profile], rows: int) -> Column:
    found = [(part.columns[name], part.places) for part in parts if name in part.columns]
    places = [known for _, known in found]
    places += [part.places for part in parts if name not in part.columns]
    numeric = [column for column, _ in found if isinstance(column, NumericColumn)]
    categorical = [column for column, _ in found if isinstance(column, CategoricalColumn)]
    if numeric and categorical:
        raise DataError(f"column {name!r}: numeric in one of the profiles to merge, categorical in another")
    if numeric:
        return merge_numeric(name, numeric, places, rows)
    return merge_categorical(name, categorical, places, rows)
