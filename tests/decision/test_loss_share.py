from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from include.decision.loss_share import explained_share

ROWS = 1000


def losses(rng: np.random.Generator, table: pd.DataFrame, factor: float = 1.0) -> np.ndarray:
    """Rows with large x or of kind b are hard: they err twice, and three times, as much."""
    scale = factor * (1.0 + (table["x"] > 1.0) + 2.0 * (table["kind"] == "b"))
    return np.abs(rng.normal(size=len(table))) * scale.to_numpy()


def rows(rng: np.random.Generator, shift: float, b: float) -> pd.DataFrame:
    kinds = np.where(rng.random(ROWS) < b, "b", "a").astype(object)
    return pd.DataFrame({"x": rng.normal(shift, 1.0, ROWS), "kind": kinds})


@pytest.mark.parametrize(
    ("shift", "b", "factor", "low", "high"),
    [(2.0, 0.1, 1.0, 0.7, 1.0), (0.0, 0.8, 1.0, 0.8, 1.0), (0.0, 0.1, 2.0, 0.0, 0.15), (2.0, 0.1, 2.0, 0.2, 0.6)],
    ids=["harder numbers", "harder categories", "another concept", "both"],
)
def test_share_tells_harder_rows_from_a_changed_concept(
    shift: float, b: float, factor: float, low: float, high: float
) -> None:
    rng = np.random.default_rng(0)
    before, after = rows(rng, 0.0, 0.1), rows(rng, shift, b)
    share = explained_share(before, losses(rng, before), after, losses(rng, after, factor))
    assert low <= share <= high


def test_drift_that_matters_to_no_loss_explains_next_to_nothing() -> None:
    shares = []
    for seed in range(20):
        rng = np.random.default_rng(seed)
        before, after = rows(rng, 0.0, 0.1), rows(rng, 3.0, 0.9)
        flat, doubled = np.abs(rng.normal(size=ROWS)), 2.0 * np.abs(rng.normal(size=ROWS))
        shares.append(explained_share(before, flat, after, doubled))
    assert np.median(shares) < 0.05
    assert max(shares) < 0.33


def test_a_loss_that_did_not_rise_has_nothing_to_explain() -> None:
    rng = np.random.default_rng(2)
    before = rows(rng, 0.0, 0.1)
    assert explained_share(before, losses(rng, before), before, losses(rng, before, 0.5)) == 0.0


def test_missing_and_unknown_values_are_taken() -> None:
    rng = np.random.default_rng(3)
    before, after = rows(rng, 0.0, 0.1), rows(rng, 2.0, 0.1)
    after.loc[:100, "x"], after.loc[:50, "kind"] = np.nan, "new"
    assert 0.0 <= explained_share(before, losses(rng, before), after, losses(rng, after)) <= 1.0
