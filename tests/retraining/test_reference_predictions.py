from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.data.profile import NumericColumn
from include.data.reference.profiles import PREDICTION, ReferenceProfiles, predictions_against
from include.detectors import Comparison, OutputDriftDetector
from include.records.entries import Outcome
from include.retraining.artifacts import ArtifactFolder
from include.retraining.contest.predictions import recent_rows
from include.retraining.executor import RetrainingExecutor
from tests.detectors.comparisons import compare
from tests.retraining.models import spec_of
from tests.retraining.test_executor import champion_of, tables
from tests.retraining.trainers.test_script_trainer import LEAST_SQUARES

TRAININGS: dict[str, dict[str, Any]] = {
    "linear": {"estimator": "linear"},
    "boosted": {"hyperparameters": {"max_iter": 30}},
    "callable": {"callable": "tests.retraining.trainers.functions:ridge"},
    "script": {"script": LEAST_SQUARES, "rows": "all"},
}


def few_values(rows: int, seed: int, *, sign: float = 1.0) -> pd.DataFrame:
    """Two inputs of two values each, so that there are four distinct predictions."""
    rng = np.random.default_rng(seed)
    x, z = rng.integers(2, size=rows).astype(float), rng.integers(2, size=rows).astype(float)
    return pd.DataFrame({"x": x, "z": z, "y": sign * (5.0 * x + 2.0 * z) + rng.normal(size=rows)})


def drifts(executor: RetrainingExecutor, outcome: Outcome, recent: pd.DataFrame) -> bool:
    """Whether predictions of the version published drift on `recent`, which nothing of it was trained on."""
    assert outcome.reference is not None
    stored = executor.load(champion_of(outcome).version)
    predicted = recent_rows(executor.spec, recent, stored.columns, None, lambda: stored.predictor).predicted
    known = outcome.reference.outputs[PREDICTION]
    now = predictions_against(known, predicted)
    nothing = compare(pd.DataFrame({"x": [0.0]}), pd.DataFrame({"x": [0.0]}))
    given = Comparison(reference=nothing.reference, recent=nothing.recent, outputs={PREDICTION: (known, now)})
    return any(signal.changed for signal in OutputDriftDetector().detect(given))


@pytest.mark.parametrize(
    ("training", "refit"),
    [
        *((training, True) for training in TRAININGS if training != "script"),
        ("linear", False), ("boosted", False), ("callable", False),
        *(pytest.param("script", refit, marks=pytest.mark.sweep) for refit in (True, False)),  # a process a prediction
    ],
)  # fmt: skip
def test_few_distinct_predictions_of_first_version_and_challenger_do_not_drift(
    tmp_path: Path, training: str, refit: bool
) -> None:
    executor = RetrainingExecutor(
        spec=spec_of(training=TRAININGS[training], gate={"refit": refit}), artifacts=ArtifactFolder(tmp_path)
    )
    first = executor.retrain(tables(few_values(600, 0), few_values(0, 0)), None, 1)
    assert not drifts(executor, first, few_values(500, 5))
    other = few_values(600, 1, sign=-1.0)
    second = executor.retrain(tables(few_values(600, 0), other), champion_of(first), 2)
    assert second.details.refit is (refit and second.status == "promoted")
    assert not drifts(executor, second, few_values(500, 6, sign=-1.0))


def test_values_of_the_reference_are_those_that_the_published_version_predicts(tmp_path: Path) -> None:
    executor = RetrainingExecutor(spec=spec_of(training=TRAININGS["linear"]), artifacts=ArtifactFolder(tmp_path))
    outcome = executor.retrain(tables(few_values(600, 0), few_values(0, 0)), None, 1)
    assert outcome.reference is not None
    known = outcome.reference.outputs[PREDICTION].columns[PREDICTION]
    assert isinstance(known, NumericColumn)
    grid = pd.DataFrame({"x": [0.0, 0.0, 1.0, 1.0], "z": [0.0, 1.0, 0.0, 1.0]})
    published = executor.load(champion_of(outcome).version).predictor.predict(grid)
    assert sorted(set(known.edges)) == pytest.approx(sorted(published), abs=1e-9)


@pytest.mark.parametrize("values", [[1e299, 3e299, -7e300], [1.0, 2.0, 1e-300], [0.0, -5.0, 123456.789]])
def test_last_bits_of_a_prediction_are_no_drift(values: list[float]) -> None:
    usual = np.repeat(values, 100)
    nothing = compare(pd.DataFrame({"x": [0.0]}), pd.DataFrame({"x": [0.0]})).reference
    bare, above = ReferenceProfiles(profile=nothing, inputs=()), usual + np.abs(usual) * 4e-16 + 1e-18 * (usual == 0.0)
    for reference in (usual, above, np.where(np.arange(300) % 2, usual, above)):
        known = bare.with_outputs(usual, reference).outputs[PREDICTION]
        now = predictions_against(known, usual - np.abs(usual) * 4e-16 - 1e-18 * (usual == 0.0))
        found = [profile.columns[PREDICTION] for profile in (known, now)]
        assert all(isinstance(column, NumericColumn) for column in found)
        assert found[0].counts == found[1].counts
        assert found[0].at_edges == found[1].at_edges  # type: ignore[union-attr]  # numbers, as said above
