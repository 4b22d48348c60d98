from __future__ import annotations

import numpy as np
import pytest

from include.scoring import METRICS, Baseline, LabelledRows, SliceRule
from include.scoring.slices import MOST_SLICES


def test_each_quarter_of_a_numeric_column_is_a_slice_and_missing_values_are_in_none() -> None:
    values = np.append(np.arange(1.0, 101.0), [np.nan, np.inf])
    rule = SliceRule.cut(values)
    counts = np.bincount(rule.assign(values) + 1)
    assert counts.tolist() == [2, 25, 25, 25, 25]
    assert rule.names[0] == "up to 25.75"


def test_few_numbers_are_values_each() -> None:
    rule = SliceRule.cut(np.array([1.0, 2.0, 2.0, 1e6]))
    assert rule.names == ("2", "1", "1000000")
    assert rule.assign(np.array([1e6, 3.0, np.nan, 1.0])).tolist() == [2, -1, -1, 1]


def test_no_more_than_the_most_frequent_values() -> None:
    values = np.array([f"v{number:02d}" for number in range(30) for _ in range(number + 1)], dtype=object)
    rule = SliceRule.cut(values)
    assert len(rule.names) == MOST_SLICES
    assert rule.names[0] == "v29"
    assert rule.assign(np.array(["v00", None, "v29"], dtype=object)).tolist() == [-1, -1, 0]


@pytest.mark.parametrize("column", [np.array([], dtype=float), np.full(5, np.nan), np.full(5, None)])
def test_column_without_values_has_no_slices(column: np.ndarray) -> None:
    rule = SliceRule.cut(column)
    assert rule.names == ()
    assert rule.assign(column).tolist() == [-1] * len(column)


def test_text_in_a_column_that_was_numeric_is_in_no_slice() -> None:
    assert SliceRule.cut(np.arange(100.0)).assign(np.array(["a"], dtype=object)).tolist() == [-1]


def test_baseline_carries_each_slices_own_score() -> None:
    region = np.array(["a", "b"] * 100, dtype=object)
    rows = LabelledRows(actual=np.zeros(200), predicted=np.where(region == "a", 1.0, 3.0), slices={"region": region})
    measured = Baseline.of_version(METRICS["mae"], rows).slices["region"].baselines
    assert {name: (part.rows, dict(part.scores)) for name, part in measured.items()} == {
        "a": (100, {"mae": 1.0}), "b": (100, {"mae": 3.0}),
    }  # fmt: skip
