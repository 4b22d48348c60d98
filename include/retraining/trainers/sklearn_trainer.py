"""scikit-learn estimators with the preprocessing that tables need: numbers, categories, gaps.

scikit-learn is imported when something is trained: a task that only decides must not wait for it.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import TrainingError
from include.registry.estimators import estimator_class, goes_on, path_of
from include.registry.spec import ModelSpec
from include.retraining.prepare import Columns
from include.retraining.trainers.trainer import Predictor, Start
from include.retraining.weights import passed_on
from include.scoring import Task

MOST_CATEGORIES = 254  # gradient boosting bins into 255, one of them for missing values


@dataclass(frozen=True, kw_only=True)
class SklearnTrainer:
    """Trains one of `ESTIMATORS`, or any of scikit-learn's by import path; a feature without any value is not used.

    Parameters
    ----------
    task : Task
    estimator : str
        Name of a preset, or an import path such as ``sklearn.ensemble.RandomForestRegressor``. Behind an import path
        numbers are filled up with the median and scaled, categories are encoded one column each.
    hyperparameters : mapping
        Passed to the estimator; they override the defaults here (150 iterations without early stopping for gradient
        boosting).
    seed : int
    """

    task: Task
    estimator: str = "gradient_boosting"
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def fit(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> Predictor:  # fmt: skip
        """Train; see `Trainer.fit`.

        With `start` the preprocessing stays the champion's. An estimator with ``partial_fit`` is given the rows once;
        one with ``warm_start`` is fitted on them from where it is, an ensemble with as many new members as a full
        training makes. Weights are the estimator's ``sample_weight``; the preprocessing counts rows.
        """
        if len(target) == 0:
            raise TrainingError("no rows to train on")
        if start is None and self.task is Task.CLASSIFICATION and len(np.unique(target)) < 2:
            raise TrainingError(f"all {len(target)} rows have the label {str(target[0])!r}: two classes are needed")
        try:
            if start is None:
                return self._full(features, target, columns, weight)
            return self._further(start, features, target, columns, weight)
        except (ValueError, TypeError, ArithmeticError, MemoryError, np.linalg.LinAlgError) as error:
            raise TrainingError(f"{self.estimator}: {type(error).__name__}: {error}") from error

    def _full(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns,
        weight: npt.NDArray[np.float64] | None,
    ) -> Predictor:  # fmt: skip
        known = [name for name in columns.features if features[name].notna().any()]
        if not known:
            raise TrainingError(f"no feature has any value in {len(target)} rows")
        usable = Columns(features=tuple(known), categorical=tuple(n for n in columns.categorical if n in known))
        pipeline = ESTIMATORS.get(self.estimator, _imported)(self, usable)
        pipeline.fit(features, target, **passed_on(weight, f"{pipeline.steps[-1][0]}__sample_weight"))
        predictor: Predictor = pipeline
        return predictor

    def _further(
        self, start: Start, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns,
        weight: npt.NDArray[np.float64] | None,
    ) -> Predictor:  # fmt: skip
        """The champion, trained further on other rows, with the hyperparameters that a full training would have."""
        from sklearn.pipeline import Pipeline

        pipeline: Any = copy.deepcopy(start.predictor)
        kind = estimator_class(path_of(self.estimator, self.task))
        if not isinstance(pipeline, Pipeline) or type(pipeline[-1]) is not kind:
            raise TrainingError(
                f"{self.estimator}: the champion is no {kind.__name__} to go on from; write `strategy: full` until one "
                "is champion"
            )
        estimator, given = pipeline[-1], pipeline[:-1].transform(features)
        known = set(getattr(estimator, "classes_", ()))
        found = set(np.unique(target)) if self.task is Task.CLASSIFICATION else known
        way = goes_on(kind)
        if found - known or (way == "warm_start" and found != known):
            raise TrainingError(
                f"{self.estimator}: cannot go on from the champion with {way}: it knows the classes "
                f"{', '.join(sorted(known))}, the rows it has not seen hold {', '.join(sorted(found))}; write "
                "`strategy: full`"
            )
        fresh = ESTIMATORS.get(self.estimator, _imported)(self, columns)[-1]
        estimator.set_params(**fresh.get_params(deep=False))  # the champion may have been trained with others
        if way == "partial_fit":
            estimator.partial_fit(given, target, **passed_on(weight, "sample_weight"))
        else:
            estimator.set_params(warm_start=True, **self._grown(start, kind))
            estimator.fit(given, target, **passed_on(weight, "sample_weight"))
        predictor: Predictor = pipeline
        return predictor

    def _grown(self, start: Start, kind: type[Any]) -> dict[str, int]:
        """An ensemble's number of members: those it has, and as many again as a full training makes."""
        champion: Any = start.predictor
        members = champion[-1].get_params().get("n_estimators")
        if members is None:
            return {}
        return {"n_estimators": members + self.hyperparameters.get("n_estimators", kind().n_estimators)}


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
    from sklearn.linear_model import LogisticRegression, Ridge

    estimator = (
        Ridge(**trainer.hyperparameters)
        if trainer.task is Task.REGRESSION
        else LogisticRegression(**{"max_iter": 1000, "random_state": trainer.seed, **trainer.hyperparameters})
    )
    return _numbers_only(columns, estimator)


def _imported(trainer: SklearnTrainer, columns: Columns) -> Any:
    """The estimator at an import path, seeded; it is given a dense table, for not all of them take a sparse one."""
    kind = estimator_class(path_of(trainer.estimator, trainer.task))
    estimator = kind(**trainer.hyperparameters)
    if estimator.get_params().get("random_state", 0) is None:
        estimator.set_params(random_state=trainer.seed)
    return _numbers_only(columns, estimator, sparse_threshold=0.0)


def _numbers_only(columns: Columns, estimator: Any, **settings: Any) -> Any:
    """`estimator` behind what makes complete, scaled numbers of all columns."""
    from sklearn.compose import make_column_transformer
    from sklearn.impute import SimpleImputer
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    encode = make_column_transformer(
        (
            OneHotEncoder(handle_unknown="infrequent_if_exist", max_categories=MOST_CATEGORIES),
            list(columns.categorical),
        ),
        (make_pipeline(SimpleImputer(strategy="median"), StandardScaler()), _numeric(columns)),
        **settings,
    )
    return make_pipeline(encode, estimator)


ESTIMATORS: Mapping[str, Callable[[SklearnTrainer, Columns], Any]] = {
    "gradient_boosting": _gradient_boosting,
    "linear": _linear,
}


def of_estimator(spec: ModelSpec, hyperparameters: Mapping[str, Any]) -> SklearnTrainer:
    """The trainer of a model file with `training.estimator`, or with nothing that trains."""
    name = spec.training.estimator_name
    assert name is not None
    return SklearnTrainer(
        task=spec.task, estimator=name, hyperparameters=hyperparameters, seed=spec.training.seed
    )  # fmt: skip
