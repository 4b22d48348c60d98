"""Seasons shorter than the reference and longer than a recent window: a night is to be compared with nights."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import Profile, merge_profiles, profile_table
from include.data.reference.blocks import cut_blocks

DAY, WEEK = timedelta(days=1), timedelta(weeks=1)
CUT = ("edges", "knots")  # of a numeric column, the same in all phases
WHOLE_ONLY = ("sample",)  # of a column of categories: what it tells is measured on the whole reference
LEVEL = 0.001  # probability of seeing a season where there is none, over all columns

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.intp]


@dataclass(frozen=True, kw_only=True)
class Seasons:
    """The reference, phase by phase of a day or a week (counted from 1970-01-01 UTC).

    Parameters
    ----------
    period : timedelta
    phases : tuple of Profile
        Of the rows in each phase, counted into the bins of the whole reference; all phases are of one length.
    """

    period: timedelta
    phases: tuple[Profile, ...]

    @property
    def phase(self) -> timedelta:
        """Length of a phase."""
        return self.period / len(self.phases)

    def matching(self, start: datetime, end: datetime) -> Profile | None:
        """The reference's rows in the phases that ``start <= t < end`` touches; None if they are all, or none."""
        first, last = math.floor(start.timestamp() / self._seconds), math.ceil(end.timestamp() / self._seconds)
        if last <= first or last - first >= len(self.phases):
            return None
        return merge_profiles(self.phases[number % len(self.phases)] for number in range(first, last))

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form, without what is the whole reference's: bins, and samples of names."""
        phases = [profile.to_json() for profile in self.phases]
        for column in (column for stored in phases for column in stored["columns"].values()):
            for name in (*CUT, *WHOLE_ONLY):
                column.pop(name, None)
        return {"period": self.period.total_seconds(), "phases": phases}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any], whole: Mapping[str, Any]) -> Seasons:
        """Read what `to_json` wrote; `whole` is the reference's profile as JSON."""
        bins = {name: {cut: column[cut] for cut in CUT if cut in column} for name, column in whole["columns"].items()}
        phases = [
            {**phase, "columns": {name: {**column, **bins[name]} for name, column in phase["columns"].items()}}
            for phase in stored["phases"]
        ]
        return cls(
            period=timedelta(seconds=stored["period"]), phases=tuple(Profile.from_json(phase) for phase in phases)
        )

    @property
    def _seconds(self) -> float:
        return self.phase.total_seconds()


def phases_of(times: pd.Series[Any], period: timedelta, phase: timedelta) -> Integers:
    """The number of the phase that each time is in."""
    seconds = (times - pd.Timestamp(0, tz="UTC")).dt.total_seconds().to_numpy()
    return np.asarray(np.floor(seconds / phase.total_seconds()) % round(period / phase), dtype=np.intp)


def find_seasons(
    table: pd.DataFrame, times: pd.Series[Any], reference: Profile, window: timedelta
) -> tuple[Seasons, Integers] | None:
    """The season that `table` shows, and the phase that each of its rows is in; None without one.

    Looked for when a window is a whole part of a day, or a day, and the table holds at least two weeks (or
    two days): a column's level differs between phases by more than within them (analysis of variance, at 0.001 over
    all columns). A week is taken only when the day does not explain all of that.

    Parameters
    ----------
    table : DataFrame
        The reference's rows in time order; `times` are theirs, in UTC.
    reference : Profile
        Of `table`.
    window : timedelta
        Length of a recent window.
    """
    if window > DAY or DAY % window:
        return None
    span = times.iloc[-1] - times.iloc[0] + window
    chosen, explained = None, np.zeros(len(times), dtype=np.intp)
    for period in (DAY, WEEK):
        phases = phases_of(times, period, window)
        if span >= 2 * period and period > window and _differ(table, reference, phases, explained):
            chosen, explained = period, phases
    if chosen is None:
        return None
    names = list(reference.columns)
    found = [
        profile_table(table[explained == number], names, against=reference) for number in range(round(chosen / window))
    ]
    if not all(profile.rows for profile in found):
        return None  # a phase that was never seen can be compared with nothing
    return Seasons(period=chosen, phases=tuple(found)), explained


def _differ(table: pd.DataFrame, reference: Profile, phases: Integers, explained: Integers) -> bool:
    """Whether the level of any column differs between `phases` beyond what the coarser `explained` ones account for."""
    from scipy import stats

    blocks = cut_blocks(table, reference, 0, phases)
    if blocks is None:
        return False
    coarse = explained[np.minimum(blocks.middles.astype(np.intp), len(explained) - 1)]
    between, within = len(np.unique(phases)) - len(np.unique(explained)), blocks.freedom
    if between < 1 or within < 2:
        return False
    smallest = 1.0
    columns = [column for column in blocks.columns.values() if len(column.level)]
    for column in columns:
        residual = float(np.sum(blocks.sizes * np.square(blocks.deviations(column.level[0]))))
        total = float(np.sum(blocks.sizes * np.square(_centred(column.level[0], blocks.sizes, coarse))))
        if residual > 0.0:
            ratio = (total - residual) / between / (residual / within)
            smallest = min(smallest, float(stats.f.sf(ratio, between, within)))
    return smallest * len(columns) < LEVEL


def _centred(values: Floats, sizes: Floats, groups: Integers) -> Floats:
    """Values less the mean of their group."""
    means = np.bincount(groups, sizes * values) / np.maximum(np.bincount(groups, sizes), 1e-300)
    return np.asarray(values - means[groups])
