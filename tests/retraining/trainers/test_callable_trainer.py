from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.errors import ArtifactError, ConfigurationError, TrainingError
from include.retraining.artifacts import ArtifactFolder
from include.retraining.prepare import Columns
from include.retraining.trainers.callable_trainer import CallableTrainer
from include.retraining.trainers.trainer import Start
from include.scoring import Task

COLUMNS = Columns(features=("x",), categorical=())
FUNCTIONS = "tests.retraining.trainers.functions"
X = pd.DataFrame({"x": np.random.default_rng(0).normal(size=100)})
Y = 3.0 * X["x"].to_numpy()


def trainer(name: str, task: Task = Task.REGRESSION, **hyperparameters: object) -> CallableTrainer:
    return CallableTrainer(
        model_name="shop", task=task, place=f"{FUNCTIONS}:{name}", hyperparameters=hyperparameters, seed=7
    )


def test_function_trains_and_what_it_returns_is_stored(tmp_path: Path) -> None:
    made = trainer("ridge", alpha=2.0).fit(X, Y, COLUMNS)
    folder = ArtifactFolder(tmp_path)
    stored = folder.load(*folder.save("shop", 1, made, COLUMNS)).predictor
    assert np.array_equal(stored.predict(X), made.predict(X))
    assert made[-1].get_params()["alpha"] == 2.0  # type: ignore[index]  # the pipeline that it is
    assert made[-1].get_params()["random_state"] == 7  # type: ignore[index]


def test_function_trains_a_classifier() -> None:
    made = trainer("logistic", Task.CLASSIFICATION).fit(X, np.where(Y > 0, "yes", "no"), COLUMNS)
    assert set(made.predict(X)) == {"yes", "no"}


def test_function_cannot_change_the_rows() -> None:
    features, target = X.copy(), Y.copy()
    trainer("scribble").fit(features, target, COLUMNS)
    assert features.equals(X)
    assert np.array_equal(target, Y)


def test_class_of_the_owners_cannot_be_loaded_and_is_named(tmp_path: Path) -> None:
    folder = ArtifactFolder(tmp_path)
    path, sha256 = folder.save("shop", 1, trainer("own_class").fit(X, Y, COLUMNS), COLUMNS)
    with pytest.raises(ArtifactError, match=r"not allowed.*functions\.Mean"):
        folder.load(path, sha256)


def test_function_goes_on_from_the_champion_and_cannot_change_it() -> None:
    first = trainer("further").fit(X, Y, COLUMNS)
    before = first.predict(X)
    second = trainer("further").fit(X, Y, COLUMNS, Start(predictor=first, folder=Path("unused")))
    assert second.predict(X) == pytest.approx(before + 100.0)
    assert np.array_equal(first.predict(X), before)


@pytest.mark.parametrize(
    ("name", "reason"),
    [("returns_none", "returned NoneType, which has no predict"), ("gives_up", "SystemExit: no licence"),
     ("infinite", "not all finite numbers"), ("wide", r"10 rows with an array of shape \(10, 2\)"),
     ("refuses_to_predict", "the model cannot predict: ")],
)  # fmt: skip
def test_what_a_function_does_wrong_is_a_training_error(name: str, reason: str) -> None:
    with pytest.raises(TrainingError, match=f"{FUNCTIONS}:{name}: .*{reason}"):
        trainer(name).fit(X, Y, COLUMNS)


def test_function_that_is_not_there_is_named_with_its_field() -> None:
    with pytest.raises(ConfigurationError, match=r"model shop: field training\.callable: .*nobody"):
        trainer("nobody").fit(X, Y, COLUMNS)
