"""Which cells of a column are values: what training, prediction and profiles all ask."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Possible:
    """The numbers that a column of numbers or dates can hold.

    Parameters
    ----------
    low, high : float or None
        The least and the greatest one; dates are seconds since 1970 (UTC). None for no limit.
    sentinels : tuple of float
        Numbers that stand for no value.
    declared : bool
        Whether the model's owner has said what is possible: then no sentinels are looked for.
    """

    low: float | None = None
    high: float | None = None
    sentinels: tuple[float, ...] = ()
    declared: bool = False

    def only(self, floats: Floats) -> tuple[Floats, int]:
        """`floats` with NaN in place of what is impossible, and how many cells that were.

        The floats given are not written to; where nothing is impossible they come back themselves.
        """
        tests = [floats == sentinel for sentinel in self.sentinels]
        tests += [floats < self.low] if self.low is not None else []
        tests += [floats > self.high] if self.high is not None else []
        if not tests:
            return floats, 0
        wrong = tests[0]
        for test in tests[1:]:
            wrong |= test
        cells = int(np.count_nonzero(wrong))
        return (np.where(wrong, np.nan, floats), cells) if cells else (floats, 0)

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Possible:
        """Read its fields as JSON keeps them."""
        return cls(**{**stored, "sentinels": tuple(stored["sentinels"])})

    def with_sentinels(self, found: tuple[float, ...]) -> Possible:
        """The same with further numbers that stand for no value."""
        known = tuple(sorted({*self.sentinels, *found}))
        return Possible(low=self.low, high=self.high, sentinels=known, declared=self.declared)


ANYTHING = Possible()
