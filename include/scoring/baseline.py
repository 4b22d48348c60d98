"""How good a version was when it was accepted: what recent performance is compared with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from include.scoring.calibration import ProbabilityCalibration
from include.scoring.catalogue import score_all
from include.scoring.dependence import rows_by_moment, steady_lasting
from include.scoring.labelled_rows import Floats, LabelledRows, Task, linearized
from include.scoring.metric import Metric
from include.scoring.rhythm import ByPhase
from include.scoring.row_errors import row_errors
from include.scoring.slices import SliceRule
from include.scoring.statistics import effective_size, steady_autocorrelation


@dataclass(frozen=True, kw_only=True)
class SliceBaseline:
    """Baselines of one column's slices, by the slice's name, with the primary metric's score only."""

    rule: SliceRule
    baselines: Mapping[str, Baseline]


@dataclass(frozen=True, kw_only=True)
class Baseline:
    """How good a version was on rows it had not been trained on, when it was accepted.

    Parameters
    ----------
    scores : mapping of str to float
        Each metric's value; may hold metrics that the caller measured.
    rows : int
        Labelled rows behind it; 0 when only the scores are known.
    effective_rows : float
        The same with autocorrelation of the row losses, likeness of the rows of one moment, and the rows' weights,
        taken into account.
    loss_mean, loss_variance : float
        Of the primary metric's row losses.
    classes : tuple of str
        The classes that a classifier knows.
    positive : str
        Its positive class; empty where metrics are averages over classes.
    slices : mapping of str to SliceBaseline
        By column.
    calibration : ProbabilityCalibration or None
        Of a classifier's probabilities; None where there are none, or too few rows to calibrate them.
    losses, errors : ByPhase or None
        The row losses, and the errors that concept drift looks at, by their place in the week: what shows a rhythm of
        their own. None without times, for losses below 0, and of versions accepted before these were kept.
    """

    scores: Mapping[str, float]
    rows: int = 0
    effective_rows: float = 0.0
    loss_mean: float = 0.0
    loss_variance: float = 0.0
    classes: tuple[str, ...] = ()
    positive: str = ""
    slices: Mapping[str, SliceBaseline] = field(default_factory=dict)
    calibration: ProbabilityCalibration | None = None
    losses: ByPhase | None = None
    errors: ByPhase | None = None

    @classmethod
    def measure(cls, metric: Metric, labelled: LabelledRows, *, usual: float = 1.0, others: bool = True) -> Baseline:
        """Measure the baseline of `metric` on labelled rows (at least one, without a hindrance to the metric).

        `usual` is the losses' autocorrelation as known from unchanged rows, if it is; see `steady_autocorrelation`.
        Without `others` the primary metric alone is scored.
        """
        losses, judged = metric.row_loss(labelled), metric.judged(labelled)
        alike = (steady_lasting if metric.lasting else steady_autocorrelation)(losses, usual)
        return cls(
            scores=score_all(metric.task, labelled) if others else {metric.name: metric.score(labelled)},
            rows=len(losses), effective_rows=_effective(judged, losses, alike),
            loss_mean=judged.mean(losses), loss_variance=_variance(judged, losses),
            losses=ByPhase.of(losses, judged.stretch, judged.weight),
        )  # fmt: skip

    @classmethod
    def of_version(cls, metric: Metric, held_out: LabelledRows) -> Baseline:
        """The baseline that a version is accepted with: measured also in slices, its probabilities calibrated.

        Only the scores where a hindrance keeps the primary metric from being computed.
        """
        if metric.hindrance(held_out):
            return cls(scores=score_all(metric.task, held_out), classes=held_out.classes)
        measured = cls.measure(metric, held_out)
        positive, classes = "", held_out.classes
        if metric.task is Task.CLASSIFICATION:
            coded = held_out.coded
            positive = "" if coded.positive is None else str(coded.names[coded.positive])
            classes = classes or tuple(str(name) for name in coded.names)
        return cls(
            scores=measured.scores, rows=measured.rows, effective_rows=measured.effective_rows,
            loss_mean=measured.loss_mean, loss_variance=measured.loss_variance, classes=classes, positive=positive,
            slices={
                column: _of_slices(metric, held_out, SliceRule.cut(values), values)
                for column, values in held_out.slices.items()
            },
            calibration=ProbabilityCalibration.fit(held_out), losses=measured.losses,
            errors=_errors(metric, held_out),
        )  # fmt: skip


def _errors(metric: Metric, held_out: LabelledRows) -> ByPhase | None:
    if held_out.stretch is None or metric.for_trading:
        return None
    errors = row_errors(held_out.predicted, held_out.actual, classes=metric.task is Task.CLASSIFICATION)
    there = np.isfinite(errors)
    return ByPhase.of(errors[there], held_out.stretch[there])


def _effective(judged: LabelledRows, losses: Floats, alike: float) -> float:
    """As many independent rows as are as sure of the mean loss; the fewer, the more rows of one moment are alike."""
    rows = effective_size(judged.evidence, alike)
    equal = losses if judged.weight is None else linearized(losses, judged.weight)
    return min(rows, rows_by_moment(equal, judged.moment))


def _variance(labelled: LabelledRows, losses: Floats) -> float:
    """Variance of the row losses, for all that the rows are a sample of; 0 for a single row."""
    if labelled.weight is None:
        return float(losses.var(ddof=1)) if len(losses) > 1 else 0.0
    rows, centred = labelled.evidence, losses - labelled.mean(losses)
    return labelled.mean(np.square(centred)) * rows / (rows - 1.0) if rows > 1.0 else 0.0


def _of_slices(metric: Metric, rows: LabelledRows, rule: SliceRule, values: np.ndarray) -> SliceBaseline:
    places, found = rule.assign(values), {}
    untimed = replace(rows, stretch=None)  # no rhythm is looked for in a slice
    for place, name in enumerate(rule.names):
        part = untimed.where(places == place)
        if not metric.hindrance(part):
            found[name] = Baseline.measure(metric, part, others=False)
    return SliceBaseline(rule=rule, baselines=found)
