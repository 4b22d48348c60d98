"""What is named as ``module:function``: functions of a model's owner in its file, and ours in the catalogues."""

from __future__ import annotations

import importlib
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from include.errors import ConfigurationError, did_you_mean

PACKAGE_HOME = Path(__file__).resolve().parents[2]  # the folder that holds ``include/``
MOST_SHOWN = 10  # names of functions in a message


def import_function(model_name: str, field: str, place: str) -> Callable[..., Any]:
    """The function at `place`; a ConfigurationError names the model and the `field` when it cannot be imported.

    The module has to be on Python's import path in every process that runs tasks or commands: in a folder that
    ``PYTHONPATH`` names, in the folder that holds ``include/``, or installed.
    """
    module, _, attribute = place.partition(":")
    try:
        loaded = importlib.import_module(module)
    except ModuleNotFoundError as error:
        missing = error.name or module
        own = module == missing or module.startswith(f"{missing}.")
        advice = _where_to_put(module) if own else f"it imports {missing}, which is not installed here"
        raise _cannot(model_name, field, place, f"No module named {missing!r}; {advice}") from error
    except (Exception, SystemExit) as error:  # whatever a module of the owner's does while it is imported
        raise _cannot(model_name, field, place, f"{module} fails on import: {type(error).__name__}: {error}") from error
    found = getattr(loaded, attribute, None)
    if not callable(found):
        have = [name for name, value in vars(loaded).items() if callable(value) and not name.startswith("_")]
        what = "is no function" if hasattr(loaded, attribute) else "is missing"
        told = f"{attribute!r} {what} in {getattr(loaded, '__file__', None) or module}{did_you_mean(attribute, have)}"
        raise _cannot(model_name, field, place, f"{told}; functions there: {', '.join(have[:MOST_SHOWN]) or 'none'}")
    return cast("Callable[..., Any]", found)


def of_catalogue(place: str) -> Any:
    """What an entry of `include.registry.source.SOURCES` or `include.registry.training.TRAINERS` names.

    They name it, as ``module:function``, so that a model file is read without loading what reads rows or trains.
    """
    module, _, attribute = place.partition(":")
    return getattr(importlib.import_module(module), attribute)


def _where_to_put(module: str) -> str:
    """Where a module has to be so that it is found."""
    file = f"{module.replace('.', '/')}.py"
    named = os.environ.get("PYTHONPATH") or "not set"
    return (
        f"put {file} into {PACKAGE_HOME}, or into a folder that the variable PYTHONPATH (now {named}) names where the "
        "workers, the scheduler and the command line are started, and start these again"
    )


def _cannot(model_name: str, field: str, place: str, why: str) -> ConfigurationError:
    return ConfigurationError(f"model {model_name}", f"field {field}: cannot import {place!r} (module:function): {why}")
