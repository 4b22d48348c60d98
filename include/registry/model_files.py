"""Which model files there are, by their names alone: a DAG file may ask while it is parsed, so nothing is read here."""

from __future__ import annotations

import os
from pathlib import Path

from include.errors import ConfigurationError

SUFFIXES = (".yaml", ".yml")  # in any case: Windows writes .YAML, too
_SPELT = tuple(spelt for suffix in SUFFIXES for spelt in (suffix, suffix.upper(), f".{suffix[1:].capitalize()}"))


def list_model_files(folder: Path) -> list[Path]:
    """The model files in `folder`, by name, readable or not: one broken file must not hide the others."""
    return [folder / name for name in _names(folder)]


def model_names(folder: Path) -> list[str]:
    """Names of the models that have a file in `folder`; none where there is no folder, or it cannot be read."""
    try:
        return list(files_by_model(folder))
    except (ConfigurationError, OSError):  # the task that looks for the models says so
        return []


def files_by_model(folder: Path) -> dict[str, str]:
    """Names of the files by models'; of two files of one model the last, whose reader refuses both."""
    return {name_of(name): name for name in _names(folder)}


def name_of(file: Path | str) -> str:
    r"""The name of the model that a file is of.

    The name of a file may be any bytes; those that are no UTF-8 are written out, for nothing else can take them: JSON,
    Postgres, a terminal. It is no name of a model, and whoever reads the file says so.

    >>> name_of("demand.yaml"), name_of("gr\udcf6sse.yaml")
    ('demand', 'gr\\xf6sse')
    """
    return printable(os.path.basename(file).rpartition(".")[0])  # noqa: PTH119  # of each of thousands


def printable(name: str) -> str:
    """The name of a file, its bytes that are no UTF-8 written out."""
    return name if name.isascii() else os.fsencode(name).decode(errors="backslashreplace")


def _names(folder: Path) -> list[str]:
    """Of the model files; no path is made of each, which would take ten times as long."""
    if not folder.is_dir():
        raise ConfigurationError("RETRAINING_MODELS_DIR", f"{folder} is not a folder; make it or correct the variable")
    try:
        with os.scandir(folder) as entries:
            names = [each.name for each in entries]
    except OSError as error:
        raise ConfigurationError(
            "RETRAINING_MODELS_DIR", f"{folder} cannot be read: {error.strerror}; let this user read it"
        ) from error
    return sorted(name for name in names if name.lower().endswith(SUFFIXES) and not name.startswith("."))


def twin_of(file: Path) -> Path | None:
    """Another file of the same model, ``demand.yml`` beside ``demand.yaml``; None if there is none."""
    name, suffix = file.name, file.suffix
    if suffix.lower() not in SUFFIXES:
        return None
    for other in _SPELT:
        twin = file.with_name(f"{name.removesuffix(suffix)}{other}")
        if other != suffix and twin.exists() and not (file.exists() and twin.samefile(file)):
            return twin
    return None
