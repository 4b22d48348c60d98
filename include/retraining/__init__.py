"""From a decision to a proven version: prepare, train, validate, publish.

What trains is loaded when it is first named.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from include.retraining.accepted import Champion as Champion
    from include.retraining.project import RetrainingExecutor as RetrainingExecutor

__all__ = ["Champion", "RetrainingExecutor"]

#: Which file each is in.
_FILES = {
    "Champion": "accepted",
    "RetrainingExecutor": "project",
}


def __getattr__(name: str) -> Any:
    if name not in _FILES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_FILES[name]}"), name)
