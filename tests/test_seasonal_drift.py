"""Half a year of weather as the reference, then summer: inputs drift, the champion is none the worse."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import SignalKind, Verdict
from include.records.entries import EventStatus
from tests.series import autoregression
from tests.stage import START, Stage, Step, day

REFERENCE_DAYS, DAYS = 181, 245  # January to June, then to the end of August
FIELDS = {"reference": {"start": "2026-01-01", "end": "2026-07-01"}, "policy": {"preset": "balanced"}}


def rentals() -> pd.DataFrame:
    """Hourly rentals that rise with the temperature up to that of a spring day, and no further."""
    rng, rows = np.random.default_rng(0), DAYS * 24
    days = np.arange(rows) / 24.0
    weather = autoregression(rng, rows=rows, coefficient=0.97, columns=2)
    year, hour = np.cos(2 * np.pi * (days - 15) / 365), np.cos(2 * np.pi * (days - 0.6))
    temperature = 11.0 - 12.0 * year + 4.0 * hour + 2.5 * weather[:, 0]
    level = 100.0 + 40.0 * np.clip(temperature / 15.0, 0.0, 1.0) + 20.0 * hour
    return pd.DataFrame({
        "at": pd.date_range(START, periods=rows, freq="h"), "temperature": temperature, "humidity": weather[:, 1],
        "hour": np.arange(rows) % 24, "sales": level - 3.0 * weather[:, 1] + rng.normal(0.0, 5.0, rows),
    })  # fmt: skip


def drifting(step: Step) -> set[str]:
    return {s.feature for s in step.analysis.signals if s.changed and s.kind is SignalKind.DATA_DRIFT and s.feature}


@pytest.fixture(scope="module", params=["28d", "7d"])
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Stage:
    """A first version, accepted on the first of July."""
    stage = Stage(tmp_path_factory.mktemp("weather"))
    stage.add("rentals", rentals(), window=request.param, **FIELDS)
    first = stage.run("rentals", day(REFERENCE_DAYS))
    assert first.event is not None
    assert first.event.status is EventStatus.PROMOTED
    return stage


@pytest.mark.parametrize("number", [REFERENCE_DAYS + 28, REFERENCE_DAYS + 35])
def test_summer_is_drift_and_no_reason_to_retrain(stage: Stage, number: int) -> None:
    step = stage.run("rentals", day(number))
    performance = {s.verdict for s in step.analysis.signals if s.kind is SignalKind.PERFORMANCE}
    assert "temperature" in drifting(step)
    assert "hour" not in drifting(step)
    outputs = {(s.kind, s.feature) for s in step.analysis.signals}
    assert {(SignalKind.TARGET_DRIFT, "target"), (SignalKind.PREDICTION_DRIFT, "prediction")} <= outputs
    assert performance == {Verdict.STABLE}
    assert (step.decision.triggered, step.event) == (False, None)
    assert step.decision.reason.startswith("inputs drifted (temperature")
    assert "yet no harm is seen" in step.decision.reason


def test_the_same_summer_without_labels_asks_for_a_retrain(tmp_path: Path) -> None:
    stage, table = Stage(tmp_path), rentals()
    stage.add("rentals", table, **FIELDS)
    stage.run("rentals", day(REFERENCE_DAYS))
    stage.write("rentals", table.assign(sales=table["sales"].where(table.index < REFERENCE_DAYS * 24)))
    decision = stage.run("rentals", day(REFERENCE_DAYS + 28), dry_run=True).decision
    assert decision.trigger_type == "data_drift"
    assert "temperature" in decision.root_cause
