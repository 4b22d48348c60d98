"""Model files for whoever names one: where it is, what it says, and what its policy comes to."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from functools import lru_cache, wraps
from pathlib import Path
from typing import Any, TypeVar, TypeVarTuple

from include.errors import ConfigurationError
from include.records.masking import remember_keys, remember_settings
from include.registry import loader
from include.registry.coverage import unchecked_note_of as unchecked_note_of
from include.registry.effective import effective_settings
from include.registry.home import at_home
from include.registry.loader import environment, model_file
from include.registry.model_files import SUFFIXES, files_by_model, twin_of
from include.registry.spec import ModelSpec as ModelSpec

Given = TypeVarTuple("Given")
Made = TypeVar("Made")


def load_model(folder: Path, name: str) -> ModelSpec:
    """Read one model by its name; see `load_model_file`."""
    return load_model_file(model_file(folder, name))


def load_model_file(path: Path) -> ModelSpec:
    """Read one model file; secrets in its settings, and keys that its script is given, are masked from now on.

    Raises as `include.registry.loader.load_model_file`.
    """
    spec = loader.load_model_file(path)
    script = spec.training.script
    remember_settings(dict(spec.training.hyperparameters))
    if script is not None:
        remember_settings(script.command, script.predict_command)
        remember_keys(os.environ[name] for name in script.environment if name in os.environ)
    return spec


def while_unchanged(make: Callable[[Path, *Given], Made]) -> Callable[[Path, *Given], Made]:
    """Have this process keep what `make` makes of a model file until it is written again; it must not be changed.

    Another environment, or a second file of the same model, also makes it anew. Errors are not kept.
    """

    @lru_cache(maxsize=10_000)
    def kept(path: Path, _state: object, args: tuple[*Given]) -> Made:
        return make(path, *args)

    @wraps(make)
    def made(path: Path, *args: *Given) -> Made:
        try:
            known = path.stat()
        except OSError:  # who reads it tells why
            return make(path, *args)
        state = known.st_ino, known.st_size, known.st_mtime_ns, twin_of(path), environment()
        return kept(path, state, args)

    return made


unchanged_spec = while_unchanged(load_model_file)  # for who looks at many files, again and again


def named_file(model: str, models_dir: Path) -> Path:
    """The file of a registered model's name, or of a path; a `ConfigurationError` where there is none."""
    path = at_home(model, "model file")
    if path.suffix.lower() in SUFFIXES or os.sep in model:
        if not path.is_file():
            raise ConfigurationError(path, "no such model file; give its path, or the name of a registered model")
        return path
    return model_file(models_dir, model)


def settings_of(
    models_dir: Path, names: Sequence[str], preset: str = ""
) -> tuple[dict[str, dict[str, Any]], dict[str, ConfigurationError]]:
    """What the policy of each model comes to, and what is wrong with the files that have mistakes.

    A file that has not changed is not read again by this process; what is returned must not be changed.

    Parameters
    ----------
    names : sequence of str
        Of all models where empty.
    preset : str
        Instead of the model's own; empty for that.
    """
    found: dict[str, dict[str, Any]] = {}
    broken: dict[str, ConfigurationError] = {}
    files = {} if names else files_by_model(models_dir)
    for name in names or files:
        try:
            path = models_dir / files[name] if name in files else model_file(models_dir, name)
            found[name] = _settings_of_file(path, preset)
        except ConfigurationError as error:
            broken[name] = error
    return found, broken


@while_unchanged
def _settings_of_file(path: Path, preset: str) -> dict[str, Any]:
    spec = unchanged_spec(path)
    return {"model_name": spec.name, "enabled": spec.enabled, **effective_settings(spec, preset)}
