"""Labelled rows with a known truth."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import stats

from include.scoring import LabelledRows
from tests.series import Floats, autoregression

CLASSES = {2: ("no", "yes"), 3: ("a", "b", "c")}


def numbers(rows: int = 200, *, seed: int = 0) -> LabelledRows:
    """A regression whose labels stay away from 0."""
    rng = np.random.default_rng(seed)
    actual = rng.normal(size=rows) + 10.0
    return LabelledRows(actual=actual, predicted=actual + rng.normal(0.2, 0.5, rows))


def trades(rows: int = 250, *, seed: int = 0, periods: float = 252.0) -> LabelledRows:
    """Daily returns of 1 %, and positions that foresee a little of them; a tenth of the days without a position."""
    rng = np.random.default_rng(seed)
    actual = 0.01 * rng.normal(size=rows)
    position = np.where(rng.random(rows) < 0.1, 0.0, np.clip(20.0 * actual + rng.normal(size=rows), -1.0, 1.0))
    return LabelledRows(actual=actual, predicted=position, periods_per_year=periods)


def classified(
    rng: np.random.Generator, rows: int = 500, *, share: float = 0.3, lag1: float = 0.0, hardness: float = 1.0,
    **fields: Any,
) -> LabelledRows:  # fmt: skip
    """Two classes with honest probabilities: ``yes`` with probability Φ(score), the score autocorrelated by `lag1`.

    Whether a prediction comes true is autocorrelated too: luck is a series of its own with the same `lag1`.
    """
    score = hardness_of(share, hardness) + autoregression(rng, rows=rows, coefficient=lag1) / hardness
    luck = stats.norm.cdf(autoregression(rng, rows=rows, coefficient=lag1))
    chance = stats.norm.cdf(score)
    return LabelledRows(
        actual=np.where(luck < chance, "yes", "no"), predicted=np.where(chance > 0.5, "yes", "no"),
        probability=np.column_stack([1.0 - chance, chance]), classes=CLASSES[2], **fields,
    )  # fmt: skip


def hardness_of(share: float, hardness: float) -> float:
    """Mean of the score with which a share of the rows is ``yes``."""
    return float(stats.norm.ppf(share)) * float(np.sqrt(1.0 + hardness**-2))


def several(rng: np.random.Generator, rows: int = 500) -> LabelledRows:
    """Three classes with honest probabilities."""
    probability: Floats = rng.dirichlet([1.0, 1.5, 0.7], rows)
    drawn = (rng.random(rows)[:, None] > np.cumsum(probability, axis=1)).sum(axis=1)
    names = np.array(CLASSES[3])
    return LabelledRows(
        actual=names[drawn], predicted=names[probability.argmax(axis=1)], probability=probability, classes=CLASSES[3]
    )
