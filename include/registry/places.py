"""Which places are to be watched for whom: read while a DAG file is parsed, so that only files that ask are read.

No model file is checked here as a whole, and none with mistakes is told: the step of a run that needs it does so.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from include.errors import ConfigurationError
from include.registry.arrival import RedTeam, Watch, on_or_off
from include.registry.home import at_home
from include.registry.model_files import list_model_files, name_of
from include.registry.source import SOURCES, FileSource
from include.registry.yaml_text import read_quickly

RESULT_ENDINGS = (".xml", ".json")
_ON_DISK, _IN_STORAGE = timedelta(seconds=2), timedelta(seconds=10)
_WORDS = ("watch", "red_team")


class ArrivalKind(StrEnum):
    """What a place holds."""

    ROWS = "rows"  # a model reads them
    RESULTS = "results"  # of a red team or a test suite


@dataclass(frozen=True, kw_only=True)
class Place:
    """A file, folder, glob or prefix that is watched for some models.

    Parameters
    ----------
    path : str
        Absolute, or ``s3://bucket/key``.
    connection : str
        To object storage; empty for the default one.
    endings : tuple of str
        How names of files end, which a folder's are found by.
    settle, cooldown, every : timedelta
        Of models that say different things the longest holds.
    models : tuple of str
        Who reads it, by name.
    """

    kind: ArrivalKind
    path: str
    connection: str = ""
    endings: tuple[str, ...]
    settle: timedelta
    cooldown: timedelta
    every: timedelta
    models: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """What the records know it by, for example ``rows /data/sales/*.csv``."""
        by = f" by {self.connection}" if self.connection else ""
        return f"{self.kind} {self.path}{by}"


def watched_places(models_dir: Path, data_dir: Path) -> list[Place]:
    """The places that the enabled models want watched, each once, by key.

    Raises
    ------
    ConfigurationError
        Where there is no folder of model files.
    """
    found: dict[str, Place] = {}
    for file in list_model_files(models_dir):
        for place in _places_of(file, data_dir):
            found[place.key] = _both(found[place.key], place) if place.key in found else place
    return [found[key] for key in sorted(found)]


def _both(one: Place, other: Place) -> Place:
    longest = {name: max(getattr(one, name), getattr(other, name)) for name in ("settle", "cooldown", "every")}
    endings = tuple(dict.fromkeys([*one.endings, *other.endings]))
    return replace(one, endings=endings, models=tuple(dict.fromkeys([*one.models, *other.models])), **longest)


def _places_of(file: Path, data_dir: Path) -> Iterator[Place]:
    try:
        content = read_quickly(file, "model file", _WORDS)
    except ConfigurationError:
        return
    if not isinstance(content, dict) or content.get("enabled", True) is False:
        return
    source, red_team = content.get("source"), content.get("red_team")
    try:
        if isinstance(source, dict) and source.get("watch"):
            yield from _of_source(source, name_of(file), data_dir)
        if isinstance(red_team, dict):
            asked = RedTeam.model_validate(red_team)
            name = name_of(file)
            yield _place(ArrivalKind.RESULTS, asked.path, asked.connection, RESULT_ENDINGS, asked, name, data_dir)
    except (ValidationError, ConfigurationError):
        return


def _of_source(source: Mapping[str, Any], model_name: str, data_dir: Path) -> Iterator[Place]:
    entry = SOURCES.get(str(source.get("kind")))
    if entry is None or entry.section is not FileSource:
        return
    watch = Watch.model_validate(on_or_off(source["watch"]))
    for name in ("path", "reference_path", "recent_path"):
        if isinstance(path := source.get(name), str):
            connection = str(source.get("connection") or "")
            yield _place(ArrivalKind.ROWS, path, connection, entry.endings, watch, model_name, data_dir)


def _place(
    kind: ArrivalKind, path: str, connection: str, endings: tuple[str, ...], watch: Watch, model: str, data_dir: Path
) -> Place:
    stored = "://" in path
    whole = path if stored else str(data_dir / at_home(path, "path"))
    return Place(
        kind=kind, path=whole, connection=connection, endings=endings,
        settle=watch.settle, cooldown=watch.cooldown, every=watch.every or (_IN_STORAGE if stored else _ON_DISK),
        models=(model,),
    )  # fmt: skip
