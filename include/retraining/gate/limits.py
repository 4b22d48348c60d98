"""What a stored version costs to serve: its size, and how long it takes to answer."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

import pandas as pd

from include.registry.training import Gate
from include.retraining.artifacts import StoredModel
from include.retraining.gate.gate import GateResult, GateVerdict
from include.retraining.resources import MEBIBYTE

CALLS, MOST_SECONDS, FEWEST_CALLS = 20, 2.0, 3  # rows that a model predicts, and when to stop with a slow one


@dataclass(frozen=True, kw_only=True)
class ServingCost:
    """What a stored version costs to serve.

    Parameters
    ----------
    size_mib : float
        All files of the version.
    latency_ms : float or None
        For the answer to a single row; None where it is not limited.
    """

    size_mib: float
    latency_ms: float | None

    def excess(self, gate: Gate) -> str:
        """What is beyond the limits, with the figures; an empty text for nothing."""
        if gate.max_size_mib is not None and self.size_mib > gate.max_size_mib:
            return f"the stored version has {self.size_mib:.3g} MiB, {gate.max_size_mib:g} are allowed"
        if gate.max_latency_ms is not None and self.latency_ms is not None and self.latency_ms > gate.max_latency_ms:
            return f"a single row takes {self.latency_ms:.3g} ms, {gate.max_latency_ms:g} are allowed"
        return ""


def within_limits(result: GateResult, cost: ServingCost, gate: Gate) -> GateResult:
    """The same result, or REJECT where the version is beyond a limit of its model file."""
    excess = cost.excess(gate)
    return replace(result, verdict=GateVerdict.REJECT, reason=f"{excess}; {result.reason}") if excess else result


def serving_cost_of(stored: StoredModel, features: pd.DataFrame, gate: Gate) -> ServingCost:
    """Measure what the gate limits: see `serving_cost`."""
    return serving_cost(stored, features, latency=gate.max_latency_ms is not None)


def serving_cost(stored: StoredModel, features: pd.DataFrame, *, latency: bool) -> ServingCost:
    """Measure a version as it was loaded from its files.

    The latency is the median over 20 rows, each answered alone, after one that is not counted; of a model that is
    slow, over as many as it answers in two seconds, three at least.

    Parameters
    ----------
    features : DataFrame
        Rows (at least one) as `include.retraining.prepare.feature_table` makes them.
    latency : bool
        Whether to ask at all: a program of the owner's may take seconds to start.
    """
    took = _latency_ms(stored, features) if latency else None
    return ServingCost(size_mib=_size(stored.folder) / MEBIBYTE, latency_ms=took)


def _size(folder: Path) -> int:
    return sum(file.stat().st_size for file in folder.rglob("*") if file.is_file())


def _latency_ms(stored: StoredModel, features: pd.DataFrame) -> float:
    stored.predictor.predict(features.iloc[:1])
    took: list[float] = []
    began = time.perf_counter()
    while len(took) < CALLS and (len(took) < FEWEST_CALLS or time.perf_counter() - began < MOST_SECONDS):
        place = len(took) % len(features)
        row, asked = features.iloc[place : place + 1], time.perf_counter()
        stored.predictor.predict(row)
        took.append(time.perf_counter() - asked)
    return 1000.0 * median(took)
