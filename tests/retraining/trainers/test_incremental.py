from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.errors import TrainingError
from include.records.entries import EventStatus
from include.retraining.prepare import Columns
from include.retraining.trainers.sklearn_trainer import SklearnTrainer
from include.retraining.trainers.trainer import Start
from include.scoring import Task
from tests.stage import REFERENCE_DAYS, Stage, day, sales

COLUMNS = Columns(features=("x", "c"), categorical=("c",))
FOREST, DESCENT = "sklearn.ensemble.RandomForest", "sklearn.linear_model.SGD"


def rows(count: int = 300, slope: float = 3.0, seed: int = 0) -> tuple[pd.DataFrame, Any]:
    rng = np.random.default_rng(seed)
    x = rng.normal(size=count)
    return pd.DataFrame({"x": x, "c": rng.choice(["a", "b"], count).astype(object)}), slope * x


def regression(estimator: str, **hyperparameters: object) -> SklearnTrainer:
    return SklearnTrainer(task=Task.REGRESSION, estimator=f"{estimator}Regressor", hyperparameters=hyperparameters)


def start(predictor: Any) -> Start:
    return Start(predictor=predictor, folder=Path("unused"))


def test_forest_grows_by_what_a_full_training_makes() -> None:
    trainer = regression(FOREST, n_estimators=10)
    first = trainer.fit(*rows(), COLUMNS)
    before = first.predict(rows()[0])
    second: Any = trainer.fit(*rows(slope=-3.0, seed=1), COLUMNS, start(first))
    third: Any = trainer.fit(*rows(slope=-3.0, seed=2), COLUMNS, start(second))
    assert [len(model[-1].estimators_) for model in (first, second, third)] == [10, 20, 30]  # type: ignore[index]
    assert np.array_equal(first.predict(rows()[0]), before)  # the champion stays as it is
    old = [tree.predict([[0.0, 0.0, 1.0]]) for tree in second[-1].estimators_[:10]]
    assert old == [tree.predict([[0.0, 0.0, 1.0]]) for tree in first[-1].estimators_]  # type: ignore[index]
    assert np.corrcoef(third.predict(rows()[0]), rows()[0]["x"])[0, 1] < -0.5  # two thirds of the trees say so


def test_partial_fit_learns_what_is_new_and_keeps_the_preprocessing() -> None:
    trainer = regression(DESCENT, learning_rate="constant")
    first: Any = trainer.fit(*rows(), COLUMNS)
    further: Any = trainer.fit(*rows(slope=5.0, seed=1), COLUMNS, start(first))
    slopes = [float(np.polyfit(rows()[0]["x"], model.predict(rows()[0]), 1)[0]) for model in (first, further)]
    assert slopes[0] == pytest.approx(3.0, abs=0.2)
    assert slopes[0] + 0.5 < slopes[1] < 5.3
    scalers = [model[0].named_transformers_["pipeline"][-1].mean_ for model in (first, further)]
    assert np.array_equal(*scalers)


def test_going_on_is_deterministic() -> None:
    trainer = regression(FOREST, n_estimators=5)
    first = trainer.fit(*rows(), COLUMNS)
    again = [trainer.fit(*rows(seed=1), COLUMNS, start(first)).predict(rows()[0]) for _ in range(2)]
    assert np.array_equal(*again)


def test_hyperparameters_of_one_request_do_not_stay() -> None:
    asked = regression(DESCENT, alpha=0.5, penalty="l1", eta0=0.02).fit(*rows(), COLUMNS)
    usual = regression(DESCENT, eta0=0.005)
    further, full = usual.fit(*rows(seed=1), COLUMNS, start(asked)), usual.fit(*rows(seed=1), COLUMNS)
    settings = [model[-1].get_params() for model in (further, full)]  # type: ignore[index]
    assert settings[0] == settings[1]
    assert {settings[0][name] for name in ("alpha", "penalty", "eta0")} == {0.0001, "l2", 0.005}


def test_ensemble_grows_by_what_the_model_file_says_after_a_request_for_more() -> None:
    asked = regression(FOREST, n_estimators=7, max_depth=2).fit(*rows(), COLUMNS)
    further: Any = regression(FOREST, n_estimators=3).fit(*rows(seed=1), COLUMNS, start(asked))
    assert (len(further[-1].estimators_), further[-1].max_depth) == (10, None)


@pytest.mark.parametrize(("estimator", "labels"), [(FOREST, ["a"]), (FOREST, ["a", "b", "z"]), (DESCENT, ["a", "z"])])
def test_classes_that_do_not_fit_the_champion_are_a_training_error(estimator: str, labels: list[str]) -> None:
    trainer = SklearnTrainer(task=Task.CLASSIFICATION, estimator=f"{estimator}Classifier")
    features, values = rows(60)
    first = trainer.fit(features, np.where(values > 0, "a", "b"), COLUMNS)
    with pytest.raises(TrainingError, match=f"knows the classes a, b, .*hold {', '.join(labels)}; write"):
        trainer.fit(features, np.resize(np.array(labels), 60), COLUMNS, start(first))


def test_partial_fit_may_be_given_one_class_only() -> None:
    trainer = SklearnTrainer(task=Task.CLASSIFICATION, estimator=f"{DESCENT}Classifier")
    features, values = rows(60)
    first = trainer.fit(features, np.where(values > 0, "a", "b"), COLUMNS)
    further = trainer.fit(features.iloc[:20], np.array(["a"] * 20), COLUMNS, start(first))
    assert set(further.predict(features)) <= {"a", "b"}


def test_champion_of_another_kind_is_nothing_to_go_on_from() -> None:
    first = regression(DESCENT).fit(*rows(), COLUMNS)
    with pytest.raises(TrainingError, match="the champion is no RandomForestRegressor to go on from; write `strategy"):
        regression(FOREST).fit(*rows(), COLUMNS, start(first))


@pytest.mark.parametrize("refit", [True, False])
def test_model_goes_on_from_its_champion_on_the_rows_that_it_was_not_trained_on(tmp_path: Path, refit: bool) -> None:
    stage = Stage(tmp_path)
    training = {"estimator": f"{FOREST}Regressor", "hyperparameters": {"n_estimators": 4}, "strategy": "incremental"}
    stage.add("sales", sales(70, change=REFERENCE_DAYS), training=training, gate={"refit": refit})
    events = [stage.run("sales", day(REFERENCE_DAYS + 10 * number), force=True).event for number in range(3)]
    found = [event for event in events if event is not None]
    assert [event.status for event in found[:2]] == [EventStatus.PROMOTED] * 2
    held_out = 10 * 24 // 4
    sizes = [event.details.training_data_size for event in found]
    if refit:  # v2 was trained on what it was judged on, too; v3 was not promoted, or it was as well
        promoted = found[2].status is EventStatus.PROMOTED
        assert sizes == [30 * 24, 10 * 24, 10 * 24 if promoted else 10 * 24 - held_out]
    else:  # what v2 was judged on is new to v3
        assert sizes == [30 * 24, 10 * 24 - held_out, 10 * 24]
    assert [event.details.row_choice for event in found] == ["reference", "unseen", "unseen"]
    assert found[2].details.strategy == "incremental"
    version = stage.store.versions("sales")[-1]
    model: Any = stage.deployment.artifacts.load(version.artifact_path, version.artifact_sha256).predictor
    assert len(model[-1].estimators_) == 12
