"""Whether a version's files are there and are the recorded ones, without loading the model in them."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from include.errors import ArtifactError
from include.retraining.artifacts.bucket import ObjectArtifacts
from include.retraining.artifacts.folder import MANIFEST_FILE, ArtifactFolder, Artifacts
from include.retraining.artifacts.small_files import fields_of
from include.retraining.trainers.kept_files import FILES_FOLDER, MODEL_FILE


def manifest_of(artifacts: Artifacts, path: str, sha256: str) -> Mapping[str, Any]:
    """The manifest of a version.

    Raises
    ------
    ArtifactError
        When it is missing, not the one recorded, or none.
    """
    place = f"{path}/{MANIFEST_FILE}"
    if (text := artifacts.read(place)) is None:
        raise ArtifactError(f"{artifacts.address(place)} is missing")
    if (found := hashlib.sha256(text.encode()).hexdigest()) != sha256:
        raise ArtifactError(f"{artifacts.address(place)}: sha256 is {found[:12]}…, on record is {sha256[:12]}…")
    return fields_of(text, artifacts.address(place))


def is_gone(artifacts: Artifacts, path: str) -> bool:
    """Whether a version has no files on this machine's disks, at a glance; False where it is in object storage."""
    return isinstance(artifacts, ArtifactFolder) and not (artifacts.root / path / MANIFEST_FILE).is_file()


def require_files(artifacts: Artifacts, path: str, manifest: Mapping[str, Any]) -> None:
    """Do nothing where the files that a manifest names are there.

    On this machine's disks they are read, and have to be the recorded ones; in object storage they are not.

    Raises
    ------
    ArtifactError
        When one is missing or altered.
    """
    files = {f"{FILES_FOLDER}/{name}": digest for name, digest in manifest.get("files", {}).items()}
    files = files or {MODEL_FILE: manifest.get("sha256", "")}
    if isinstance(artifacts, ObjectArtifacts):
        if missing := sorted(files.keys() - artifacts.names(path)):
            raise ArtifactError(f"{artifacts.address(f'{path}/{missing[0]}')} is missing")
    elif isinstance(artifacts, ArtifactFolder):
        for name, expected in files.items():
            _require(artifacts.root / path / name, str(expected))


def _require(file: Path, expected: str) -> None:
    try:
        with file.open("rb") as content:
            found = hashlib.file_digest(content, "sha256").hexdigest()
    except OSError as error:
        raise ArtifactError(f"{file}: {error.strerror}") from error
    if found != expected:
        raise ArtifactError(f"{file}: sha256 is {found[:12]}…, in its manifest is {expected[:12]}…")
