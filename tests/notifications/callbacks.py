"""Functions of an owner's that are told of models."""

from __future__ import annotations

from typing import Any

TOLD: list[tuple[str, str, float, dict[str, Any]]] = []


def remember(model_name: str, status: str, duration: float, **kwargs: Any) -> None:
    """Keep what it is told."""
    TOLD.append((model_name, status, duration, kwargs))


def fail(model_name: str, status: str, duration: float, **kwargs: Any) -> None:
    """Fail, and say a word that looks like an address."""
    raise RuntimeError(f"cannot reach https://user:secret@{model_name}.example.com/T0KEN")
