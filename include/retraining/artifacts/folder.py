"""Versions, whole or not there at all: skops files, never pickle; or files that only a command reads."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from include.errors import ArtifactError
from include.retraining.artifacts.small_files import text_of
from include.retraining.artifacts.whole_files import WRITING, is_left_draft, sync, write_whole, writing
from include.retraining.trainers.kept_files import KeptFolder

if TYPE_CHECKING:
    from include.registry.training import Script
    from include.retraining.prepare import Columns
    from include.retraining.trainers.trainer import Predictor

MANIFEST_FILE = "manifest.json"
CHAMPION_LINK = "champion"
_PUBLISHING, _SAVING = ".publishing-", ".saving-"
_VERSION = re.compile(r"(v[1-9][0-9]{0,8})-[0-9a-f]{12}")


def label_of(name: str) -> str:
    """The label of a version by the name that `Artifacts.save` gives its folder; empty for somebody's copy beside it.

    >>> label_of("v3-54320bb83cf0"), label_of("v3-54320bb83cf0.bak"), label_of("v20251231-before-upgrade")
    ('v3', '', '')
    """
    found = _VERSION.fullmatch(name)
    return found[1] if found else ""


@dataclass(frozen=True, kw_only=True)
class StoredModel:
    """A loaded version: the model, the columns it wants, and the folder on this machine that its files are in.

    `kept` holds a folder that is there only as long as somebody refers to it.
    """

    predictor: Predictor
    columns: Columns
    folder: Path
    kept: KeptFolder | None = None


class Artifacts(Protocol):
    """All models' versions, ``<model>/v<version>-<hash>/``, and files beside them. Paths are relative to the root."""

    def save(self, model_name: str, version: int, predictor: Predictor, columns: Columns) -> tuple[str, str]:
        """Store a version; a reader sees all of it or nothing.

        Nothing is removed here: another process may have taken over, and what looks like the remains of an earlier try
        may be its champion. `tidy` removes remains once the record says what they are.

        Returns
        -------
        path : str
            Relative to the root.
        sha256 : str
            Of the manifest, which in turn holds that of every other file.

        Raises
        ------
        ArtifactError
            For a model that there is no way to store.
        SourceUnavailable
            When the disk is full, or refuses; `publish` and `write` raise it, too.
        """
        ...

    def load(self, path: str, sha256: str, script: Script | None = None) -> StoredModel:
        """Load a version; an `ArtifactError` for a file that is missing, not the one recorded, or holds other types.

        Parameters
        ----------
        path, sha256 : str
            As `save` returned them.
        script : Script, optional
            What the model file says now of the command that reads a version in files of its own; by default that
            which stood there when it was trained is run.
        """
        ...

    def size(self, path: str) -> int:
        """Size of a version in bytes; 0 for one that is not there."""
        ...

    def published(self, model_name: str) -> str | None:
        """Name of the version's folder that the published champion is in; None for none.

        Raises
        ------
        ArtifactError
            When the place is taken by something else.
        """
        ...

    def publish(self, model_name: str, path: str, sha256: str) -> None:
        """Lead consumers that read files to a version: they see one or the other, never half of each.

        Raises
        ------
        ArtifactError
            When the version's files are not there, or the place is taken by something else.
        """
        ...

    def versions(self, model_name: str) -> list[str]:
        """Names of the folders of the model's versions that are there, such as ``v3-54320bb83cf0``."""
        ...

    def tidy(self, model_name: str, settled: Mapping[str, str]) -> list[str]:
        """Remove what processes that died left of versions that are settled, and return its names.

        Parameters
        ----------
        settled : mapping of str to str
            For labels such as ``v3`` the name of the version's folder, empty for a version without files: any other of
            that label, under a name that `save` gives, is the remains of a try that was cut short.
        """
        ...

    def write(self, folder: str, files: Mapping[str, str]) -> None:
        """Write texts below a folder, each in place of an earlier one, which readers see until all of it is there."""
        ...

    def read(self, path: str) -> str | None:
        """A text that was written; None if it was not, and an `ArtifactError` where something else is there."""
        ...

    def address(self, path: str) -> str:
        """Where a path leads, as people and browsers write it."""
        ...


