"""Scores: how a value compares with the reference, in normal standard deviations.

A value's score is the reference's normal score, interpolated between five quantiles (the knots) and clipped at -2 and
2, in whole eighths of a standard deviation. Where the column has a grid (see `include.data.profile.grid`), it is the
score of the middle of the value's cell: at most one eighth off, and only next to where scores step.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

STEPS = 8  # scores are counted in 1 / STEPS standard deviations
SHARES = (0.0228, 0.1587, 0.5, 0.8413, 0.9772)  # normal distribution function at -2, -1, 0, 1, 2

Floats = npt.NDArray[np.float64]
Scores = npt.NDArray[np.float32]
Codes = npt.NDArray[np.int8]  # scores that are nowhere NaN


@dataclass(frozen=True, slots=True)
class Scale:
    """Piecewise linear scores of one column: `targets` (in units of 1 / `STEPS`) at `knots`, constant beyond them."""

    knots: tuple[float, ...]
    targets: tuple[float, ...]

    @classmethod
    def of(cls, found: Sequence[float]) -> Scale:
        """From the reference's five quantiles, or none; equal ones count once, with the mean of their scores."""
        ideal = np.arange(-2.0, 3.0) * STEPS
        quantiles = np.array(found)
        knots = np.unique(quantiles)
        targets = [float(np.rint(ideal[quantiles == knot].mean())) for knot in knots.tolist()]
        spans = [right - left for left, right in zip(knots[:-1].tolist(), knots[1:].tolist(), strict=True)]
        if not all(1e-290 < span < math.inf for span in spans):
            return cls((), ())
        return cls(tuple(knots.tolist()), tuple(targets))

    def enter(self, floats: Floats, into: Scores) -> None:
        """Write each value's score, NaN as it is: the sum of one clipped ramp between each two knots."""
        if len(self.knots) < 2:
            into[:] = 0.0
            return
        total: Floats | None = None
        for place in range(len(self.knots) - 1):
            left, right = self.knots[place : place + 2]
            ramp = np.clip(floats, left, right)
            ramp -= left
            ramp *= (self.targets[place + 1] - self.targets[place]) / (right - left)
            total = ramp if total is None else np.add(total, ramp, out=total)
        assert total is not None
        total += self.targets[0]
        np.rint(total, out=into, casting="same_kind")


def cut_knots(ordered: Floats) -> tuple[float, ...]:
    """Five quantiles of sorted values; with their minimum and maximum as the outer ones if all five are equal."""
    if not len(ordered) or ordered[0] == ordered[-1]:
        return ()
    knots = ordered[(np.array(SHARES) * (len(ordered) - 1)).round().astype(int)].tolist()
    if knots[0] == knots[-1]:
        knots[0], knots[-1] = float(ordered[0]), float(ordered[-1])
    return tuple(knots)
