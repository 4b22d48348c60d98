"""Versions on disk: skops files with a fixed allow-list, never pickle; whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
import warnings
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, cast

from include.errors import ArtifactError
from include.retraining.prepare import Columns
from include.retraining.trainers.trainer import Predictor

MODEL_FILE, MANIFEST_FILE = "model.skops", "manifest.json"

#: Types beyond skops' own list that our trainers' models are made of. Never derived from the file that is loaded.
#: The partial is how gradient boosting checks its numbers when there are categories; it may only wrap functions that
#: are themselves allowed.
ALLOWED_TYPES = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
    "functools.partial",
    "numpy.dtype",
)


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A loaded version: the model, and the columns it wants."""

    predictor: Predictor
    columns: Columns


@dataclass(frozen=True)
class ArtifactFolder:
    """Folder of all models' versions, ``<model>/v<version>-<hash>/``."""

    root: Path

    def save(self, model_name: str, version: int, predictor: Predictor, columns: Columns) -> tuple[str, str]:
        """Store a version; a reader sees all of it or nothing.

        The files are written under a temporary name, synced, and renamed to a name with their hash in it. What an
        earlier try at the same version left behind is removed: its event was never closed, so nobody refers to it.

        Returns
        -------
        path : str
            Relative to the root.
        sha256 : str
            Of the manifest, which in turn holds that of the model file.
        """
        folder = self.root / model_name
        folder.mkdir(parents=True, exist_ok=True)
        for left in (*folder.glob(f".saving-v{version}-*"), *folder.glob(f"v{version}-*")):
            shutil.rmtree(left)
        with tempfile.TemporaryDirectory(dir=folder, prefix=f".saving-v{version}-") as name:
            draft = Path(name) / "version"
            draft.mkdir()
            _skops().dump(predictor, draft / MODEL_FILE)
            hashed = _sha256(draft / MODEL_FILE)
            manifest = {"model": model_name, "version": version, "sha256": hashed, **asdict(columns)}
            (draft / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
            for file in (draft / MODEL_FILE, draft / MANIFEST_FILE, draft):
                _sync(file)
            sha256 = _sha256(draft / MANIFEST_FILE)
            final = draft.rename(folder / f"v{version}-{sha256[:12]}")
            _sync(folder)
        return str(final.relative_to(self.root)), sha256

    def load(self, path: str, sha256: str) -> StoredModel:
        """Load a version; an `ArtifactError` for a file that is missing, not the one recorded, or holds other types."""
        folder = self.root / path
        try:
            if (found := _sha256(folder / MANIFEST_FILE)) != sha256:
                raise ArtifactError(f"{folder / MANIFEST_FILE}: sha256 is {found[:12]}…, on record is {sha256[:12]}…")
            manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
            columns = Columns(features=tuple(manifest["features"]), categorical=tuple(manifest["categorical"]))
            expected = manifest["sha256"]
            content = (folder / MODEL_FILE).read_bytes()
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{folder}: cannot be read: {type(error).__name__}: {error}") from error
        if (found := hashlib.sha256(content).hexdigest()) != expected:
            raise ArtifactError(f"{folder / MODEL_FILE}: sha256 is {found[:12]}…, not the one in its manifest")
        try:
            predictor = cast(Predictor, _skops().loads(content, trusted=list(ALLOWED_TYPES)))
        except Exception as error:  # whatever a file that skops did not write, or did not want to, makes it raise
            foreign = type(error).__name__ == "UntrustedTypesFoundException"
            why = "holds types that are not allowed" if foreign else f"is no skops file: {type(error).__name__}"
            raise ArtifactError(f"{folder / MODEL_FILE}: {why}: {error}") from error
        return StoredModel(predictor=predictor, columns=columns)


def _skops() -> Any:
    """Import skops when it is needed, and quietly.

    It looks for scipy's functions in every module that is loaded. That takes seconds, and Airflow's modules answer each
    unknown name with a deprecation warning: a thousand lines in a task's log.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import skops.io
    return skops.io


def _sha256(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest()


def _sync(path: Path) -> None:
    """Make sure that what was written survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
