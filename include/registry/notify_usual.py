"""The settings of `notify` for all models, from the environment."""

from __future__ import annotations

import yaml
from pydantic import ValidationError

from include.errors import ConfigurationError
from include.registry.loader import problems_of
from include.registry.notifying import Notify

VARIABLE = "RETRAINING_NOTIFY"


def read_notify(text: str) -> Notify:
    """Read the fields of `notify` as YAML or JSON, ``{least: MEDIUM, services: [ops]}``; a `ConfigurationError`."""
    if not text.strip():
        return Notify()
    try:
        content = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError) as error:
        raise ConfigurationError(VARIABLE, f"not valid YAML: {' '.join(str(error).split())}") from error
    if not isinstance(content, dict):
        raise ConfigurationError(VARIABLE, f"found {content!r}; write fields, for example {{least: MEDIUM}}")
    try:
        return Notify.model_validate(content)
    except ValidationError as error:
        raise ConfigurationError(VARIABLE, *problems_of(error, Notify)) from error
