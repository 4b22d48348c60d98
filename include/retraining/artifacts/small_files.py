"""Small files beside the artifacts: any program can write them, so whatever else is in one is told with its place."""

from __future__ import annotations

import json
from typing import Any

from include.errors import ArtifactError


def text_of(content: bytes, place: str) -> str:
    """The text of a file; an `ArtifactError` where it is none."""
    try:
        return content.decode()
    except UnicodeDecodeError as error:
        raise ArtifactError(f"{place}: is no text ({error}); put back what was there, or move it away") from error


def fields_of(text: str, place: str) -> dict[str, Any]:
    """The fields of a JSON file; an `ArtifactError` where it holds something else."""
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ArtifactError(f"{place}: is no JSON: {error}") from error
    if not isinstance(told, dict):
        raise ArtifactError(f"{place}: holds {type(told).__name__} instead of fields")
    return told
