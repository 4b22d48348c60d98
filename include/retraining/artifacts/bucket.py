"""Versions in S3-compatible storage: a reader sees all of one or nothing, although nothing there can be renamed."""

from __future__ import annotations

import hashlib
import json
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from include.data.sources.object_storage import Bucket, Connect, client_from_environment
from include.data.temporary import temporary_folder
from include.errors import ArtifactError, ConfigurationError, SourceUnavailable
from include.registry.address import Address
from include.retraining.artifacts.folder import (
    MANIFEST_FILE,
    ArtifactFolder,
    Artifacts,
    StoredModel,
    label_of,
    sha256_of,
)
from include.retraining.artifacts.small_files import fields_of, text_of
from include.retraining.trainers.kept_files import FILES_FOLDER, MODEL_FILE, KeptFolder

if TYPE_CHECKING:
    from include.registry.training import Script
    from include.retraining.prepare import Columns
    from include.retraining.trainers.trainer import Predictor

CHAMPION_FILE = "champion.json"


@dataclass(frozen=True)
class ObjectArtifacts:
    """All models' versions below an address, under the names that `ArtifactFolder` gives them.

    A version that was loaded is kept in a temporary folder as long as this object is there; its hashes are checked
    again whenever it is loaded. Every method raises what `Bucket` does when the storage cannot be used.
    """

    root: Address
    connect: Connect = client_from_environment
    _kept: KeptFolder = field(default_factory=KeptFolder, compare=False, repr=False)

    def save(self, model_name: str, version: int, predictor: Predictor, columns: Columns) -> tuple[str, str]:
        """See `Artifacts.save`. The manifest is written last, after all other files have been read back.

        Nobody loads a version without its manifest, and nobody refers to one before this has returned.
        """
        with temporary_folder() as root:
            path, sha256 = ArtifactFolder(root).save(model_name, version, predictor, columns)
            folder = root / path
            files = sorted(file for file in folder.rglob("*") if file.is_file())
            for file in sorted(files, key=lambda file: file == folder / MANIFEST_FILE):
                self._upload(file, self._key(str(file.relative_to(root))))
        return path, sha256

    def load(self, path: str, sha256: str, script: Script | None = None) -> StoredModel:
        """See `Artifacts.load`."""
        from include.retraining.trainers.command_model import CommandModel

        here = ArtifactFolder(self._kept.path)
        if not (here.root / path).is_dir():
            self._fetch(path, sha256)
        try:
            stored = here.load(path, sha256, script)
        except ArtifactError as error:
            raise ArtifactError(f"{self.address(path)}: fetched to {error}") from error
        predictor = stored.predictor
        if isinstance(predictor, CommandModel):  # it reads its files at each prediction
            predictor = replace(predictor, kept=self._kept)
        return replace(stored, predictor=predictor, kept=self._kept)

    def size(self, path: str) -> int:
        """See `Artifacts.size`."""
        return sum(stored.size for stored in self._bucket.below(f"{self._key(path)}/"))

    def names(self, path: str) -> set[str]:
        """Names of the files of a version, relative to its folder."""
        start = f"{self._key(path)}/"
        return {stored.key.removeprefix(start) for stored in self._bucket.below(start)}

    def published(self, model_name: str) -> str | None:
        """See `Artifacts.published`."""
        place = f"{model_name}/{CHAMPION_FILE}"
        try:
            text = self.read(place)
            return None if text is None else str(fields_of(text, self.address(place))["folder"])
        except (ArtifactError, KeyError) as error:
            raise ArtifactError(
                f"{self.address(place)}: names no version; move it away, the champion is published there"
            ) from error

    def publish(self, model_name: str, path: str, sha256: str) -> None:
        """See `Artifacts.publish`. The pointer is one small object, so it is replaced at once."""
        self._manifest(path, sha256)
        pointer = {"model": model_name, "folder": Path(path).name, "address": self.address(path), "sha256": sha256}
        self.write(model_name, {CHAMPION_FILE: json.dumps(pointer, indent=2) + "\n"})

    def versions(self, model_name: str) -> list[str]:
        """See `Artifacts.versions`."""
        start = f"{self._key(model_name)}/"
        below = (stored.key.removeprefix(start).partition("/") for stored in self._bucket.below(f"{start}v"))
        return sorted({folder for folder, slash, _ in below if slash and label_of(folder)})

    def tidy(self, model_name: str, settled: Mapping[str, str]) -> list[str]:
        """See `Artifacts.tidy`. A manifest goes first, so that what is left of it is never a version."""
        start, kept, removed = f"{self._key(model_name)}/", set(settled.values()), set()
        found = [stored.key for stored in self._bucket.below(start)]
        for key in sorted(found, key=lambda key: not key.endswith(f"/{MANIFEST_FILE}")):
            folder, slash, _ = key.removeprefix(start).partition("/")
            if slash and (label := label_of(folder)) and label in settled and folder not in kept:
                self._bucket.remove(key)
                removed.add(folder)
        return sorted(removed)

    def write(self, folder: str, files: Mapping[str, str]) -> None:
        """See `Artifacts.write`."""
        for name, text in files.items():
            self._bucket.put(self._key(str(PurePosixPath(folder, name))), text.encode())

    def read(self, path: str) -> str | None:
        """See `Artifacts.read`."""
        try:
            content = self._bucket.read(self._key(path))
        except FileNotFoundError:
            return None
        return text_of(content, self.address(path))

    def address(self, path: str) -> str:
        """See `Artifacts.address`."""
        return str(Address(bucket=self.root.bucket, key=self._key(path)))

    @property
    def _bucket(self) -> Bucket:
        return Bucket(self.connect(self.root.connection), self.root.bucket)

    def _key(self, path: str) -> str:
        return f"{self.root.key}/{path}" if self.root.key else path

    def _upload(self, file: Path, key: str) -> None:
        """Write an object and read it back."""
        with file.open("rb") as content:
            self._bucket.put(key, content)
            content.seek(0)
            expected = hashlib.file_digest(content, "sha256").hexdigest()
        with temporary_folder() as folder:
            back = folder / "back"
            self._bucket.fetch(key, back)
            if sha256_of(back) != expected:
                where = Address(bucket=self.root.bucket, key=key)
                raise SourceUnavailable(f"{where}: reads back as something else than was written")

    def _manifest(self, path: str, sha256: str) -> bytes:
        """The manifest on record, which says what else belongs to a version."""
        place = f"{path}/{MANIFEST_FILE}"
        try:
            content = self._bucket.read(self._key(place))
        except FileNotFoundError:
            raise ArtifactError(f"{self.address(place)}: no such object; restore the version's files") from None
        if (found := hashlib.sha256(content).hexdigest()) != sha256:
            raise ArtifactError(f"{self.address(place)}: sha256 is {found[:12]}…, on record is {sha256[:12]}…")
        return content

    def _fetch(self, path: str, sha256: str) -> None:
        """Bring a version here, whole or not at all."""
        content = self._manifest(path, sha256)
        try:
            files = _files(json.loads(content))
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ArtifactError(f"{self.address(path)}: its manifest names no files: {error!r}") from error
        final = self._kept.path / path
        final.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=final.parent) as name:
            draft = Path(name) / "version"
            draft.mkdir()
            (draft / MANIFEST_FILE).write_bytes(content)
            for relative, expected in files.items():
                self._fetch_file(f"{path}/{relative}", expected, draft / relative)
            draft.rename(final)

    def _fetch_file(self, path: str, expected: str, file: Path) -> None:
        file.parent.mkdir(parents=True, exist_ok=True)
        try:
            self._bucket.fetch(self._key(path), file)
        except FileNotFoundError:
            raise ArtifactError(f"{self.address(path)}: no such object; restore the version's files") from None
        if (found := sha256_of(file)) != expected:
            raise ArtifactError(f"{self.address(path)}: sha256 is {found[:12]}…, not the one in its manifest")


def open_artifacts(folder: Path, address: str | None, connect: Connect = client_from_environment) -> Artifacts:
    """The artifacts of a deployment: below `address`, if it has one, else in `folder`.

    Raises
    ------
    ConfigurationError
        When the address is none.
    """
    if not address:
        return ArtifactFolder(folder)
    try:
        return ObjectArtifacts(Address.of(address), connect)
    except ValueError as error:
        raise ConfigurationError("RETRAINING_ARTIFACTS", f"{error}, or leave it out") from None


def _files(manifest: Mapping[str, Any]) -> dict[str, str]:
    """A version's files besides its manifest, with their hashes."""
    if "files" in manifest:
        return {f"{FILES_FOLDER}/{name}": sha256 for name, sha256 in manifest["files"].items()}
    return {MODEL_FILE: manifest["sha256"]}
