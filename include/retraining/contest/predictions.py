"""Rows with predictions: by a trained model, or as recorded beside them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.arrays import label
from include.data.class_columns import positive_class
from include.data.profile import to_floats, to_names
from include.errors import DataError, TrainingError, did_you_mean
from include.registry.spec import ModelSpec
from include.retraining.answering import answers_of
from include.retraining.contest.recorded_chances import has_chances, recorded_chances, row_chances
from include.retraining.prepare import Columns, feature_table, target_values
from include.retraining.trainers.trainer import Predictor
from include.retraining.weights import row_weights
from include.scoring import METRICS, Baseline, LabelledRows, PredictedRows, Task
from include.scoring.classes import ClassCoding
from include.scoring.labelled_rows import Moments, moments_of
from include.scoring.rhythm import STRETCH

MOSTLY = 0.95  # share of the labelled rows with a probability, from which on the others count as not arrived

Values = npt.NDArray[Any]
Floats = npt.NDArray[np.float64]


def judged_rows(
    spec: ModelSpec, predictor: Predictor, features: pd.DataFrame, actual: Values, table: pd.DataFrame | None = None,
    weight: Floats | None = None, moment: Moments | None = None,
) -> LabelledRows:  # fmt: skip
    """Labelled rows with a model's predictions, and its probabilities if it gives any.

    Parameters
    ----------
    features : DataFrame
        As `include.retraining.prepare.feature_table` makes them.
    actual : array
        Labels of the same rows.
    table : DataFrame, optional
        The same rows as they were read, for their slices and their times.
    weight : array, optional
        How much each row counts; by default all count the same.
    moment : array, optional
        Which rows share their time; see `shared_moments`.

    Raises
    ------
    TrainingError
        When the primary metric needs probabilities and the model gives none.
    DataError
        When a column of slices is not in the table.
    """
    names = _class_names(spec, actual)
    predicted, chances = answers_of(predictor, features)
    probability, found = chances or (None, ())
    classes = _respelled(spec, found, names)
    if METRICS[spec.metric].needs_probability and probability is None:
        raise TrainingError(
            f"model {spec.name}: field metric: {spec.metric} needs probabilities, and the model trained has no "
            "predict_proba; choose another estimator or another metric"
        )
    names = tuple(dict.fromkeys((*classes, *names)))
    positive = positive_class(spec, names)
    there = [*spec.slices] if table is None else [str(name) for name in table.columns]
    if gone := [name for name in spec.slices if name not in there]:
        near = did_you_mean(gone[0], there)
        raise DataError(f"model {spec.name}: field slices: no column {', '.join(gone)} in the rows{near}")
    return LabelledRows(
        actual=actual, predicted=_answered(spec, predicted, names), probability=probability,
        classes=classes, positive=positive, periods_per_year=_periods(spec),
        slices={} if table is None else _slices(spec, table), weight=weight, moment=moment,
        stretch=None if table is None else _stretches(spec, table),
    )  # fmt: skip


def recorded_rows(
    spec: ModelSpec, actual: Values, table: pd.DataFrame, weight: Floats | None = None
) -> LabelledRows:  # fmt: skip
    """Labelled rows with the predictions, and the probabilities, that `table` carries for them all.

    Raises
    ------
    DataError
        When a prediction is missing, or a probability that the primary metric needs.
    """
    predicted = target_values(spec, table[spec.prediction], "prediction")
    if pd.isna(predicted).any():
        raise DataError(f"model {spec.name}: field prediction: held-out rows without the champion's prediction")
    probability, classes = recorded_chances(spec, table, (actual, predicted), ())
    if METRICS[spec.metric].needs_probability and (probability is None or np.isnan(probability).any()):
        raise DataError(_without_probability(spec))
    positive = positive_class(spec, classes or _class_names(spec, actual))
    return LabelledRows(
        actual=actual, predicted=predicted.astype(str) if spec.task is Task.CLASSIFICATION else predicted,
        probability=None if probability is None or np.isnan(probability).any() else probability,
        classes=classes, positive=positive, periods_per_year=_periods(spec), weight=weight,
        moment=shared_moments(spec, table),
    )  # fmt: skip


def shared_moments(spec: ModelSpec, table: pd.DataFrame) -> Moments | None:
    """Which rows of `table`, in time order, share their time: as `LabelledRows.moment`; None without timestamps."""
    return None if spec.timestamp is None else moments_of(table[spec.timestamp].astype("int64").to_numpy())


def _stretches(spec: ModelSpec, table: pd.DataFrame) -> Moments | None:
    """In which six hours each row of `table` is: as `LabelledRows.stretch`; None without timestamps."""
    if spec.timestamp is None:
        return None
    times = table[spec.timestamp]
    return np.asarray(times.astype("int64").to_numpy() // (STRETCH // pd.Timedelta(1, times.dt.unit)), dtype=np.intp)


def with_record(spec: ModelSpec, table: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Which rows carry what `recorded_rows` needs; all, where half of them or more do not: that is no accident."""
    there = ~pd.isna(target_values(spec, table[spec.prediction], "prediction"))
    if METRICS[spec.metric].needs_probability and has_chances(spec, table):
        there &= ~np.isnan(row_chances(spec, table)).any(axis=1)
    return there if 2 * there.sum() > len(there) else np.ones_like(there)


