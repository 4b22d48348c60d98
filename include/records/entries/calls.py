"""Calls from outside that write, each of which is to be done once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, kw_only=True)
class KeptCall:
    """A call by the key that its caller gave it.

    Parameters
    ----------
    fingerprint : str
        Of what was wanted: a key stands for one call only.
    attempt : str
        A UUID: which of the processes that got the call does it.
    mine : bool
        Whether it is to be done by whoever began it now. Else it was answered, or is being done by another process.
    status : int or None
        HTTP status of the answer; None until there is one.
    answer : mapping
        Body of the answer.
    """

    caller: str
    key: str
    fingerprint: str
    attempt: str
    begun_at: datetime
    mine: bool
    status: int | None = None
    answer: Mapping[str, Any] = field(default_factory=dict)
