from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.errors import TrainingError
from include.retraining.contest.predictions import judged_rows
from include.retraining.trainers.script_files import read_probabilities
from include.retraining.trainers.trainer import class_probabilities
from tests.retraining.models import spec_of

TWO = np.array([[0.3, 0.7], [1.0, 0.0]])
CERTAIN_OF_ALL = np.ones((2, 2))
WRONG = [
    (CERTAIN_OF_ALL, "sum to 1 in each row; in 2 of 2 rows they do not, the first of them sums to 2"),
    (np.array([[0.3, 0.7], [0.3, 0.3]]), "in 1 of 2 rows they do not, the first of them sums to 0.6"),
    (np.array([[-0.5, 1.5], [0.3, 0.7]]), "between 0 and 1"),
    (np.array([[np.nan, 1.0], [0.3, 0.7]]), "between 0 and 1|are missing"),
]


class Answers:
    """A classifier that gives the probabilities it was made with."""

    classes_ = ("a", "b")

    def __init__(self, probability: np.ndarray) -> None:
        self.probability = probability

    def predict(self, features: pd.DataFrame) -> Any:
        return np.array(["a"] * len(features))

    def predict_proba(self, features: pd.DataFrame) -> Any:
        return self.probability


def written(folder: Path, probability: np.ndarray) -> Path:
    file = folder / "predictions.parquet"
    pd.DataFrame(probability, columns=["probability_a", "probability_b"]).to_parquet(file)
    return file


@pytest.mark.parametrize(("probability", "reason"), WRONG)
def test_probabilities_of_a_script_that_are_none_are_refused(
    tmp_path: Path, probability: np.ndarray, reason: str
) -> None:
    with pytest.raises(TrainingError, match=f"predict.py: .*({reason})"):
        read_probabilities(written(tmp_path, probability), 2, ["a", "b"], "predict.py")


@pytest.mark.parametrize(("probability", "reason"), [*WRONG, (np.ones((2, 1)), r"array of shape \(2, 1\)")])
def test_no_model_is_judged_by_probabilities_that_are_none(probability: np.ndarray, reason: str) -> None:
    spec = spec_of(task="classification", metric="log_loss")
    with pytest.raises(TrainingError, match=f"Answers: .*({reason})"):
        judged_rows(spec, Answers(probability), pd.DataFrame({"x": [1.0, 2.0]}), np.array(["a", "b"]))


def test_rounded_probabilities_are_made_to_sum_to_one(tmp_path: Path) -> None:
    rounded = (TWO * 1.0003).astype(np.float32)
    file = written(tmp_path, rounded)
    assert read_probabilities(file, 2, ["a", "b"], "predict.py") == pytest.approx(TWO)
    found, classes = class_probabilities(Answers(rounded), pd.DataFrame({"x": [1.0, 2.0]})) or (None, ())
    assert found is not None
    assert classes == ("a", "b")
    assert found.sum(axis=1) == pytest.approx(np.ones(2), abs=1e-12)
