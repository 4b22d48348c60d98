"""Canaries: the share of the traffic that a version has beside the champion. Recorded, for others to route by."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, kw_only=True)
class CanaryShare:
    """One change of a canary.

    Parameters
    ----------
    version : int
        A version with an artifact that is not champion.
    champion_version : int
        The champion that has the rest; when it is replaced, the canary ends.
    share : float
        Per cent of the traffic; 0 ends the canary.
    running : bool
        Whether it is so now.
    """

    id: int
    model_name: str
    version: int
    champion_version: int
    share: float
    set_by: str
    reason: str
    set_at: datetime
    running: bool = False
