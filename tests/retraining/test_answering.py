"""What a classifier predicts and how sure it is: by one pass through it where the first follows from the second."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from sklearn.ensemble import ExtraTreesClassifier, HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import FixedThresholdClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from include.retraining.answering import Answering, answers_of
from include.retraining.trainers.trainer import class_probabilities
from include.scoring import Task


class Wary(HistGradientBoostingClassifier):
    """Says "b" when in doubt."""

    def predict(self, rows: Any) -> Any:
        return np.where(self.predict_proba(rows)[:, 1] > 0.1, self.classes_[1], self.classes_[0])


QUICK = {
    "boosting": HistGradientBoostingClassifier(max_iter=5), "forest": RandomForestClassifier(4, max_depth=2),
    "extra trees": ExtraTreesClassifier(4, max_depth=2), "linear": LogisticRegression(), "no chances": LinearSVC(),
    "threshold": FixedThresholdClassifier(LogisticRegression(), threshold=0.1, pos_label="b"), "own": Wary(max_iter=5),
}  # fmt: skip
WARY = ("threshold", "own")  # they decide between a and b
ONE_PASS = ("boosting", "forest", "extra trees")
NAMES: dict[str, tuple[Any, ...]] = {
    "two": ("a", "b"), "four": ("a", "b", "c", "d"), "numbers": (3, 7), "truth": (False, True),
}  # fmt: skip


def fitted(kind: str, names: tuple[Any, ...], *, piped: bool) -> tuple[Any, pd.DataFrame]:
    rng = np.random.default_rng(0)
    table = pd.DataFrame({"x": rng.normal(size=400), "z": rng.normal(size=400).round(1)})
    place = (table["x"] + rng.normal(size=400)).rank(pct=True).mul(len(names) - 1e-6).astype(int)
    model = make_pipeline(StandardScaler(), QUICK[kind]) if piped else QUICK[kind]
    return model.fit(table, np.array(names)[place]), table


@pytest.mark.parametrize("piped", [False, True])
@pytest.mark.parametrize(
    ("kind", "names"), [(kind, names) for kind in QUICK for names in NAMES if names == "two" or kind not in WARY]
)
def test_answers_are_those_of_the_model(kind: str, names: str, piped: bool) -> None:
    model, table = fitted(kind, NAMES[names], piped=piped)
    for predictor in (model, Answering(model, "v1", Task.CLASSIFICATION)):
        predicted, chances = answers_of(predictor, table)
        expected = model.predict(table)
        assert predicted.dtype == expected.dtype
        assert predicted.tolist() == expected.tolist()
        known = class_probabilities(predictor, table)
        assert (chances is None) == (known is None)
        if chances is not None and known is not None:
            assert chances[1] == known[1]
            np.testing.assert_array_equal(chances[0], known[0])


@pytest.mark.parametrize("kind", ONE_PASS)
def test_trees_are_gone_through_once(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    model, table = fitted(kind, NAMES["two"], piped=True)
    expected = model.predict(table)
    monkeypatch.setattr(type(QUICK[kind]), "predict", lambda *_: pytest.fail("the trees are gone through again"))
    assert answers_of(Answering(model, "v1", Task.CLASSIFICATION), table)[0].tolist() == expected.tolist()
