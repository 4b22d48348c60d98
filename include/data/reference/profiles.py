"""What is kept of the rows that a version was trained and accepted on: everything that a check compares with."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import (
    NO_EXTRAS,
    REST,
    CategoricalColumn,
    Column,
    NumericColumn,
    Possible,
    Profile,
    profile_table,
)
from include.data.reference.calibration import Calibration, calibrate
from include.data.reference.moments import mixed_where_sorted
from include.data.reference.seasons import Seasons, find_seasons
from include.data.reference.trends import Trend, Trends, find_trends, moved, without_trends
from include.registry.kinds import ColumnKind, Kind, Kinds, unwatched
from include.scoring.spelling import DIGITS, truth_pair

TARGET, PREDICTION = "target", "prediction"
KEPT_BITS = 33  # of a prediction: about ten digits, what no order of summation changes


@dataclass(frozen=True, kw_only=True)
class ReferenceProfiles:
    """A version's reference, profiled.

    Parameters
    ----------
    profile : Profile
        The model's inputs, and the measures that its owner added.
    inputs : tuple of str
        Names of the inputs, in the model's order.
    outputs : mapping of str to Profile
        What is watched besides, profiles of one column each: ``target``, and ``prediction`` (the version's own on the
        rows that it was accepted on, less what it remembers of them).
    calibration : Calibration or None
        How much a row tells; None where the rows are too few to measure it.
    of_outputs : mapping of str to Calibration
        The same of target and predictions, where they vary and are enough.
    seasons : Seasons or None
        The profile phase by phase, where the columns show a season longer than a recent window.
    kinds : mapping of str to ColumnKind
        Of the columns, as they were when the version was accepted.
    trends : mapping of str to Trend
        Of the columns that move steadily. They are profiled as they would be had they stood still since the middle of
        the reference; `by` brings them to where they would be at another moment.
    """

    profile: Profile
    inputs: tuple[str, ...]
    outputs: Mapping[str, Profile] = field(default_factory=dict)
    calibration: Calibration | None = None
    of_outputs: Mapping[str, Calibration] = field(default_factory=dict)
    seasons: Seasons | None = None
    kinds: Kinds = field(default_factory=dict)
    trends: Trends = field(default_factory=dict)

    def by(self, moment: datetime) -> ReferenceProfiles:
        """The same with the columns that move steadily where they would be by `moment`."""
        if not self.trends:
            return self
        seasons = self.seasons
        if seasons is not None:
            seasons = replace(seasons, phases=tuple(moved(phase, self.trends, moment) for phase in seasons.phases))
        return replace(self, profile=moved(self.profile, self.trends, moment), seasons=seasons)

    def ahead(self, moment: datetime) -> dict[str, float]:
        """For each column that moves steadily how far `moment` is from the reference's middle, in its lengths."""
        return {name: trend.ahead(moment) for name, trend in self.trends.items()}

    def matching(self, start: datetime | None, end: datetime, measures: Collection[str] = ()) -> Profile:
        """The profile that recent rows of ``start <= t < end`` are to be compared with: inputs, and these measures.

        A measure that its owner has given up since is left out; one added since has no reference yet.
        """
        found = self.seasons.matching(start, end) if self.seasons is not None and start is not None else None
        whole = self.profile
        if found is not None:  # what no season is looked for in is compared with all rows
            others = {name: column for name, column in whole.columns.items() if name not in found.columns}
            whole = replace(found, columns={**found.columns, **others})
        wanted = {*self.inputs, *measures}
        return replace(
            whole, columns={name: self._as_known(name, whole.columns[name]) for name in whole.columns if name in wanted}
        )

    def _as_known(self, name: str, column: Column) -> Column:
        """A column of a phase, with what has been learnt since of which of its cells hold no value."""
        known = self.profile.columns[name]
        if isinstance(column, NumericColumn) and isinstance(known, NumericColumn):
            return replace(column, possible=known.possible)
        return column

    def with_outputs(self, target: npt.NDArray[Any], predictions: npt.NDArray[Any]) -> ReferenceProfiles:
        """The same with profiles of labels and of predictions, arrays of shape (n,) and (m,), in time order.

        How much a row of them tells is measured where that of the inputs was.
        """
        columns = {TARGET: target, PREDICTION: _rounded(predictions)}
        tables = {name: pd.DataFrame({name: values}) for name, values in columns.items() if len(values)}
        outputs = {name: profile_table(table, [name]) for name, table in tables.items()}
        window_rows = 0 if self.calibration is None else self.calibration.window_rows
        measured = {
            name: calibrate(table, outputs[name], window_rows)
            for name, table in tables.items() if window_rows and outputs[name].columns[name].varies
        }  # fmt: skip
        return replace(self, outputs=outputs, of_outputs={name: each for name, each in measured.items() if each})

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {
            "profile": self.profile.to_json(),
            "inputs": list(self.inputs),
            "outputs": {name: profile.to_json() for name, profile in self.outputs.items()},
            "calibration": self.calibration.to_json() if self.calibration is not None else None,
            "of_outputs": {name: calibration.to_json() for name, calibration in self.of_outputs.items()},
            "seasons": self.seasons.to_json() if self.seasons is not None else None,
            "kinds": {name: kind.to_json() for name, kind in self.kinds.items()},
            "trends": {name: trend.to_json() for name, trend in self.trends.items()},
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> ReferenceProfiles:
        """Read what `to_json` wrote, or a bare profile of the inputs as it was kept before."""
        if "profile" not in stored:
            profile = Profile.from_json(stored)
            return cls(profile=profile, inputs=tuple(profile.columns))
        calibration, seasons = stored["calibration"], stored["seasons"]
        profile = Profile.from_json(stored["profile"])
        return cls(
            profile=profile,
            inputs=tuple(stored["inputs"]),
            outputs={name: Profile.from_json(profile) for name, profile in stored["outputs"].items()},
            calibration=None if calibration is None else Calibration.from_json(calibration),
            of_outputs={name: Calibration.from_json(each) for name, each in stored.get("of_outputs", {}).items()},
            seasons=None if seasons is None else Seasons.from_json(seasons, stored["profile"]),
            kinds={name: _kind(kind, profile.columns.get(name)) for name, kind in stored.get("kinds", {}).items()},
            trends={name: Trend(**trend) for name, trend in stored.get("trends", {}).items()},
        )


def _kind(stored: Mapping[str, Any], column: Column | None) -> ColumnKind:
    """A column's kind; of one that was kept before names and truth values had one spelling its profile tells which."""
    kind = ColumnKind.from_json(stored)
    if kind.spellings is not None and isinstance(column, CategoricalColumn):
        kind = replace(kind, spellings=tuple(name for name in column.counts if name != REST))
    if "truths" in stored:
        return kind
    if isinstance(column, CategoricalColumn) and kind.kind is Kind.CATEGORY and REST not in column.counts:
        return replace(kind, truths=truth_pair(column.counts))
    ones = isinstance(column, NumericColumn) and column.exact and set(column.edges) == {0.0, 1.0}
    return replace(kind, truths=DIGITS) if ones and kind.kind is Kind.NUMBER else kind


def predictions_against(known: Profile, predictions: npt.NDArray[Any]) -> Profile:
    """The profile of recent predictions, counted into the reference's."""
    return profile_table(pd.DataFrame({PREDICTION: predictions}), [PREDICTION], against=known, extras=NO_EXTRAS)


def _nothing(values: npt.NDArray[np.float64]) -> float:
    """The size of what is left where numbers like these cancel out."""
    return float(np.median(np.abs(values))) * 2.0**-44


def _rounded(predictions: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Numbers to `KEPT_BITS` bits, what is left of a difference of equals as 0; names of classes as they are.

    A model predicts the same for the same inputs but for the last bits, which depend on how many rows it is given.
    """
    if predictions.dtype.kind != "f" or not len(predictions):
        return predictions
    predictions = np.where(np.abs(predictions) <= _nothing(predictions), 0.0, predictions)
    fraction, power = np.frexp(predictions)
    return np.asarray(np.ldexp(np.round(np.ldexp(fraction, KEPT_BITS)), power - KEPT_BITS))


def make_reference(
    table: pd.DataFrame,
    inputs: Sequence[str],
    *,
    measures: Sequence[str] = (),
    window: timedelta,
    window_rows: int,
    categorical: Collection[str] = (),
    kinds: Kinds | None = None,
    timestamp: str | None = None,
    possible: Mapping[str, Possible] | None = None,
) -> ReferenceProfiles:
    """Profile rows, and measure on them how much a row tells.

    Parameters
    ----------
    table : DataFrame
        In time order. Where somebody sorted the rows of each moment by a column, that makes no neighbours alike.
    inputs, measures : sequence of str
        The model's inputs; further columns of `table` to watch as they are.
    window, window_rows : timedelta, int
        Length of a recent window, and its usual number of rows.
    categorical : collection of str
        Numeric columns to be counted as categories.
    kinds : mapping of str to ColumnKind, optional
        Of columns, as far as they are known. Those that are not compared do not count in what a row tells.
    timestamp : str, optional
        Column of times in UTC; without it neither a season nor a trend is looked for.
    possible : mapping of str to Possible, optional
        Which numbers of a column are known to be values.
    """
    names = [*inputs, *measures]
    known = {name: kind for name, kind in (kinds or {}).items() if name in names}
    if timestamp is not None:
        table = mixed_where_sorted(table, names, table[timestamp])
    times = table[timestamp] if timestamp is not None and len(table) else None
    made = _Rows(names=names, categorical=categorical, kinds=known, times=times, window=window, window_rows=window_rows)
    found = made.profiled(table, possible or {})
    trends: dict[str, Trend] = {}
    if times is not None and found.calibration is not None and found.calibration.trending:
        trends = find_trends(table, times, found.calibration.trending, found.profile)
    if times is not None and trends:
        seen = {n: column.possible for n in trends if isinstance(column := found.profile.columns[n], NumericColumn)}
        level = without_trends(table, times, trends, known=found.profile)
        found = made.profiled(level, {**(possible or {}), **seen}, tuple(trends))
    return replace(found, inputs=tuple(inputs), trends=trends)


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """How the rows of a reference are profiled: `make_reference` says what each is."""

    names: Sequence[str]
    categorical: Collection[str]
    kinds: Kinds
    times: pd.Series[Any] | None
    window: timedelta
    window_rows: int

    def profiled(
        self, table: pd.DataFrame, possible: Mapping[str, Possible], straightened: Sequence[str] = ()
    ) -> ReferenceProfiles:
        profile = profile_table(table, self.names, categorical=self.categorical, kinds=self.kinds, possible=possible)
        watched = profile.without(unwatched(self.kinds))
        season = find_seasons(table, self.times, watched, self.window) if self.times is not None else None
        phases = None if season is None else season[1]
        return ReferenceProfiles(
            profile=profile,
            inputs=tuple(self.names),
            calibration=calibrate(table, watched, self.window_rows, phases=phases, straightened=straightened),
            seasons=None if season is None else season[0],
            kinds=self.kinds,
        )
