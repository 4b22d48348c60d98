"""Data sufficiency: are there enough recent rows to say anything?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

from include.data.profile import NO_EXTRAS, Extra
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors.comparison import Comparison


@dataclass(frozen=True)
class SufficiencyDetector:
    """Says `no_data` for no recent rows, `inconclusive` below the model's minimum, else `stable`."""

    extras: ClassVar[Extra] = NO_EXTRAS

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """One signal, about all rows."""
        rows, needed = comparison.recent.rows, comparison.minimum_rows
        if rows == 0:
            verdict, reason = Verdict.NO_DATA, "no recent rows"
        elif rows < needed:
            verdict, reason = Verdict.INCONCLUSIVE, f"{rows} recent rows, {needed} needed"
        else:
            verdict, reason = Verdict.STABLE, f"{rows} recent rows"
        return [
            Signal(
                kind=SignalKind.SUFFICIENCY, statistic="rows", verdict=verdict, value=float(rows),
                threshold=float(needed), reason=reason,
            )
        ]  # fmt: skip
