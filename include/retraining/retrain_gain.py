"""What a retrain would gain: does the champion make errors that recent rows teach to avoid?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.decision.signals import Signal, SignalKind, Verdict
from include.registry.spec import ModelSpec
from include.retraining.prepare import Columns, feature_table, target_values
from include.retraining.trainers.sklearn_trainer import MOST_CATEGORIES
from include.retraining.weights import passed_on
from include.scoring import METRICS, LabelledRows, Metric, Task
from include.scoring.paired import paired_gain

Floats = npt.NDArray[np.float64]

MOST_ROWS = 20_000  # the latest labelled rows are looked at: enough to prove what matters, and bounded work
MOST_CLASSES = 20  # the most frequent ones; the probabilities of others stay the champion's
EARLIER = 2.0 / 3.0  # share of the rows that the correction learns from
FEWEST_ROWS = 300  # with fewer nothing can be learnt, and nothing found would prove nothing

#: Few small trees with many rows in each leaf: what they learn from noise is little, so that what there is to learn
#: shows. Of a slope that is half right, 1,000 independent rows and eight features, they find 96 %; forty trees with
#: fifteen leaves found 48 %.
CAUTIOUS: Mapping[str, Any] = {
    "max_iter": 20, "max_leaf_nodes": 7, "min_samples_leaf": 40, "learning_rate": 0.1, "early_stopping": False,
    "random_state": 0,
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class CorrectionTrial:
    """Learns a correction of the champion from the earlier recent rows, and tries it on the later ones.

    An old model that errs more is not yet a reason to retrain: the rows may have become harder to predict, and then a
    new version errs as much. What pays is an error that can be learnt. A small gradient boosting model is fitted to
    the champion's residuals (of a classifier: 0 or 1 less the probability, for each class) on the earlier two thirds
    of the labelled recent rows, from the features and the champion's own answer. On the later third champion and
    corrected champion are compared, row by row, as at the gate. The gain says little of what a version trained on
    all rows would win, but that there is something to win.

    A gain that matters but may be chance is inconclusive: grave harm then speaks for itself. Where nothing changed, and
    the champion has learnt what there is to learn, the correction learns noise and makes the champion worse: the test
    is then on the safe side. A champion that was trained on few rows can gain from more of them, and the signal says
    so although nothing changed.

    It is none of `include.detectors.catalogue.DETECTORS`: those compare profiles, this trains on the rows themselves.

    Parameters
    ----------
    threshold : float
        Gain that matters, counted as the metric counts a worsening: how much worse the champion is than the corrected
        champion.
    level : float
        Probability of calling a champion improvable that is not.
    minimum_rows : int
        Labelled rows below which nothing is tried; at least `FEWEST_ROWS` are needed.
    """

    threshold: float
    level: float
    minimum_rows: int

    def detect(self, features: pd.DataFrame, columns: Columns, labelled: LabelledRows, metric: Metric) -> Signal:
        """One signal.

        Parameters
        ----------
        features : DataFrame of shape (n, number of features)
            Of the labelled rows, as `include.retraining.prepare.feature_table` makes them.
        labelled : LabelledRows
            The same rows in time order, with the champion's predictions.
        """
        if labelled.periods_per_year is not None:
            return self._unknown(metric, Verdict.NO_DATA, "a trading model's answers are positions: no error to learn")
        needed = max(self.minimum_rows, FEWEST_ROWS)
        if labelled.evidence < needed:
            reason = f"{labelled.amount} labelled rows, {needed} needed"
            return self._unknown(metric, Verdict.INCONCLUSIVE, reason)
        kept = np.arange(len(labelled)) >= len(labelled) - MOST_ROWS
        features, labelled = features[kept], labelled.where(kept)
        cut = int(len(labelled) * EARLIER)
        try:
            corrected = _corrected(features, columns, labelled, metric.task, cut)
        except (ValueError, ArithmeticError) as error:
            return self._unknown(metric, Verdict.INCONCLUSIVE, f"nothing can be learnt: {error}")
        later = labelled.where(np.arange(len(labelled)) >= cut)
        hindrance = metric.hindrance(later) or metric.hindrance(corrected)
        if hindrance:
            reason = f"{metric.name} cannot be computed on the later rows: {hindrance}"
            return self._unknown(metric, Verdict.INCONCLUSIVE, reason)
        return self._judge(metric, later, corrected, cut)

    def _judge(self, metric: Metric, champion: LabelledRows, corrected: LabelledRows, cut: int) -> Signal:
        found = paired_gain(metric, champion, corrected)
        current, learnt = metric.score(champion), metric.score(corrected)
        value = metric.worsening(baseline=learnt, recent=current)
        verdict = Verdict.STABLE
        if value >= self.threshold:
            verdict = Verdict.CHANGED if found.p_value < self.level else Verdict.INCONCLUSIVE
        return Signal(
            kind=SignalKind.RETRAIN_GAIN, statistic=metric.name, value=value, threshold=self.threshold,
            verdict=verdict, p_value=found.p_value, level=self.level,
            reason=f"a correction learnt from the earlier {cut} labelled rows brings {metric.name} from {current:.4g} "
            f"to {learnt:.4g} on the later {len(champion)} (p {found.p_value:.2g})",
            detail={"current": current, "learnt": learnt, "rows": float(len(champion))},
        )  # fmt: skip

    def _unknown(self, metric: Metric, verdict: Verdict, reason: str) -> Signal:
        return Signal(
            kind=SignalKind.RETRAIN_GAIN, statistic=metric.name, verdict=verdict, threshold=self.threshold,
            level=self.level, reason=reason,
        )  # fmt: skip


def measure_gain(
    detector: CorrectionTrial, spec: ModelSpec, recent: pd.DataFrame, columns: Columns,
    labelled: LabelledRows | None, features: pd.DataFrame | None = None,
) -> Sequence[Signal]:  # fmt: skip
    """The signal about the recent rows; none without any label, or where a feature's column is gone.

    Parameters
    ----------
    recent : DataFrame
        All recent rows, labelled or not.
    columns : Columns
        The champion's features.
    labelled : LabelledRows or None
        The recent rows with a label, in the same order.
    features : DataFrame, optional
        What `feature_table` makes of `recent`, where it has been made.
    """
    if labelled is None or set(columns.features) - set(recent.columns):
        return []
    arrived = ~pd.isna(target_values(spec, recent[spec.target]))
    features = feature_table(recent[arrived], columns) if features is None else features[arrived]
    return [detector.detect(features, columns, labelled, METRICS[spec.metric])]


def _corrected(features: pd.DataFrame, columns: Columns, labelled: LabelledRows, task: Task, cut: int) -> LabelledRows:
    """The rows from `cut` on, predicted by the champion with what was learnt from those before."""
    later = labelled.where(np.arange(len(labelled)) >= cut)
    weight = None if labelled.weight is None else labelled.weight[:cut]
    if task is Task.REGRESSION:
        answers = np.asarray(labelled.predicted, dtype=float)[:, None]
        residuals = np.asarray(labelled.actual, dtype=float)[:, None] - answers
        moved = answers[cut:] + _learnt(features, columns, answers, residuals, cut, weight)
        return replace(later, predicted=moved[:, 0])
    names = np.array([str(name) for name in labelled.coded.names], dtype=object)
    answers = _probabilities(labelled, names)
    truth = np.eye(len(names))[labelled.coded.actual]
    frequent = np.argsort(-truth[:cut].sum(axis=0), kind="stable")[:MOST_CLASSES]
    taught = frequent[:1] if len(names) == 2 else frequent  # of two classes one has what the other lacks
    learnt = _learnt(features, columns, answers[:, frequent], (truth - answers)[:, taught], cut, weight)
    chances = answers[cut:].copy()
    chances[:, taught] += learnt
    if len(names) == 2:
        chances[:, frequent[1:]] -= learnt
    chances = np.clip(chances, 1e-6, None)
    chances /= chances.sum(axis=1, keepdims=True)
    return replace(
        later, predicted=names[chances.argmax(axis=1)], probability=chances, classes=tuple(str(name) for name in names)
    )


def _probabilities(labelled: LabelledRows, names: npt.NDArray[np.object_]) -> Floats:
    """The champion's probability of each class; 1 for the class it says where it gives none."""
    if labelled.probability is None:
        return np.eye(len(names))[labelled.coded.predicted]
    return np.column_stack([labelled.chance_of(str(name)) for name in names])


