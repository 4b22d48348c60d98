"""The profile of the recent rows: of the table that holds them all, or counted as they are read."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

import pandas as pd

from include.data.measures import measured
from include.data.profile import Extra, NumericColumn, Profile, profile_table, with_possible
from include.data.profile.possible import ANYTHING, Possible
from include.data.reference.profiles import ReferenceProfiles
from include.data.reference.trends import middle_of, stands_still, without_trends
from include.data.rows.declared import declared
from include.data.rows.spans import Span
from include.data.sources.sieve import Counting
from include.data.tables import ModelTables
from include.registry.spec import ModelSpec


def counting_beforehand(spec: ModelSpec, reference: ReferenceProfiles, start: datetime, as_of: datetime) -> Counting:
    """How recent rows will be counted unless they show something new of what their cells mean.

    Parameters
    ----------
    reference : ReferenceProfiles
        As it was accepted.
    start, as_of : datetime
        The recent window.
    """
    known = with_possible(reference.profile, pd.DataFrame(), 0, declared(spec))
    return _counting(spec, _by(reference, known, start, as_of), start, as_of)


def profile_of_recent(
    spec: ModelSpec, reference: ReferenceProfiles, tables: ModelTables, rows: pd.DataFrame, as_of: datetime,
    apart: Sequence[Span] = (),
) -> Profile:  # fmt: skip
    """All recent rows counted into the bins of a reference, but for those of the spans `apart`.

    Parameters
    ----------
    reference : ReferenceProfiles
        Its columns where they would be by the middle of the window.
    rows : DataFrame
        Those of the table, without those apart, and with what moves steadily as if it had not.
    """
    start, sample = tables.window_start, tables.sample
    if sample is None or sample.every == 1 or start is None:
        known = reference.matching(start, as_of, spec.measures)
        return profile_table(rows, list(known.columns), against=reference.profile, extras=Extra.CROSS)
    still = frozenset(
        name for name in reference.trends
        if name in tables.recent.columns and stands_still(tables.recent[name], _possible(reference.profile, name))
    )  # fmt: skip
    return sample.profile(_counting(spec, reference, start, as_of, still, tuple(apart)))


def _by(reference: ReferenceProfiles, known: Profile, start: datetime, as_of: datetime) -> ReferenceProfiles:
    return replace(reference, profile=known).by(middle_of(start, as_of))


def _counting(
    spec: ModelSpec, reference: ReferenceProfiles, start: datetime, as_of: datetime,
    still: frozenset[str] = frozenset(), apart: tuple[Span, ...] = (),
) -> Counting:  # fmt: skip
    names = reference.matching(start, as_of, spec.measures).columns
    moment = middle_of(start, as_of)

    def as_watched(frame: pd.DataFrame, still: frozenset[str]) -> pd.DataFrame:
        assert spec.timestamp is not None
        times, made = frame[spec.timestamp], measured(spec, frame)
        return without_trends(made, times, reference.trends, moment, reference.profile, still)

    return Counting(
        known={name: reference.profile.columns[name] for name in names}, as_watched=as_watched, still=still, apart=apart
    )


def _possible(profile: Profile, name: str) -> Possible:
    column = profile.columns.get(name)
    return column.possible if isinstance(column, NumericColumn) else ANYTHING
