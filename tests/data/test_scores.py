from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import special

from include.data.profile import NumericColumn, profile_table
from include.data.reference.scores import WIDEST, bin_scores


def column_of(values: object) -> NumericColumn:
    column = profile_table(pd.DataFrame({"x": values}), ["x"]).columns["x"]
    assert isinstance(column, NumericColumn)
    return column


def test_hand_computed_scores_are_normal_quantiles_of_middle_ranks() -> None:
    scores = bin_scores(column_of([1.0] * 50 + [2.0] * 30 + [3.0] * 20))
    assert scores == pytest.approx([*special.ndtri([0.25, 0.65, 0.9]), WIDEST])  # the last bin holds what is larger


def test_scores_ascend_within_their_bounds_and_have_the_moments_of_a_normal() -> None:
    column = column_of(np.random.default_rng(0).exponential(size=50_000))
    scores = bin_scores(column)
    shares = np.array(column.counts) / column.finite
    assert np.all(np.diff(scores) >= 0.0)
    assert (scores.min(), scores.max()) == (pytest.approx(-WIDEST, abs=0.3), WIDEST)
    assert shares @ scores == pytest.approx(0.0, abs=0.01)
    assert shares @ np.square(scores) == pytest.approx(1.0, abs=0.02)


def test_column_without_values_has_scores_all_the_same() -> None:
    assert len(set(bin_scores(column_of([np.nan] * 9)))) <= 1
