"""Requests as a store keeps them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from include.decision.request import Request


@dataclass(frozen=True, kw_only=True)
class Consumption:
    """Which run consumed a request, and when."""

    run_id: str
    at: datetime


@dataclass(frozen=True, kw_only=True)
class KeptRequest:
    """A request, and what became of it.

    Parameters
    ----------
    consumed : Consumption or None
        None while it waits.
    retry_of : int or None
        Id of the same request as an earlier run consumed it, whose event failed or was abandoned.
    gave_up : str
        Why it is not tried again, if its last try failed.
    """

    request: Request
    consumed: Consumption | None = None
    retry_of: int | None = None
    gave_up: str = ""
