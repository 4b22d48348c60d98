"""What a run is to do: parameters by their names, and the time that it is to look at."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from include.errors import ConfigurationError, RollbackRefused, did_you_mean

PREVIOUS = "previous"  # the version that was champion before the present one
VERSION = "v?[1-9][0-9]{0,8}"
CLOCK_SKEW = timedelta(minutes=5)  # how far the clocks of two machines may be apart


def requested_time(as_of: str | datetime, *, now: datetime) -> datetime:
    """End of the recent window of a run; a text without a zone is UTC.

    Raises
    ------
    ConfigurationError
        For a text that is no time, or a time later than `now`: whatever counts from the last retraining, such as the
        cooldown, would hold every check back until then.
    """
    try:
        moment = datetime.fromisoformat(as_of) if isinstance(as_of, str) else as_of
    except ValueError as error:
        raise ConfigurationError(
            "parameter as_of", f"found {as_of!r}; write a date and time, for example 2026-11-01T00:00:00Z"
        ) from error
    moment = moment if moment.tzinfo is not None else moment.replace(tzinfo=UTC)
    if moment > now + CLOCK_SKEW:
        raise ConfigurationError(
            "parameter as_of",
            f"{moment:%Y-%m-%d %H:%M %Z} is later than now, {now:%Y-%m-%d %H:%M %Z}; give a time that has passed",
        )
    return moment


def check_parameters(conf: Mapping[str, Any] | None, params: Mapping[str, Any], known: Iterable[str]) -> None:
    """Do nothing where all that was given with a run (`conf`) has come through as one of the `known` parameters.

    Airflow takes any name for a parameter, and with ``[core] dag_run_conf_overrides_params`` off passes none of them
    on: the run would do something else than what somebody believes that it does.

    Parameters
    ----------
    conf : mapping or None
        As it was given with the run; None and empty for a run that was given nothing.
    params : mapping
        What the task is given: the defaults, overridden by `conf`.

    Raises
    ------
    ConfigurationError
        For each name that is no parameter, with the one that may have been meant and all that are allowed; for a value
        that was not passed on.
    """
    allowed = list(known)
    wrong = [
        f"unknown parameter {name!r}{did_you_mean(str(name), allowed)}" for name in conf or {} if name not in allowed
    ]
    if wrong:
        raise ConfigurationError("parameters of this run", *wrong, f"allowed: {', '.join(allowed)}")
    lost = [name for name, value in (conf or {}).items() if params.get(name) != value]
    if lost:
        raise ConfigurationError(
            "parameters of this run", f"{', '.join(lost)}: given, but not passed on; turn Airflow's setting "
            "[core] dag_run_conf_overrides_params on",
        )  # fmt: skip


def numbered_version(text: str) -> int:
    """Read ``v3`` or ``3``; a `ConfigurationError` for anything else."""
    if re.fullmatch(VERSION, text) is None:
        raise ConfigurationError("version", f"found {text!r}; write for example v3")
    return int(text.removeprefix("v"))


def version_number(text: str) -> int | None:
    """Read ``v3`` or ``3``; None for ``previous``."""
    if text == PREVIOUS:
        return None
    try:
        return numbered_version(text)
    except ConfigurationError as error:
        raise RollbackRefused(f"found {text!r} for a version; write {PREVIOUS}, or for example v3") from error
