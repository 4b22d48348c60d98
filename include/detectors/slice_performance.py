"""Performance in slices: is the champion worse on the rows that share a value, though not on the whole?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import ClassVar

from include.data.profile import NO_EXTRAS, Extra
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison
from include.detectors.performance import compare_with_baseline
from include.scoring import Baseline, LabelledRows, Metric

Slice = tuple[str, Baseline, LabelledRows]


@dataclass(frozen=True, kw_only=True)
class SlicePerformanceMonitor:
    """The primary metric in each slice against the same slice's baseline; asks for no retrain, it shows where to look.

    The test is that of `ModelPerformanceMonitor`. A slice holds the rows with one value of a column, or one quarter of
    a numeric column, as cut when the champion was accepted (see `include.scoring.SliceRule`).

    Parameters
    ----------
    threshold : float or None
        Worsening that matters, counted as the metric does; None for the metric's own.
    level : float, default 0.01
        Probability of calling any slice of an unchanged model worse on one check: each has its share of it.
    fewest_rows : int, default 50
        Labelled rows that a slice needs, both recent and at acceptance, to be judged.
    """

    extras: ClassVar[Extra] = NO_EXTRAS

    threshold: float | None = None
    level: float = 0.01
    fewest_rows: int = 50

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal for each slice; none for a model without slices."""
        metric, baseline, labelled = comparison.metric, comparison.baseline, comparison.labelled
        if metric is None or baseline is None or not baseline.slices:
            return []
        if labelled is None or len(labelled) == 0:
            return [self._signal(metric, ", ".join(baseline.slices), Verdict.NO_DATA, "no recent row has a label")]
        gone = [name for name in baseline.slices if name not in labelled.slices]
        known = list(_slices(baseline, labelled))
        level = self.level / max(len(known), 1)
        enough = labelled.evidence >= comparison.minimum_rows
        return [
            *(self._signal(metric, name, Verdict.NO_DATA, f"column {name!r} is gone") for name in gone),
            *(self._judge(metric, one, level, self.fewest_rows if enough else len(labelled) + 1) for one in known),
        ]

    def _judge(self, metric: Metric, one: Slice, level: float, needed: int) -> Signal:
        name, baseline, labelled = one
        if min(labelled.evidence, baseline.rows) < needed:
            reason = f"{name}: {labelled.amount} labelled rows, {baseline.rows} at acceptance, {needed} needed of both"
            return self._signal(metric, name, Verdict.INCONCLUSIVE, reason, level)
        hindrance = metric.hindrance(labelled)
        if hindrance:
            return self._signal(metric, name, Verdict.INCONCLUSIVE, f"{name}: {hindrance}", level)
        found = compare_with_baseline(metric, baseline, labelled)
        changed = found.value >= self._threshold(metric) and found.p_value < level
        return Signal(
            kind=SignalKind.SLICE_PERFORMANCE, feature=name, statistic=metric.name, value=found.value,
            threshold=self._threshold(metric), p_value=found.p_value, level=level, detail=found.detail,
            verdict=Verdict.CHANGED if changed else Verdict.STABLE,
            reason=f"{name}: {metric.name} {found.current:.4g}, {found.reason}",
        )  # fmt: skip

    def _threshold(self, metric: Metric) -> float:
        return metric.threshold if self.threshold is None else self.threshold

    def _signal(self, metric: Metric, name: str, verdict: Verdict, reason: str, level: float | None = None) -> Signal:
        return Signal(
            kind=SignalKind.SLICE_PERFORMANCE, feature=name, statistic=metric.name, verdict=verdict, reason=reason,
            threshold=self._threshold(metric), level=level or self.level,
        )  # fmt: skip


def _slices(baseline: Baseline, labelled: LabelledRows) -> Iterator[Slice]:
    """Name, baseline and recent rows of each slice whose column the recent rows have."""
    for column, part in baseline.slices.items():
        if column not in labelled.slices:
            continue
        places = part.rule.assign(labelled.slices[column])
        for place, name in enumerate(part.rule.names):
            if name in part.baselines:
                yield f"{column}: {name}", part.baselines[name], labelled.where(places == place)
