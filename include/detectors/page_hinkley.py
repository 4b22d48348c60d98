"""The champion's errors over its whole life: a small rise that lasts, which no single window shows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from include.data.profile import NO_EXTRAS, Extra
from include.decision.signals import Signal, SignalKind, Verdict, in_percent
from include.detectors.comparison import Comparison
from include.detectors.statistics.running_errors import RunningErrors
from include.detectors.statistics.yardstick import limit

STATISTIC = "page_hinkley"


@dataclass(frozen=True, kw_only=True)
class PageHinkleyDetector:
    """Judges the state of the Page-Hinkley test, `RunningErrors`, that the workflow keeps between runs.

    Changed while the score is at the limit or above. The limit follows from how often a champion that has not changed
    may be called changed and from the number of rows that a quarter brings, by Siegmund's formula for the average run
    length; looking more often does not raise that rate. It informs and asks for no retrain: its kind is
    `SignalKind.SLOW_DRIFT`, which no trigger reads, so that it costs nothing of the budget of false retrains.

    Needs timestamps, because windows overlap and each row may count once only. Errors with a season longer than the
    first 500 rows are not for it.

    Parameters
    ----------
    false_calls_per_quarter : float, default 0.1
        How often an unchanged champion is called changed. Measured with 4,320 rows a quarter, looked at weekly, with
        normal, t-distributed (3 degrees of freedom) and first-order autoregressive (0.5, 0.9) errors and with wrong
        classes: at most 0.11 in the first quarter and 0.10 in the second.

    Examples
    --------
    >>> import numpy as np
    >>> from datetime import UTC, datetime, timedelta
    >>> from include.detectors.statistics.running_errors import update
    >>> errors = np.abs(np.random.default_rng(0).normal(size=3000)) * np.repeat([1.0, 1.2], 1500)
    >>> hours = [datetime(2026, 1, 1, tzinfo=UTC) + timedelta(hours=row) for row in range(3000)]
    >>> state, score = update(None, errors, hours)
    >>> PageHinkleyDetector().judge(state).changed
    True
    """

    extras: ClassVar[Extra] = NO_EXTRAS

    false_calls_per_quarter: float = 0.1

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal, about all labelled rows of the champion so far."""
        return [self.judge(comparison.running)]

    def judge(self, state: RunningErrors | None) -> Signal:
        """Judge a state; None stands for no row counted."""
        kind = SignalKind.SLOW_DRIFT
        if state is None:
            reason = "no labelled row with a timestamp"
            return Signal(kind=kind, statistic=STATISTIC, verdict=Verdict.NO_DATA, reason=reason)
        if state.yardstick is None:
            what = "times of labelled rows" if state.by_time else "labelled rows"
            short = state.rows < state.needed
            reason = f"{state.rows} {what}, {state.needed} needed" if short else "too few errors differ from the others"
            return Signal(kind=kind, statistic=STATISTIC, verdict=Verdict.INCONCLUSIVE, reason=reason)
        run_length = state.rows_per_quarter / self.false_calls_per_quarter
        threshold = min(limit(run_length, state.yardstick.allowance), state.yardstick.ceiling)
        verdict = Verdict.CHANGED if state.score >= threshold else Verdict.STABLE
        reason = f"running score {state.score:.1f} of {threshold:.1f}"
        if state.above_since is not None:
            reason += f"; errors {in_percent(state.increase)} since {state.above_since:%Y-%m-%d %H:%M}"
        return Signal(
            kind=kind, statistic=STATISTIC, verdict=verdict, value=state.score, threshold=threshold, reason=reason,
            detail={"rows": float(state.rows), "rows_since": float(state.above), "increase": state.increase},
        )  # fmt: skip
