"""Functions that train, as an owner would write them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler


class Mean:
    """A model of the owner's own class."""

    def __init__(self, value: float) -> None:
        self.value = value

    def predict(self, features: Any) -> Any:
        return np.full(len(features), self.value)


def ridge(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    features["x"] = features["x"].fillna(0.0)
    target += 0.0
    return make_pipeline(StandardScaler(), Ridge(random_state=seed, **hyperparameters)).fit(features, target)


def logistic(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    return make_pipeline(StandardScaler(), LogisticRegression(random_state=seed)).fit(features, target)


def scribble(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    features["x"] = 0.0
    target[:] = 0.0
    return Ridge().fit(features, target)


def own_class(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    return Mean(float(target.mean()))


def further(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int, start: Any = None) -> Any:
    made = Ridge().fit(features, target)
    if start is not None:
        start.intercept_ += 100.0
        made.intercept_ = start.intercept_
    return made


def returns_none(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    return None


def gives_up(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    raise SystemExit("no licence")


def infinite(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    return Mean(float("inf"))


def wide(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    return Ridge().fit(features, np.column_stack([target, target]))


def refuses_to_predict(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int) -> Any:
    return Ridge().fit(features.to_numpy()[:, [0, 0]], target)


def weighted_ridge(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int, weight: Any = None) -> Any:
    """Obeys weights."""
    return Ridge(**hyperparameters).fit(features, target, sample_weight=weight)


def anything_else(features: Any, target: Any, hyperparameters: dict[str, Any], seed: int, **others: Any) -> Any:
    """Takes whatever else it is given."""
    return Ridge().fit(features, target, sample_weight=others["weight"])
