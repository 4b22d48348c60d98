"""A model in files that only its owner's command can read."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import TrainingError
from include.registry.training import Script
from include.retraining.prepare import Columns
from include.retraining.trainers.kept_files import KeptFolder
from include.retraining.trainers.process import Limits, run_limited
from include.retraining.trainers.scratch import scratch_folder
from include.retraining.trainers.script_files import (
    copy_files,
    read_predictions,
    read_probabilities,
    write_request,
    write_rows,
)
from include.scoring import Task


@dataclass(frozen=True, kw_only=True)
class CommandModel:
    """Predicts by running ``script.predict_command``, which gets a copy of the files and cannot change them.

    Parameters
    ----------
    script : Script
        With a `predict_command`.
    task : Task
    columns : Columns
    folder : Path
        Where the files are.
    files : tuple of str
        Their names, relative to `folder`.
    reported_metrics : mapping of str to float
        What the training script says that it measured.
    kept : KeptFolder or None
        Holds `folder` as long as the model is not stored.
    """

    script: Script
    task: Task
    columns: Columns
    folder: Path
    files: tuple[str, ...]
    reported_metrics: Mapping[str, float] = field(default_factory=dict)
    kept: KeptFolder | None = None

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        """One prediction a row; see `Predictor.predict`. A `TrainingError` if the command gives none."""
        with scratch_folder() as work:
            file = self._ask(work, features, ())
            return read_predictions(file, len(features), self.task, self._shown)

    def _ask(self, work: Path, features: pd.DataFrame, classes: tuple[str, ...]) -> Path:
        """Run the command in the folder `work`; where its predictions are to be."""
        command = self.script.predict_command
        if command is None:
            raise TrainingError("field training.script.predict_command: needed to read a model that is no skops file")
        copy_files(self.folder, self.files, work / "model")
        write_rows(work / "rows.parquet", features, self.columns)
        answers = work / "predictions.parquet"
        write_request(
            work / "request.json", purpose="predict", task=self.task, rows=work / "rows.parquet",
            features=self.columns.features, categorical=self.columns.categorical, model_folder=work / "model",
            classes=classes, predictions=answers,
        )  # fmt: skip
        run_limited(
            [*command, str(work / "request.json")], limits=Limits.of(self.script), scratch=work,
            folder=self.script.folder, passed_on=self.script.environment,
        )  # fmt: skip
        return answers

    @property
    def _shown(self) -> str:
        return " ".join(self.script.predict_command or ())


@dataclass(frozen=True, kw_only=True)
class CommandClassifier(CommandModel):
    """The same with probabilities of `classes_`."""

    classes_: tuple[str, ...]

    def predict_proba(self, features: pd.DataFrame) -> npt.NDArray[np.float64]:
        """Probabilities of shape (rows, classes)."""
        with scratch_folder() as work:
            file = self._ask(work, features, self.classes_)
            return read_probabilities(file, len(features), self.classes_, self._shown)


def command_model(classes: tuple[str, ...], **fields: Any) -> CommandModel:
    """A model of either kind; without `classes` it gives no probabilities."""
    return CommandClassifier(classes_=classes, **fields) if classes else CommandModel(**fields)
