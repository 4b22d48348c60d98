"""The libraries that a stored model is made of, and whether those that are installed are still the same."""

from __future__ import annotations

import re
import zipfile
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

ALWAYS = ("numpy", "skops")
_SCHEMA, _MODULE = "schema.json", re.compile(rb'"__module__": "(\w+)')
_DISTRIBUTIONS = {"sklearn": "scikit-learn"}


def libraries_of(file: Path) -> dict[str, str]:
    """Versions of the libraries whose types a skops file holds, by the names under which they are installed."""
    with zipfile.ZipFile(file) as stored:
        modules = {found.decode() for found in _MODULE.findall(stored.read(_SCHEMA))}
    names = {_DISTRIBUTIONS.get(module, module) for module in modules} | set(ALWAYS)
    return {name: found for name in sorted(names) if (found := installed(name))}


def installed(name: str) -> str:
    """Version of an installed library; empty for one that is not there."""
    try:
        return version(name)
    except PackageNotFoundError:
        return ""


def changed_libraries(recorded: Mapping[str, str]) -> list[tuple[str, str, str]]:
    """The libraries that are not as they were: name, version then, version now (empty: gone)."""
    return [(name, then, now) for name, then in recorded.items() if (now := installed(name)) != then]
