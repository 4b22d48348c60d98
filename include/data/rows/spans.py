"""Stretches of time, and which rows fall into them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd


@dataclass(frozen=True, order=True)
class Span:
    """The time from `start` on and before `end`, both UTC."""

    start: datetime
    end: datetime

    def __str__(self) -> str:
        """From when to when, to the minute."""
        return f"{self.start:%Y-%m-%d %H:%M} to {self.end:%Y-%m-%d %H:%M}"


def within(times: pd.Series[Any], spans: Iterable[Span]) -> npt.NDArray[np.bool_]:
    """Which of `times` (UTC, shape (n,)) lie in any of the spans.

    >>> import pandas as pd
    >>> hours = pd.Series(pd.date_range("2026-01-01", periods=4, freq="h", tz="UTC"))
    >>> within(hours, [Span(hours[1].to_pydatetime(), hours[3].to_pydatetime())]).tolist()
    [False, True, True, False]
    """
    import numpy as np
    import pandas as pd

    found = np.zeros(len(times), dtype=bool)
    for span in spans:
        found |= ((times >= pd.Timestamp(span.start)) & (times < pd.Timestamp(span.end))).to_numpy()
    return found
