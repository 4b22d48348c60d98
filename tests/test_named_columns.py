"""Columns that a model file names and the rows do not have: refused with the nearest name, or told, never silent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.errors import DataError
from include.records.entries import EventStatus
from include.workflow.validation.findings import Weight
from include.workflow.validation.validate import validate
from tests.stage import REFERENCE_DAYS, START, Stage, day

ROWS = (REFERENCE_DAYS + 10) * 24
RNG = np.random.default_rng(4)
X = RNG.normal(size=ROWS)
TABLE = pd.DataFrame(
    {"at": pd.date_range(START, periods=ROWS, freq="h"), "temperature": X, "zip": RNG.choice([8001, 3000], ROWS),
     "y": 3 * X + RNG.normal(0, 0.3, ROWS), "said": 3 * X, "share": RNG.random(ROWS)}
)  # fmt: skip
NAMED: list[tuple[str, dict[str, Any], str, str]] = [
    ("range", {"range": {"temprature": [-40, 60]}}, "temprature", "temperature"),
    ("columns", {"columns": {"zipp": "category"}}, "zipp", "zip"),
    ("features", {"categorical": ["zipp"]}, "zipp", "zip"),
    ("features", {"features": ["temprature"]}, "temprature", "temperature"),
    ("slices", {"slices": ["zipp"]}, "zipp", "zip"),
    ("key", {"key": ["zipp"]}, "zipp", "zip"),
    ("weight", {"weight": "shares"}, "shares", "share"),
    ("target", {"target": "yy"}, "yy", "y"),
    ("timestamp", {"timestamp": "att"}, "att", "at"),
]


def stage_of(folder: Path, table: pd.DataFrame = TABLE, **fields: Any) -> Stage:
    stage = Stage(folder)
    stage.add("shop", table, **{"target": "y", **fields})
    return stage


@pytest.mark.parametrize(("field", "fields", "wrong", "right"), NAMED, ids=[f"{f}-{w}" for f, _, w, _ in NAMED])
def test_name_of_no_column_is_refused_with_the_nearest_by_the_run_and_by_validate(
    tmp_path: Path, field: str, fields: dict[str, Any], wrong: str, right: str
) -> None:
    stage = stage_of(tmp_path, **fields)
    with pytest.raises(DataError, match=rf"field {field}: no column '?{wrong}'?.*did you mean '{right}'\?"):
        stage.run("shop", day(REFERENCE_DAYS))
    found = validate(stage.deployment.models_dir / "shop.yaml", stage.deployment.data_dir, day(REFERENCE_DAYS + 10))
    assert any(each.weight is Weight.ERROR and f"did you mean '{right}'?" in each.text for each in found.findings)


@pytest.mark.parametrize(
    "fields",
    [
        {"range": {"temperature": [-40, 60], "y": [-99, 99]}, "columns": {"zip": "category"}},
        {"features": ["temperature"], "columns": {"zip": "category"}, "slices": ["zip"]},
        {"features": ["temperature"], "columns": {"share": "number"}},
        {"columns": {"at": "time"}, "weight": "share"},
    ],
)  # fmt: skip
def test_names_of_columns_that_are_there_are_in_order_whatever_they_are_used_for(
    tmp_path: Path, fields: dict[str, Any]
) -> None:
    step = stage_of(tmp_path, **fields).run("shop", day(REFERENCE_DAYS))
    assert step.event is not None
    assert step.event.status is EventStatus.PROMOTED
    assert not any("no column" in signal.reason for signal in step.analysis.signals)


def test_recorded_predictions_that_have_not_come_yet_are_told_and_stop_nothing(tmp_path: Path) -> None:
    step = stage_of(tmp_path, prediction="sayd").run("shop", day(REFERENCE_DAYS))
    assert step.event is not None
    words = "prediction: no column 'sayd' in the rows, so nothing is taken as recorded; did you mean 'said'?"
    assert [s.reason for s in step.analysis.signals if s.statistic == "reading"] == [words]


def test_column_that_is_gone_later_is_told_by_data_quality_and_does_not_end_the_check(tmp_path: Path) -> None:
    stage = stage_of(tmp_path, range={"temperature": [-40, 60]}, columns={"zip": "category", "share": "number"})
    stage.run("shop", day(REFERENCE_DAYS))
    stage.write("shop", TABLE.drop(columns=["temperature", "share"]))
    step = stage.run("shop", day(REFERENCE_DAYS + 10))
    gone = {s.feature for s in step.analysis.signals if s.statistic == "column_gone" and s.changed}
    assert {"temperature", "share"} <= gone
    assert not any("has no effect" in s.reason for s in step.analysis.signals)


def test_wrong_name_that_is_written_under_a_champion_is_told_at_each_check(tmp_path: Path) -> None:
    stage = stage_of(tmp_path)
    stage.run("shop", day(REFERENCE_DAYS))
    stage.add("shop", TABLE, target="y", range={"temprature": [-40, 60]})
    step = stage.run("shop", day(REFERENCE_DAYS + 10))
    words = "range: no column 'temprature' in the rows, so it has no effect; did you mean 'temperature'?"
    assert [s.reason for s in step.analysis.signals if s.statistic == "reading"] == [words]
