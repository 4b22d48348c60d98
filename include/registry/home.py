"""Paths that begin with the home folder of a user, of whom the machine may know none."""

from __future__ import annotations

from pathlib import Path

from include.errors import ConfigurationError


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
