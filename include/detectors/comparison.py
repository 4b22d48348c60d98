"""What every detector is given, and the protocol that it fulfils."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from include.data.profile import Profile
from include.scoring import Baseline, LabelledRows, Metric
from include.signals import Signal


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
    minimum_rows : int
        With fewer recent rows nothing is called changed, but for a column that is gone.
    """

    reference: Profile
    recent: Profile
    labelled: LabelledRows | None = None
    metric: Metric | None = None
    baseline: Baseline | None = None
    minimum_rows: int = 100


class Detector(Protocol):
    """Computes what changed. Holds settings only, never data; the same comparison gives the same signals."""

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Compare reference and recent rows; one signal for each thing measured, also when nothing changed."""
        ...
