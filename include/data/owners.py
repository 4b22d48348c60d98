"""Functions of a model's owner, called so that whatever they do reaches no other model."""

from __future__ import annotations

from functools import partial
from typing import Any

from include.data.sources.time_limit import within
from include.errors import ConfigurationError, DataError, SourceUnavailable
from include.registry.functions import import_function
from include.registry.spec import ModelSpec


def answer_of_owner(spec: ModelSpec, field: str, place: str, *given: object) -> Any:
    """What the function ``module:function`` answers, imported and called within the model's `timeout`.

    Raises
    ------
    ConfigurationError
        When it cannot be imported.
    DataError
        When it fails, or ends the process it is in (``sys.exit``).
    SourceUnavailable
        When it, or its module, has not ended after the model's `timeout`.
    """
    where = f"model {spec.name}: field {field}: {place}"
    function = within(spec.timeout, f"{where}, on import", partial(import_function, spec.name, field, place))
    try:
        return within(spec.timeout, where, partial(function, *given))
    except (SourceUnavailable, ConfigurationError):
        raise
    except (Exception, SystemExit) as error:
        raise DataError(f"{where} failed: {type(error).__name__}: {error}") from error
