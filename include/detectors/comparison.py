"""What every detector is given, and the protocol that it fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from include.data.calibration import Calibration
from include.data.profile import Column, Profile
from include.scoring import Baseline, LabelledRows, Metric
from include.signals import Signal
from include.statistics import effective_size


@dataclass(frozen=True, kw_only=True)
class Comparison:
    """Reference and recent rows of one model, as far as detectors need to know them.

    Parameters
    ----------
    reference, recent : Profile
        Of the same columns; the recent one was counted into the reference's bins.
    labelled : LabelledRows or None
        Recent rows whose label has arrived, with the champion's predictions; None where there are none.
    metric : Metric or None
        The model's primary metric.
    baseline : Baseline or None
        How good the champion was when it was accepted.
    calibration : Calibration or None
        How much a row of each column tells, as measured on the reference; None where it is too short for that.
    minimum_rows : int
        With fewer recent rows nothing is called changed, but for a column that is gone.
    """

    reference: Profile
    recent: Profile
    labelled: LabelledRows | None = None
    metric: Metric | None = None
    baseline: Baseline | None = None
    calibration: Calibration | None = None
    minimum_rows: int = 100

    def effective_rows(self, name: str, column: Column, rows: int) -> float:
        """How many independent rows `rows` of the column are worth.

        Both reference and recent rows count as the reference's do: a jump among the recent ones would make neighbours
        alike, and so hide itself.
        """
        if self.calibration is not None and name in self.calibration.inflation:
            return rows / self.calibration.inflation[name]
        return effective_size(rows, column.lag1)


class Detector(Protocol):
    """Computes what changed. Holds settings only, never data; the same comparison gives the same signals."""

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Compare reference and recent rows; one signal for each thing measured, also when nothing changed."""
        ...
