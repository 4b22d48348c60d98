from __future__ import annotations

from typing import Any

import pytest
import yaml
from pydantic import ValidationError

from tests.retraining.models import spec_of

THREE = {"setosa": "p1", "versicolor": "p2", "virginica": "p3"}


def read(text: str) -> Any:
    return spec_of(task="classification", metric="accuracy", **yaml.safe_load(text))


def test_a_bare_yes_stands_for_the_word_and_for_true() -> None:
    spec = read("classes: {'yes': [yes, 1, Y], 'no': [no, 0, N]}\npositive_class: yes")
    assert spec.classes["yes"] == ["yes", "True", "1", "Y", "on", "Yes", "On"] or "True" in spec.classes["yes"]
    assert "False" in spec.classes["no"]
    bare = read("classes: {yes: [1], no: [0]}\npositive_class: yes")
    assert set(bare.classes) == {"True", "False"}
    assert {"yes", "Yes"} <= set(bare.classes["True"])


@pytest.mark.parametrize(("value", "text"), [("true", "True"), ("1", "1"), ("1.5", "1.5"), ("'yes'", "yes")])
def test_positive_class_may_be_a_boolean_or_a_number(value: str, text: str) -> None:
    assert read(f"positive_class: {value}").positive_class == text


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"classes": {"yes": [1, "Y"], "no": [0, 1.0]}}, "each spelling once: '1.0' is given to 'yes' and to 'no'"),
        ({"classes": {"yes": [1], "no": [0]}, "positive_class": "maybe"}, "positive_class: 'maybe' is none of yes, no"),
        ({"probabilities": THREE}, "probabilities needs `prediction`"),
        ({"prediction": "p", "probabilities": {"a": "q"}}, "at least 2 items"),
        ({"prediction": "p", "probabilities": {"a": "q", "b": "q"}}, "'q' is the probabilities.a already"),
        ({"prediction": "p", "probabilities": {"a": "y", "b": "q"}}, "'y' is the target already"),
        ({"prediction": "p", "probabilities": {True: "q", "TRUE": "r"}}, "name each class once"),
        ({"prediction": "p", "probabilities": THREE, "probability": "q", "positive_class": "setosa"}, "not both"),
        ({"prediction": "p", "probabilities": THREE, "features": ["p1", "x"]}, "features must not hold"),
        ({"task": "regression", "metric": "rmse", "classes": {"a": ["b"]}}, "are for classification"),
    ],
)  # fmt: skip
def test_what_does_not_go_together_is_refused(fields: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        spec_of(**{"task": "classification", "metric": "accuracy", "target": "y", **fields})
    assert words in str(caught.value)


def test_a_metric_of_probabilities_is_content_with_those_of_many_classes() -> None:
    spec = spec_of(task="classification", metric="log_loss", prediction="p", probabilities=THREE)
    assert spec.probability_columns == ("p1", "p2", "p3")
