"""Triggers on metrics that the caller has measured: drift, performance, time, volume, and combinations of them.

They decide from the same `Evidence` as the triggers of a policy, so that each stands in for the other in a
`CompositeTrigger`. Each has a `name`, under which a report tells of it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Literal

from include.decision.evidence import Evidence, Trigger, TriggerResult
from include.decision.policy.durations import parse_duration
from include.decision.signals import SignalKind, in_percent
from include.decision.triggers.combinators import AllOf, AnyOf
from include.decision.triggers.data_volume import DataVolumeTrigger as RowsTrigger
from include.decision.triggers.model_age import ModelAgeTrigger
from include.errors import ConfigurationError
from include.scoring import METRICS

Mode = Literal["min", "max"]
_SLACK = 1e-9  # of a threshold: 0.42 against 0.40 is 5 %, whatever the binary fractions say
_SMALL_IS_GOOD = ("loss", "error", "err", "perplexity", "rmse", "mae", "mse", "mape", "brier", "drawdown")
_LARGE_IS_GOOD = ("acc", "score", "auc", "f1", "r2", "recall", "precision", "sharpe", "rate", "bleu", "map")
_PARTS = ("train", "val", "valid", "validation", "test", "eval")


@dataclass(frozen=True, kw_only=True)
class DriftTrigger:
    """Fires when a drift metric reaches its threshold.

    Parameters
    ----------
    threshold : float, default 0.15
        In the metric's own unit; for ``js_divergence`` bits, in [0, 1].
    metric_name : str, default "js_divergence"
        One of ``drift_metrics``, whatever it measures: brightness, token overlap, PSI.
    name : str, optional
        By default ``drift_`` and the metric's.
    mode : str, default "max"
        ``max``: fires from the threshold on upwards; ``min``: downwards, for what falls with drift, as an overlap does.
    """

    threshold: float = 0.15
    metric_name: str = "js_divergence"
    name: str = ""
    mode: Mode = "max"

    def __post_init__(self) -> None:
        """Refuse a threshold that is no number above 0."""
        _check_threshold("drift", self.threshold)
        _check_mode("drift", self.mode)
        object.__setattr__(self, "name", self.name or f"drift_{self.metric_name}")

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the metric, of several features the farthest, with the threshold."""
        found = [each for each in evidence.of_kind(SignalKind.DATA_DRIFT) if each.statistic == self.metric_name]
        values = [each.value for each in found if each.value is not None]
        if not values:
            given = ", ".join(dict.fromkeys(each.statistic for each in evidence.of_kind(SignalKind.DATA_DRIFT)))
            missing = f"{self.metric_name} is not among the drift metrics ({given or 'none given'})"
            return _unknown(self.name, SignalKind.DATA_DRIFT, found[0].reason if found else missing, self.threshold)
        value = max(values) if self.mode == "max" else min(values)
        strength = value / self.threshold if self.mode == "max" else self.threshold / value if value > 0 else math.inf
        return _compared(
            self.name, SignalKind.DATA_DRIFT, value=value, threshold=self.threshold, strength=strength,
            reason=f"{self.metric_name} {value:.4g}, fires {'from' if self.mode == 'max' else 'down from'} "
            f"{self.threshold:g} on",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class PerformanceTrigger:
    """Fires when a metric is worse than at acceptance by a share of what it was then.

    Parameters
    ----------
    threshold : float, default 0.05
        Relative worsening: 0.05 is 5 % of the baseline's absolute value. Worse than a baseline of 0 is endlessly worse.
    metric_name : str
        Known in both ``current_metrics`` and ``baseline_metrics``.
    mode : str, optional
        ``min`` where small is good (a loss), ``max`` where large is good (accuracy). By default the name tells.
    name : str, optional
        By default ``performance_`` and the metric's.

    Raises
    ------
    ConfigurationError
        Where the name does not tell which way is better, and `mode` is not given.
    """

    threshold: float = 0.05
    metric_name: str = "val_loss"
    mode: Mode | None = None
    name: str = ""

    def __post_init__(self) -> None:
        """Find out which way is better."""
        _check_threshold("performance", self.threshold)
        mode = self.mode or mode_of(self.metric_name)
        _check_mode("performance", mode)
        object.__setattr__(self, "mode", mode)
        object.__setattr__(self, "name", self.name or f"performance_{self.metric_name}")

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the relative worsening with the threshold."""
        found = [each for each in evidence.of_kind(SignalKind.PERFORMANCE) if each.statistic == self.metric_name]
        sides = found[0].detail if found else {}
        missing = [side for side in ("current", "baseline") if side not in sides]
        if missing:
            reason = f"{self.metric_name} is not known, or no finite number, in {' and '.join(missing)} metrics"
            return _unknown(self.name, SignalKind.PERFORMANCE, reason, self.threshold)
        current, baseline = sides["current"], sides["baseline"]
        change = current - baseline if self.mode == "min" else baseline - current
        worse = change / abs(baseline) if baseline else math.inf if change > 0 else 0.0
        return _compared(
            self.name, SignalKind.PERFORMANCE, value=worse, threshold=self.threshold, strength=worse / self.threshold,
            reason=f"{self.metric_name} {current:.4g}, {baseline:.4g} at acceptance: worse by "
            f"{in_percent(worse, 'any measure')}, fires from {self.threshold:.3g} on",
        )  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class TimeTrigger:
    """Fires when so much time has passed since the model was trained.

    Parameters
    ----------
    interval : timedelta or str
        Also as ``7d``, ``36h``.
    name : str, default "time"
    """

    interval: timedelta | str = timedelta(days=7)
    name: str = "time"

    def __post_init__(self) -> None:
        """Read the interval."""
        try:
            object.__setattr__(self, "interval", parse_duration(self.interval))
            ModelAgeTrigger(age=parse_duration(self.interval))
        except ValueError as error:
            raise ConfigurationError("time trigger", f"interval: {error}") from error

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the days since the last training with the interval."""
        return replace(ModelAgeTrigger(age=parse_duration(self.interval)).decide(evidence), label=self.name)


@dataclass(frozen=True, kw_only=True)
class DataVolumeTrigger:
    """Fires when enough samples are new: `samples` of them, or `percentage` of those trained on; either is enough.

    Parameters
    ----------
    samples : int, optional
    percentage : float, optional
        A share: 0.2 is 20 %.
    name : str, default "data_volume"
    """

    samples: int | None = None
    percentage: float | None = None
    name: str = "data_volume"

    def __post_init__(self) -> None:
        """Refuse amounts that are always reached, and none at all."""
        if self.samples is None and self.percentage is None:
            raise ConfigurationError("data volume trigger", "give samples, percentage, or both")
        try:
            RowsTrigger(rows=self.samples, share=self.percentage)
        except ValueError as error:
            raise ConfigurationError("data volume trigger", str(error)) from error

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Compare the new samples with the smaller of the two amounts."""
        found = RowsTrigger(rows=self.samples, share=self.percentage).decide(evidence)
        return replace(found, label=self.name)


@dataclass(frozen=True)
class CompositeTrigger:
    """Fires when any (``OR``) or all (``AND``) of `triggers` fire. They nest.

    Examples
    --------
    >>> either = CompositeTrigger([DriftTrigger(), PerformanceTrigger()], logic="OR", name="harm")
    >>> CompositeTrigger(triggers=[either, TimeTrigger()], logic="AND", name="production_policy").name
    'production_policy'
    """

    triggers: Sequence[Trigger]
    logic: str = "OR"
    name: str = ""

    def __post_init__(self) -> None:
        """Refuse another logic than the two, and a combination of nothing."""
        logic = str(self.logic).upper()
        if logic not in ("AND", "OR"):
            raise ConfigurationError("composite trigger", f"logic: found {self.logic!r}; write AND or OR")
        if not self.triggers:
            raise ConfigurationError("composite trigger", "triggers: none given; name at least one")
        object.__setattr__(self, "triggers", tuple(self.triggers))
        object.__setattr__(self, "logic", logic)
        object.__setattr__(self, "name", self.name or f"composite_{logic.lower()}")

    def decide(self, evidence: Evidence) -> TriggerResult:
        """Ask all of them."""
        members = tuple(self.triggers)
        found = (AllOf(members) if self.logic == "AND" else AnyOf(members)).decide(evidence)
        strengths = sorted((part.strength for part in found.parts if part.fired), reverse=self.logic == "OR")
        return replace(found, label=self.name, strength=strengths[0] if found.fired and strengths else 0.0)


def mode_of(metric_name: str) -> Mode:
    """Which way is better, as far as the name tells; a `ConfigurationError` where it does not.

    >>> mode_of("val_loss"), mode_of("test_accuracy"), mode_of("rmse")
    ('min', 'max', 'min')
    """
    words = [word for word in metric_name.lower().replace("-", "_").split("_") if word not in _PARTS]
    known = METRICS.get("_".join(words))
    if known is not None:
        return "max" if known.larger_is_better else "min"
    if any(word.endswith(_SMALL_IS_GOOD) for word in words):
        return "min"
    if any(word.startswith(_LARGE_IS_GOOD) for word in words):
        return "max"
    raise ConfigurationError("performance trigger", f"mode: whether a small {metric_name} is good; write min or max")


def _compared(
    name: str, kind: SignalKind, *, value: float, threshold: float, strength: float, reason: str
) -> TriggerResult:
    return TriggerResult(
        trigger=str(kind), label=name, fired=strength >= 1.0 - _SLACK, strength=max(min(strength, 1e6), 0.0),
        value=value, threshold=threshold, distance=threshold - value, reason=reason,
    )  # fmt: skip


def _unknown(name: str, kind: SignalKind, reason: str, threshold: float) -> TriggerResult:
    return TriggerResult(trigger=str(kind), label=name, fired=False, reason=reason, threshold=threshold)


def _check_threshold(what: str, threshold: object) -> None:
    if isinstance(threshold, bool) or not isinstance(threshold, int | float) or not 0.0 < threshold < math.inf:
        raise ConfigurationError(f"{what} trigger", f"threshold: found {threshold!r}; it has to be more than 0")


def _check_mode(what: str, mode: object) -> None:
    if mode not in ("min", "max"):
        raise ConfigurationError(f"{what} trigger", f"mode: found {mode!r}; write min or max")
