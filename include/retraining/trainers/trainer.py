"""The protocols of a trainer and of what it returns."""

from __future__ import annotations

from typing import Any, Protocol

import numpy.typing as npt
import pandas as pd

from include.retraining.prepare import Columns


class Predictor(Protocol):
    """A trained model."""

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        """One prediction a row; `features` as `include.retraining.prepare.feature_table` makes them."""
        ...


class Trainer(Protocol):
    """Trains a model. Deterministic: the same rows give the same model."""

    def fit(self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns) -> Predictor:
        """Train on prepared rows; a `TrainingError` says why it cannot."""
        ...
