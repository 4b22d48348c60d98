"""What is examined: a deployment, at a time, for at most so long."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

from include.errors import ArtifactError, ConfigurationError
from include.records.entries import Surroundings
from include.records.postgres.examination import RecordsSeen, ServerSeen, VersionSeen
from include.registry.model_files import list_model_files, name_of
from include.registry.spec import ModelSpec
from include.retraining.artifacts.intact import manifest_of
from include.workflow.deployment import Deployment
from include.workflow.identity import owner_of
from include.workflow.model_files import unchanged_spec
from include.workflow.settings import Settings

SECONDS = 0.6  # by default for each of the four things that grow with the models: files, manifests, digests, folders
CHAMPION, RETIRED = "champion", "retired"
OUTSIDE = "this is not inside Airflow; give --url, or see the page"

Item = TypeVar("Item")


@dataclass(frozen=True)
class Subject:
    """A deployment that is examined.

    Parameters
    ----------
    deep : bool
        Whether every champion is loaded and has to predict, however long that takes.
    seconds : float
        What there is for each of the four things that grow with the models; no limit where it is deep.
    surroundings : Surroundings or None
        What Airflow says of itself; None where it could not be consulted, and `unasked` says why.
    """

    deployment: Deployment
    at: datetime
    deep: bool = False
    seconds: float = SECONDS
    surroundings: Surroundings | None = None
    unasked: str = OUTSIDE
    manifests: dict[VersionSeen, Mapping[str, Any]] = field(default_factory=dict, compare=False, repr=False)
    asked: dict[VersionSeen, str] = field(default_factory=dict, compare=False, repr=False)  # why each is silent

    @cached_property
    def settings(self) -> Settings:
        """What the environment says."""
        return Settings.from_environment()

    @cached_property
    def records(self) -> RecordsSeen:
        """The records database; a `ConfigurationError` for records in memory."""
        if self.deployment.connect is None:
            raise ConfigurationError("records", "these are in memory: there is no database to be looked at")
        return RecordsSeen(self.deployment.connect)

    @cached_property
    def server(self) -> ServerSeen:
        """The server of the records database, as the first look found it."""
        return self.records.server()

    @cached_property
    def identity(self) -> str:
        """Whose records these are."""
        in_memory = self.deployment.connect is None
        return self.deployment.store.identity() if in_memory else self.records.identity()  # waits 2 s at most

    @cached_property
    def owns_artifacts(self) -> bool:
        """Whether the artifacts are those of these records, as far as they say."""
        try:
            owner = owner_of(self.deployment.artifacts)
        except ArtifactError:
            return False
        return owner is None or owner.records == self.identity

    @cached_property
    def versions(self) -> list[VersionSeen]:
        """The champions, of each model the newest version that has files, and that which a rollback leads to."""
        return self.records.versions()

    @cached_property
    def numbers(self) -> dict[str, frozenset[int]]:
        """The numbers of all versions on record, by model."""
        return self.records.numbers()

    @cached_property
    def champions(self) -> list[VersionSeen]:
        """The champions that have files, by model; of models without a file, too."""
        return [each for each in self.versions if each.status == CHAMPION and each.artifact_path]

    @cached_property
    def files(self) -> list[Path]:
        """The model files."""
        return list_model_files(self.deployment.models_dir)

    @cached_property
    def read_files(self) -> tuple[dict[str, ModelSpec], dict[Path, str], int]:
        """The model files that can be read, by name; what is wrong with others; how many there was no time for."""
        found, wrong, left = dict[str, ModelSpec](), dict[Path, str](), len(self.files)
        for file in self.in_time(self.files):
            left -= 1
            try:
                found[name_of(file)] = unchanged_spec(file)
            except ConfigurationError as error:
                wrong[file] = "; ".join(error.problems)
            except OSError as error:
                wrong[file] = f"cannot be read: {error.strerror}"
        return found, wrong, left

    def manifest(self, version: VersionSeen) -> Mapping[str, Any]:
        """The manifest of a version, read once; an `ArtifactError` where it is not the one on record."""
        if version not in self.manifests:
            found = manifest_of(self.deployment.artifacts, version.artifact_path, version.artifact_sha256)
            self.manifests[version] = found
        return self.manifests[version]

    def in_time(self, items: Sequence[Item]) -> Iterator[Item]:
        """The items as long as there is time for more of a kind, all of them in a deep examination.

        Where it begins moves on with the time, so that none is left out each time.
        """
        deadline, first = time.monotonic() + self.seconds, int(self.at.timestamp()) % len(items) if items else 0
        for item in (*items[first:], *items[:first]):
            if not self.deep and time.monotonic() > deadline:
                return
            yield item
