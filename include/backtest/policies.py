"""The policies that a backtest can be asked for: presets, never, always, and those in a file."""

from __future__ import annotations

import difflib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from pydantic import ValidationError

from include.errors import ConfigurationError
from include.registry.spec import ModelSpec
from include.replay import Checks
from include.triggers.presets import PRESETS

MODEL = "model"  # as its file says


@dataclass(frozen=True, kw_only=True)
class NamedPolicy:
    """A policy to replay: the model with it, the preset that overrides the model file's, who decides."""

    name: str
    spec: ModelSpec
    preset: str = ""
    checks: Checks = Checks.POLICY


def named_policies(spec: ModelSpec, names: str) -> list[NamedPolicy]:
    """Read ``conservative,balanced,always,my.yaml``; a file holds what a model file has under `policy`.

    Raises
    ------
    ConfigurationError
        For an unknown name, a name given twice, or a file that is no policy.
    """
    asked = [name.strip() for name in names.split(",") if name.strip()]
    if not asked or len(set(asked)) < len(asked):
        raise ConfigurationError("--policies", f"found {names!r}; name each policy once, with commas between them")
    return [_named(spec, name) for name in asked]


def _named(spec: ModelSpec, name: str) -> NamedPolicy:
    if name in PRESETS:
        return NamedPolicy(name=name, spec=spec, preset=name)
    if name in (Checks.ALWAYS, Checks.NEVER):
        return NamedPolicy(name=name, spec=spec, checks=Checks(name))
    if name == MODEL:
        return NamedPolicy(name=name, spec=spec)
    if name.endswith((".yaml", ".yml")):
        return NamedPolicy(name=Path(name).stem, spec=_with_policy(spec, Path(name)))
    known = [MODEL, *PRESETS, Checks.NEVER, Checks.ALWAYS]
    close = difflib.get_close_matches(name, known, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ConfigurationError("--policies", f"unknown {name!r}{hint} Known: {', '.join(known)}, or a .yaml file")


def _with_policy(spec: ModelSpec, path: Path) -> ModelSpec:
    """The model with the policy that a file holds."""
    try:
        content: Any = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(path, f"cannot be read: {error.strerror}") from error
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(path, f"not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(path, f"a policy has fields and their values; found {type(content).__name__}")
    try:
        policy = type(spec.policy).model_validate(content.get("policy", content))
    except ValidationError as error:
        problems = (f"field {'.'.join(map(str, line['loc']))}: {line['msg']}" for line in error.errors())
        raise ConfigurationError(path, *problems) from error
    if policy.asks_for_model_type and spec.model_type is None:
        raise ConfigurationError(path, f"takes a number from the model's type, and model {spec.name} has none")
    return spec.model_copy(update={"policy": policy})
