"""Columns that move steadily through the reference: where each would be by now, and how sure that is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pyarrow as pa

from include.data.profile import Column, NumericColumn, Possible, Profile, to_floats, to_names
from include.data.profile.possible import ANYTHING
from include.scoring.statistics import autocorrelation

FEWEST_ROWS = 40  # values below which no line is drawn
PARTS = 20  # into which the reference is cut to see whether the line is all that moves it
LEVEL = 0.001  # probability of seeing a trend among so many parts where there is none
WANDERING = (
    0.5  # autocorrelation of what the line leaves of the parts, from which on it is no line: chance reaches it in 3 %
)
BENT = 0.01  # probability of taking a straight line for a bend
RARE = 0.01  # share of its most frequent value, up to which a column's values hardly ever come twice
FINEST = 2.0  # robust standard deviations that the step of rounded values has at most
UNEVEN = 0.01  # of a step: how far rounded values may be from whole steps, for floats are not exact
GOLDEN = (5.0**0.5 - 1.0) / 2.0  # multiples of it are spread most evenly between whole numbers
FARTHEST = 3.0  # lengths of the reference from its middle, beyond which nobody knows where a column would be
LARGEST = 1e150  # size from which on squares are beyond what a float holds
ROUNDS, FAR = 5, 2.5  # of fitting; robust standard deviations from the line, beyond which a value pulls no harder

_PER_SECOND = {"s": 1.0, "ms": 1e3, "us": 1e6, "ns": 1e9}

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Trend:
    """A straight line through a column's reference.

    Parameters
    ----------
    slope : float
        Per second.
    middle : float
        Mean time of the reference's values, in seconds since 1970 (UTC).
    span : float
        Seconds that evenly spread values with the same variance of times would cover.
    grain : float
        Of values rounded coarsely the step between them; 0 for measurements that hardly ever come twice. Rounded
        values moved by less than a step would fall between each other, where no other value is.
    """

    slope: float
    middle: float
    span: float
    grain: float = 0.0

    def rise(self, moment: datetime) -> float:
        """How much higher than at the reference's middle the column would be by `moment`."""
        return self.slope * (moment.timestamp() - self.middle)

    def ahead(self, moment: datetime) -> float:
        """How far `moment` is from the reference's middle, in lengths of the reference; 0.5 is its end."""
        return abs(moment.timestamp() - self.middle) / self.span

    def to_json(self) -> dict[str, float]:
        """A JSON-ready form."""
        return asdict(self)


Trends = Mapping[str, Trend]


def find_trends(
    table: pd.DataFrame, times: pd.Series[Any], names: Iterable[str], reference: Profile
) -> dict[str, Trend]:
    """Those of the columns `names` that a straight line describes.

    A twentieth of the reference after the other is higher (or lower), and what the line leaves of them has no pattern:
    a bend, half of a season and a random walk, which also end elsewhere than they begin, do not go on as they went.
    The line is that of least squares, but values far from it pull no harder than those at 2.5 standard deviations [1]_.

    Parameters
    ----------
    table : DataFrame
        The reference's rows in time order; `times` are theirs, in UTC.
    names : iterable of str
        Columns to look at. Those with a frequent value or few different ones are no candidates: they move by how often
        these come.
    reference : Profile
        Of `table`.

    References
    ----------
    .. [1] P. J. Huber, "Robust estimation of a location parameter", Annals of Mathematical Statistics 35 (1964).
    """
    seconds = _seconds(times)
    found = {
        name: _line(_possible(reference, name).only(to_floats(table[name])[0])[0], seconds)
        for name in names
        if _is_number(reference.columns[name])
    }
    return {name: trend for name, trend in found.items() if trend is not None}


def without_trends(
    table: pd.DataFrame,
    times: pd.Series[Any],
    trends: Trends,
    around: datetime | None = None,
    known: Profile | None = None,
    still: Collection[str] | None = None,
) -> pd.DataFrame:
    """`table` with these columns as they would be had they not moved; all others are shared with it.

    A column whose values are all the same stands still and stays as it is: a trend is nothing that it could have.
    Coarsely rounded values are spread evenly over their step, by the number of their row.
    Cells that are empty, infinite or no number stay so.

    Parameters
    ----------
    table : DataFrame
        `times` are those of its rows, in UTC.
    around : datetime, optional
        The moment whose values stay what they are; by default each reference's middle.
    known : Profile, optional
        The reference's, which says what numbers are values: the others stay as they are.
    still : collection of str, optional
        The columns whose values are all the same, where these rows are a part of others; by default these tell.
    """
    present = {name: trend for name, trend in trends.items() if name in table.columns}
    if not present or not len(table):
        return table
    seconds = _seconds(times)
    made = {}
    for name, trend in present.items():
        middle = trend.middle if around is None else around.timestamp()
        possible = _possible(known, name)
        if name in still if still is not None else stands_still(table[name], possible):
            continue
        made[name] = _less(table[name], trend.slope * (seconds - middle), trend.grain, possible)
    return table.assign(**made)


def stands_still(values: pd.Series[Any], possible: Possible = ANYTHING) -> bool:
    """Whether a column's values are all the same."""
    there = possible.only(to_floats(values)[0])[0]
    return not np.fmin.reduce(there, initial=np.nan) < np.fmax.reduce(there, initial=np.nan)


def middle_of(start: datetime | None, end: datetime) -> datetime:
    """The middle of a window; its end where the start is not known, or later."""
    return end if start is None or start > end else start + (end - start) / 2


