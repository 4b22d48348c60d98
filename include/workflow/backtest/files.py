"""Files of results: a place is tried before the work, so that no work is lost for want of one."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, TypeVar

from include.errors import ConfigurationError

Result = TypeVar("Result")


def check_place(out: Path) -> None:
    """Whether a result can be kept there, and its picture beside it; a `ConfigurationError` if not."""
    if out.is_dir() or not out.name:
        raise ConfigurationError("--out", f"{out} is a folder; name a file in it, for example {out / 'result.json'}")
    if picture_of(out) == out:
        raise ConfigurationError("--out", f"{out}: that is the picture; name the result {out.with_suffix('.json')}")
    try:
        out.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=out.parent):
            writable = all(os.access(file, os.W_OK) for file in (out, picture_of(out)) if file.exists())
    except OSError as error:
        raise _unwritable(out, error) from error
    if not writable:
        raise ConfigurationError("--out", f"{out}, or the picture beside it, is there and may not be written to")


def picture_of(out: Path) -> Path:
    """Where the picture of a result is."""
    return out.with_suffix(".svg")


def write(text: str, path: Path) -> None:
    """Write text to a file; a `ConfigurationError` if that fails."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise _unwritable(path, error) from error


def write_json(content: Mapping[str, Any], path: Path) -> None:
    """Write a result to a file, the same bytes for the same result."""
    write(json.dumps(content, indent=1) + "\n", path)


def read_json(path: Path, read: Callable[[Any], Result], made_by: str) -> Result:
    """Read an earlier result by `read`; a `ConfigurationError` if it is none of `made_by`."""
    try:
        return read(json.loads(path.read_text(encoding="utf-8")))
    except OSError as error:
        raise ConfigurationError("--compare", f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise ConfigurationError("--compare", f"{path} is no result of {made_by}: {error}") from error


def _unwritable(path: Path, error: OSError) -> ConfigurationError:
    return ConfigurationError("--out", f"{path} cannot be written: {error.strerror}; choose another place")
