"""The policies that a backtest can replay: presets, never, always, and those in a file."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from pydantic import ValidationError

from include.decision.policy.presets import PRESETS
from include.errors import ConfigurationError
from include.registry.loader import problems_of, read_fields
from include.registry.model_files import SUFFIXES
from include.registry.policy import Policy
from include.registry.section import Section
from include.registry.spec import ModelSpec
from include.workflow.backtest.replay import Checks

MODEL = "model"  # as its file says
_Section = TypeVar("_Section", bound=Section)
_KNOWN = (MODEL, *PRESETS, Checks.NEVER, Checks.ALWAYS)


@dataclass(frozen=True, kw_only=True)
class NamedPolicy:
    """A policy to replay: the model with it, the preset that overrides the model file's, who decides."""

    name: str
    spec: ModelSpec
    preset: str = ""
    checks: Checks = Checks.POLICY


class _Wrapped(Section):
    """A file with the policy as a model file has it."""

    policy: Policy


def named_policies(spec: ModelSpec, names: str) -> list[NamedPolicy]:
    """Read ``conservative,balanced,always,my.yaml``; a file holds what a model file has under `policy`.

    A file's policy is called as the file without its suffix, or by the whole path where that name is taken.

    Raises
    ------
    ConfigurationError
        For an unknown name, a name given twice, or a file that is no policy.
    """
    asked = [name.strip() for name in names.split(",") if name.strip()]
    if not asked or len(set(asked)) < len(asked):
        raise ConfigurationError("--policies", f"found {names!r}; name each policy once, with commas between them")
    stems = Counter(Path(name).stem for name in asked if name.lower().endswith(SUFFIXES))
    free = {stem for stem, count in stems.items() if count == 1} - {*_KNOWN, *asked}
    return [_named(spec, name, free) for name in asked]


def _named(spec: ModelSpec, name: str, free: Collection[str]) -> NamedPolicy:
    if name in PRESETS:
        return NamedPolicy(name=name, spec=spec, preset=name)
    if name in (Checks.ALWAYS, Checks.NEVER):
        return NamedPolicy(name=name, spec=spec, checks=Checks(name))
    if name == MODEL:
        return NamedPolicy(name=name, spec=spec)
    if name.lower().endswith(SUFFIXES):
        file = Path(name)
        return NamedPolicy(name=file.stem if file.stem in free else name, spec=_with_policy(spec, file))
    close = difflib.get_close_matches(name, _KNOWN, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else ""
    raise ConfigurationError("--policies", f"unknown {name!r}{hint} Known: {', '.join(_KNOWN)}, or a .yaml file")


def _with_policy(spec: ModelSpec, path: Path) -> ModelSpec:
    """The model with the policy that a file holds, as if its model file held it."""
    content = read_fields(path, "policy")
    if "policy" in content and not isinstance(content["policy"], dict):
        found = type(content["policy"]).__name__
        raise ConfigurationError(path, f"field policy: a policy holds fields and their values; found {found}")
    policy = _read(_Wrapped, content, path).policy if "policy" in content else _read(Policy, content, path)
    return _read(ModelSpec, {**dict(spec), "policy": policy}, path)


def _read(section: type[_Section], fields: Mapping[Any, Any], path: Path) -> _Section:
    try:
        return section.model_validate(fields)
    except ValidationError as error:
        raise ConfigurationError(path, *problems_of(error, section)) from error
