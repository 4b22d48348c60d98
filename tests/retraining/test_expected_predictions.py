from __future__ import annotations

from collections.abc import Callable
from itertools import product
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.tree import DecisionTreeRegressor

from include.detectors import OutputDriftDetector
from include.retraining.expected_predictions import expected_predictions
from tests.detectors.comparisons import compare, outputs
from tests.sweeps import each_nth

Values = npt.NDArray[Any]
LEVEL = 0.01


def rows(kind: str, number: int, rng: np.random.Generator) -> tuple[Values, Values]:
    """Inputs and labels: few distinct inputs, many with a signal, or nothing but noise."""
    if kind == "few":
        inputs = rng.integers(2, size=(number, 3)).astype(float)
        return inputs, 5 * inputs[:, 0] + 2 * inputs[:, 1] + rng.normal(size=number)
    inputs = rng.normal(size=(number, 5))
    return inputs, (3 * inputs[:, 0] + inputs[:, 1] if kind == "signal" else 0.0) + rng.normal(size=number)


MODELS: dict[str, Callable[[], Any]] = {
    "linear": LinearRegression, "tree": lambda: DecisionTreeRegressor(max_depth=4),
    "boosted": lambda: HistGradientBoostingRegressor(max_iter=40),
    "boosted classes": lambda: HistGradientBoostingClassifier(max_iter=20),
}  # fmt: skip


@pytest.mark.parametrize(("kind", "model"), each_nth(product(("few", "signal", "noise"), MODELS), 3))
def test_predictions_on_new_unchanged_rows_do_not_drift(model: str, kind: str) -> None:
    rng, calls, trials, size, cut = np.random.default_rng(0), 0, 12, 1000, 700
    for _ in range(trials):
        inputs, labels = rows(kind, size, rng)
        if model == "boosted classes":
            labels = np.where(labels > np.quantile(labels, 0.8), "high", "low").astype(object)
        trial, final = MODELS[model]().fit(inputs[:cut], labels[:cut]), MODELS[model]().fit(inputs, labels)
        reference = expected_predictions(
            (final.predict(inputs[cut:]), final.predict(inputs[:cut])),
            (trial.predict(inputs[cut:]), trial.predict(inputs[:cut])),
        )
        given = compare(pd.DataFrame({"x": [0.0]}), pd.DataFrame({"x": [0.0]}),
                        outputs=outputs(prediction=(reference, final.predict(rows(kind, 500, rng)[0]))))  # fmt: skip
        calls += any(signal.changed for signal in OutputDriftDetector(level=LEVEL).detect(given))
    assert calls <= 2


def test_predictions_that_repeat_themselves_stay_as_they_are() -> None:
    published, own = np.repeat([1.0, 2.0], 50), np.repeat([1.0, 2.0], 100)
    narrower = np.repeat([1.4, 1.6], 50)
    assert expected_predictions((published, own), (narrower, own)) is published


def test_remembered_spread_is_taken_off() -> None:
    rng = np.random.default_rng(1)
    wide, own, new = rng.normal(0.0, 1.4, 900), rng.normal(0.0, 1.4, 2000), rng.normal(0.0, 1.0, 900)
    found = expected_predictions((wide, own), (new, own))
    assert np.std(found) == pytest.approx(1.0, rel=0.06)
    assert np.mean(found) == pytest.approx(np.mean(wide))


def test_classes_come_in_the_shares_that_new_rows_have() -> None:
    remembered, own = np.array(["a"] * 70 + ["b"] * 30), np.array(["a"] * 140 + ["b"] * 60)
    new = np.array(["a"] * 90 + ["b"] * 10)
    found = expected_predictions((remembered, own), (new, own))
    assert len(found) == 100
    assert np.count_nonzero(found == "b") == pytest.approx(10, abs=1)


def test_classes_keep_their_order_so_that_a_change_of_their_shares_is_found() -> None:
    rng = np.random.default_rng(0)
    published, own = (rng.choice(["a", "b", "c"], rows, p=[0.7, 0.2, 0.1]) for rows in (600, 2_000))
    trial = rng.choice(["a", "b", "c"], 600, p=[0.6, 0.25, 0.15]), own
    reference = expected_predictions((published, own), trial)
    assert np.mean(reference != published) < 0.15
    assert abs(np.mean(reference[1:] == reference[:-1]) - sum(np.mean(reference == name) ** 2 for name in "abc")) < 0.05
    nothing = pd.DataFrame({"x": [0.0]})
    for shares, changed in (([0.6, 0.25, 0.15], False), ([0.3, 0.4, 0.3], True)):
        recent = rng.choice(["a", "b", "c"], 600, p=shares)
        given = compare(nothing, nothing, outputs=outputs(prediction=(reference, recent)))
        assert any(signal.changed for signal in OutputDriftDetector(level=LEVEL).detect(given)) is changed


@pytest.mark.parametrize("values", [np.zeros(0), np.full(5, 3.0), np.array([np.inf, 1.0, 2.0])])
def test_predictions_without_a_spread_stay_as_they_are(values: Values) -> None:
    assert expected_predictions((values, values), (values, values)) is values
