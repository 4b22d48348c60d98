"""What trains a version, by the field of `training` that a model file names it with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from include.registry.spec import ModelSpec
from include.retraining.trainers.callable_trainer import CallableTrainer
from include.retraining.trainers.script_trainer import ScriptTrainer
from include.retraining.trainers.sklearn_trainer import SklearnTrainer
from include.retraining.trainers.trainer import Trainer

Hyperparameters = Mapping[str, Any]


def _estimator(spec: ModelSpec, hyperparameters: Hyperparameters) -> Trainer:
    name, seed = spec.training.estimator_name, spec.training.seed
    assert name is not None
    return SklearnTrainer(task=spec.task, estimator=name, hyperparameters=hyperparameters, seed=seed)


def _callable(spec: ModelSpec, hyperparameters: Hyperparameters) -> Trainer:
    place, seed = spec.training.callable, spec.training.seed
    assert place is not None
    return CallableTrainer(
        model_name=spec.name, task=spec.task, place=place, hyperparameters=hyperparameters, seed=seed
    )  # fmt: skip


def _script(spec: ModelSpec, hyperparameters: Hyperparameters) -> Trainer:
    script, seed = spec.training.script, spec.training.seed
    assert script is not None
    return ScriptTrainer(
        model_name=spec.name, task=spec.task, target=spec.target, script=script, weight_column=spec.weight,
        hyperparameters=hyperparameters, seed=seed,
    )  # fmt: skip


#: One for each of `include.registry.training.TRAINED_BY`.
TRAINERS: Mapping[str, Callable[[ModelSpec, Hyperparameters], Trainer]] = {
    "estimator": _estimator,
    "callable": _callable,
    "script": _script,
}


def trainer_of(spec: ModelSpec, asked_for: Hyperparameters) -> Trainer:
    """What trains the model's versions; hyperparameters `asked_for` override those of the model file."""
    return TRAINERS[spec.training.way](spec, {**spec.training.hyperparameters, **asked_for})
