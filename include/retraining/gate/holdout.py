"""How many of the latest labelled rows a challenger is judged on, and how many there have to be to prove anything."""

from __future__ import annotations

import math

from include.registry.spec import ModelSpec
from include.scoring.paired import FEWEST_ROWS


def holdout_rows(spec: ModelSpec, recent: int) -> int:
    """Number of the latest rows to keep for the gate: a share of the recent ones, and enough to prove something.

    Parameters
    ----------
    recent : int
        Labelled rows that the champion has not seen.
    """
    enough = min(spec.minimum_rows // 2, recent // 2)
    return max(math.ceil(recent * spec.gate.holdout_share), enough)


def rows_needed(spec: ModelSpec) -> int:
    """The fewest labelled rows, new to the champion, of which enough are held out for the gate."""
    by_share = math.floor((FEWEST_ROWS - 1) / spec.gate.holdout_share) + 1
    return min(by_share, 2 * FEWEST_ROWS) if spec.minimum_rows >= 2 * FEWEST_ROWS else by_share


def shortfall(spec: ModelSpec, labelled: int) -> str:
    """Why a retrain on that many labelled rows could not be proven, in a sentence; empty where it could be."""
    if holdout_rows(spec, labelled) >= FEWEST_ROWS:
        return ""
    held = holdout_rows(spec, labelled)
    return (
        f"a retrain could not be proven now: {labelled} labelled rows that the champion has not seen, of which {held} "
        f"would be held out; {rows_needed(spec)} are needed, so that the gate has {FEWEST_ROWS}"
    )
