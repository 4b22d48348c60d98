"""A champion's errors over its whole life, as a value that is kept between runs: the state of the Page-Hinkley test."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from include.detectors.statistics import errors_by_moment
from include.detectors.statistics.yardstick import RISE, Yardstick

if TYPE_CHECKING:  # loaded where rows are: whoever only reads this state from the records needs no pandas
    import pandas as pd

Floats = npt.NDArray[np.float64]

QUARTER = timedelta(days=90)
WARM_UP = 500  # rows that errors are first measured on
WARM_UP_TIMES = 60  # the same where times count: each is the mean of many rows
LONGEST_SAMPLE = 2000  # rows; more are looked at when hardly any is wrong
DOUBT = 1.5  # standard errors of the usual score that are let pass with the allowance
_TIMES = ("since", "until", "above_since")


@dataclass(frozen=True, kw_only=True)
class RunningErrors:
    """State of the Page-Hinkley test of one champion.

    Each row's score, in spreads, less the usual one, its doubt (1.5 standard errors) and an allowance is summed, and
    the sum starts again whenever it is back at 0 [1]_ [2]_. Where the original takes the mean of all rows so far as the
    usual score, here the rows since the sum was last at 0 are held apart, so that a rise that lasts does not become
    usual while it is watched.

    The first `WARM_UP` rows set the unit, not the rows that the champion was accepted on: it was chosen because it did
    well on those. A champion that is worse from its first day on is for the comparison with its baseline to find.

    Parameters
    ----------
    since, until : datetime
        Observation times of the first and the last row counted, in UTC.
    rows : int
        Rows counted; times where these count.
    sample : tuple of float
        Absolute errors, as long as there is no yardstick.
    sizes : tuple of int
        How many of the sample are of each time, as long as it is not known whether rows of one time are alike.
    by_time : bool or None
        Whether they are, so that each time counts once, with its mean error; None where that is not known yet.
    yardstick : Yardstick or None
    mean : float
        Mean score of the `settled` rows: those before the score was last at 0.
    settled : int
    score : float
        How far scores have been above `mean` since, in spreads, less the allowance of each row; 0 or more.
    above, above_mean
        Number and mean score of the rows since.
    above_since : datetime or None
        Observation time of the first of them: where a rise, if it is one, began.

    References
    ----------
    .. [1] E. S. Page, "Continuous inspection schemes", Biometrika 41 (1954).
    .. [2] H. Mouss et al., "Test of Page-Hinkley, an approach for fault detection in an agro-alimentary production
       system", 5th Asian Control Conference (2004).
    """

    since: datetime
    until: datetime
    rows: int = 0
    sample: tuple[float, ...] = ()
    sizes: tuple[int, ...] = ()
    by_time: bool | None = None
    yardstick: Yardstick | None = None
    mean: float = 0.0
    settled: int = 0
    score: float = 0.0
    above: int = 0
    above_mean: float = 0.0
    above_since: datetime | None = None

    @property
    def rows_per_quarter(self) -> float:
        """Rows that a quarter brings, as far as those counted tell."""
        return self.rows * (QUARTER / max(self.until - self.since, timedelta(seconds=1)))

    @property
    def needed(self) -> int:
        """Rows, or times, that errors are first measured on."""
        return WARM_UP_TIMES if self.by_time else WARM_UP

    @property
    def increase(self) -> float:
        """Relative rise of the errors since `above_since`, roughly: as a small one shows in the mean score."""
        if self.yardstick is None or not self.above:
            return 0.0
        return RISE * (self.above_mean - self.mean) / (2.0 * self.yardstick.allowance)

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        times = {name: getattr(self, name) for name in _TIMES}
        return {
            **asdict(self),
            **{name: None if at is None else at.isoformat() for name, at in times.items()},
            "sample": list(self.sample),
            "sizes": list(self.sizes),
        }

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> RunningErrors:
        """The inverse of `to_json`."""
        times = {name: stored[name] and datetime.fromisoformat(stored[name]) for name in _TIMES}
        yardstick = stored["yardstick"] and Yardstick(**stored["yardstick"])
        return cls(**{**stored, **times, "sample": tuple(stored["sample"]), "yardstick": yardstick,
                      "sizes": tuple(stored.get("sizes", ()))})  # fmt: skip


def update(
    state: RunningErrors | None, errors: Floats, times: Sequence[datetime] | pd.DatetimeIndex
) -> tuple[RunningErrors | None, float]:
    """Count in the rows observed after `state.until`; rows seen before are left out, so windows may overlap.

    A label that arrives after a later row was counted comes too late: its row is not counted any more.

    Parameters
    ----------
    state : RunningErrors or None
        None for a champion of which no row was counted yet.
    errors : array of shape (n,)
        Absolute errors in time order, NaN where there is none; 0 and 1 for right and wrong classes.
    times : sequence of datetime, or DatetimeIndex, of length n
        When each row was observed, in UTC.

    Returns
    -------
    RunningErrors or None
        The new state; None while there is no row to count.
    float
        Its score, in spreads.
    """
    import pandas as pd

    moments = times if isinstance(times, pd.DatetimeIndex) else pd.DatetimeIndex(list(times))
    counts = np.isfinite(errors)
    if state is not None:
        counts &= np.asarray(moments > pd.Timestamp(state.until))
    rows = _Rows(errors=errors[counts], moments=moments[counts])
    if not len(rows):
        return state, 0.0 if state is None else state.score
    since, until = rows.moment(0) if state is None else state.since, rows.moment(-1)
    state = replace(state or RunningErrors(since=since, until=until), until=until)
    state, left = _by_time(state, rows)
    if state.yardstick is None:
        state, left = _warm_up(state, left)
    if state.yardstick is not None and len(left):
        state = _score(state, state.yardstick, left)
    return state, state.score


@dataclass(frozen=True, kw_only=True)
class _Rows:
    """Rows to be counted: absolute errors, all finite, and when each was observed; both of shape (n,)."""

    errors: Floats
    moments: pd.DatetimeIndex

    def __len__(self) -> int:
        return len(self.errors)

    def moment(self, row: int) -> datetime:
        """When that row was observed."""
        at: datetime = self.moments[row].to_pydatetime()
        return at

    def after(self, rows: int) -> _Rows:
        """All but the first `rows`."""
        return _Rows(errors=self.errors[rows:], moments=self.moments[rows:])

    @property
    def sizes(self) -> npt.NDArray[np.intp]:
        """How many are of each time."""
        return np.unique(self.moments.asi8, return_counts=True)[1]

    @property
    def means(self) -> _Rows:
        """Each time as one row, with its mean error."""
        return _Rows(errors=errors_by_moment.means(self.errors, self.sizes), moments=self.moments.unique())


def _by_rows(state: RunningErrors, rows: _Rows) -> bool:
    """Whether rows count: no two share their time, or they have been counted before times were looked at."""
    begun = bool(state.sample or state.yardstick) and not state.sizes
    return begun or (not state.sizes and rows.moments.is_unique)


def _by_time(state: RunningErrors, rows: _Rows) -> tuple[RunningErrors, _Rows]:
    """Find out whether rows of one time are alike, and count in rows, or times; what is left of them to be scored."""
    if state.by_time is None and _by_rows(state, rows):
        state = replace(state, by_time=False)
    if state.by_time is not None:
        rows = rows.means if state.by_time else rows
        return replace(state, rows=state.rows + len(rows)), rows
    errors, few = errors_by_moment.thinned(rows.errors, rows.sizes)
    sample, sizes = np.array([*state.sample, *errors]), np.array([*state.sizes, *few])
    state = replace(state, rows=state.rows + len(rows), sample=tuple(sample.tolist()), sizes=tuple(sizes.tolist()))
    if len(sample) >= WARM_UP and len(sizes) >= errors_by_moment.FEWEST:
        alike = errors_by_moment.are_alike(sample, sizes)
        state = replace(state, by_time=alike, sizes=())
        if alike:
            state = replace(state, rows=len(sizes), sample=tuple(errors_by_moment.means(sample, sizes).tolist()))
    return state, rows.after(len(rows))


def _warm_up(state: RunningErrors, rows: _Rows) -> tuple[RunningErrors, _Rows]:
    """Gather rows until a yardstick can be cut from the latest of them; what is left of `rows` after that."""
    sample, needed = list(state.sample), state.needed
    for number, error in enumerate(rows.errors.tolist(), start=1):
        unlike = not sample or error != sample[-1]
        sample.append(error)
        if len(sample) == needed or (len(sample) > needed and unlike):
            latest = np.array(sample[-LONGEST_SAMPLE:])
            yardstick = Yardstick.cut(latest)
            if yardstick is not None:
                mean = float(yardstick(latest).mean())
                done = replace(state, sample=(), yardstick=yardstick, mean=mean, settled=len(latest))
                return done, rows.after(number)
    return replace(state, sample=tuple(sample[-LONGEST_SAMPLE:])), rows.after(len(rows))


def _score(state: RunningErrors, yardstick: Yardstick, rows: _Rows) -> RunningErrors:
    mean, settled, score = state.mean, state.settled, state.score
    above, above_mean, above_since = state.above, state.above_mean, state.above_since
    allowance, ceiling, doubt = yardstick.allowance, yardstick.ceiling, DOUBT / math.sqrt(settled)
    begun = None
    for row, value in enumerate(yardstick(rows.errors).tolist()):
        score += value - mean - allowance - doubt
        score = ceiling if score > ceiling else score  # as `min`, without a call for each row
        begun = row if above == 0 else begun
        above += 1
        above_mean += (value - above_mean) / above
        if score <= 0.0:
            settled += above
            mean += (above_mean - mean) * above / settled
            doubt = DOUBT / math.sqrt(settled)
            score, above, above_mean, above_since, begun = 0.0, 0, 0.0, None, None
    return replace(
        state, mean=mean, settled=settled, score=score, above=above, above_mean=above_mean,
        above_since=above_since if begun is None else rows.moment(begun),
    )  # fmt: skip
