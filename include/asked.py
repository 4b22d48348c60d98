"""The time that a run is asked to look at."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from include.errors import ConfigurationError

CLOCK_SKEW = timedelta(minutes=5)  # how far the clocks of two machines may be apart


def asked_time(as_of: str | datetime, *, now: datetime) -> datetime:
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
