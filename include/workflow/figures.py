"""Statistics of the system itself: what decisions came to, what they cost and what they gained."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.errors import ConfigurationError
from include.records.entries import Figures
from include.workflow.deployment import Deployment
from include.workflow.people import check_model


def statistics_of_system(
    deployment: Deployment, *, start: datetime, end: datetime, model_name: str = ""
) -> Sequence[Figures]:
    """What the decisions from `start` on and before `end` came to, by model and trigger; dry runs are left out.

    Raises
    ------
    ConfigurationError
        When the period is empty.
    NotOnRecord
        For a model that is not known; without a name all are counted.
    """
    if start >= end:
        raise ConfigurationError("from, to", f"{start:%Y-%m-%d %H:%M} is not before {end:%Y-%m-%d %H:%M}")
    if model_name:
        check_model(deployment, model_name)
    return deployment.store.watch.figures(since=start, until=end, model_name=model_name or None)
