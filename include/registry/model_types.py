"""What is usual for a type of model: schedule, thresholds, strategy. Used where a policy asks for it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

ModelTypeName = Literal["lightgbm", "lstm", "transformer", "ensemble"]
Strategy = Literal["full", "incremental"]


@dataclass(frozen=True, kw_only=True)
class ModelTypeDefaults:
    """The usual numbers of a model type.

    Parameters
    ----------
    schedule : str
        Cron expression, UTC, that the trigger `schedule` stands for where it names none.
    psi : float
        Population stability index that a feature has drifted from, with ``drift_tests: model_type``.
    performance : float
        Least value of the metric (one where large is good) that the trigger `performance_below` stands for where it
        names none.
    strategy : str
        ``full`` trains from scratch, ``incremental`` goes on from the champion: what ``training.strategy: model_type``
        stands for.
    """

    schedule: str
    psi: float
    performance: float
    strategy: Strategy


MODEL_TYPES: Mapping[str, ModelTypeDefaults] = {
    "lightgbm": ModelTypeDefaults(schedule="0 2 * * *", psi=0.25, performance=0.80, strategy="incremental"),
    "lstm": ModelTypeDefaults(schedule="0 3 * * *", psi=0.30, performance=0.75, strategy="full"),
    "transformer": ModelTypeDefaults(schedule="0 4 * * *", psi=0.30, performance=0.75, strategy="full"),
    "ensemble": ModelTypeDefaults(schedule="0 5 * * *", psi=0.20, performance=0.85, strategy="incremental"),
}
