"""A stored version as an MLflow model: its own files and an ``MLmodel`` beside them that says how to load them."""

from __future__ import annotations

import json
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from include.retraining.artifacts.folder import MANIFEST_FILE
from include.retraining.trainers.kept_files import MODEL_FILE
from include.retraining.trainers.skops_files import ALLOWED_TYPES
from include.scoring import Task


def model_files(folder: Path, task: Task) -> dict[str, Path | bytes]:
    """Files to store for the version in `folder`, by their names.

    A skops file has a signature and the flavours ``sklearn`` (format skops, never pickle) and ``python_function``. What
    a training script wrote in files of its own is stored as it is: only its owner's command reads it.
    """
    files: dict[str, Path | bytes] = {
        str(path.relative_to(folder)): path for path in sorted(folder.rglob("*")) if path.is_file()
    }
    manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
    if "files" not in manifest:
        files["MLmodel"] = yaml.safe_dump(_description(manifest, task), sort_keys=False).encode()
        needed = f"scikit-learn=={version('scikit-learn')}\nskops=={version('skops')}\npandas\n"
        files["requirements.txt"] = needed.encode()
    return files


def _description(manifest: dict[str, Any], task: Task) -> dict[str, Any]:
    inputs = [
        {"type": "string" if name in manifest["categorical"] else "double", "name": name, "required": False}
        for name in manifest["features"]
    ]
    output = "double" if task is Task.REGRESSION else "string"
    return {
        "flavors": {
            "python_function": {
                "loader_module": "mlflow.sklearn",
                "model_path": MODEL_FILE,
                "predict_fn": "predict",
                "env": {"virtualenv": "requirements.txt"},
            },
            "sklearn": {
                "code": None,
                "pickled_model": MODEL_FILE,  # that is what MLflow calls the file, whatever its format
                "serialization_format": "skops",
                "skops_trusted_types": list(ALLOWED_TYPES),
                "sklearn_version": version("scikit-learn"),
            },
        },
        "signature": {
            "inputs": json.dumps(inputs),
            "outputs": json.dumps([{"type": output, "required": True}]),
            "params": None,
        },
    }
