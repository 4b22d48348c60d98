from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.errors import TrainingError
from include.retraining.prepare import Columns
from include.retraining.trainers.sklearn_trainer import ESTIMATORS, SklearnTrainer
from include.scoring import Task

COLUMNS = Columns(features=("x",), categorical=())


def fit(estimator: str, x: object, y: object, task: Task = Task.REGRESSION, **hyperparameters: object) -> object:
    trainer = SklearnTrainer(task=task, estimator=estimator, hyperparameters=hyperparameters)
    return trainer.fit(pd.DataFrame({"x": x}), np.asarray(y), COLUMNS)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_same_rows_give_the_same_model(estimator: str) -> None:
    x = np.random.default_rng(0).normal(size=200)
    models = [fit(estimator, x, 3.0 * x) for _ in range(2)]
    assert np.array_equal(*(model.predict(pd.DataFrame({"x": x})) for model in models))


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_relation_is_learned(estimator: str) -> None:
    x = np.random.default_rng(0).normal(size=500)
    predicted = fit(estimator, x, 3.0 * x).predict(pd.DataFrame({"x": x}))
    assert np.corrcoef(predicted, x)[0, 1] > 0.98


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_no_rows_and_one_class_are_training_errors(estimator: str) -> None:
    with pytest.raises(TrainingError, match="no rows"):
        fit(estimator, [], [])
    with pytest.raises(TrainingError, match="have the label 'a'"):
        fit(estimator, np.arange(50.0), ["a"] * 50, Task.CLASSIFICATION)


@pytest.mark.parametrize("estimator", ESTIMATORS)
def test_features_without_any_value_are_a_training_error(estimator: str) -> None:
    with pytest.raises(TrainingError, match="no feature has any value in 60 rows"):
        fit(estimator, [np.nan] * 60, np.tile([1.0, 3.0], 30))


@pytest.mark.parametrize("wrong", [{"max_iter": -1}, {"no_such_setting": 1}, {"max_iter": "many"}])
def test_hyperparameters_that_the_estimator_refuses_are_a_training_error(wrong: dict[str, object]) -> None:
    with pytest.raises(TrainingError, match=f"gradient_boosting: .*{next(iter(wrong))}"):
        fit("gradient_boosting", np.arange(50.0), np.arange(50.0), **wrong)


@pytest.mark.parametrize("estimator", ESTIMATORS)
@pytest.mark.parametrize("x", [[1.0] * 60, [np.nan] * 59 + [1.0]], ids=["constant", "one value"])
def test_feature_that_says_nothing_does_not_stop_the_training(estimator: str, x: list[float]) -> None:
    model = fit(estimator, x, np.tile([1.0, 3.0], 30))
    assert model.predict(pd.DataFrame({"x": x})) == pytest.approx(np.full(60, 2.0), abs=0.5)
