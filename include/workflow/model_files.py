"""Model files for whoever names one: where it is, what it says, and what its policy comes to."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from include.errors import ConfigurationError
from include.registry.coverage import unchecked_note_of as unchecked_note_of
from include.registry.effective import effective_settings
from include.registry.loader import load_model as load_model
from include.registry.loader import load_model_file as load_model_file
from include.registry.loader import model_file
from include.registry.model_files import SUFFIXES, list_model_files
from include.registry.spec import ModelSpec as ModelSpec


def named_file(model: str, models_dir: Path) -> Path:
    """The file of a registered model's name, or of a path; a `ConfigurationError` where there is none."""
    path = Path(model).expanduser()
    if path.suffix in SUFFIXES or os.sep in model:
        if not path.is_file():
            raise ConfigurationError(path, "no such model file; give its path, or the name of a registered model")
        return path
    return model_file(models_dir, model)


def policies(models_dir: Path, names: Sequence[str], preset: str = "") -> Iterator[tuple[str, dict[str, Any]]]:
    """Each model's name and what its policy comes to, of all models where none is named.

    Parameters
    ----------
    preset : str
        Instead of the model's own; empty for that.
    """
    for name in names or [file.stem for file in list_model_files(models_dir)]:
        yield name, effective_settings(load_model(models_dir, name), preset)
