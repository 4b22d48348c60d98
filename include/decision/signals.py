"""What detectors say: signals and their verdicts. The words are those of the README's vocabulary."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum


def in_percent(change: float, beyond: str = "up from 0") -> str:
    """A relative change in percent, or in words where there is none, because what it is relative to was 0.

    >>> in_percent(0.125), in_percent(float("inf"))
    ('+12.5%', 'up from 0')
    """
    return f"{change:+.1%}" if math.isfinite(change) else beyond


def worse_or_better(worsening: float) -> str:
    """How much worse something has become, relative to what it was, in words.

    >>> worse_or_better(0.125), worse_or_better(-0.5), worse_or_better(float("inf"))
    ('+12.5% worse', '50.0% better', 'infinitely worse')
    """
    return f"{-worsening:.1%} better" if worsening < 0.0 else f"{in_percent(worsening, 'infinitely')} worse"


class Verdict(StrEnum):
    """What one comparison of reference and recent rows allows one to say."""

    NO_DATA = "no_data"  # nothing to compare: no recent rows, or none with a label
    INCONCLUSIVE = "inconclusive"  # rows, but too few to tell a change from chance
    STABLE = "stable"  # enough rows, and no change beyond chance and beyond the smallest effect that matters
    CHANGED = "changed"  # a change beyond both


class SignalKind(StrEnum):
    """What a signal is about; decisions weigh harm before drift."""

    PERFORMANCE = "performance"
    SLICE_PERFORMANCE = "slice_performance"  # of rows that share a value; asks for no retrain
    ESTIMATED_PERFORMANCE = "estimated_performance"  # without labels; never counts as known performance
    RETRAIN_GAIN = "retrain_gain"  # what a correction learnt from recent rows wins on later ones
    CONCEPT_DRIFT = "concept_drift"
    SLOW_DRIFT = "slow_drift"  # a small lasting rise of the errors: informs, asks for no retrain
    DATA_DRIFT = "data_drift"
    TARGET_DRIFT = "target_drift"
    PREDICTION_DRIFT = "prediction_drift"
    OUTLIERS = "outliers"
    DATA_QUALITY = "data_quality"
    SUFFICIENCY = "sufficiency"
    PROBATION = "probation"  # a new champion against the one before it; rolls back, asks for no retrain
    SHADOW = "shadow"  # a challenger that passed the gate beside the champion; its last check publishes it or not
    FORMER_CHAMPION = "former_champion"  # an earlier champion does better now; it comes back, nothing is trained
    CHAMPION = "champion"  # it does not answer here, or is not what answers in production; asks for nothing
    EXPLANATION = "explanation"  # how much of a rise of the loss changed inputs explain; asks for nothing


ANSWERS = "answers"  # statistic of `SignalKind.CHAMPION`: it does not answer here
RECORDED = "recorded"  # statistic of `SignalKind.CHAMPION`: the predictions that come with the rows are not its own

#: What shows that the champion does harm, or that a retrain would mend some; the most telling first.
HARM = (SignalKind.RETRAIN_GAIN, SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT)


@dataclass(frozen=True, kw_only=True)
class Signal:
    """One measured change.

    Parameters
    ----------
    kind : SignalKind
    statistic : str
        What was measured, for example ``"ks"`` or ``"rmse"``.
    verdict : Verdict
    feature : str, default ""
        The column; empty for signals about the model as a whole.
    value : float or None
        The statistic on the recent rows, in the statistic's own unit.
    threshold : float or None
        The value from which on the effect matters.
    p_value : float or None
        Probability of such a value without change, in [0, 1], not yet corrected for the number of features.
    level : float or None
        Significance level that `p_value` had to meet, already corrected for the number of features.
    blocks : bool, default False
        Whether the rows are so broken that a model must not be trained on them.
    reason : str
        One sentence for the operator.
    detail : mapping of str to float
        Further numbers of the same measurement (rows, effective rows, bounds).
    """

    kind: SignalKind
    statistic: str
    verdict: Verdict
    reason: str
    feature: str = ""
    value: float | None = None
    threshold: float | None = None
    p_value: float | None = None
    level: float | None = None
    blocks: bool = False
    detail: Mapping[str, float] = field(default_factory=dict)

    @property
    def changed(self) -> bool:
        """Whether the verdict is `Verdict.CHANGED`."""
        return self.verdict is Verdict.CHANGED
