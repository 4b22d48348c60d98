"""Recorded probabilities that are those of another class, and predictions made from them in every usual way."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.errors import DataError
from include.retraining.contest.recorded_chances import recorded_chances
from tests.retraining.test_labelled import RECORDED, classifier
from tests.stage import REFERENCE_DAYS, START, Stage, day

ROWS = 240
Made = tuple[npt.NDArray[Any], npt.NDArray[Any]]  # probability of yes, and whether yes is predicted


def binary(rng: np.random.Generator) -> npt.NDArray[np.float64]:
    return 1.0 / (1.0 + np.exp(-2.0 * rng.normal(size=ROWS)))


def checked(chance: npt.ArrayLike, said: npt.ArrayLike, **fields: Any) -> None:
    named = np.where(np.asarray(said), "yes", "no").astype(object)
    table = pd.DataFrame({"q": chance, "p": named})
    recorded_chances(classifier(**RECORDED, **fields), table, (np.array(["no", "yes"] * 5), named), ("no", "yes"))


LEGITIMATE: dict[str, Callable[[npt.NDArray[Any], np.random.Generator], Any]] = {
    "above a half": lambda q, _: q > 0.5,
    "above 0.2": lambda q, _: q > 0.2,
    "above 0.9": lambda q, _: q > 0.9,
    "a threshold for each shop": lambda q, rng: q > rng.choice([0.1, 0.5, 0.9], ROWS),
    "drawn": lambda q, rng: rng.random(ROWS) < q,
    "unrelated": lambda _, rng: rng.random(ROWS) < 0.5,
    "of another model": lambda q, rng: q + rng.normal(size=ROWS) > 0.5,
    "always yes": lambda q, _: q >= 0.0,
    "once yes, below all": lambda q, _: q == q.min(),
    "wrong now and then": lambda q, rng: (q > 0.5) ^ (rng.random(ROWS) < 0.3),
}


@pytest.mark.parametrize("name", LEGITIMATE)
@pytest.mark.parametrize("digits", [16, 1])
def test_predictions_from_probabilities_are_no_contradiction(name: str, digits: int) -> None:
    for seed in range(100):
        rng = np.random.default_rng(seed)
        chance = binary(rng)
        checked(chance.round(digits), LEGITIMATE[name](chance, rng))


@pytest.mark.parametrize("threshold", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("metric", ["auc", "f1"])
@pytest.mark.parametrize("since", [0, 100])
def test_a_probability_of_the_other_class_is_refused_with_what_to_say(
    threshold: float, metric: str, since: int
) -> None:
    words = r"'q' contradicts the prediction in (\d+) of \1 rows: it is low where 'yes' .* say `positive_class: no`"
    for seed in range(5):
        chance = binary(np.random.default_rng(seed))
        given = np.where(np.arange(ROWS) >= since, 1.0 - chance, chance)
        with pytest.raises(DataError, match=words):
            checked(given, chance > threshold, metric=metric)


def test_a_few_rows_that_agree_and_missing_ones_hide_nothing() -> None:
    chance = binary(np.random.default_rng(0))
    said = (chance > 0.5) ^ (np.arange(ROWS) % 60 == 0)
    given = np.where(np.arange(ROWS) % 9 == 0, np.nan, 1.0 - chance)
    with pytest.raises(DataError, match=r"in 2\d\d of 213 rows"):
        checked(given, said)


def many(order: tuple[int, ...], power: float = 1.0) -> None:
    """Three classes with columns in that order; what is predicted is drawn the more surely the higher the power."""
    rng = np.random.default_rng(0)
    chance = rng.dirichlet(np.ones(3), ROWS)
    sure = chance**power / (chance**power).sum(axis=1, keepdims=True)
    said = np.array(["a", "b", "c"], dtype=object)[[rng.choice(3, p=row) for row in sure]]
    fields = {"prediction": "p", "probabilities": {"a": "pa", "b": "pb", "c": "pc"}}
    table = pd.DataFrame({name: chance[:, place] for name, place in zip(("pa", "pb", "pc"), order, strict=True)})
    spec = classifier(**fields, metric="log_loss")
    recorded_chances(spec, table.assign(p=said), (said, said), ("a", "b", "c"))


def test_columns_of_several_classes_that_are_exchanged_are_refused() -> None:
    many((0, 1, 2), 1.0)
    many((0, 1, 2), 60.0)
    with pytest.raises(DataError, match=r"'pa' contradicts .* where 'a' is predicted, and 'pb' is high; exchange"):
        many((1, 0, 2), 60.0)


@pytest.mark.parametrize("given", ["right", "of the other class"])
def test_a_model_with_them_is_refused_and_none_is_trained(tmp_path: Path, given: str) -> None:
    rng, rows = np.random.default_rng(0), (REFERENCE_DAYS + 10) * 24
    score = rng.normal(size=rows)
    chance = 1.0 / (1.0 + np.exp(-2.0 * score))
    table = pd.DataFrame({
        "at": pd.date_range(START, periods=rows, freq="h"), "x": score, "y": (rng.random(rows) < chance).astype(int),
        "p": (chance > 0.2).astype(int), "q": chance if given == "right" else 1.0 - chance,
    })  # fmt: skip
    stage = Stage(tmp_path)
    recorded = {"prediction": "p", "probability": "q", "positive_class": "1"}
    stage.add("shop", table, task="classification", metric="auc", target="y", features=["x"], **recorded)
    stage.run("shop", day(REFERENCE_DAYS))
    if given == "right":
        assert not stage.run("shop", day(REFERENCE_DAYS + 10)).decision.triggered
    else:
        with pytest.raises(DataError, match="240 of 240 rows"):
            stage.run("shop", day(REFERENCE_DAYS + 10))
