"""What a challenger that has passed the gate needs in shadow, and how many rows a version was judged on only."""

from __future__ import annotations

import pandas as pd

from include.records.entries import ShadowNeeds, Version
from include.registry.spec import ModelSpec
from include.scoring.paired import FEWEST_ROWS


def shadow_needs(spec: ModelSpec, champion: Version, used: pd.DataFrame) -> ShadowNeeds | None:
    """What a challenger that was trained and judged on the rows `used` needs before it is published; None: nothing."""
    if not spec.gate.shadow or spec.timestamp is None:
        return None
    return ShadowNeeds(
        checks=spec.gate.shadow, rows=max(spec.minimum_rows // 2, FEWEST_ROWS), beside=champion.version,
        trained_since=used[spec.timestamp].iloc[0].isoformat(),
    )  # fmt: skip


def untrained_rows(version: Version) -> int:
    """How many rows a version was judged on and not trained on, at the gate and in shadow; 0 for a first version."""
    if (kept := version.details.untrained_rows) is not None:
        return kept
    trained = version.parent is None or version.baseline is None or version.details.refit
    return 0 if trained or version.baseline is None else version.baseline.rows
