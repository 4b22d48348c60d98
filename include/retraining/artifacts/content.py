"""What a version's files hold: a model as a skops file, or files that only the owner's command reads."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from include.data.profile import Possible
from include.errors import ArtifactError
from include.registry.training import Script
from include.retraining.artifacts.folder import sha256_of
from include.retraining.artifacts.kept_models import KeptModels
from include.retraining.artifacts.libraries import libraries_of
from include.retraining.prepare import Columns
from include.retraining.trainers.command_model import CommandClassifier, CommandModel, command_model
from include.retraining.trainers.kept_files import FILES_FOLDER, MODEL_FILE
from include.retraining.trainers.script_files import copy_files
from include.retraining.trainers.skops_files import dump_model, load_model
from include.retraining.trainers.trainer import Predictor
from include.scoring import Task

_MODELS = KeptModels()


def write_version(predictor: Predictor, columns: Columns, draft: Path) -> dict[str, Any]:
    """Write a model's files into `draft`; what the manifest has to say of them, and of the columns that it wants."""
    return {**_write_model(predictor, draft), **asdict(columns)}


def read_version(folder: Path, manifest: Mapping[str, Any], script: Script | None) -> tuple[Predictor, Columns]:
    """The model whose files are in `folder`, and the columns that it wants; see `Artifacts.load`."""
    columns = Columns(
        features=tuple(manifest["features"]), categorical=tuple(manifest["categorical"]),
        possible={name: Possible.from_json(told) for name, told in manifest.get("possible", {}).items()},
    )  # fmt: skip
    if "files" in manifest:
        return _read_files(folder / FILES_FOLDER, manifest, columns, script), columns
    return _read_skops(folder / MODEL_FILE, manifest["sha256"]), columns


def _write_model(predictor: Predictor, draft: Path) -> dict[str, Any]:
    if not isinstance(predictor, CommandModel):
        dump_model(predictor, draft / MODEL_FILE)
        return {"sha256": sha256_of(draft / MODEL_FILE), "libraries": libraries_of(draft / MODEL_FILE)}
    own = draft / FILES_FOLDER
    copy_files(predictor.folder, predictor.files, own)
    return {
        "files": {name: sha256_of(own / name) for name in predictor.files},
        "task": predictor.task,
        "classes": predictor.classes_ if isinstance(predictor, CommandClassifier) else (),
        "script": predictor.script.model_dump(mode="json"),
    }


def _read_skops(file: Path, expected: str) -> Predictor:
    content = file.read_bytes()
    if (found := hashlib.sha256(content).hexdigest()) != expected:
        raise ArtifactError(f"{file}: sha256 is {found[:12]}…, not the one in its manifest")
    return _MODELS.model(found, content, lambda: load_model(content, file))


def _read_files(folder: Path, manifest: Mapping[str, Any], columns: Columns, script: Script | None) -> CommandModel:
    for name, expected in manifest["files"].items():
        if (found := sha256_of(folder / name)) != expected:
            raise ArtifactError(f"{folder / name}: sha256 is {found[:12]}…, not the one in its manifest")
    reader = script if script is not None and script.predict_command else Script.model_validate(manifest["script"])
    return command_model(
        tuple(manifest["classes"]), script=reader, task=Task(manifest["task"]), columns=columns, folder=folder,
        files=tuple(manifest["files"]),
    )  # fmt: skip