@dataclass(frozen=True)
class ArtifactFolder:
    """A folder on this machine's disks."""

    root: Path

    def save(self, model_name: str, version: int, predictor: Predictor, columns: Columns) -> tuple[str, str]:
        """See `Artifacts.save`.

        The files are written under a temporary name, synced, and renamed to a name with their hash in it.
        """
        from include.retraining.artifacts.content import write_version

        folder = self.root / model_name
        with writing(folder), _draft(folder, f"{_SAVING}v{version}-") as name:
            draft = Path(name) / "version"
            draft.mkdir()
            manifest = {"model": model_name, "version": version, **write_version(predictor, columns, draft)}
            (draft / MANIFEST_FILE).write_text(json.dumps(manifest, indent=2), encoding="utf-8")
            for written in (*draft.rglob("*"), draft):
                sync(written)
            sha256 = sha256_of(draft / MANIFEST_FILE)
            final = folder / f"v{version}-{sha256[:12]}"
            if final.is_dir() and not self._is_whole(final, sha256):
                final.rename(Path(name) / "damaged")
            if not final.is_dir():  # else an earlier try made the very same: same hash, same files
                draft.rename(final)
            sync(folder)
        return str(final.relative_to(self.root)), sha256

    def load(self, path: str, sha256: str, script: Script | None = None) -> StoredModel:
        """See `Artifacts.load`."""
        from include.retraining.artifacts.content import read_version

        folder = self.root / path
        try:
            if (found := sha256_of(folder / MANIFEST_FILE)) != sha256:
                raise ArtifactError(f"{folder / MANIFEST_FILE}: sha256 is {found[:12]}…, on record is {sha256[:12]}…")
            manifest = json.loads((folder / MANIFEST_FILE).read_text(encoding="utf-8"))
            predictor, columns = read_version(folder, manifest, script)
        except (OSError, ValueError, KeyError, TypeError) as error:
            raise ArtifactError(f"{folder}: cannot be read: {type(error).__name__}: {error}") from error
        return StoredModel(predictor=predictor, columns=columns, folder=folder)

    def _is_whole(self, folder: Path, sha256: str) -> bool:
        try:
            self.load(str(folder.relative_to(self.root)), sha256)
        except ArtifactError:
            return False
        return True

    def size(self, path: str) -> int:
        """See `Artifacts.size`."""
        return sum(file.stat().st_size for file in (self.root / path).rglob("*") if file.is_file())

    def published(self, model_name: str) -> str | None:
        """See `Artifacts.published`."""
        link = self.root / model_name / CHAMPION_LINK
        if link.exists() and not link.is_symlink():
            raise ArtifactError(f"{link}: is no symbolic link; move it away, the champion is published there")
        return str(link.readlink()) if link.is_symlink() else None

    def publish(self, model_name: str, path: str, sha256: str) -> None:
        """See `Artifacts.publish`. ``champion`` is a symbolic link, replaced by a rename.

        Who reads several files resolves the link once (``Path.resolve``) and reads from there.
        """
        link = self.root / model_name / CHAMPION_LINK
        if not (self.root / path).is_dir():
            raise ArtifactError(f"{self.root / path}: the champion's files are not here; restore them")
        self.published(model_name)
        made = link.with_name(f"{_PUBLISHING}{Path(path).name}")  # the same for all: whoever died has begun for us
        with writing(link):
            with suppress(FileExistsError):
                made.symlink_to(Path(path).name)
            with suppress(FileNotFoundError):  # another process has just put it into place
                made.replace(link)
            sync(link.parent)

    def versions(self, model_name: str) -> list[str]:
        """See `Artifacts.versions`."""
        found = (self.root / model_name).glob("v*-*")
        return sorted(path.name for path in found if label_of(path.name) and path.is_dir())

    def tidy(self, model_name: str, settled: Mapping[str, str]) -> list[str]:
        """See `Artifacts.tidy`."""
        removed, kept = [], set(settled.values())
        folder = self.root / model_name
        for path in sorted([*folder.glob("*"), *folder.glob(f"*/{WRITING}*")]):  # of reports, too
            draft = path.name.startswith(_SAVING)
            label = path.name.removeprefix(_SAVING).partition("-")[0] if draft else label_of(path.name)
            if path.name.startswith(_PUBLISHING) or is_left_draft(path):  # who publishes looks whether it is, again
                path.unlink(missing_ok=True)
            elif label and label in settled and path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)  # the process that made it may be at work on it still
            else:
                continue
            removed.append(path.name)
        return removed

    def write(self, folder: str, files: Mapping[str, str]) -> None:
        """See `Artifacts.write`. Each file is written under another name, synced, then renamed."""
        for name, text in files.items():
            with writing(self.root / folder / name):
                (self.root / folder).mkdir(parents=True, exist_ok=True)
                write_whole(self.root / folder / name, text)

    def read(self, path: str) -> str | None:
        """See `Artifacts.read`."""
        file = self.root / path
        if not file.exists():
            return None
        if not file.is_file():
            raise ArtifactError(f"{self.address(path)}: is no file; move it away")
        return text_of(file.read_bytes(), self.address(path))

    def address(self, path: str) -> str:
        """See `Artifacts.address`."""
        return (self.root / path).absolute().as_uri()


@contextmanager
def _draft(folder: Path, prefix: str) -> Iterator[str]:
    """A folder in `folder`, which is made where it is missing, for as long as something is being written."""
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder, prefix=prefix) as name:
        yield name


def sha256_of(file: Path) -> str:
    """The hash of a file, in hexadecimal digits."""
    with file.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()