def moved(profile: Profile, trends: Trends, moment: datetime) -> Profile:
    """A reference's profile with its columns where they would be by `moment`."""
    columns = dict(profile.columns)
    for name, trend in trends.items():
        column = columns.get(name)
        if isinstance(column, NumericColumn):
            columns[name] = _shifted(column, trend.rise(moment))
    return replace(profile, columns=columns)


def _seconds(times: pd.Series[Any]) -> Floats:
    return times.astype("int64").to_numpy() / _PER_SECOND[times.dt.unit]


def _is_number(column: Column) -> bool:
    return isinstance(column, NumericColumn) and column.quantity == "number" and column.finite >= FEWEST_ROWS


def _line(floats: Floats, seconds: Floats) -> Trend | None:
    from scipy import stats

    there = np.abs(floats) < LARGEST
    values, when = floats[there], seconds[there]
    if len(values) < FEWEST_ROWS:
        return None
    middle = float(when.mean())
    offsets = when - middle
    span = float(np.sqrt(12.0 * np.mean(np.square(offsets))))
    if not span > 0.0:
        return None
    fitted = _robust_slope(values, offsets / span)
    if fitted is None:
        return None
    slope, left, spread = fitted
    parts = _part_means(left + slope * offsets / span)
    rises = stats.spearmanr(parts, np.arange(PARTS)).pvalue < LEVEL
    if not rises or autocorrelation(_part_means(left)) > WANDERING or _bend(parts) < BENT:
        return None
    grain = _grain(values, spread)
    return None if grain is None else Trend(slope=slope / span, middle=middle, span=span, grain=grain)


def _grain(values: Floats, spread: float) -> float | None:
    """The step of rounded values that vary by `spread` around their line; 0 for measurements, None for neither.

    Rounded normal values have no one that is more frequent than the step and the spread say: such a one, a zero among
    sales, has a meaning of its own, and does not move.
    """
    distinct, times = np.unique(values, return_counts=True)
    most = float(times.max()) / len(values)
    rare = times.max() <= max(RARE * len(values), 2)
    steps = np.diff(distinct)
    step = float(steps.min())
    even = bool(np.all(np.abs(steps / step - np.rint(steps / step)) < UNEVEN))
    if even and step <= FINEST * spread and most <= 1.5 * 0.4 * step / spread + 3.0 / len(values):
        return 0.0 if rare else step
    return 0.0 if rare else None


def _bend(parts: Floats) -> float:
    """Probability that a straight line leaves as much more of the parts than a cubic does, by chance (F test)."""
    from scipy import stats

    places = np.linspace(-1.0, 1.0, PARTS)
    straight, cubic = (
        float(np.sum(np.square(parts - np.polyval(np.polyfit(places, parts, n), places)))) for n in (1, 3)
    )
    freedom = PARTS - 4
    return float(stats.f.sf((straight - cubic) / 2.0 / (cubic / freedom), 2, freedom)) if cubic > 0.0 else 1.0


def _part_means(values: Floats) -> Floats:
    return np.array([part.mean() for part in np.array_split(values, PARTS)])


def _robust_slope(values: Floats, offsets: Floats) -> tuple[float, Floats, float] | None:
    """Slope; what the line leaves of each value, far ones drawn in; its robust spread. None where nothing is left.

    It begins with the medians of the parts, which single values do not move.
    """
    parts = [np.median(part) for part in np.array_split(values, PARTS)]
    places = [np.mean(part) for part in np.array_split(offsets, PARTS)]
    slope, level = np.polyfit(places, parts, 1).tolist()
    left = values - level - slope * offsets
    for _ in range(ROUNDS):
        centre = float(np.median(left))
        reach = FAR * 1.4826 * float(np.median(np.abs(left - centre)))
        if not reach > 0.0:
            return None
        near = left.clip(centre - reach, centre + reach)
        step = float(offsets @ near) / float(offsets @ offsets)
        slope += step
        left = left - step * offsets
    centre = float(np.median(left))
    return slope, left.clip(centre - reach, centre + reach), reach / FAR


def _possible(known: Profile | None, name: str) -> Possible:
    column = known.columns.get(name) if known is not None else None
    return column.possible if isinstance(column, NumericColumn) else ANYTHING


def _less(values: pd.Series[Any], rises: Floats, grain: float, possible: Possible) -> pd.Series[Any]:
    floats = to_floats(values)[0]
    there, impossible = possible.only(floats)
    if grain:
        rises = rises + grain * (np.arange(len(floats)) * GOLDEN % 1.0 - 0.5)
    made = floats - rises
    low, high = possible.low, possible.high
    if low is not None or high is not None:
        made = made.clip(-np.inf if low is None else low, np.inf if high is None else high)
    if impossible:
        np.copyto(made, floats, where=np.isnan(there))
    if pd.api.types.is_numeric_dtype(values):
        return pd.Series(made, index=values.index)
    text = np.asarray(pa.array(made).cast(pa.string()).to_numpy(zero_copy_only=False), dtype=object)
    return pd.Series(np.where(np.isnan(there), to_names(values), text), index=values.index, dtype=object)


def _shifted(column: NumericColumn, rise: float) -> NumericColumn:
    near = column.neighbours
    ends = tuple((first + rise, last + rise) for first, last in near.ends)
    neighbours = replace(near, mean_before=near.mean_before + rise, mean_after=near.mean_after + rise, ends=ends)
    return replace(
        column, mean=column.mean + rise, minimum=column.minimum + rise, maximum=column.maximum + rise,
        edges=tuple(edge + rise for edge in column.edges), knots=tuple(knot + rise for knot in column.knots),
        neighbours=neighbours,
    )  # fmt: skip
