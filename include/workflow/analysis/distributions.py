"""Which columns a report draws."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.data.reference.distributions import Distribution, compare
from include.data.reference.profiles import PREDICTION, TARGET
from include.decision.signals import Signal, SignalKind
from include.detectors import Comparison

MOST = 12  # columns drawn, so that neither record nor report grows with the number of columns
_OUTPUTS = {SignalKind.TARGET_DRIFT: TARGET, SignalKind.PREDICTION_DRIFT: PREDICTION}
_INPUTS = (SignalKind.DATA_QUALITY, SignalKind.DATA_DRIFT, SignalKind.OUTLIERS)


def most_changed(comparison: Comparison, signals: Sequence[Signal]) -> tuple[Distribution, ...]:
    """Distributions of the columns that changed: broken ones first, then by how far beyond its threshold each is."""
    changed = [signal for signal in signals if signal.changed and signal.kind in (*_INPUTS, *_OUTPUTS)]
    ranked = sorted(changed, key=lambda signal: (not signal.blocks, -(signal.value or 0.0) / (signal.threshold or 1.0)))
    places = dict.fromkeys((_OUTPUTS.get(signal.kind, ""), signal.feature) for signal in ranked)
    return tuple(_drawn(comparison, list(places)))[:MOST]


def _drawn(comparison: Comparison, places: Sequence[tuple[str, str]]) -> Iterator[Distribution]:
    for output, feature in places:
        if output and output in comparison.outputs:
            known, recent = comparison.outputs[output]
            yield compare(output, known.columns[output], recent.columns.get(output), role="output")
        elif feature in comparison.reference.columns:
            reference = comparison.reference.columns[feature]
            yield compare(feature, reference, comparison.recent.columns.get(feature), role="input")