@dataclass(frozen=True, kw_only=True)
class RecentRows:
    """Recent rows with predictions.

    Parameters
    ----------
    predicted : array of shape (n,)
        Of all recent rows, whether their label has arrived or not; empty if nothing can be predicted because a
        feature's column is gone.
    labelled : LabelledRows or None
        Those whose label has arrived; None for none.
    unlabelled : PredictedRows or None
        Those still without one, where the champion's calibrated probabilities allow to estimate how well it does.
    features : DataFrame or None
        What the champion was given, where all predictions are its own.
    """

    predicted: Values
    labelled: LabelledRows | None = None
    unlabelled: PredictedRows | None = None
    features: pd.DataFrame | None = None


def recent_rows(
    spec: ModelSpec, recent: pd.DataFrame, columns: Columns, baseline: Baseline | None, load: Callable[[], Predictor]
) -> RecentRows:
    """Recent rows with predictions: those recorded; where there is none, the champion's. So with probabilities.

    Parameters
    ----------
    recent : DataFrame
        Labels that have not arrived are empty, and those of rows without a weight above 0, where there are any.
    columns, baseline : Columns, Baseline or None
        The champion's; rows without a label are of use only with its calibrated probabilities.
    load : callable
        Loads the champion; called only if a prediction is missing.

    Raises
    ------
    DataError
        When the primary metric needs a probability that most rows do not have.
    """
    if recent.empty:
        return RecentRows(predicted=np.empty(0))
    known = baseline or Baseline(scores={})
    actual = target_values(spec, recent[spec.target])
    arrived, weight = ~pd.isna(actual), row_weights(spec, recent)
    answers = _answers(spec, recent, columns, actual[arrived], known.classes, load)
    if answers is None:
        return RecentRows(predicted=np.empty(0))
    predicted, probability, classes, features = answers
    certain = np.asarray(~np.isnan(probability).any(axis=1) & bool(classes))
    every = predicted.astype(actual.dtype if actual.dtype.kind == "f" else object)
    if arrived.any() and MOSTLY <= certain[arrived].mean() < 1.0:
        arrived &= certain  # a few rows without a probability do not take those of all others away
    labelled = None
    if arrived.any():
        complete = bool(certain[arrived].all())
        if METRICS[spec.metric].needs_probability and not complete:
            raise DataError(_without_probability(spec))
        labelled = LabelledRows(
            actual=actual, predicted=every, probability=probability if complete else None, classes=classes,
            positive=known.positive or positive_class(spec, classes), periods_per_year=_periods(spec), weight=weight,
            slices=_slices(spec, recent), moment=shared_moments(spec, recent), stretch=_stretches(spec, recent),
        ).where(arrived)  # fmt: skip
    waiting = ~arrived & certain & (True if weight is None else weight > 0.0)
    unlabelled = None
    if known.calibration is not None and waiting.any():
        unlabelled = PredictedRows(
            predicted=predicted[waiting], probability=probability[waiting], classes=classes,
            weight=None if weight is None else weight[waiting],
        )  # fmt: skip
    return RecentRows(predicted=every, labelled=labelled, unlabelled=unlabelled, features=features)


