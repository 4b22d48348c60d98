"""Signals and policy to a decision, for use without Airflow and without a database."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

import numpy.typing as npt
import pandas as pd

from include.data.pairs import Pair, named_by_text, profile_pair, require_frames
from include.data.profile import OUTLIER_Z
from include.data.reference.calibration import calibrate
from include.data.targets import Target, find_target, inputs_of
from include.decision.decide import decide
from include.decision.decision import Decision
from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS, PolicySettings
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors import Comparison, Detector, ModelPerformanceMonitor, OutlierDetector
from include.detectors.catalogue import detect, standard_detectors
from include.detectors.comparison import extras_of
from include.detectors.performance import DEFAULT_THRESHOLDS
from include.detectors.stuck import stuck_columns
from include.errors import ConfigurationError, DataError
from include.orchestrator.answers import Answers, check_metrics, read_answers, unjudged_metrics
from include.orchestrator.outlier_counts import counted_by
from include.registry.kinds import incomparable, unwatched
from include.scoring import METRICS, Task

_ABOVE_NOUGHT = (
    "performance_threshold", "r2_threshold", "rmse_threshold", "accuracy_threshold", "error_threshold",
    "z_score_threshold", "outlier_pct_threshold",
)  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class AutomaticRetrainingOrchestrator:
    """Decides from two tables, predictions and actuals whether a retrain pays.

    Parameters
    ----------
    data_drift_threshold : float, default 0.05
        Probability that any column is called drifted on one check although nothing changed.
    performance_threshold : float, optional
        Worsening of each given metric that matters; default: R² -5 %, RMSE and MAE +10 %, accuracy -0.05.
    r2_threshold, rmse_threshold, accuracy_threshold : float, optional
        The same for one metric: relative for R² and RMSE, points for accuracy.
    error_threshold : float, optional
        Relative rise of the mean error within the recent rows that matters; by default that of `settings`, 0.15.
    z_score_threshold : float, default 3
        Standard deviations of the reference from which on a value is an outlier.
    outlier_pct_threshold : float, optional
        Per cent of outliers in a column that matter; by default that of `settings`, 5.
    min_samples_for_retraining : int, default 100
        With fewer recent rows nothing is called changed.
    baseline_metrics : mapping of str to float, optional
        Metrics of the model when it was accepted. A metric without its baseline cannot be judged; the decision's reason
        says so.
    settings : PolicySettings
        Everything else.
    task : Task or str, optional
        ``classification`` or ``regression``. By default predictions and actuals say it: what is no number is a class,
        and so are whole numbers where few values are taken from few (`include.scoring.assumed_task`); the decision's
        reason says what was assumed where both could be.

    Raises
    ------
    ConfigurationError
        When a number is out of its range, or `task` is no task.
    """

    data_drift_threshold: float = 0.05
    performance_threshold: float | None = None
    r2_threshold: float | None = None
    rmse_threshold: float | None = None
    accuracy_threshold: float | None = None
    error_threshold: float | None = None
    z_score_threshold: float = OUTLIER_Z
    outlier_pct_threshold: float | None = None
    min_samples_for_retraining: int = 100
    baseline_metrics: Mapping[str, float] = field(default_factory=dict)
    settings: PolicySettings = PRESETS["balanced"]
    task: Task | str | None = None

    def __post_init__(self) -> None:
        """Refuse numbers out of range."""
        rows = self.min_samples_for_retraining
        if self.task not in (None, *Task):
            raise ConfigurationError("task", f"found {self.task!r}; known: {', '.join(Task)}")
        if not 0.0 < self.data_drift_threshold < 1.0:
            found = f"found {self.data_drift_threshold:g}; a probability is needed, more than 0 and less than 1"
            raise ConfigurationError("data_drift_threshold", found)
        for name in _ABOVE_NOUGHT:
            value = getattr(self, name)
            if value is not None and not 0.0 < value < math.inf:
                raise ConfigurationError(name, f"found {value:g}; it has to be more than 0")
        if self.outlier_pct_threshold is not None and self.outlier_pct_threshold >= 100.0:
            raise ConfigurationError("outlier_pct_threshold", "it is in per cent and has to be less than 100")
        if rows < 1:
            raise ConfigurationError("min_samples_for_retraining", f"found {rows}; it has to be 1 or more")
        check_metrics("baseline_metrics", self.baseline_metrics)

    def should_retrain(
        self,
        reference: pd.DataFrame,
        recent: pd.DataFrame,
        predictions: npt.ArrayLike | None = None,
        actuals: npt.ArrayLike | None = None,
        metrics: Mapping[str, float] | None = None,
        target: str | None = None,
    ) -> Decision:
        """Decide; rows in time order.

        Parameters
        ----------
        reference, recent : DataFrame
            The columns of `reference` are compared.
        predictions, actuals : array of shape (n,), optional
            The model's predictions on the `n` recent rows, and what came true; an empty actual has not arrived.
            Predictions half of which are empty are a fault that blocks a retrain.
        metrics : mapping of str to float, optional
            The model's current metrics, for comparison with `baseline_metrics`.
        target : str, optional
            The column that is predicted: it is no input, whichever of the tables has it. By default it is found by its
            name or by the actuals, and the reason says so; an empty text says that there is none.

        Raises
        ------
        ConfigurationError
            When a metric has a value that it cannot have.
        DataError
            When the reference has no rows, or the tables, the target, predictions and actuals do not fit together.
        """
        require_frames(reference, recent)
        reference, recent = named_by_text(reference), named_by_text(recent)
        if not len(reference):
            raise DataError("reference: it has no rows; give those that the model was trained on")
        given = metrics or {}
        check_metrics("metrics", given)
        predicted = find_target(reference, recent, target, actuals) if target != "" else Target()
        labels = reference[predicted.name] if predicted.name in reference.columns else None
        reference, recent = (inputs_of(table, [predicted.name]) for table in (reference, recent))
        _require_shared(reference, recent)
        answers = read_answers(predictions, actuals, len(recent), Task(self.task) if self.task else None, labels)
        comparison, found = self._found(reference, recent, answers, labels)
        signals = [*answers.signals, *found, *self._performance(given)]
        decision = decide(standard_policy(self.settings), Evidence(now=datetime.now(UTC), signals=signals))
        left = (incomparable(comparison.kinds), *answers.unjudged, *unjudged_metrics(given, self.baseline_metrics))
        decision = _with_unjudged(decision, left)
        taken = f"{predicted.name!r} is taken for the target ({predicted.why}), no input" if predicted.why else ""
        return replace(decision, reason="; ".join(filter(None, (decision.reason, answers.assumed, taken))))

    def _found(
        self, reference: pd.DataFrame, recent: pd.DataFrame, answers: Answers, labels: pd.Series[Any] | None
    ) -> tuple[Comparison, list[Signal]]:
        """The comparison of the tables, and what the detectors say of it."""
        detectors = self._detectors()
        pair = profile_pair(reference, recent, extras=extras_of(detectors), labels=labels)
        comparison = self._compare(counted_by(pair, self.z_score_threshold), answers)
        return comparison, [*detect(detectors, comparison), *_stuck(reference, recent, comparison)]

    def _detectors(self) -> list[Detector]:
        """Those of the settings; performance is judged by the given metrics."""
        settings = self.settings.replace(drift_level=self.data_drift_threshold)
        if self.error_threshold is not None:
            settings = settings.replace(concept_drift_threshold=self.error_threshold)
        if self.outlier_pct_threshold is not None:
            settings = settings.replace(outlier_share=self.outlier_pct_threshold / 100.0)
        found = standard_detectors(settings, "rmse", without=["performance"])
        return [
            replace(each, z=self.z_score_threshold) if isinstance(each, OutlierDetector) else each for each in found
        ]

    def _compare(self, pair: Pair, answers: Answers) -> Comparison:
        watched, rows = pair.known.without(unwatched(pair.kinds)), len(pair.recent)
        calibration = calibrate(pair.calibrating, watched, rows) if rows else None
        return Comparison(
            reference=pair.known,
            recent=pair.found,
            new_columns=pair.new_columns,
            kinds=pair.kinds,
            labelled=answers.labelled,
            metric=METRICS["rmse" if answers.task is Task.REGRESSION else "accuracy"],
            calibration=calibration,
            minimum_rows=self.min_samples_for_retraining,
        )

    def _performance(self, metrics: Mapping[str, float]) -> list[Signal]:
        thresholds = dict(DEFAULT_THRESHOLDS)
        if self.performance_threshold is not None:
            thresholds = dict.fromkeys(thresholds, self.performance_threshold)
        own = {"r2": self.r2_threshold, "rmse": self.rmse_threshold, "accuracy": self.accuracy_threshold}
        thresholds |= {name: value for name, value in own.items() if value is not None}
        found: dict[str, dict[str, Any]] = ModelPerformanceMonitor(thresholds=thresholds).detect_degradation(
            metrics, self.baseline_metrics
        )[1]
        if not found:
            reason = "no metric is known both now and at acceptance"
            return [Signal(kind=SignalKind.PERFORMANCE, statistic="metrics", verdict=Verdict.NO_DATA, reason=reason)]
        return [
            Signal(
                kind=SignalKind.PERFORMANCE, statistic=name, value=entry["worsening"], threshold=entry["threshold"],
                verdict=Verdict.CHANGED if entry["degraded"] else Verdict.STABLE,
                reason=f"{name} {entry['current']:.4g}, {entry['baseline']:.4g} at acceptance",
                detail={"current": entry["current"], "baseline": entry["baseline"]},
            )
            for name, entry in found.items()
        ]  # fmt: skip


def _stuck(reference: pd.DataFrame, recent: pd.DataFrame, comparison: Comparison) -> Iterable[Signal]:
    """Columns that stand still for a part of the recent rows, those left out by which these are sorted."""
    if len(recent) < comparison.minimum_rows:
        return ()
    known = comparison.watched.reference
    names = [name for name in known.columns if name in recent.columns and not _sorted(recent[name].dropna())]
    return stuck_columns(recent, reference, known, names)


def _sorted(values: pd.Series[Any]) -> bool:
    try:
        return values.is_monotonic_increasing or values.is_monotonic_decreasing
    except TypeError:  # of cells that cannot be compared with each other
        return False


def _require_shared(reference: pd.DataFrame, recent: pd.DataFrame) -> None:
    """Refuse tables that cannot be compared at all."""
    if len(reference.columns) and not set(reference.columns) & set(recent.columns):
        known, found = (", ".join(map(str, table.columns[:12])) for table in (reference, recent))
        raise DataError(
            f"recent: it shares no column with the reference: it has {found or 'none'}, the reference {known}; give "
            "both with the same names"
        )


def _with_unjudged(decision: Decision, unjudged: Sequence[str]) -> Decision:
    """The decision with a reason that names what could not be judged."""
    left = [each for each in unjudged if each and each not in decision.reason]
    return replace(decision, reason=f"{decision.reason}; not judged: {'; '.join(left)}") if left else decision
