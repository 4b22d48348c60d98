"""Trains with a script of the owner's: a command, and files in and out as ``docs/training_scripts.md`` describes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import ArtifactError, TrainingError
from include.registry.spec import ModelSpec
from include.registry.training import Script
from include.retraining.prepare import Columns
from include.retraining.trainers.command_model import command_model
from include.retraining.trainers.kept_files import FILES_FOLDER, MODEL_FILE, KeptFolder
from include.retraining.trainers.process import Limits, run_limited
from include.retraining.trainers.scratch import scratch_folder
from include.retraining.trainers.script_files import (
    ScriptResult,
    copy_files,
    left_by,
    read_result,
    write_request,
    write_rows,
    written_files,
)
from include.retraining.trainers.skops_files import load_model
from include.retraining.trainers.trainer import Predictor, Start, check_answers
from include.scoring import Task


@dataclass(frozen=True, kw_only=True)
class ScriptTrainer:
    """Trains by running ``script.command``.

    What the script measured is recorded as the model's `reported_metrics`, and believed by nobody.

    Parameters
    ----------
    model_name : str
    task : Task
    target : str
        The label's column.
    script : Script
    weight_column : str or None
        The weights' column; None for a model without weights.
    hyperparameters : mapping
    seed : int
    """

    model_name: str
    task: Task
    target: str
    script: Script
    weight_column: str | None = None
    hyperparameters: Mapping[str, Any] = field(default_factory=dict)
    seed: int = 0

    def fit(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> Predictor:  # fmt: skip
        """Train; see `Trainer.fit`. The script gets copies of the rows and of the champion's files."""
        if len(target) == 0:
            raise TrainingError("no rows to train on")
        with scratch_folder() as work:
            (work / "output").mkdir()
            self._train(work, features, target, columns, start, weight)
            with left_by(self._shown):
                made = self._made(work / "output", read_result(work / "result.json", self._shown), columns)
        check_answers(made, features, self.task, self._shown)
        return made

    def _train(
        self, work: Path, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None,
        weight: npt.NDArray[np.float64] | None,
    ) -> None:  # fmt: skip
        """Run the script in the folder `work`."""
        weights = None if weight is None or self.weight_column is None else (self.weight_column, weight)
        write_rows(work / "rows.parquet", features, columns, (self.target, target), weights)
        write_request(
            work / "request.json", purpose="train", model=self.model_name, task=self.task, rows=work / "rows.parquet",
            features=columns.features, categorical=columns.categorical, target=self.target,
            weight=None if weights is None else self.weight_column,
            hyperparameters=dict(self.hyperparameters), seed=self.seed, output_folder=work / "output",
            result=work / "result.json", champion_folder=None if start is None else _copy_of(start, work / "champion"),
        )  # fmt: skip
        run_limited(
            [*self.script.command, str(work / "request.json")], limits=Limits.of(self.script), scratch=work,
            folder=self.script.folder, passed_on=self.script.environment,
        )  # fmt: skip

    def _made(self, output: Path, result: ScriptResult, columns: Columns) -> Predictor:
        """What the script left in its output folder."""
        found = written_files(output, self._shown)
        if self.script.predict_command is None:
            return self._skops_model(output, found, dict(result.metrics))
        kept = KeptFolder()
        copy_files(output, found, kept.path)
        return command_model(
            tuple(result.classes), script=self.script, task=self.task, columns=columns, folder=kept.path,
            files=tuple(found), reported_metrics=dict(result.metrics), kept=kept,
        )  # fmt: skip

    def _skops_model(self, output: Path, found: Sequence[str], metrics: Mapping[str, float]) -> Predictor:
        from sklearn.exceptions import InconsistentVersionWarning

        if MODEL_FILE not in found:
            raise TrainingError(
                f"{self._shown}: wrote {', '.join(found[:5])}, but no {MODEL_FILE}; files of other kinds need "
                "training.script.predict_command"
            )
        with warnings.catch_warnings(record=True) as seen:
            warnings.simplefilter("always", InconsistentVersionWarning)
            content, most = (output / MODEL_FILE).read_bytes(), Limits.of(self.script).disk
            try:
                model: Any = load_model(content, f"{self._shown}: {MODEL_FILE}", most_bytes=most)
            except ArtifactError as error:
                raise TrainingError(str(error)) from error
        other = [str(line.message) for line in seen if issubclass(line.category, InconsistentVersionWarning)]
        if other:
            raise TrainingError(f"{self._shown}: {other[0]}; install the same version, or give a predict_command")
        if not hasattr(model, "predict"):
            raise TrainingError(f"{self._shown}: {MODEL_FILE} holds a {type(model).__name__}, which has no predict")
        model.reported_metrics = dict(metrics)
        predictor: Predictor = model
        return predictor

    @property
    def _shown(self) -> str:
        return " ".join(self.script.command)


def _copy_of(start: Start, folder: Path) -> Path:
    """A copy of the champion's files, so that nothing can be written to the stored ones."""
    own = start.folder / FILES_FOLDER
    source = own if own.is_dir() else start.folder
    names = [str(path.relative_to(source)) for path in own.rglob("*") if path.is_file()] or [MODEL_FILE]
    copy_files(source, names, folder)
    return folder


def of_script(spec: ModelSpec, hyperparameters: Mapping[str, Any]) -> ScriptTrainer:
    """The trainer of a model file with `training.script`."""
    assert spec.training.script is not None
    return ScriptTrainer(
        model_name=spec.name, task=spec.task, target=spec.target, script=spec.training.script,
        weight_column=spec.weight, hyperparameters=hyperparameters, seed=spec.training.seed,
    )  # fmt: skip
