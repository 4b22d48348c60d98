from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from include.errors import ConfigurationError
from include.registry.estimators import NAMED_ESTIMATORS, estimator_class, goes_on
from include.registry.loader import load_model_file
from include.registry.spec import ModelSpec
from include.scoring import Task
from include.workflow.settings import PROJECT_ROOT
from tests.registry.test_loader import TIMED, model_file

FOREST, DESCENT = "sklearn.ensemble.RandomForestRegressor", "sklearn.linear_model.SGDRegressor"
MISTAKES = {
    "an unknown preset": ("estimator: xgb", ["training.estimator", "'xgb'", "'linear'", "sklearn.ensemble."]),
    "another package's class": ("estimator: os.system", ["training.estimator", "'os.system'", "callable"]),
    "a class that is not there": (
        "estimator: sklearn.ensemble.RandomForst", ["training.estimator", "cannot be imported", "RandomForst"]
    ),
    "a module that is not there": ("estimator: sklearn.forests.Forest", ["training.estimator", "sklearn.forests"]),
    "a transformer": ("estimator: sklearn.preprocessing.StandardScaler", ["training.estimator", "fit and predict"]),
    "a function": ("estimator: sklearn.base.clone", ["training.estimator", "fit and predict"]),
    "a classifier for a regression": (
        "estimator: sklearn.ensemble.RandomForestClassifier", ["training.estimator", "not for regression"]
    ),
    "a hyperparameter that it has not": (
        f"{{estimator: {FOREST}, hyperparameters: {{n_estimator: 5}}}}",
        ["training.hyperparameters.n_estimator", "did you mean 'n_estimators'"],
    ),
    "a value out of range": (
        f"{{estimator: {FOREST}, hyperparameters: {{n_estimators: -5}}}}",
        ["training.hyperparameters", "n_estimators", "-5"],
    ),
    "an estimator that needs others": (
        "estimator: sklearn.ensemble.VotingRegressor", ["training.hyperparameters", "'estimators'"]
    ),
    "two trainers": ("{estimator: linear, callable: 'shop:train'}", ["training", "estimator and callable"]),
    "a callable without a function": ("callable: shop.train", ["training.callable", "'shop.train'"]),
    "a script without a command": ("script: {timeout: 5min}", ["training.script.command is missing"]),
    "a script with an empty command": ("script: {command: []}", ["training.script.command", "at least 1"]),
    "a script without a program": ("script: {command: [' ']}", ["training.script.command", "the program to run"]),
    "a script with one string": ("script: {command: python a.py}", ["training.script.command", "'python a.py'"]),
    "a script without time": ("script: {command: [a], timeout: 0h}", ["training.script.timeout", "needs a length"]),
    "a script in a relative folder": ("script: {command: [a], folder: jobs}", ["training.script.folder", "absolute"]),
    "a script with a strange variable": (
        "script: {command: [a], environment: ['A=b']}", ["training.script.environment.0", "'A=…'"]
    ),
    "an unknown field of a script": (
        "script: {command: [a], timout: 5min}", ["training.script.timout", "did you mean 'timeout'", "memory_mib"]
    ),
    "going on with a preset that cannot": ("strategy: incremental", ["training.strategy", "cannot go on"]),
    "going on with an estimator that cannot": (
        "{estimator: sklearn.linear_model.Ridge, strategy: incremental}", ["training.strategy", "Ridge cannot go on"]
    ),
}  # fmt: skip


def loaded(folder: Path, training: str) -> ModelSpec:
    section = training if training.startswith("{") else f"{{{training}}}"
    return load_model_file(model_file(folder, f"{TIMED}training: {section}\n"))


@pytest.mark.parametrize(("training", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_a_mistake_is_answered_with_file_and_field(tmp_path: Path, training: str, expected: list[str]) -> None:
    with pytest.raises(ConfigurationError) as caught:
        loaded(tmp_path, training)
    message = str(caught.value)
    assert message.startswith(f"{tmp_path / 'model.yaml'}: ")
    assert not [part for part in expected if part not in message], message
    assert "(the file)" not in message


@pytest.mark.parametrize(
    ("training", "name"),
    [(f"{{estimator: {FOREST}, hyperparameters: {{n_estimators: 5, max_depth: null}}}}", FOREST),
     (f"{{estimator: {FOREST}, strategy: incremental}}", FOREST),
     (f"{{estimator: {DESCENT}, strategy: incremental}}", DESCENT), ("seed: 3", "gradient_boosting"),
     ("callable: 'shop:train'", "shop:train"), ("{callable: 'shop:train', strategy: incremental}", "shop:train"),
     ("script: {command: [python, a.py], predict_command: [b], timeout: 5min, memory_mib: 100}", "python a.py")],
)  # fmt: skip
def test_every_kind_of_trainer_can_be_named(tmp_path: Path, training: str, name: str) -> None:
    assert loaded(tmp_path, training).training.trained_by == name


@pytest.mark.parametrize("task", list(Task))
@pytest.mark.parametrize("name", NAMED_ESTIMATORS)
def test_presets_stand_for_estimators_that_are_there(name: str, task: Task) -> None:
    assert estimator_class(NAMED_ESTIMATORS[name][task])


@pytest.mark.parametrize(
    ("path", "way"),
    [("sklearn.linear_model.SGDClassifier", "partial_fit"), ("sklearn.neural_network.MLPRegressor", "partial_fit"),
     (FOREST, "warm_start"), ("sklearn.linear_model.LogisticRegression", "warm_start"),
     ("sklearn.ensemble.HistGradientBoostingRegressor", ""), ("sklearn.svm.SVR", "")],
)  # fmt: skip
def test_an_estimator_goes_on_in_the_way_that_it_has(path: str, way: str) -> None:
    assert goes_on(estimator_class(path)) == way


def test_a_model_file_with_a_preset_does_not_import_scikit_learn(tmp_path: Path) -> None:
    model_file(tmp_path, TIMED)
    program = (
        "import sys\nfrom pathlib import Path\nfrom include.registry.loader import load_model_file\n"
        "load_model_file(Path(sys.argv[1]))\nassert 'sklearn' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, str(tmp_path / "model.yaml")], cwd=PROJECT_ROOT, check=True)
