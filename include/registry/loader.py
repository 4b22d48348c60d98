"""Reads model files. A mistake is answered with file, field, what was found and what is allowed."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, ValidationError

from include.decision.policy.problems import PROBLEM
from include.errors import ConfigurationError, did_you_mean
from include.registry.home import said
from include.registry.model_files import files_by_model, name_of, twin_of
from include.registry.source import SOURCES
from include.registry.spec import ModelSpec
from include.registry.yaml_text import BARE_WORD, read_yaml

ENVIRONMENT = "RETRAINING_ENVIRONMENT"  # names the part of `environments` that holds here
MOST_PROBLEMS = 25  # of one file that are told
LONGEST_SHOWN = 200  # characters of what was found, or of what somebody else's code says of it
_SAID = {"finite_number": "a finite number is needed; to leave a limit out, leave the field out"}
_NAMES_OF_SECRETS = frozenset({"connection", "services"})  # fields that hold names of what Airflow keeps secret


def load_model(folder: Path, name: str) -> ModelSpec:
    """Read one model by its name, that is, its file's name without its suffix."""
    return load_model_file(model_file(folder, name))


def load_model_file(path: Path) -> ModelSpec:
    """Read one model file, as it is in this environment; a `ConfigurationError` lists everything wrong with it.

    Whatever a file holds, this is the only error, so that who reads several files is stopped by none.
    """
    if other := twin_of(path):
        raise ConfigurationError(
            path, f"{path.name} and {other.name} are both of the model {name_of(path)}; remove or rename one of them"
        )
    content = read_fields(path, "model file")
    if "name" in content:
        raise ConfigurationError(path, "field name: leave it out; the file's name is the model's name")
    try:
        return ModelSpec.model_validate({**content, "name": name_of(path)}).in_environment(environment())
    except ValidationError as error:
        raise ConfigurationError(path, *problems_of(error, ModelSpec)) from error
    except Exception as error:  # no field foresaw it: a mistake of this file, never the end of a run of all models
        what = shorten(" ".join(str(error).split()))
        raise ConfigurationError(path, f"cannot be understood: {type(error).__name__}: {what}") from error


def read_fields(path: Path, kind: str) -> dict[Any, Any]:
    """The fields of a YAML file of that kind, not yet looked at; a `ConfigurationError` where there are none."""
    content = read_yaml(path, kind)
    if not isinstance(content, dict):
        raise ConfigurationError(path, f"a {kind} holds fields and their values; found {type(content).__name__}")
    return content


def problems_of(error: ValidationError, section: type[BaseModel]) -> list[str]:
    """What is wrong with the fields of a section, a line each; of very many the first."""
    lines = error.errors()
    told = [problem for line in lines[:MOST_PROBLEMS] for problem in _problems(dict(line), section)]
    return told if len(lines) <= MOST_PROBLEMS else [*told, f"and {len(lines) - MOST_PROBLEMS} more"]


def shorten(text: str) -> str:
    """`text` as far as it helps to find it."""
    return text if len(text) <= LONGEST_SHOWN else f"{text[: LONGEST_SHOWN - 1]}…"


def environment() -> str:
    """The environment that this process runs in; empty for none in particular."""
    return said(ENVIRONMENT)


def models_to_check(folder: Path, wanted: Sequence[str]) -> dict[str, ModelSpec | None]:
    """The models that a run has to look at, by name: those wanted, or all that are not disabled.

    The highest `priority` comes first: of tasks that wait for a place in a pool, Airflow takes the first mapped first.
    A file that cannot be read counts as enabled, of priority 0, so that its error shows up under its own name; it is
    None.
    """
    files = _model_files(folder, wanted) if wanted else [folder / name for name in files_by_model(folder).values()]
    found = [(name_of(file), _readable(file)) for file in files]
    chosen = [(name, spec) for name, spec in found if wanted or spec is None or spec.enabled]
    return dict(sorted(chosen, key=lambda pair: 0 if pair[1] is None else -pair[1].priority))


