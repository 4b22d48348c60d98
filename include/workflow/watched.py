"""Watched: which places this deployment watches, and for whom; light, because a DAG file asks while it is parsed."""

from __future__ import annotations

from include.errors import ConfigurationError
from include.registry.places import ArrivalKind as ArrivalKind
from include.registry.places import Place as Place
from include.registry.places import watched_places as watched_places
from include.workflow.settings import Settings


def places_of_deployment() -> list[Place]:
    """The places that the model files want watched; none without a folder of them, which the six-hourly DAG tells."""
    settings = Settings.from_environment()
    try:
        return watched_places(settings.models_dir, settings.data_dir)
    except (ConfigurationError, OSError):
        return []
