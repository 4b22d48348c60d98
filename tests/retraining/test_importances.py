"""Importances: which columns a version's errors hang on."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.registry.loader import load_model
from include.registry.spec import ModelSpec
from include.retraining.importances import MOST_ROWS, permutation_importances
from tests.stage import Stage, day, sales


class Weighted:
    """Predicts from two of three columns, and notes how many rows it was asked about."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.asked: list[int] = []
        self._seconds = seconds

    def predict(self, features: pd.DataFrame) -> np.ndarray[Any, Any]:
        self.asked.append(len(features))
        time.sleep(self._seconds)
        return 3.0 * features["heavy"].to_numpy() + features["light"].to_numpy()


class Picky(Weighted):
    """Refuses rows that never were."""

    def predict(self, features: pd.DataFrame) -> np.ndarray[Any, Any]:
        if (features["heavy"] < features["floor"]).any():
            raise RuntimeError("no such row")
        return super().predict(features)


@pytest.fixture
def spec(tmp_path: Path) -> ModelSpec:
    return load_model(Stage(tmp_path).add("sales").parent, "sales")


def table(rows: int = 3_000) -> tuple[pd.DataFrame, np.ndarray[Any, Any]]:
    rng = np.random.default_rng(0)
    features = pd.DataFrame({name: rng.normal(size=rows) for name in ("heavy", "light", "idle")})
    return features, 3.0 * features["heavy"].to_numpy() + features["light"].to_numpy() + rng.normal(0, 0.1, rows)


def test_shares_follow_what_the_version_reads(spec: ModelSpec) -> None:
    predictor = Weighted()
    found = permutation_importances(spec, predictor, *table(), None)
    assert found is not None
    assert sum(found.values()) == pytest.approx(1.0)
    assert found["heavy"] > found["light"] > found["idle"] == 0.0
    assert found["heavy"] / found["light"] == pytest.approx(9.0, rel=0.25)  # squared errors: 9 to 1
    assert set(predictor.asked) == {MOST_ROWS}


def test_same_rows_give_the_same_shares(spec: ModelSpec) -> None:
    assert permutation_importances(spec, Weighted(), *table(), None) == permutation_importances(
        spec, Weighted(), *table(), None
    )


def test_weights_count(spec: ModelSpec) -> None:
    features, actual = table()
    weight = np.where(np.arange(len(features)) % 2 == 0, 1.0, 0.0)
    plain = permutation_importances(spec, Weighted(), features, actual, None)
    assert permutation_importances(spec, Weighted(), features, actual, weight) != plain


def test_slow_version_is_not_measured(spec: ModelSpec) -> None:
    predictor = Weighted(seconds=2.0)
    assert permutation_importances(spec, predictor, *table(100), None) is None
    assert len(predictor.asked) == 1


def test_version_that_refuses_shuffled_rows_is_told_in_the_log(
    spec: ModelSpec, caplog: pytest.LogCaptureFixture
) -> None:
    features, actual = table(200)
    features = features.assign(floor=features["heavy"])
    assert permutation_importances(spec, Picky(), features, actual, None) is None
    assert "sales: importances of the columns were not measured: RuntimeError: no such row" in caplog.text


def test_version_that_reads_nothing_has_no_important_column(spec: ModelSpec) -> None:
    class Constant:
        def predict(self, features: pd.DataFrame) -> np.ndarray[Any, Any]:
            return np.zeros(len(features))

    found = permutation_importances(spec, Constant(), *table(200), None)
    assert found == {"heavy": 0.0, "light": 0.0, "idle": 0.0}


def test_accepted_version_has_its_importances_on_record(tmp_path: Path) -> None:
    stage = Stage(tmp_path)
    stage.add("sales", sales(45))
    stage.run("sales", day(30))
    found = stage.store.versions("sales")[0].details.importances
    assert found is not None
    assert set(found) == {"temperature", "price", "region"}
    assert max(found, key=lambda name: found[name]) == "temperature"
