"""A function of the owner's that trains."""

from __future__ import annotations

import copy
import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import TrainingError
from include.registry.functions import import_function
from include.registry.spec import ModelSpec
from include.retraining.prepare import Columns
from include.retraining.trainers.trainer import Predictor, Start, check_answers
from include.scoring import Task


@dataclass(frozen=True, kw_only=True)
class CallableTrainer:
    """Trains by ``function(features, target, hyperparameters, seed)``, which returns something with ``predict``.

    The function is given a DataFrame (floats with NaN for missing; strings or None for categories), an array of floats
    or of class names, a dict and an int; in incremental training also ``start=``, the champion's model, which it may
    change; of a model with weights also ``weight=``, an array of how much each row counts. ``predict(features)`` is
    called with such a DataFrame, and has to answer one value a row; a classifier's
    ``predict_proba`` and ``classes_`` are used where it has them. What it returns is stored as every other model is:
    scikit-learn's estimators, and pipelines of them, can be; a class of the owner's cannot.

    Parameters
    ----------
    model_name : str
    task : Task
    place : str
        ``module:function``.
    hyperparameters : mapping
    seed : int
    """

    model_name: str
    task: Task
    place: str
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def fit(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> Predictor:  # fmt: skip
        """Train; see `Trainer.fit`. The function gets copies: what it does to them reaches no other row."""
        function = import_function(self.model_name, "training.callable", self.place)
        given: dict[str, Any] = {} if start is None else {"start": copy.deepcopy(start.predictor)}
        if weight is not None:
            self._require_weight(function)
            given["weight"] = weight.copy()
        try:
            made: Predictor = function(features.copy(), target.copy(), dict(self.hyperparameters), self.seed, **given)
        except (Exception, SystemExit) as error:
            raise TrainingError(f"{self.place}: {type(error).__name__}: {error}") from error
        check_answers(made, features, self.task, self.place)
        return made

    def _require_weight(self, function: Callable[..., Any]) -> None:
        """Refuse a function that would train as if all rows counted the same."""
        try:
            taken = inspect.signature(function).parameters.values()
        except (TypeError, ValueError):  # one that tells nothing of itself: it is given them
            return
        if not any(one.name == "weight" or one.kind is one.VAR_KEYWORD for one in taken):
            raise TrainingError(
                f"model {self.model_name}: fields training.callable, weight: {self.place} takes no weights of rows: "
                "give it a parameter `weight` (an array, one number a row), or leave the field `weight` out"
            )


def of_callable(spec: ModelSpec, hyperparameters: Mapping[str, Any]) -> CallableTrainer:
    """The trainer of a model file with `training.callable`."""
    assert spec.training.callable is not None
    return CallableTrainer(
        model_name=spec.name, task=spec.task, place=spec.training.callable, hyperparameters=hyperparameters,
        seed=spec.training.seed,
    )  # fmt: skip
