"""Functions of a model's owner that its file names as ``module:function``."""

from __future__ import annotations

import importlib
from collections.abc import Callable
from typing import Any

from include.errors import ConfigurationError


def import_function(model_name: str, field: str, place: str) -> Callable[..., Any]:
    """The function at `place`; a ConfigurationError names the model and the `field` when it cannot be imported."""
    module, _, attribute = place.partition(":")
    try:
        found: Callable[..., Any] = getattr(importlib.import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise ConfigurationError(
            f"model {model_name}", f"field {field}: cannot import {place!r} (module:function): {error}"
        ) from error
    return found
