"""What a model file says of how its CSV files are written."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Dialect:
    """How a CSV file is written; what is None is found out.

    Parameters
    ----------
    delimiter, decimal, thousands, quote : str or None
        One character each; an empty `thousands` or `quote` says that there is none.
    encoding : str or None
        As Python names it. Without one, text is UTF-8, and a cell that is not is read as Windows-1252.
    header : bool, tuple of str, or None
        Whether the first row holds the names of the columns; or these names.
    skip : int
        Lines before it.
    told : str
        What was found out, if it is not what is usual.
    """

    delimiter: str | None = None
    decimal: str | None = None
    thousands: str | None = None
    quote: str | None = None
    encoding: str | None = None
    header: bool | tuple[str, ...] | None = None
    skip: int = 0
    told: str = ""
