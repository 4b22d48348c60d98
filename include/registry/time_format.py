"""How a model's owner says that times are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class TimeFormat:
    """How a model's owner says that times are written; what is left out is found out.

    Parameters
    ----------
    format : str
        As for `datetime.strptime`, for example ``%d/%m/%Y %H:%M``.
    timezone : str
        IANA name of the zone of times that carry none; UTC if it is empty.
    unit : str
        Of whole numbers since 1970: ``s``, ``ms``, ``us`` or ``ns``; ``excel`` for days as spreadsheets count them.
    """

    format: str = ""
    timezone: str = ""
    unit: str = ""