def _learnt(
    features: pd.DataFrame, columns: Columns, answers: Floats, residuals: Floats, cut: int, weight: Floats | None
) -> Floats:
    """What the residuals of the rows before `cut` teach about those of the rows from it on."""
    from sklearn.ensemble import HistGradientBoostingRegressor  # here: a task that only decides must not wait for it

    numbers, categories = _as_numbers(features, columns, cut)
    seen = np.column_stack([numbers, answers])
    model = HistGradientBoostingRegressor(**CAUTIOUS, categorical_features=categories or None)
    given = passed_on(weight, "sample_weight")
    return np.column_stack([model.fit(seen[:cut], each[:cut], **given).predict(seen[cut:]) for each in residuals.T])


def _as_numbers(features: pd.DataFrame, columns: Columns, cut: int) -> tuple[Floats, list[int]]:
    """The features that have a value before `cut`, NaN for missing ones, and which of them are codes of categories.

    Categories that are not among the `MOST_CATEGORIES` most frequent ones before `cut` count as missing.
    """
    made: list[Floats] = []
    categories: list[int] = []
    for name in columns.features:
        named = name in columns.categorical
        values = _codes(features[name], cut) if named else features[name].to_numpy(dtype=float)
        if np.isnan(values[:cut]).all():
            continue
        if named:
            categories.append(len(made))
        made.append(values)
    return np.column_stack(made) if made else np.empty((len(features), 0)), categories


def _codes(values: pd.Series[Any], cut: int) -> Floats:
    """Each category's place by how frequent it is before `cut`; NaN for missing and rare ones."""
    codes, names = pd.factorize(values)
    frequent = np.argsort(-np.bincount(codes[:cut][codes[:cut] >= 0], minlength=len(names)), kind="stable")
    places = np.full(len(names) + 1, np.nan)  # the last is that of -1, which means missing
    places[frequent[:MOST_CATEGORIES]] = np.arange(min(len(names), MOST_CATEGORIES))
    return np.asarray(places[codes])
