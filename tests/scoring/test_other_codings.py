"""Labels coded otherwise than predictions, as arrays and as files: the same values match, others are told."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.cli.__main__ import main
from include.errors import DataError
from include.orchestrator.answers import read_answers
from include.scoring import Task
from include.scoring.assumed_task import assumed_task

RNG = np.random.default_rng(0)
ROWS = 2000
MEANS = np.exp(RNG.normal(1.0, 0.6, ROWS))
COUNTS = RNG.poisson(MEANS).clip(0, 15)
CLASSES, QUANTITIES = Task.CLASSIFICATION, Task.REGRESSION
BITS = RNG.integers(0, 2, ROWS)
WORDS = np.array(["A", "B"])[BITS]


@pytest.mark.parametrize(
    ("predicted", "actual"),
    [
        (BITS, BITS + 1), (BITS, 2 * BITS - 1), (BITS.astype(float), BITS + 1.0), (BITS, BITS + 7), (BITS, 100 * BITS),
        (BITS, (BITS + 1).astype(str)), (BITS, np.where(BITS, "yes", "no")), (WORDS, np.char.lower(WORDS)),
        (WORDS, np.where(BITS, "B", "a")), (BITS.astype(bool), BITS + 1),
    ],
)  # fmt: skip
@pytest.mark.parametrize("turned", [True, False])
@pytest.mark.parametrize("known", ["nothing", "labels", "predictions"])
def test_two_classes_that_are_coded_otherwise_are_refused_with_both(
    predicted: np.ndarray, actual: np.ndarray, known: str, *, turned: bool
) -> None:
    predicted, actual = (actual, predicted) if turned else (predicted, actual)
    labels = {"nothing": None, "labels": pd.Series(actual), "predictions": pd.Series(predicted)}[known]
    for part in (slice(None), np.flatnonzero(RNG.random(ROWS) < 0.3)):
        with pytest.raises(DataError, match=r"(share no class|one class in two spellings).* give both in one coding"):
            read_answers(predicted[part], actual[part], len(actual[part]), labels=labels)


@pytest.mark.parametrize(
    ("predicted", "actual"),
    [
        (BITS, BITS.astype(float)), (BITS.astype(str), BITS.astype(float)), (BITS.astype(bool), BITS),
        (BITS, WORDS == "B"),
        (WORDS, np.char.add(WORDS, " ")), (np.char.add(" ", WORDS), WORDS), (BITS, BITS.astype(bool).astype(str)),
        (np.char.upper(BITS.astype(bool).astype(str)), BITS.astype(str)),
    ],
)  # fmt: skip
def test_spellings_of_the_same_classes_match(predicted: np.ndarray, actual: np.ndarray) -> None:
    found = read_answers(predicted, actual, ROWS, labels=pd.Series(actual))
    assert found.task is CLASSES
    assert found.labelled is not None
    assert (found.labelled.predicted == found.labelled.actual).all()


def test_digits_from_one_on_are_told_from_those_from_nought_on() -> None:
    for classes, refused in ((5, True), (20, False)):
        actual = RNG.integers(0, classes, ROWS)
        predicted = np.where(RNG.random(ROWS) < 0.1, (actual + classes // 2) % classes, actual)
        if refused:
            with pytest.raises(DataError, match=r"of '0' .* labels of '5' .* quantities need task='regression'"):
                read_answers(predicted, actual + 1, ROWS)
        else:  # each class is too rare to be sure
            found = read_answers(predicted, actual + 1, ROWS)
            assert "classes of another coding; give both in one coding, or say task='regression'" in found.assumed
        assert read_answers(predicted, actual + 1, ROWS, QUANTITIES).task is QUANTITIES


def test_counts_of_other_values_stay_quantities_and_are_told() -> None:
    low = np.round(MEANS).clip(2, 9)
    found, told = assumed_task(low + 1, COUNTS.clip(0, 8))
    assert found is QUANTITIES
    assert "predictions take others" in told
    assert "say task='classification'" in told
    assert assumed_task(MEANS, COUNTS) == (QUANTITIES, "")


def test_a_class_that_a_window_lacks_is_no_other_coding() -> None:
    actual, predicted = np.array(["a", "b"])[BITS], np.array(["a", "c"])[BITS]
    labels = pd.Series(["a", "b", "c"])
    assert read_answers(predicted, actual, ROWS, labels=labels).assumed == ""
    with pytest.raises(DataError, match=r"predictions of 'c' .* labels of 'b'"):
        read_answers(predicted, actual, ROWS)


def test_actuals_of_a_class_that_nobody_knows_are_told() -> None:
    actual = np.where(np.arange(ROWS) < 0.2 * ROWS, "new", WORDS)
    assert (
        "of a class that is never predicted and not in the reference ('new')"
        in read_answers(WORDS, actual, ROWS, labels=pd.Series(WORDS)).assumed
    )


def checked(folder: Path, predicted: Any, actual: Any, labels: Any, *more: str, command: str = "check") -> int:
    rng = np.random.default_rng(1)
    files = {
        "reference": {"x": rng.normal(size=400), "z": rng.normal(size=400), "label": labels},
        "recent": {"x": rng.normal(size=400), "z": rng.normal(size=400)}, "p": {"p": predicted}, "a": {"a": actual},
    }  # fmt: skip
    for name, columns in files.items():
        pd.DataFrame(columns).to_csv(folder / f"{name}.csv", index=False)
    flags = ("reference-data", "recent-data", "recent-predictions", "recent-actuals")
    given = [
        part for flag, name in zip(flags, files, strict=True) for part in (f"--{flag}", str(folder / f"{name}.csv"))
    ]
    return main([command, *given, *more])


@pytest.mark.parametrize("command", ["check", "execute"])
@pytest.mark.parametrize("more", [0, 1])
def test_the_command_line_refuses_labels_of_another_coding(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], command: str, more: int
) -> None:
    bits = BITS[:400]
    assert checked(tmp_path, bits, bits + 1, BITS[400:800] + more, command=command) == 2
    said = capsys.readouterr().err
    assert "predictions of '0'" in said
    assert "labels of '2'" in said
    assert "give both in one coding; quantities need task='regression'" in said
    assert checked(tmp_path, bits, bits + 1, BITS[400:800] + more, "--task", "regression") in (0, 1)


def test_the_command_line_takes_spellings_of_the_same_classes(tmp_path: Path) -> None:
    bits, before = BITS[:400], BITS[400:800]
    assert checked(tmp_path, bits, bits.astype(bool), before) == 1
    assert checked(tmp_path, bits.astype(float), bits, before.astype(bool)) == 1


SCORES = np.round(RNG.beta(2.0, 2.0, ROWS), 3)


@pytest.mark.parametrize("predicted", [SCORES, 100.0 * SCORES, 4.0 * SCORES - 2.0, SCORES**20, np.round(SCORES, 1)])
@pytest.mark.parametrize("actual", [BITS, BITS.astype(str), BITS.astype(bool).astype(str), WORDS])
@pytest.mark.parametrize("text", [True, False])
def test_probabilities_and_scores_are_no_classes(predicted: np.ndarray, actual: np.ndarray, *, text: bool) -> None:
    with pytest.raises(DataError, match=r"probabilities|not whole"):
        read_answers(predicted.astype(str) if text else predicted, actual, ROWS, CLASSES)


def test_a_known_class_with_decimals_is_no_probability() -> None:
    known = pd.Series(["1", "1.5", "2"] * 9)
    found = read_answers(np.array(["1.5", "2"] * 50), np.array(["1", "2"] * 50), 100, CLASSES, known)
    assert found.labelled is not None


def test_classes_that_have_decimals_stay_classes() -> None:
    grades = RNG.choice([4.0, 4.5, 5.0, 5.5], ROWS)
    found = read_answers(np.where(BITS, grades, 5.5), grades, ROWS, CLASSES)
    assert found.labelled is not None
