"""What variables of the environment say: texts, and paths that may begin with a home folder nobody has."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from include.errors import ConfigurationError


def said(name: str, environment: Mapping[str, str] | None = None) -> str:
    r"""What a variable of the environment (by default this process's) says; empty for nothing.

    Blanks and ends of lines around it, as files of secrets and of settings bring along, are no part of it.

    >>> said("STAGE", {"STAGE": "production\n"}), said("STAGE", {})
    ('production', '')
    """
    return (os.environ if environment is None else environment).get(name, "").strip()


def all_said(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """What each variable of the environment says, see `said`."""
    return {name: said(name, environment) for name in (os.environ if environment is None else environment)}


def at_home(text: str, where: str) -> Path:
    """A path, its ``~`` replaced; `where` it was named stands in the error.

    Raises
    ------
    ConfigurationError
        When that user has no home folder: containers run as any number, without an entry in passwd.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError as error:
        raise ConfigurationError(
            where, f"found {text}: that user has no home folder here; write a whole path"
        ) from error
