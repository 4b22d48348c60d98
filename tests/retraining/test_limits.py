from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.records.entries import EventStatus, Outcome
from include.registry.training import Gate
from include.retraining.artifacts import ArtifactFolder, StoredModel
from include.retraining.executor import RetrainingExecutor
from include.retraining.gate.limits import CALLS, FEWEST_CALLS, ServingCost, serving_cost
from include.retraining.prepare import Columns
from tests.retraining.models import spec_of
from tests.retraining.test_executor import champion_of, frame, tables


@dataclass
class Slow:
    """Answers after so many seconds, and counts how often it was asked, and for how many rows."""

    seconds: float
    asked: list[int]

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        import time

        time.sleep(self.seconds)
        self.asked.append(len(features))
        return np.zeros(len(features))


def stored(folder: Path, model: Any) -> StoredModel:
    return StoredModel(predictor=model, columns=Columns(features=("x",), categorical=()), folder=folder)


FEATURES = pd.DataFrame({"x": [1.0, 2.0]})


def test_size_is_that_of_all_files_and_latency_that_of_a_single_row(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    (tmp_path / "files" / "model").write_bytes(b"0" * 2**20)
    (tmp_path / "manifest.json").write_bytes(b"0" * 2**19)
    model = Slow(0.005, [])
    cost = serving_cost(stored(tmp_path, model), FEATURES, latency=True)
    assert cost.size_mib == 1.5
    assert cost.latency_ms is not None
    assert 5.0 <= cost.latency_ms < 500.0
    assert model.asked == [1] * (CALLS + 1)


def test_slow_model_is_not_asked_for_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("include.retraining.gate.limits.MOST_SECONDS", 0.01)
    model = Slow(0.02, [])
    serving_cost(stored(tmp_path, model), FEATURES, latency=True)
    assert len(model.asked) == FEWEST_CALLS + 1


def test_nobody_is_asked_where_no_limit_is_set(tmp_path: Path) -> None:
    model = Slow(0.0, [])
    assert serving_cost(stored(tmp_path, model), FEATURES, latency=False).latency_ms is None
    assert model.asked == []


def test_excess_is_told_with_the_figures() -> None:
    cost = ServingCost(size_mib=12.0, latency_ms=30.0)
    assert cost.excess(Gate()) == ""
    assert cost.excess(Gate(max_size_mib=12, max_latency_ms=30)) == ""
    assert cost.excess(Gate(max_size_mib=10)) == "the stored version has 12 MiB, 10 are allowed"
    assert cost.excess(Gate(max_latency_ms=20)) == "a single row takes 30 ms, 20 are allowed"


@pytest.fixture
def first(tmp_path: Path) -> Outcome:
    executor = RetrainingExecutor(spec=spec_of(), artifacts=ArtifactFolder(tmp_path))
    return executor.retrain(tables(frame(400), frame(0)), None, 1)


@pytest.mark.parametrize("gate", [{"max_latency_ms": 1e-6}, {"max_size_mib": 1e-6}])
def test_better_version_beyond_a_limit_is_rejected(tmp_path: Path, first: Outcome, gate: dict[str, float]) -> None:
    executor = RetrainingExecutor(spec=spec_of(gate=gate), artifacts=ArtifactFolder(tmp_path))
    outcome = executor.retrain(tables(frame(400), frame(400, sign=-1.0, seed=1)), champion_of(first), 2)
    assert outcome.status is EventStatus.REJECTED
    assert "1e-06 are allowed; proven better: rmse" in outcome.reason
    assert outcome.details.serving["size_mib"] > 0.0
    assert (outcome.details.serving["latency_ms"] is None) == ("max_size_mib" in gate)
    assert outcome.details.gate["verdict"] == "reject"


def test_first_version_beyond_a_limit_is_rejected_too(tmp_path: Path) -> None:
    executor = RetrainingExecutor(spec=spec_of(gate={"max_size_mib": 1e-6}), artifacts=ArtifactFolder(tmp_path))
    assert executor.retrain(tables(frame(400), frame(0)), None, 1).status is EventStatus.REJECTED


def test_version_within_the_limits_is_promoted(tmp_path: Path) -> None:
    limits = {"max_size_mib": 100, "max_latency_ms": 60_000}
    executor = RetrainingExecutor(spec=spec_of(gate=limits), artifacts=ArtifactFolder(tmp_path))
    outcome = executor.retrain(tables(frame(400), frame(0)), None, 1)
    assert outcome.status is EventStatus.PROMOTED
    assert outcome.details.serving["latency_ms"] > 0.0
