"""Versions on disk: skops files with a fixed allow-list, never pickle; whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import cast

import skops.io as sio
from skops.io.exceptions import UntrustedTypesFoundException

from include.errors import ArtifactError
from include.retraining.prepare import Columns
from include.retraining.trainers.trainer import Predictor

MODEL_FILE, MANIFEST_FILE = "model.skops", "manifest.json"

#: Types beyond skops' own list that our trainers' models are made of. Never derived from the file that is loaded.
#: The last two are how gradient boosting checks its numbers when there are categories: a partial may only wrap
#: functions that are themselves allowed.
ALLOWED_TYPES = (
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.utils.validation.check_array",
    "functools.partial",
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

        The files are written under a temporary name, synced, and renamed to a name with their hash in it, so that a
        save that is repeated after a crash finds its own work or begins anew.

        Returns
        -------
        path : str
            Relative to the root.
        sha256 : str
            Of the model file.
        """
        folder = self.root / model_name
        folder.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder, prefix=".saving-") as name:
            draft = Path(name) / "version"
            draft.mkdir()
            sio.dump(predictor, draft / MODEL_FILE)
            sha256 = hashlib.sha256((draft / MODEL_FILE).read_bytes()).hexdigest()
            manifest = {"model": model_name, "version": version, "sha256": sha256, **asdict(columns)}
            (draft / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
            for file in (draft / MODEL_FILE, draft / MANIFEST_FILE, draft):
                _sync(file)
            final = folder / f"v{version}-{sha256[:12]}"
            if final.exists() and not _whole(final, sha256):
                shutil.rmtree(final)
            if not final.exists():
                draft.rename(final)
            _sync(folder)
        return str(final.relative_to(self.root)), sha256

    def load(self, path: str, sha256: str) -> StoredModel:
        """Load a version; an `ArtifactError` for a file that is missing, not the one recorded, or holds other types."""
        folder = self.root / path
        try:
            content = (folder / MODEL_FILE).read_bytes()
            manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
        except (OSError, ValueError) as error:
            raise ArtifactError(f"{folder}: cannot be read: {error}") from error
        found = hashlib.sha256(content).hexdigest()
        if found != sha256:
            raise ArtifactError(f"{folder / MODEL_FILE}: sha256 is {found[:12]}…, on record is {sha256[:12]}…")
        try:
            predictor = cast(Predictor, sio.loads(content, trusted=list(ALLOWED_TYPES)))
        except UntrustedTypesFoundException as error:
            raise ArtifactError(f"{folder / MODEL_FILE}: holds types that are not allowed: {error}") from error
        columns = Columns(features=tuple(manifest["features"]), categorical=tuple(manifest["categorical"]))
        return StoredModel(predictor=predictor, columns=columns)


def _whole(folder: Path, sha256: str) -> bool:
    file = folder / MODEL_FILE
    return file.is_file() and hashlib.sha256(file.read_bytes()).hexdigest() == sha256


def _sync(path: Path) -> None:
    """Make sure that what was written survives a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
