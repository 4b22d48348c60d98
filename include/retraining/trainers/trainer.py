"""The protocols of a trainer and of what it returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import TrainingError
from include.retraining.prepare import Columns
from include.retraining.weights import passed_on
from include.scoring import Task

_NEAR_ONE = 1e-3  # how far a row of probabilities may be from 1 in all: they may be of single precision


class Predictor(Protocol):
    """A trained model."""

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        """One prediction a row; `features` as `include.retraining.prepare.feature_table` makes them."""
        ...


def class_probabilities(
    predictor: Predictor, features: pd.DataFrame
) -> tuple[npt.NDArray[np.float64], tuple[str, ...]] | None:
    """Probabilities of each class for each row, and the classes; None from a model that gives none.

    A model that gives them has, as in scikit-learn, ``predict_proba(features)`` of shape (rows, classes) and
    ``classes_``.

    Raises
    ------
    TrainingError
        When they are no probabilities; see `checked_probabilities`.
    """
    predict: Any = getattr(predictor, "predict_proba", None)
    if predict is None:
        return None
    classes = tuple(str(name) for name in getattr(predictor, "classes_"))  # noqa: B009  # no part of the protocol
    found = np.asarray(predict(features), dtype=float)
    if found.shape != (len(features), len(classes)):
        raise TrainingError(
            f"{type(predictor).__name__}: predict_proba answers {len(features)} rows and {len(classes)} classes with "
            f"an array of shape {found.shape}"
        )
    return checked_probabilities(found, f"{type(predictor).__name__}: predict_proba"), classes


def checked_probabilities(found: npt.NDArray[np.float64], made_by: str) -> npt.NDArray[np.float64]:
    """The same, each row made to sum to 1 exactly.

    Most scores look at the probability of the true class only: a model that says 1 of every class would seem perfect.

    Raises
    ------
    TrainingError
        When they are not between 0 and 1, or those of a row do not sum to 1 within 0.001.
    """
    if not ((found >= -_NEAR_ONE) & (found <= 1.0 + _NEAR_ONE)).all():
        raise TrainingError(f"{made_by}: probabilities have to be between 0 and 1")
    total = found.sum(axis=1, keepdims=True)
    wrong = np.flatnonzero(np.abs(total[:, 0] - 1.0) > _NEAR_ONE)
    if len(wrong):
        raise TrainingError(
            f"{made_by}: the probabilities of all classes have to sum to 1 in each row; in {len(wrong)} of "
            f"{len(found)} rows they do not, the first of them sums to {total[wrong[0], 0]:.4g}"
        )
    clipped = found.clip(0.0, 1.0)
    whole: npt.NDArray[np.float64] = clipped / clipped.sum(axis=1, keepdims=True)
    return whole


def reported_metrics(predictor: Predictor) -> Mapping[str, float]:
    """What a training script says that it measured: for the record, never believed by the gate."""
    found: Mapping[str, float] = getattr(predictor, "reported_metrics", {})
    return found


@dataclass(frozen=True, kw_only=True)
class Start:
    """Where incremental training goes on: the champion, and the folder of its stored files (not to be written to)."""

    predictor: Predictor
    folder: Path


class Trainer(Protocol):
    """Trains a model. Deterministic: the same rows give the same model."""

    def fit(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> Predictor:  # fmt: skip
        """Train on prepared rows; a `TrainingError` says why it cannot.

        Parameters
        ----------
        features : DataFrame
            As `include.retraining.prepare.feature_table` makes them.
        target : array
            Floats for regression, else strings.
        columns : Columns
        start : Start, optional
            What to go on from; it stays as it is. By default training begins from scratch.
        weight : array, optional
            How much each row counts, above 0; by default all count the same.
        """
        ...


@dataclass(frozen=True, kw_only=True)
class GoingOn:
    """A trainer that always goes on from `start`."""

    trainer: Trainer
    start: Start

    def fit(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> Predictor:  # fmt: skip
        """Train; see `Trainer.fit`."""
        return self.trainer.fit(features, target, columns, start or self.start, **passed_on(weight))


def check_answers(predictor: Predictor, features: pd.DataFrame, task: Task, made_by: str) -> None:
    """Ask a model of somebody else's making for a few predictions; a `TrainingError` if they cannot be used."""
    if not callable(getattr(predictor, "predict", None)):
        raise TrainingError(f"{made_by}: returned {type(predictor).__name__}, which has no predict")
    few = features.iloc[:10]
    try:
        answers = np.asarray(predictor.predict(few.copy()))
    except TrainingError:
        raise
    except Exception as error:
        raise TrainingError(f"{made_by}: the model cannot predict: {type(error).__name__}: {error}") from error
    if answers.shape != (len(few),):
        raise TrainingError(f"{made_by}: the model answers {len(few)} rows with an array of shape {answers.shape}")
    if task is Task.REGRESSION and not (answers.dtype.kind in "fiu" and np.isfinite(answers).all()):
        raise TrainingError(f"{made_by}: the model's predictions are not all finite numbers: {answers[:3]}")
