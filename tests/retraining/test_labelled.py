from __future__ import annotations

from dataclasses import replace
from typing import Any, Never

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from include.errors import DataError, TrainingError
from include.registry.spec import ModelSpec
from include.retraining.contest.predictions import judged_rows, recent_rows, recorded_rows
from include.retraining.contest.recorded_chances import row_chances
from include.retraining.prepare import Columns
from include.scoring import Baseline, LabelledRows, PredictedRows, ProbabilityCalibration
from tests.retraining.models import spec_of

COLUMNS = Columns(features=("x",), categorical=())
LINES = (((0.0, 1.0), (0.0, 1.0)),) * 2
KNOWN = Baseline(scores={}, classes=("no", "yes"), positive="yes",
                 calibration=ProbabilityCalibration(classes=("no", "yes"), lines=LINES))  # fmt: skip


class Steps:
    """Says yes where x is above 0, with probability 0.9."""

    classes_ = np.array(["no", "yes"])

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        return np.where(features["x"] > 0, "yes", "no")

    def predict_proba(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        chance = np.where(features["x"] > 0, 0.9, 0.1)
        return np.column_stack([1.0 - chance, chance])


class Silent:
    """Gives no probabilities."""

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        return np.full(len(features), "yes")


def classifier(**fields: Any) -> ModelSpec:
    return spec_of(**{"task": "classification", "metric": "auc", **fields})


RECORDED = {"prediction": "p", "probability": "q", "positive_class": "yes"}


def table(**columns: Any) -> pd.DataFrame:
    made = {"x": [1.0, -1.0, 2.0, -2.0], "y": ["yes", "no", None, None], **columns}
    return pd.DataFrame(made)


def recent(
    spec: ModelSpec, rows: pd.DataFrame, baseline: Baseline | None = KNOWN, predictor: Any = None
) -> tuple[LabelledRows | None, PredictedRows | None]:
    found = recent_rows(spec, rows, COLUMNS, baseline, lambda: predictor or Steps())
    return found.labelled, found.unlabelled


def never() -> Never:
    raise AssertionError("the champion is not needed")


def test_the_champion_is_asked_for_predictions_and_probabilities_of_all_rows() -> None:
    labelled, waiting = recent(classifier(), table())
    assert labelled is not None
    assert waiting is not None
    assert labelled.predicted.tolist() == ["yes", "no"]
    assert labelled.probability == pytest.approx(np.array([[0.1, 0.9], [0.9, 0.1]]))
    assert labelled.classes == waiting.classes == ("no", "yes")
    assert waiting.predicted.tolist() == ["yes", "no"]
    assert labelled.positive == "yes"


def test_without_calibrated_probabilities_rows_without_a_label_are_of_no_use() -> None:
    assert recent(classifier(), table(), baseline=None)[1] is None


def test_recorded_predictions_and_probabilities_are_taken_and_nothing_is_loaded() -> None:
    rows = table(p=["no", "no", "yes", "no"], q=[0.4, 0.2, 0.7, 0.3])
    found = recent_rows(classifier(**RECORDED), rows, COLUMNS, KNOWN, never)
    labelled, waiting = found.labelled, found.unlabelled
    assert labelled is not None
    assert labelled.predicted.tolist() == ["no", "no"]
    assert labelled.chance_of("yes").tolist() == [0.4, 0.2]
    assert waiting is not None
    assert waiting.probability[:, waiting.classes.index("yes")].tolist() == [0.7, 0.3]


def test_rows_without_a_recorded_prediction_are_filled_by_the_champion() -> None:
    rows = table(p=["no", None, "yes", None], q=[0.4, None, 0.7, None])
    labelled, waiting = recent(classifier(**RECORDED), rows)
    assert labelled is not None
    assert labelled.chance_of("yes").tolist() == [0.4, 0.1]
    assert waiting is not None
    assert waiting.predicted.tolist() == ["yes", "no"]


def test_probability_that_is_missing_beside_a_recorded_prediction_is_an_error_that_says_what_to_do() -> None:
    rows = table(p=["no", "no", "yes", "no"], q=[0.4, None, 0.7, 0.3])
    with pytest.raises(DataError, match=r"field probability: auc needs a probability.*leave `prediction` out"):
        recent(classifier(**RECORDED), rows)
    labelled, waiting = recent(classifier(**RECORDED, metric="f1"), rows)
    assert labelled is not None
    assert labelled.probability is None  # f1 can do without
    assert waiting is not None


@pytest.mark.parametrize("wrong", [1.2, -0.1, "much"])
def test_probabilities_most_of_which_are_none_are_an_error(wrong: object) -> None:
    rows = table(p=["no"] * 4, q=[0.4, wrong, wrong, wrong])
    with pytest.raises(DataError, match=r"3 of 4 values of q are not between 0 and 1; the first is .*, in row 2"):
        recent(classifier(**RECORDED), rows)


def test_one_recorded_probability_of_three_classes_is_an_error() -> None:
    rows = pd.DataFrame({"x": 1.0, "y": ["yes", "no", "perhaps"] * 9, "p": "no", "q": 0.4})
    with pytest.raises(DataError, match="besides 'yes' there are no, perhaps; name a column for each class"):
        recent(classifier(**RECORDED), rows)
    labelled, _ = recent(classifier(**RECORDED), rows.iloc[:3])  # one is an accident
    assert labelled is not None
    assert labelled.classes == ("no", "yes")


def test_column_that_is_gone_leaves_nothing_to_predict_from() -> None:
    assert recent(classifier(), table().drop(columns="x")) == (None, None)
    assert recent(classifier(), table().iloc[:0]) == (None, None)


def test_model_without_probabilities_cannot_be_trained_for_a_metric_that_needs_them() -> None:
    rows = table()
    with pytest.raises(TrainingError, match=r"field metric: auc needs probabilities.*no predict_proba"):
        judged_rows(classifier(), Silent(), rows[["x"]], np.array(["yes"] * 4), rows)
    plain = judged_rows(classifier(metric="f1"), Silent(), rows[["x"]], np.array(["yes"] * 4), rows)
    assert plain.probability is None


class Booleans(Steps):
    """A model of somebody's own, which says 1 and 0 whatever it was trained on."""

    classes_ = np.array([0, 1])

    def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
        return (features["x"] > 0).to_numpy().astype(int)


@pytest.mark.parametrize(("no", "yes"), [("False", "True"), ("0", "1"), ("false", "true")])
def test_what_a_model_of_ones_own_says_is_spelled_as_the_labels_are(no: str, yes: str) -> None:
    rows, actual = table(), np.array([yes, no, yes, no])
    found = judged_rows(classifier(positive_class="1"), Booleans(), rows[["x"]], actual, rows)
    assert found.predicted.tolist() == actual.tolist()
    assert (found.classes, found.positive) == ((no, yes), yes)
    known = Baseline(scores={}, classes=(no, yes), positive=yes)
    labelled, _ = recent(classifier(), table(y=actual), known, Booleans())
    assert labelled is not None
    assert labelled.predicted.tolist() == actual.tolist()
    assert labelled.classes == (no, yes)


def test_probabilities_of_many_classes_are_taken_row_by_row() -> None:
    spec = classifier(metric="log_loss", prediction="p", probabilities={"a": "pa", "b": "pb", "c": "pc"})
    chances = {
        "pa": [1.0000001, 0.2, 0.5, 0.5, np.nan],
        "pb": [0.0, 0.3, 0.5, 0.5, 0.5],
        "pc": [-1e-8, 0.5004, 0.5, -0.1, 0.5],
    }
    rows = pd.DataFrame({"x": 1.0, "y": ["a", "b", "c", "a", "b"], "p": "a", **chances})
    found = row_chances(spec, rows)
    assert found[:2].sum(axis=1) == pytest.approx([1.0, 1.0])
    assert found[0].tolist() == [1.0, 0.0, 0.0]
    assert np.isnan(found[2:]).all()  # a sum of 1.5, less than 0, missing
    labelled, _ = recent(spec, rows.iloc[:2], Baseline(scores={}, classes=("a", "b", "c")))
    assert labelled is not None
    assert labelled.classes == ("a", "b", "c")


def test_slices_are_names_or_numbers_and_a_column_that_is_gone_is_left_out() -> None:
    spec = classifier(slices=["region", "x", "new", "gone"])
    rows = table(region=["north", None, "south", "north"], new=[True, False, True, True])
    labelled, _ = recent(spec, rows)
    assert labelled is not None
    assert {name: values.tolist() for name, values in labelled.slices.items()} == {
        "region": ["north", None], "x": [1.0, -1.0], "new": ["True", "False"],
    }  # fmt: skip


def test_slices_of_a_column_that_never_was_are_refused_at_training() -> None:
    rows = table()
    with pytest.raises(DataError, match="field slices: no column regoin"):
        judged_rows(classifier(slices=["regoin"]), Steps(), rows[["x"]], np.array(["yes"] * 4), rows)


def test_recorded_predictions_of_the_held_out_rows_must_be_there() -> None:
    actual = np.array(["yes", "no"])
    rows = table(p=["no", "no", "yes", "no"], q=[0.4, 0.1, 0.7, None]).iloc[:2]
    judged = recorded_rows(classifier(**RECORDED), actual, rows)
    assert judged.chance_of("yes").tolist() == [0.4, 0.1]
    with pytest.raises(DataError, match="without the champion's prediction"):
        recorded_rows(classifier(**RECORDED), actual, rows.assign(p=[None, "no"]))
    with pytest.raises(DataError, match="field probability"):
        recorded_rows(classifier(**RECORDED), actual, rows.assign(q=[None, 0.1]))


def test_trading_models_say_so_to_their_rows() -> None:
    spec = spec_of(metric="sharpe_ratio", trading={"periods_per_year": 252})
    rows = pd.DataFrame({"x": [1.0], "y": [0.01]})

    class Long:
        def predict(self, features: pd.DataFrame) -> npt.NDArray[Any]:
            return np.ones(len(features))

    assert judged_rows(spec, Long(), rows[["x"]], np.array([0.01]), rows).periods_per_year == 252.0
    labelled, _ = recent(spec, rows, replace(KNOWN, calibration=None), Long())
    assert labelled is not None
    assert labelled.periods_per_year == 252.0


@pytest.mark.parametrize("digits", [1, 2, 3, 4, 15])
@pytest.mark.parametrize("classes", [3, 10])
def test_probabilities_that_were_rounded_are_probabilities(digits: int, classes: int) -> None:
    raw = np.random.default_rng(0).dirichlet(np.ones(classes), 400)
    names = [f"p{n}" for n in range(classes)]
    rows = pd.DataFrame(raw.round(digits), columns=names)
    rows.loc[3, names] = 0.0  # none of any class
    spec = classifier(
        metric="log_loss", prediction="p", probabilities={f"c{n}": name for n, name in enumerate(names)},
    )  # fmt: skip
    found = row_chances(spec, rows)
    lost = np.isnan(found).any(axis=1)
    assert lost[3]
    assert np.mean(lost) < (0.2 if (digits, classes) == (1, 10) else 0.01)
    assert np.allclose(found[~lost].sum(axis=1), 1.0)
