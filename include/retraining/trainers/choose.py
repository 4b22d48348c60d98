"""What trains a version, by the field of `training` that a model file names it with."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from include.registry.functions import of_catalogue
from include.registry.spec import ModelSpec
from include.registry.training import TRAINERS
from include.retraining.trainers.trainer import Trainer


def trainer_of(spec: ModelSpec, requested: Mapping[str, Any]) -> Trainer:
    """What trains the model's versions; hyperparameters `requested` for one training override the model file's."""
    make = of_catalogue(TRAINERS[spec.training.way].made_by)
    return cast(Trainer, make(spec, {**spec.training.hyperparameters, **requested}))