def _answers(
    spec: ModelSpec, recent: pd.DataFrame, columns: Columns, actual: Values, classes: tuple[str, ...],
    load: Callable[[], Predictor],
) -> tuple[Values, Values, tuple[str, ...], pd.DataFrame | None] | None:  # fmt: skip
    """Predictions and probabilities (NaN where there are none) of all rows, the classes, and `RecentRows.features`.

    None if it cannot be.
    """
    features: pd.DataFrame | None = None
    predicted = np.full(len(recent), None, dtype=object)
    probability: Values | None = None
    if spec.prediction is not None and spec.prediction in recent.columns:
        predicted = target_values(spec, recent[spec.prediction], "prediction").astype(object)
        probability, classes = recorded_chances(spec, recent, (actual, predicted), classes)
    missing = pd.isna(predicted)
    if missing.any():
        if set(columns.features) - set(recent.columns):
            return None  # a column is gone: data quality says so
        predictor, features = load(), feature_table(recent[missing], columns)
        names = classes or _class_names(spec, actual)
        answered, computed = answers_of(predictor, features)
        predicted[missing] = _answered(spec, answered, names)
        if computed is not None:
            respelled = _respelled(spec, computed[1], names)
            probability, classes = _filled(probability, classes, missing, (computed[0], respelled))
    if probability is None:
        probability = np.full((len(recent), len(classes)), np.nan)
    return predicted, probability, classes, features if missing.all() else None


def champion_answers(
    spec: ModelSpec, predictor: Predictor, table: pd.DataFrame, columns: Columns, classes: tuple[str, ...]
) -> Values:
    """What a model answers on rows, whatever predictions they carry; classes are spelled as in `classes`."""
    return _answered(spec, predictor.predict(feature_table(table, columns)), classes).astype(object)


def _class_names(spec: ModelSpec, values: Values) -> tuple[str, ...]:
    """The classes that occur among labels or predictions; none of a regression."""
    if spec.task is Task.REGRESSION:
        return ()
    return tuple(str(name) for name in pd.unique(np.asarray(values).astype(object)) if name is not None)


def _answered(spec: ModelSpec, answers: Values, names: tuple[str, ...]) -> Values:
    """What a model answered, with its classes spelled as in `names`: a model of one's own may say 1 for true."""
    if spec.task is Task.REGRESSION:
        return answers
    codes, found = pd.factorize(np.asarray(answers).astype(object))
    spelled = [label(each) for each in found]
    made = _respelled(spec, tuple(spelled), names)
    return np.array(made, dtype=object)[codes]


def _respelled(spec: ModelSpec, given: tuple[str, ...], names: tuple[str, ...]) -> tuple[str, ...]:
    """Classes spelled as in `names`; as they are where two of them would become one."""
    coding = ClassCoding.of(known=names, declared=spec.classes)
    made = tuple(coding.name(each) for each in given)
    return made if len(set(made)) == len(made) else given


def _filled(
    probability: Values | None, classes: tuple[str, ...], missing: npt.NDArray[np.bool_],
    computed: tuple[Values, tuple[str, ...]],
) -> tuple[Values, tuple[str, ...]]:  # fmt: skip
    """The same with what the champion computed for the missing rows."""
    values, names = computed
    if probability is None or not classes:
        probability, classes = np.full((len(missing), len(names)), np.nan), names
    if set(names) == set(classes):
        probability[missing] = values[:, [names.index(name) for name in classes]]
    return probability, classes


def _slices(spec: ModelSpec, table: pd.DataFrame) -> Mapping[str, Values]:
    """Each slice column of `table`: numbers as floats, anything else by the names of categories."""
    found: dict[str, Values] = {}
    for name in spec.slices:
        if name not in table.columns:
            continue  # the detector says so
        values = table[name]
        if pd.api.types.is_numeric_dtype(values) and not pd.api.types.is_bool_dtype(values):
            found[name] = to_floats(values)[0]
        else:
            found[name] = to_names(values)
    return found


def _periods(spec: ModelSpec) -> float | None:
    return None if spec.trading is None else spec.trading.periods_per_year


def _without_probability(spec: ModelSpec) -> str:
    return (
        f"model {spec.name}: field probability: {spec.metric} needs a probability for each row with a recorded "
        "prediction; name their column (with `positive_class`), or leave `prediction` out: then the champion predicts"
    )
