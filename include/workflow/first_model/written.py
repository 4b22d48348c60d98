"""A first model file on disk: only one that loads, and never over another."""

from __future__ import annotations

import os
from pathlib import Path

from include.data.temporary import temporary_folder
from include.errors import ConfigurationError
from include.registry.loader import load_model_file
from include.registry.model_files import SUFFIXES


def place_of(name: str, out: Path | None, models_dir: Path) -> Path:
    """Where the file goes: as named, in the folder named, or in that of the model files."""
    if out is None:
        return models_dir / f"{name}.yaml"
    if out.is_dir():
        return out / f"{name}.yaml"
    if out.suffix.lower() not in SUFFIXES:
        raise ConfigurationError("--out", f"found {out}; a model file ends with {' or '.join(SUFFIXES)}")
    return out


def write_file(place: Path, text: str, *, force: bool) -> None:
    """Write a model file that loads.

    Raises
    ------
    ConfigurationError
        When there is such a file, when there is no such folder or it may not be written, or when the file would not
        load: the problems are named.
    """
    if not force and any(place.with_suffix(suffix).exists() for suffix in SUFFIXES):
        raise ConfigurationError(place, "there is such a model file; give --name, or --force to write over it")
    with temporary_folder() as folder:
        trial = folder / place.name
        trial.write_text(text, encoding="utf-8")
        try:
            load_model_file(trial)
        except ConfigurationError as error:
            raise ConfigurationError(f"{place} (not written)", *error.problems) from error
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        written = place.with_name(f".{place.name}.{os.getpid()}")
        written.write_text(text, encoding="utf-8")
        written.replace(place)
    except OSError as error:
        raise ConfigurationError(place, f"cannot be written: {error.strerror}; give --out") from error
