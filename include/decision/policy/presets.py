"""Presets: how eager a policy is, and how its budget of false retrains becomes a significance level for each check."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from include.decision.evidence import Trigger
from include.decision.policy.budget import shared_levels
from include.decision.signals import SignalKind
from include.decision.triggers.combinators import AnyOf
from include.decision.triggers.signal_trigger import SignalTrigger

QUARTER = timedelta(days=90)
LOOKS_PER_WINDOW = 20  # however often a sliding window is looked at, it is worth about so many independent looks
HIGHEST_LEVEL = 0.02  # of a check, however seldom it runs: one chance in fifty is the least that proves anything
SIX_HOURS, FOUR_WEEKS = timedelta(hours=6), timedelta(weeks=4)

#: When a preset calls a retrain due: when recent rows show that one would pay. Performance and concept drift are harm,
#: but harder times do harm as well, which no retrain mends: they fire only where the gain is not measured. Drift of the
#: inputs and outliers are a guess at harm: they fire only while labels are too few to tell.
MEASURED = AnyOf(
    (
        SignalTrigger(kind=SignalKind.RETRAIN_GAIN),
        SignalTrigger(kind=SignalKind.PERFORMANCE, only_without_gain=True),
        SignalTrigger(kind=SignalKind.CONCEPT_DRIFT, only_without_gain=True),
        SignalTrigger(kind=SignalKind.DATA_DRIFT, only_without_labels=True),
        SignalTrigger(kind=SignalKind.OUTLIERS, only_without_labels=True),
    )
)


@dataclass(frozen=True, kw_only=True)
class PolicySettings:
    """What a policy is made from.

    Parameters
    ----------
    performance_threshold : float
        Worsening of the primary metric that matters, counted as the metric does (RMSE 0.10: +10 %): since acceptance,
        and beside what can be learnt from recent rows.
    performance : mapping of str to float
        Other metrics that decide as well, each with the worsening that matters, counted as it does.
    concept_drift_threshold : float
        Relative rise of the mean error within the window that matters.
    outlier_share : float
        Share of outlying values that matters.
    cooldown : timedelta
        Least time between two retrainings of the model.
    false_retrains_per_quarter : float
        How many retrains of an unchanged model its owner puts up with.
    drift_thresholds : mapping of str to float
        Fixed thresholds for drift of the inputs, in place of the calibrated tests, which keep to the budget; see
        `include.detectors.fixed_thresholds`. Empty: the calibrated tests.
    gain_level, performance_level, drift_level : float
        Significance level of a check: for the gain of a retrain; for performance and for concept drift each; for
        drift of any input and for outliers each. See `include.decision.policy.budget` for how they follow from the
        budget and the tree.
    when : Trigger
        The tree that says when a retrain is due. `include.decision.policy.policy.standard_policy` puts the cooldown
        around it, and requests and first versions beside it.
    model_age, data_volume, schedule, performance_below : timedelta, float, str, float
        What triggers of these names stand for where the tree gives them no number of their own: the age, the share of
        new rows, the cron expression, the least value of the metric. No preset's tree has them: time and volume say
        nothing about harm.
    js_divergence : float
        The threshold that `drift_thresholds` has with ``drift_tests: preset``.
    """

    performance_threshold: float
    concept_drift_threshold: float
    outlier_share: float
    cooldown: timedelta
    false_retrains_per_quarter: float
    drift_thresholds: Mapping[str, float] = field(default_factory=dict)
    gain_level: float = 0.0
    performance_level: float = 0.0
    drift_level: float = 0.0
    when: Trigger = MEASURED
    model_age: timedelta | None = None
    data_volume: float | None = None
    schedule: str | None = None
    performance: Mapping[str, float] = field(default_factory=dict)
    performance_below: float | None = None
    js_divergence: float | None = None

    def replace(self, **changes: Any) -> PolicySettings:
        """The same settings with some of them changed."""
        return dataclasses.replace(self, **changes)

    def within_budget(self, *, check_every: timedelta, window: timedelta) -> PolicySettings:
        """The same settings with levels that keep to the budget, given how often a window of that length is checked."""
        level = check_level(self.false_retrains_per_quarter, check_every=check_every, window=window)
        shared = shared_levels(self.when, level)
        return self.replace(gain_level=shared.gain, performance_level=shared.performance, drift_level=shared.drift)


def check_level(budget: float, *, check_every: timedelta, window: timedelta) -> float:
    """Probability of a false retrain that a single check may have.

    The budget of a quarter over the number of checks in it. Windows that overlap are looked at again and again: a
    statistic over a sliding window crosses a threshold of three standard deviations about as often as one in some
    twenty independent windows of that length would, however often it is looked at (the upcrossing rate of a process
    with triangular correlation), and that number is used when it is the smaller one.

    >>> round(check_level(1.0, check_every=timedelta(hours=6), window=timedelta(hours=6)), 5)  # one in 360 checks
    0.00278
    >>> round(check_level(1.0, check_every=timedelta(hours=6), window=timedelta(days=28)), 5)  # one in 64
    0.01556
    """
    checks = max(min(QUARTER / check_every, LOOKS_PER_WINDOW * (QUARTER / window)), 1.0)
    return min(budget / checks, HIGHEST_LEVEL)


def _preset(**settings: Any) -> PolicySettings:
    return PolicySettings(**settings).within_budget(check_every=SIX_HOURS, window=FOUR_WEEKS)


PRESETS: Mapping[str, PolicySettings] = {
    "conservative": _preset(
        performance_threshold=0.10, concept_drift_threshold=0.30, outlier_share=0.10,
        cooldown=timedelta(days=14), false_retrains_per_quarter=0.25, model_age=timedelta(days=14),
        data_volume=0.30, js_divergence=0.20,
    ),
    "balanced": _preset(
        performance_threshold=0.05, concept_drift_threshold=0.15, outlier_share=0.05,
        cooldown=timedelta(days=7), false_retrains_per_quarter=1.0, model_age=timedelta(days=7),
        data_volume=0.20, js_divergence=0.15,
    ),
    "aggressive": _preset(
        performance_threshold=0.03, concept_drift_threshold=0.10, outlier_share=0.03,
        cooldown=timedelta(days=2), false_retrains_per_quarter=4.0, model_age=timedelta(days=2),
        data_volume=0.10, js_divergence=0.10,
    ),
}  # fmt: skip
