"""Drift of what the model answers and of what comes true: a change of either is no harm yet, and worth knowing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import ClassVar

from include.data.profile import Extra
from include.decision.signals import Signal, SignalKind
from include.detectors.comparison import Comparison
from include.detectors.data_drift import DataDriftDetector

KINDS: Mapping[str, SignalKind] = {"target": SignalKind.TARGET_DRIFT, "prediction": SignalKind.PREDICTION_DRIFT}


@dataclass(frozen=True, kw_only=True)
class OutputDriftDetector:
    """The tests of `DataDriftDetector` on the target and on the champion's predictions.

    Predictions are there at once, labels later: predictions that drift are the first sign, without labels, that inputs
    moved where it matters to the model. Predictions are compared with the champion's own on the rows that it was
    accepted on; where it was trained on them too, less what it remembers of them.

    Parameters
    ----------
    level : float, default 0.001
        For each of the two, the probability that it is called changed on one check although nothing changed.
    """

    extras: ClassVar[Extra] = Extra.NEIGHBOURS

    level: float = 0.001

    def detect(self, comparison: Comparison) -> Sequence[Signal]:
        """Signals for each of the two that is there on both sides."""
        found: list[Signal] = []
        for name, (reference, recent) in comparison.outputs.items():
            detector, measured = DataDriftDetector(threshold=self.level, kind=KINDS[name]), comparison.of_outputs
            pair = replace(comparison, reference=reference, recent=recent, calibration=measured.get(name))
            found += detector.detect(pair)
        return found
