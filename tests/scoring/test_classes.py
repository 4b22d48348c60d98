from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pytest

from include.data.answers import in_one_coding
from include.errors import DataError
from include.scoring import Task
from include.scoring.assumed_task import assumed_task
from include.scoring.classes import ClassCoding, form_of

RNG = np.random.default_rng(0)
ROWS = 2000


@pytest.mark.parametrize(
    ("known", "labels", "spelled"),
    [
        ((), ("true", "false"), {"True": "True", "1": "True", "1.0": "True", " TRUE ": "True", "0": "False"}),
        (("false", "true"), (), {"True": "true", "0": "false", "FALSE": "false"}),
        (("0", "1"), (), {"True": "1", "false": "0", "1.000": "1", "unknown": "unknown"}),
        (("False", "True", "unknown"), (), {"1": "True", "0.0": "False", "unknown": "unknown"}),
        (("0", "1", "2"), (), {"True": "True", "2.0": "2", "3.0": "3", "03": "03"}),
        (("1", "a", "b"), (), {"True": "True", "1.0": "1"}),
        ((), ("1", "True", "False"), {"1": "True", "0": "False"}),
        ((" <=50K", " >50K"), (), {"<=50K": " <=50K", " >50K": " >50K"}),
        (("-1", "1"), (), {"1.0": "1", "-1.0": "-1", "True": "True"}),
        (("9007199254740993",), (), {"9007199254740992": "9007199254740992"}),
        (("setosa",), (), {"Setosa": "Setosa", "setosa ": "setosa"}),
        (("True",), (), {"0": "False", "1": "True"}),
    ],
)  # fmt: skip
def test_each_class_goes_by_one_name(known: Sequence[str], labels: Sequence[str], spelled: Mapping[str, str]) -> None:
    coding = ClassCoding.of(known=known, labels=labels)
    assert {spelling: coding.name(spelling) for spelling in spelled} == spelled
    assert [coding.name(name) for name in known] == list(known)


def test_the_model_file_says_which_spellings_are_one_class() -> None:
    declared = {"yes": ["True", "1", "Y"], "no": ["False", "0", "N"]}
    coding = ClassCoding.of(labels=("Y", "0"), declared=declared)
    assert [coding.name(each) for each in ("yes", "TRUE", "1.0", "Y", "N", "false")] == ["yes"] * 4 + ["no"] * 2
    champion = ClassCoding.of(known=("False", "True"), declared=declared)
    assert [champion.name(each) for each in ("yes", "1", "N")] == ["True", "True", "False"]
    assert champion.positive("yes", ("False", "True")) == "True"


def test_a_bare_yes_of_yaml_is_the_class_yes() -> None:
    assert ClassCoding.of(known=("no", "yes")).positive("True", ("no", "yes")) == "yes"


def test_a_form_is_the_same_for_all_spellings_and_its_own_form() -> None:
    for spelling in ("TRUE", "3.0", "-0.0", "+7", "03", "1e5", "Ü ", ""):
        assert form_of(form_of(spelling)) == form_of(spelling)


def test_arrays_of_unlike_types_are_brought_into_one_coding() -> None:
    truth = np.array([True, False, True])
    for same in (np.array(["1", "0", "1"]), np.array([1.0, 0.0, 1.0]), np.array(["true", "FALSE", None], dtype=object)):
        predicted, actual = in_one_coding(same, truth)
        assert actual.tolist() == ["True", "False", "True"]
        assert predicted[:2].tolist() == ["True", "False"]
    with pytest.raises(DataError, match="share no class: 'no', 'yes' against 'False', 'True'"):
        in_one_coding(np.array(["yes", "no", "yes"]), truth)


def confused(values: Sequence[int], step: int) -> tuple[np.ndarray, np.ndarray]:
    names, place = np.array(values), RNG.integers(0, len(values), ROWS)
    wrong = np.where(RNG.random(ROWS) < 0.1, step, 0)
    return names[(place + wrong) % len(values)], names[place]


MEANS = np.exp(RNG.normal(1.0, 0.6, ROWS))
COUNTS = RNG.poisson(MEANS).clip(0, 15)
CLASSES, QUANTITIES = Task.CLASSIFICATION, Task.REGRESSION


@pytest.mark.parametrize(
    ("answers", "task"),
    [
        (confused([0, 1, 8, 9], 1), CLASSES),
        (confused(list(range(10)), 5), CLASSES),
        (confused([101, 205, 307, 999, 4000], 1), CLASSES),
        (confused([0, 1], 1), CLASSES),
        (confused([1, 2, 3], 1), CLASSES),
        ((MEANS, COUNTS), QUANTITIES),
        ((np.round(MEANS).clip(0, 15), COUNTS), QUANTITIES),
        (((COUNTS + RNG.integers(-1, 2, ROWS)).clip(0, 15), COUNTS), QUANTITIES),
        ((np.round(MEANS * 1000), np.round(MEANS * 1000 + 20 * RNG.normal(size=ROWS))), QUANTITIES),
        ((np.ones(50), np.ones(50)), QUANTITIES),
        ((np.array(["a"]), np.array(["a"])), CLASSES),
        ((np.array([True]), np.array([True])), CLASSES),
    ],
)  # fmt: skip
def test_numbers_are_classes_where_few_are_taken_from_few(answers: tuple[np.ndarray, np.ndarray], task: Task) -> None:
    found, told = assumed_task(*answers)
    assert found is task
    assert not told or f"task={(QUANTITIES if task is CLASSES else CLASSES).value!r}" in told


@pytest.mark.parametrize("classes", [25, 60, 400])
def test_many_numbers_of_classes_are_classes_and_counts_are_quantities(classes: int) -> None:
    rng = np.random.default_rng(classes)
    numbers = rng.choice(10 * classes, classes, replace=False)
    told = numbers[rng.integers(0, classes, 4_000)]
    guessed = np.where(rng.random(4_000) < 0.9, told, numbers[rng.integers(0, classes, 4_000)])
    assert assumed_task(guessed, told)[0] is Task.CLASSIFICATION
    counts = rng.poisson(classes, 4_000)
    for near in (counts, np.round(counts + 0.3 * rng.normal(size=4_000)), counts + rng.integers(-1, 2, 4_000)):
        kept = np.isin(near, counts)
        assert assumed_task(near[kept], counts[kept])[0] is Task.REGRESSION
