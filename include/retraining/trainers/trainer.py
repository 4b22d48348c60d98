"""The protocols of a trainer and of what it returns."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.retraining.prepare import Columns


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
    """
    predict: Any = getattr(predictor, "predict_proba", None)
    if predict is None:
        return None
    classes = tuple(str(name) for name in getattr(predictor, "classes_"))  # noqa: B009  # no part of the protocol
    return np.asarray(predict(features), dtype=float), classes


class Trainer(Protocol):
    """Trains a model. Deterministic: the same rows give the same model."""

    def fit(self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns) -> Predictor:
        """Train on prepared rows; a `TrainingError` says why it cannot."""
        ...
