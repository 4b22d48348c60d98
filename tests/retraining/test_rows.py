from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.errors import TrainingError
from include.retraining.prepare import Columns, TrainingRows, prepare
from include.retraining.training_rows import RowChoice, Trained, row_choices, train_best
from include.scoring import METRICS, LabelledRows
from tests.retraining.models import spec_of

COLUMNS = Columns(features=("x",), categorical=())


@dataclass(frozen=True)
class Constant:
    """Predicts one value."""

    value: float

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        return np.full(len(features), self.value)


@dataclass(frozen=True)
class MeanTrainer:
    """Predicts the mean of what it was trained on, and notes how many rows that were."""

    seen: list[int] = field(default_factory=list)

    def fit(self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns) -> Constant:
        self.seen.append(len(target))
        return Constant(float(target.mean()))


@dataclass(frozen=True)
class PickyTrainer:
    """The same, but refuses fewer rows than `least`, and any that `until` rows or more precede."""

    least: int = 0
    until: int = 10**9

    def fit(self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns) -> Constant:
        first = int(features["x"].iloc[0])
        if len(target) < self.least or first >= self.until:
            raise TrainingError(f"refused: {len(target)} rows from {first} on")
        return Constant(float(target.mean()))


def rows_of(target: object) -> TrainingRows:
    values = np.asarray(target, dtype=float)
    return prepare(spec_of(), [pd.DataFrame({"x": np.arange(len(values)), "y": values})], COLUMNS)


def loss(predictor: Constant, features: pd.DataFrame, actual: npt.NDArray[Any]) -> float:
    rows = LabelledRows(actual=actual, predicted=predictor.predict(features))
    return float(METRICS["rmse"].row_loss(rows).mean())


def best(target: object, choices: list[RowChoice], *, validation: int = 20) -> tuple[Trained, list[int]]:
    trainer, rows = MeanTrainer(), rows_of(target)
    trained = train_best(trainer, rows, COLUMNS, choices, loss, stop=len(rows) - 10, validation=validation)
    return trained, trainer.seen


@pytest.mark.parametrize(
    ("wanted", "names"), [("measured", ["all", "sliding", "latest"]), ("all", ["all"]), ("latest", ["latest"])]
)
def test_choices_by_name(wanted: str, names: list[str]) -> None:
    assert [choice.name for choice in row_choices(wanted, reference_rows=500, recent_rows=200, least=100)] == names


def test_no_choice_is_shorter_than_the_least() -> None:
    choices = row_choices("measured", reference_rows=50, recent_rows=7, least=100)
    assert [choice.length for choice in choices] == [None, 100, 100]


def test_latest_rows_win_after_a_change() -> None:
    choices = row_choices("measured", reference_rows=200, recent_rows=60, least=10)
    trained, _ = best(np.repeat([0.0, 9.0], [300, 100]) + np.arange(400) / 1e6, choices)
    assert trained.choice.name == "latest"
    assert (trained.start, trained.stop) == (330, 390)
    assert min(trained.validation_losses, key=lambda name: trained.validation_losses[name]) == "latest"
    assert set(trained.validation_losses) == {"all", "sliding", "latest"}


def test_all_rows_win_when_there_is_only_noise() -> None:
    choices = row_choices("measured", reference_rows=200, recent_rows=10, least=10)
    target = np.random.default_rng(1).normal(size=2000)
    target[-40:-30] += 3.0
    assert best(target, choices)[0].choice.name == "all"


def test_no_held_out_row_is_ever_trained_on() -> None:
    target = np.zeros(200)
    target[-10:] = 1e9
    trained, _ = best(
        target + np.arange(200) / 1e6, row_choices("measured", reference_rows=90, recent_rows=40, least=9)
    )
    assert trained.predictor.predict(pd.DataFrame({"x": [0]}))[0] < 1.0
    assert trained.stop == 190


def test_single_choice_is_trained_once_and_not_measured() -> None:
    trained, seen = best(np.arange(100.0), [RowChoice(name="sliding", length=30)])
    assert (trained.choice.name, seen, dict(trained.validation_losses)) == ("sliding", [30], {})


def test_choices_that_come_to_the_same_rows_are_not_measured() -> None:
    choices = [RowChoice(name="all", length=None), RowChoice(name="sliding", length=500)]
    trained, seen = best(np.arange(100.0), choices)
    assert (trained.choice.name, seen) == ("all", [90])


def test_choice_starts_at_its_length_before_the_end() -> None:
    assert RowChoice(name="sliding", length=30).start(100) == 70
    assert RowChoice(name="sliding", length=300).start(100) == 0
    assert RowChoice(name="all", length=None).start(100) == 0


CHOICES = row_choices("measured", reference_rows=200, recent_rows=60, least=10)


def picked(trainer: PickyTrainer) -> Trained:
    target = np.repeat([0.0, 9.0], [300, 100]) + np.arange(400) / 1e6
    return train_best(trainer, rows_of(target), COLUMNS, CHOICES, loss, stop=390, validation=20)


def test_choice_that_cannot_be_trained_is_left_out_and_told() -> None:
    trained = picked(PickyTrainer(least=100))
    assert trained.choice.name == "sliding"
    assert set(trained.validation_losses) == {"all", "sliding"}
    assert trained.untrainable == {"latest": "refused: 60 rows from 310 on"}


def test_next_best_choice_is_taken_if_the_best_cannot_be_trained_up_to_the_end() -> None:
    trained = picked(PickyTrainer(until=320))  # the best would start at 330
    assert trained.choice.name == "sliding"
    assert set(trained.validation_losses) == {"all", "sliding", "latest"}
    assert trained.untrainable == {"latest": "refused: 60 rows from 330 on"}


def test_retraining_fails_only_if_no_choice_can_be_trained() -> None:
    with pytest.raises(TrainingError, match=r"training\.rows: none .*latest: refused: 60 .*all: refused: 370 rows"):
        picked(PickyTrainer(least=1000))
