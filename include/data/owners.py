"""Functions of a model's owner, called so that whatever they do reaches no other model."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

from include.data.sources.time_limit import within
from include.errors import DataError, SourceUnavailable
from include.registry.functions import import_function
from include.registry.spec import ModelSpec

Answer = TypeVar("Answer")


def answer_of_owner(
    spec: ModelSpec, field: str, place: str, *given: object, read: Callable[[Any], Answer]
) -> Answer:  # fmt: skip
    """What the function ``module:function`` answers, as `read` reads it; imported and called within `timeout`.

    Raises
    ------
    ConfigurationError
        When it cannot be imported.
    DataError
        When it fails, ends the process it is in (``sys.exit``), or answers what `read` cannot read.
    SourceUnavailable
        When it, or its module, has not ended after the model's `timeout`.
    """
    where = f"model {spec.name}: field {field}: {place}"
    function = within(spec.timeout, f"{where}, on import", partial(import_function, spec.name, field, place))
    try:
        return read(within(spec.timeout, where, partial(function, *given)))
    except SourceUnavailable:
        raise
    except (Exception, SystemExit) as error:
        raise DataError(f"{where} failed: {type(error).__name__}: {error}") from error
