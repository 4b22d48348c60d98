"""Labels and predictions of one model, spelled in more than one way, through the steps of a run."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from include.errors import DataError
from tests.stage import REFERENCE_DAYS, START, Stage, day

DAYS = REFERENCE_DAYS + 10
ROWS = DAYS * 24
RNG = np.random.default_rng(1)
SCORE = RNG.normal(size=ROWS)
TRUTH, GUESS = SCORE + 0.5 * RNG.normal(size=ROWS) > 0.0, SCORE > 0.0
RIGHT = float((TRUTH == GUESS)[REFERENCE_DAYS * 24 :].mean())


def checked(folder: Path, labels: Any, guesses: Any, **fields: Any) -> Any:
    table = pd.DataFrame({"at": pd.date_range(START, periods=ROWS, freq="h"), "x": SCORE, "y": labels, "p": guesses})
    stage = Stage(folder)
    stage.add("shop", table, task="classification", target="y", prediction="p", **{"metric": "accuracy", **fields})
    stage.run("shop", day(REFERENCE_DAYS))
    return stage.run("shop", day(DAYS))


DECLARED = {"yes": [True, 1, "Y"], "no": [False, 0, "N"]}


@pytest.mark.parametrize(
    ("labels", "guesses", "fields"),
    [
        (TRUTH, GUESS.astype(int), {}),
        (np.where(TRUTH, "TRUE", "false"), GUESS.astype(float), {"positive_class": "1", "metric": "f1"}),
        (np.where(TRUTH, 3.0, 7.0), np.where(GUESS, " 3", "7.0"), {}),
        (np.where(TRUTH, "Y", "N"), GUESS.astype(int), {"classes": DECLARED, "positive_class": "yes"}),
        (np.where(np.arange(ROWS) == ROWS - 9, "unknown", TRUTH.astype(str)), GUESS.astype(int), {}),
    ],
    ids=["true and 1", "TRUE and 1.0", "3.0 and ' 3'", "as the model file says", "one stray label"],
)  # fmt: skip
def test_labels_and_predictions_are_compared_in_one_coding(
    tmp_path: Path, labels: Any, guesses: Any, fields: dict[str, Any]
) -> None:
    step = checked(tmp_path, labels, guesses, **fields)
    [score] = [each.value for each in step.analysis.measurements if each.metric == "accuracy"]
    assert score == pytest.approx(RIGHT, abs=0.01)
    assert not step.decision.triggered


def test_labels_and_predictions_without_a_common_class_are_refused_with_both(tmp_path: Path) -> None:
    words = r"model shop: fields target, prediction: .*'no', 'yes' against '0', '1'.*classes: {no: \[0\]"
    with pytest.raises(DataError, match=words):
        checked(tmp_path, np.where(TRUTH, "yes", "no"), GUESS.astype(int))


def test_labels_and_predictions_that_share_one_of_two_classes_are_refused_with_the_other(tmp_path: Path) -> None:
    for name in ("first", "said"):
        (tmp_path / name).mkdir()
    words = r"predictions of '0' are .*labels of '-1' are never predicted.*classes: {-1: \[0\], …}"
    with pytest.raises(DataError, match=words):
        checked(tmp_path / "first", np.where(TRUTH, 1, -1), GUESS.astype(int))
    said = {"classes": {"-1": [0], "1": []}}
    step = checked(tmp_path / "said", np.where(TRUTH, 1, -1), GUESS.astype(int), **said)
    [score] = [each.value for each in step.analysis.measurements if each.metric == "accuracy"]
    assert score == pytest.approx(RIGHT, abs=0.01)


@pytest.mark.parametrize("beyond", [0, 1])
def test_classes_that_are_counted_from_0_and_from_1_are_refused_with_both(tmp_path: Path, beyond: int) -> None:
    classes, guesses = TRUTH.astype(int) + 1, GUESS.astype(int)
    classes[::2] += beyond
    guesses[::2] += beyond
    words = "predictions of '0' are most likely labels of '1', and so on; deliver both counted from 1"
    with pytest.raises(DataError, match=words):
        checked(tmp_path, classes, guesses)


def test_class_that_is_never_predicted_and_a_stray_prediction_are_no_other_coding(tmp_path: Path) -> None:
    labels, guesses = TRUTH.astype(int), GUESS.astype(int)
    labels[::5], guesses[::50] = 2, 3
    assert checked(tmp_path, labels, guesses).analysis.measurements


@pytest.mark.parametrize("odd", ["#REF!", "unknown", "n/a?"])
@pytest.mark.parametrize("where", [100, REFERENCE_DAYS * 24 + 9])
@pytest.mark.parametrize("kind", [int, str, float])
def test_a_stray_label_among_numbers_or_truth_values_is_no_third_class(
    tmp_path: Path, kind: type, where: int, odd: str
) -> None:
    truth = TRUTH if kind is str else TRUTH.astype(kind)
    labels = np.where(np.arange(ROWS) == where, odd, truth.astype(str))
    step = checked(tmp_path, labels, GUESS.astype(int), metric="f1")
    names = {each.metric: each.value for each in step.analysis.measurements}
    assert names["f1"] == pytest.approx(f1(TRUTH[REFERENCE_DAYS * 24 :], GUESS[REFERENCE_DAYS * 24 :]), abs=0.01)
    told = [signal.reason for signal in step.analysis.signals if odd in signal.reason]
    assert any("left out" in reason for reason in told)


def f1(truth: Any, guess: Any) -> float:
    return float(2 * (truth & guess).sum() / (truth.sum() + guess.sum()))


@pytest.mark.parametrize(
    "fields", [{"classes": {"None": ["none"]}}, {"classes": {"minor": ["None"]}}, {"positive_class": "None"}]
)
def test_a_class_that_is_named_is_one_however_rare_it_is(tmp_path: Path, fields: dict[str, Any]) -> None:
    labels = np.where(RNG.random(ROWS) < 0.02, "None", np.where(TRUTH, "major", "minor"))
    table = pd.DataFrame({"at": pd.date_range(START, periods=ROWS, freq="h"), "x": SCORE, "y": labels})
    stage = Stage(tmp_path)
    stage.add("shop", table, task="classification", target="y", metric="accuracy", **fields)
    stage.run("shop", day(REFERENCE_DAYS))
    step = stage.run("shop", day(DAYS))
    assert step.analysis.labelled_rows == step.analysis.rows


@pytest.mark.parametrize(("new", "refused"), [(("N", "Y"), True), (("No", "Yes"), True), (("maybe", "yes"), False)])
def test_labels_that_are_coded_otherwise_from_a_day_on_are_refused_after_twenty_of_them(
    tmp_path: Path, new: tuple[str, str], refused: bool
) -> None:
    at = pd.date_range(START, periods=ROWS, freq="h")
    coded = np.where(at < at[-30], np.where(TRUTH, "yes", "no"), np.where(TRUTH, new[1], new[0]))
    table = pd.DataFrame({"at": at, "x": SCORE, "y": coded})
    stage = Stage(tmp_path)
    stage.add("shop", table, task="classification", target="y", metric="accuracy")
    stage.run("shop", day(REFERENCE_DAYS))
    if refused:
        with pytest.raises(DataError, match=r"the latest 20 labels.*share none"):
            stage.run("shop", day(DAYS))
    else:
        assert stage.run("shop", day(DAYS)).analysis.labelled_rows


SPELLED = np.where(TRUTH, np.where(np.arange(ROWS) % 3 == 0, "YES", "Yes"), np.where(np.arange(ROWS) % 5, "No", "no"))


def told_of_case(step: Any) -> list[str]:
    return [each.reason for each in step.analysis.signals if "small and capital" in each.reason]


def test_classes_that_differ_in_case_only_are_told_and_made_one_by_what_is_told(tmp_path: Path) -> None:
    for name in ("told", "said", "apart"):
        (tmp_path / name).mkdir()
    guesses = np.where(GUESS, "Yes", "No")
    [line] = told_of_case(checked(tmp_path / "told", SPELLED, guesses))
    found = re.search(r"classes 'No', 'no', 'Yes', 'YES' of 'y' .* say `classes: (.*)`", line)
    assert found is not None
    step = checked(tmp_path / "said", SPELLED, guesses, classes=json.loads(found[1]))
    [score] = [each.value for each in step.analysis.measurements if each.metric == "accuracy"]
    assert score == pytest.approx(RIGHT, abs=0.01)
    assert not told_of_case(step)
    apart: dict[str, list[str]] = {name: [] for name in ("Yes", "YES", "No", "no")}
    assert not told_of_case(checked(tmp_path / "apart", SPELLED, guesses, classes=apart))


def test_letters_that_are_classes_by_their_case_are_not_told(tmp_path: Path) -> None:
    assert not told_of_case(checked(tmp_path, np.where(TRUTH, "a", "A"), np.where(GUESS, "a", "A")))


def test_case_that_changes_under_a_champion_is_told_beside_what_it_seems_to_cost(tmp_path: Path) -> None:
    late = np.arange(ROWS) >= REFERENCE_DAYS * 24
    labels = np.where(TRUTH, np.where(late & (np.arange(ROWS) % 2 == 0), "YES", "Yes"), "No")
    [line] = told_of_case(checked(tmp_path, labels, np.where(GUESS, "Yes", "No")))
    assert '{"Yes": ["YES"]}' in line
