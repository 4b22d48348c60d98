"""Names that are called as secrets are, or are the same as one: what is found again by its name is found."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.errors import RetrainingError
from include.records.entries import EventStatus
from tests.stage import Stage, day, sales

CALLED = {"region": "token", "temperature": "pass", "price": "signature"}
LINEAR = {"estimator": "linear", "rows": "all"}


def of_classes(table: pd.DataFrame) -> pd.DataFrame:
    level = table["sales"]
    return table.assign(sales=np.where(level > 130, "high4711", np.where(level > 100, "mean4711", "low")))


@pytest.mark.parametrize(("called", "secrets"), [
    (CALLED, []), ({"region": "secret"}, []), ({}, ["north", "south"]), ({}, ["temperature", "price"]),
    ({}, ["high4711", "mean4711"]), ({"region": "password"}, ["north", "south", "demand", "run-2"]),
])  # fmt: skip
@pytest.mark.parametrize("task", ["regression", "classification"])
def test_check_goes_on_whatever_columns_and_values_are_called(
    task: str, called: dict[str, str], secrets: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, secret in enumerate(secrets):
        monkeypatch.setenv(f"SHOP_{number}_PASSWORD", secret)
    stage, column = Stage(tmp_path), called.get("region", "region")
    table = sales(50, change=40)
    if task == "classification":
        table = of_classes(table)
    metric = "rmse" if task == "regression" else "log_loss"
    stage.add("demand", table.rename(columns=called), task=task, metric=metric, slices=[column], training=LINEAR)
    first = stage.run("demand", day(31), run_id="run-1")
    assert first.event is not None
    checked = stage.run("demand", day(45), run_id="run-2")
    assert checked.event is not None
    assert checked.event.status is EventStatus.PROMOTED
    told = [signal.feature for signal in checked.analysis.signals if signal.kind == "slice_performance"]
    kept = stage.store.analysis("demand", "run-2")
    assert kept is not None
    found = [signal.feature for signal in kept.signals if signal.kind == "slice_performance"]
    assert len(set(found)) == len(told) == 3
    assert found == told or secrets
    champion = stage.store.champion("demand")
    assert champion is not None
    assert champion.baseline is not None
    assert set(champion.baseline.slices[column].rule.values) == {"north", "south", "west"}
    assert set(champion.baseline.classes) <= {"high4711", "mean4711", "low"}


def test_failure_is_found_under_its_model_and_run_though_a_secret_is_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SHOP_PASSWORD", "demand")
    stage = Stage(tmp_path)
    stage.add("demand")
    with pytest.raises(RetrainingError):
        stage.run("demand", day(31), run_id="token=nightly-1")
    [failed] = stage.store.failures.find(model_name="demand", run_id="token=nightly-1", most=5)
    assert "demand" not in failed.error
