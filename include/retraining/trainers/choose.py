"""Chooses the trainer that a model file names."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from include.registry.spec import ModelSpec
from include.retraining.trainers.callable_trainer import CallableTrainer
from include.retraining.trainers.script_trainer import ScriptTrainer
from include.retraining.trainers.sklearn_trainer import SklearnTrainer
from include.retraining.trainers.trainer import Trainer


def trainer_of(spec: ModelSpec, asked_for: Mapping[str, Any]) -> Trainer:
    """What trains the model's versions; hyperparameters `asked_for` override those of the model file."""
    training = spec.training
    hyperparameters = {**training.hyperparameters, **asked_for}
    if training.script is not None:
        return ScriptTrainer(
            model_name=spec.name, task=spec.task, target=spec.target, script=training.script,
            weight_column=spec.weight, hyperparameters=hyperparameters, seed=training.seed,
        )  # fmt: skip
    if training.callable is not None:
        return CallableTrainer(
            model_name=spec.name, task=spec.task, place=training.callable, hyperparameters=hyperparameters,
            seed=training.seed,
        )  # fmt: skip
    name = training.estimator_name
    assert name is not None  # the third of three
    return SklearnTrainer(task=spec.task, estimator=name, hyperparameters=hyperparameters, seed=training.seed)
