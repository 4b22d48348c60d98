from __future__ import annotations

from datetime import timedelta

import numpy as np
import pandas as pd
import pytest

from include.data.sources.samples import DEMAND_CHANGE, DEMAND_START, IRIS_REFERENCE_ROWS, demand, iris


def test_an_hour_of_demand_has_the_same_values_however_far_the_table_reaches() -> None:
    longer = demand(DEMAND_CHANGE + timedelta(days=30))
    for until in (timedelta(hours=5), timedelta(days=3, hours=7), timedelta(days=170)):
        table = demand(DEMAND_START + until)
        assert len(table) == until // timedelta(hours=1)
        pd.testing.assert_frame_equal(table, longer.iloc[: len(table)])


@pytest.mark.parametrize("early", [timedelta(0), timedelta(days=400)])
def test_there_is_no_demand_before_its_start(early: timedelta) -> None:
    table = demand(DEMAND_START - early)
    assert table.empty
    assert list(table.columns) == ["timestamp", "hour", "weekday", "temperature", "promotion", "demand"]


def test_demand_answers_to_heat_the_other_way_round_after_the_change() -> None:
    table = demand(DEMAND_CHANGE + timedelta(days=60))
    noon = table[(table["hour"] == 13) & (table["weekday"] < 5) & (table["promotion"] == 0)]
    before = noon[noon["timestamp"] < DEMAND_CHANGE]
    after = noon[noon["timestamp"] >= DEMAND_CHANGE]
    assert np.corrcoef(before["temperature"], before["demand"])[0, 1] < -0.7
    assert np.corrcoef(after["temperature"], after["demand"])[0, 1] > 0.5


def test_irises_are_split_once_and_for_all() -> None:
    reference, recent = iris()
    assert (len(reference), len(recent)) == (IRIS_REFERENCE_ROWS, 60)
    assert set(recent["species"]) == {"setosa", "versicolor", "virginica"}
    pd.testing.assert_frame_equal(reference, iris()[0])