def model_file(folder: Path, name: str) -> Path:
    """The file of a registered model; a `ConfigurationError` names the known ones."""
    return _model_files(folder, [name])[0]


def _model_files(folder: Path, names: Sequence[str]) -> list[Path]:
    """The files of these models, each once; a `ConfigurationError` tells every name that is none."""
    files = files_by_model(folder)
    known = list(files)
    wrong = [f"no model {name!r}{did_you_mean(name, known)}" for name in dict.fromkeys(names) if name not in files]
    if wrong:
        raise ConfigurationError(folder, *wrong, f"known: {', '.join(known) or 'none, the folder has no model file'}")
    return [folder / files[name] for name in dict.fromkeys(names)]


def _readable(path: Path) -> ModelSpec | None:
    """The model of that file; None for one with mistakes, which the step that needs it will name."""
    try:
        return load_model_file(path)
    except ConfigurationError:
        return None


def config_hash(spec: ModelSpec) -> str:
    """A hash of the effective settings: the same for files that differ in comments or order only."""
    stable = json.dumps(spec.model_dump(mode="json"), sort_keys=True)
    return hashlib.sha256(stable.encode()).hexdigest()


def _problems(line: dict[str, Any], section: type[BaseModel]) -> list[str]:
    """What one error of pydantic says: one thing, or all that is wrong in a tree."""
    if line["type"] != PROBLEM:
        return [_problem(line, section)]
    at = [str(part) for part in line["loc"]]
    return [
        f"field {'.'.join(filter(None, (*at, each['where'])))}: found {each['found']}; {each['problem']}"
        for each in line["ctx"]["problems"]
    ]


def _problem(line: dict[str, Any], section: type[BaseModel]) -> str:
    where = [str(part) for part in line["loc"]]
    field, found = ".".join(where) or "(the file)", line["input"]
    if line["type"] == "extra_forbidden":
        allowed = _fields_at(where[:-1], section)
        return f"unknown field {field}{did_you_mean(where[-1], allowed)}; allowed: {', '.join(allowed)}"
    if line["type"] == "missing":
        return f"field {field} is missing"
    if line["type"] == "union_tag_invalid":
        kind = found.get("kind")
        near = did_you_mean(str(kind), list(SOURCES))
        return f"field {field}.kind: found {kind!r}{near}; allowed: {', '.join(SOURCES)}"
    if line["type"] == "union_tag_not_found":
        return f"field {field}.kind is missing; allowed: {', '.join(SOURCES)}"
    message = _SAID.get(line["type"], str(line["msg"]).removeprefix("Value error, "))
    if line["type"] == "string_type" and isinstance(found, bool):
        message = BARE_WORD
    if where == ["name"] and line["type"] == "string_pattern_mismatch":
        message = "rename the file: a name is of small letters, digits, `_`, `.` and `-`, 64 at most"
    shown = "" if isinstance(found, dict) else f"found {_shown(where, found)}; "
    return f"field {field}: {shown}{message[:1].lower()}{message[1:]}"


def _shown(where: Sequence[str], found: object) -> str:
    """What was found; not where it may be a secret, such as an address in place of the name of a connection."""
    if isinstance(found, str) and ("://" in found or set(where) & _NAMES_OF_SECRETS):
        return "something else, which is not repeated as it may hold a secret"
    if isinstance(found, str) and "environment" in where and "=" in found:
        return f"'{shorten(found.partition('=')[0])}=…'"
    return shorten(repr(found))


def _fields_at(where: list[str], section: type[BaseModel]) -> list[str]:
    """Names of the fields that are allowed at `where` in a section."""
    for part in where:
        if part not in section.model_fields:  # the tag of a union, such as `csv`
            section = SOURCES[part].section if part in SOURCES else section
            continue
        annotation = section.model_fields[part].annotation
        options = [option for option in (annotation, *get_args(annotation)) if isinstance(option, type)]
        section = next((option for option in options if issubclass(option, BaseModel)), section)
    return [name for name in section.model_fields if not (section is ModelSpec and name == "name")]
