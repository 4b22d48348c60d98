"""scikit-learn estimators with the preprocessing that tables need: numbers, categories, gaps.

scikit-learn is imported when something is trained: a task that only decides must not wait for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import TrainingError
from include.retraining.prepare import Columns
from include.retraining.trainers.trainer import Predictor
from include.scoring import Task

MOST_CATEGORIES = 254  # gradient boosting bins into 255, one of them for missing values


@dataclass(frozen=True, kw_only=True)
class SklearnTrainer:
    """Trains one of `ESTIMATORS`; a feature without any value in the rows is not used.

    Parameters
    ----------
    task : Task
    estimator : str
    hyperparameters : mapping
        Passed to the estimator; they override the defaults here (150 iterations without early stopping for gradient
        boosting).
    seed : int
    """

    task: Task
    estimator: str = "gradient_boosting"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def fit(self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns) -> Predictor:
        """Train; see `Trainer.fit`."""
        if len(target) == 0:
            raise TrainingError("no rows to train on")
        if self.task is Task.CLASSIFICATION and len(np.unique(target)) < 2:
            raise TrainingError(f"all {len(target)} rows have the label {str(target[0])!r}: two classes are needed")
        known = [name for name in columns.features if features[name].notna().any()]
        if not known:
            raise TrainingError(f"no feature has any value in {len(target)} rows")
        usable = Columns(features=tuple(known), categorical=tuple(n for n in columns.categorical if n in known))
        try:
            pipeline = ESTIMATORS[self.estimator](self, usable)
            pipeline.fit(features, target)
        except (ValueError, TypeError, ArithmeticError, MemoryError, np.linalg.LinAlgError) as error:
            raise TrainingError(f"{self.estimator}: {type(error).__name__}: {error}") from error
        predictor: Predictor = pipeline
        return predictor


def _gradient_boosting(trainer: SklearnTrainer, columns: Columns) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OrdinalEncoder

    encode = make_column_transformer(
        (
            OrdinalEncoder(
                handle_unknown="use_encoded_value",
                unknown_value=np.nan,
                encoded_missing_value=np.nan,
                max_categories=MOST_CATEGORIES,
            ),
            list(columns.categorical),
        ),
        ("passthrough", _numeric(columns)),
        verbose_feature_names_out=False,
    )
    kind = HistGradientBoostingRegressor if trainer.task is Task.REGRESSION else HistGradientBoostingClassifier
    settings = {"max_iter": 150, "early_stopping": False, "random_state": trainer.seed}
    estimator = kind(
        categorical_features=list(range(len(columns.categorical))) or None,
        **{**settings, **trainer.hyperparameters},
    )
    return make_pipeline(encode, estimator)


def _numeric(columns: Columns) -> list[str]:
    return [name for name in columns.features if name not in columns.categorical]


def _linear(trainer: SklearnTrainer, columns: Columns) -> Any:
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.linear_model import LogisticRegression, Ridge
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encode = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES),
            list(columns.categorical),
        ),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), _numeric(columns)),
    )
    estimator = (
        Ridge(**trainer.hyperparameters)
        if trainer.task is Task.REGRESSION
        else LogisticRegression(**{"max_iter": 1000, "random_state": trainer.seed, **trainer.hyperparameters})
    )
    return make_pipeline(encode, estimator)


ESTIMATORS: Mapping[str, Callable[[SklearnTrainer, Columns], Any]] = {
    "gradient_boosting": _gradient_boosting,
    "linear": _linear,
}
