"""Presets: how eager a policy is. The numbers follow product.md's conservative / balanced / aggressive table."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any


@dataclass(frozen=True, kw_only=True)
class PolicySettings:
    """What a policy is made from.

    Parameters
    ----------
    performance_threshold : float
        Worsening of the primary metric that matters, counted as the metric does (RMSE 0.10: +10 %).
    performance_level : float
        Significance level of the worsening, and of concept drift.
    concept_drift_threshold : float
        Relative rise of the mean error within the window that matters.
    drift_level : float
        Probability that any input is called changed on one check although nothing changed.
    outlier_share : float
        Share of outlying values that matters.
    cooldown : timedelta
        Least time between two retrainings of the model.
    """

    performance_threshold: float
    performance_level: float
    concept_drift_threshold: float
    drift_level: float
    outlier_share: float
    cooldown: timedelta

    def replace(self, **changes: Any) -> PolicySettings:
        """The same settings with some of them changed."""
        return dataclasses.replace(self, **changes)


PRESETS: Mapping[str, PolicySettings] = {
    "conservative": PolicySettings(
        performance_threshold=0.10, performance_level=0.001, concept_drift_threshold=0.30, drift_level=0.0005,
        outlier_share=0.10, cooldown=timedelta(days=14),
    ),
    "balanced": PolicySettings(
        performance_threshold=0.05, performance_level=0.01, concept_drift_threshold=0.15, drift_level=0.001,
        outlier_share=0.05, cooldown=timedelta(days=7),
    ),
    "aggressive": PolicySettings(
        performance_threshold=0.03, performance_level=0.05, concept_drift_threshold=0.10, drift_level=0.01,
        outlier_share=0.03, cooldown=timedelta(days=2),
    ),
}  # fmt: skip
