"""Which models a run by schedule looks at: each at its `check_every`, so that they are spread over the runs."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from include.workflow.deployment import Deployment
from include.workflow.run_parameters import chosen_specs

_EPOCH = datetime(2026, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, kw_only=True)
class Chosen:
    """The models that a run looks at, in their order, and how many others are not due."""

    names: list[str]
    later: int = 0


def choose_models(
    deployment: Deployment, params: Mapping[str, Any], conf: Mapping[str, Any] | None, *, now: datetime,
    scheduled_at: datetime | None = None,
) -> Chosen:  # fmt: skip
    """Check the parameters of a run, and choose its models.

    Parameters
    ----------
    scheduled_at : datetime, optional
        The time that a run by schedule is of: it looks at the models that are due (`is_due`), at those whose file
        cannot be read, and at those of which something waits for the next run: a request, a change of champion that
        downstream was not told of, a retrain that was lost. None for a run that somebody wanted: it looks at all.

    Raises
    ------
    ConfigurationError
        As `include.workflow.run_parameters.chosen_models`.
    """
    specs = chosen_specs(deployment.models_dir, params, conf, now=now)
    if scheduled_at is None:
        return Chosen(names=list(specs))
    known = deployment.store.watch.scheduled(list(specs), before=scheduled_at)
    names = [
        name
        for name, spec in specs.items()
        if spec is None or name not in known or known[name].waits
        or is_due(name, spec.check_every, last=known[name].last, at=scheduled_at)
    ]  # fmt: skip
    return Chosen(names=names, later=len(specs) - len(names))


def is_due(model_name: str, every: timedelta, *, last: datetime | None, at: datetime) -> bool:
    """Whether a model is to be checked in the run of that time.

    Time is divided into stretches of `every`, which begin for each model at a moment of its own: by a hash of its name,
    so that models that are registered at once are not checked at once for ever. A model is due in the first run of each
    stretch, whenever that is: a run that did not take place is made up for by the next. So checks are `every` apart, or
    on the average, where that is no multiple of the time between two runs; only after the first check it may be less.

    Parameters
    ----------
    last : datetime or None
        The time that the last check by schedule was of; None for none.

    Examples
    --------
    >>> noon = datetime(2026, 5, 3, 12, tzinfo=UTC)
    >>> is_due("demand", timedelta(hours=6), last=noon - timedelta(hours=6), at=noon)
    True
    >>> days = [noon + timedelta(days=day) for day in range(1, 8)]
    >>> sum(is_due("demand", timedelta(days=7), last=day - timedelta(days=1), at=day) for day in days)
    1
    """
    if last is None:
        return True
    share = int.from_bytes(hashlib.sha256(model_name.encode("utf-8", "surrogatepass")).digest()[:8], "big") / 2**64
    begin = _EPOCH + share * every
    return bool((at - begin) // every > (last - begin) // every)
