"""What the addresses of views may say."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

from fastapi import Depends, Query

from include.errors import ConfigurationError
from include.interfaces.api.records import Deployed, require_known
from include.interfaces.api.texts import MODEL_NAME, Cursor, Limit

PRINTED = r"^[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]*$"
DAY = timedelta(days=1)

Word = Annotated[str, Query(max_length=200, pattern=PRINTED)]
RunName = Annotated[str, Query(max_length=250, pattern=PRINTED)]
Days = Annotated[int, Query(ge=1, le=3650, description="days that are shown")]
Place = Cursor
Rows = Limit


def known_model(
    deployed: Deployed, model: Annotated[str, Query(pattern=MODEL_NAME, description="name of a registered model")]
) -> str:
    """The model that the address names; a `NotOnRecord` where it has neither a file nor a record."""
    require_known(model, deployed)
    return model


Model = Annotated[str, Depends(known_model)]


def day_of(field: str, text: str) -> datetime | None:
    """The beginning of a day in UTC, as a date field sends it; None for an empty one.

    >>> day_of("at", "2026-05-03")
    datetime.datetime(2026, 5, 3, 0, 0, tzinfo=datetime.timezone.utc)
    """
    if not text:
        return None
    try:
        found = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=UTC)
    except ValueError:
        raise ConfigurationError(field, f"found {text!r}; give a day, for example 2026-05-03") from None
    if not 1970 <= found.year < 9999:  # the years that every zone can tell
        raise ConfigurationError(field, f"found {text!r}; give a day from 1970 to 9998")
    return found
