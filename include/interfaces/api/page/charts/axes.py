"""What charts share: the SVG element, round numbers along an axis, where a time or a value lies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from markupsafe import Markup

from include.interfaces.reports.escaping import escape

TICKS = 4


@dataclass(frozen=True, kw_only=True)
class Plane:
    """The rectangle that is drawn in, in units of the SVG, and what its edges stand for."""

    left: float
    right: float
    top: float
    bottom: float
    start: datetime
    end: datetime
    low: float
    high: float

    def x(self, at: datetime) -> float:
        """Where a time lies; outside the period at its edge."""
        length = (self.end - self.start) / timedelta(seconds=1) or 1.0
        share = (at - self.start) / timedelta(seconds=1) / length
        return self.left + (self.right - self.left) * min(max(share, 0.0), 1.0)

    def y(self, value: float) -> float:
        """Where a value lies."""
        return self.bottom - (self.bottom - self.top) * (value - self.low) / ((self.high - self.low) or 1.0)


def svg(width: float, height: float, label: str, parts: Iterable[str], kind: str) -> Markup:
    """A picture with a text for those who do not see it; `kind` is its class."""
    head = f'<svg class="{kind}" viewBox="0 0 {width:g} {height:g}" role="img" aria-label="{escape(label)}">'
    return Markup(head + "".join(parts) + "</svg>")  # noqa: S704  # its parts are escaped where they are made


def ticks(values: Sequence[float]) -> list[float]:
    """Round numbers around all values, a few of them, one step apart.

    >>> ticks([0.13, 0.41])
    [0.1, 0.2, 0.30000000000000004, 0.4, 0.5]
    """
    low, high = min(values), max(values)
    length = (high - low) or abs(high) or 1.0
    rough = length / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1.0, 2.0, 2.5, 5.0, 10.0, 20.0) if power * size >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * place for place in range(first, max(last, first + 1) + 1)]


def finite(values: Iterable[float | None]) -> list[float]:
    """Those that can be drawn."""
    return [value for value in values if value is not None and math.isfinite(value)]
