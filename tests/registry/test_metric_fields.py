from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from include.registry.spec import ModelSpec
from tests.retraining.models import spec_of

CLASSES: dict[str, Any] = {"task": "classification", "metric": "auc"}

MISTAKES = {
    "a drawdown to decide by": ({"metric": "max_drawdown", "trading": {}}, "no loss of a single row"),
    "a Sharpe ratio of no trading model": ({"metric": "sharpe_ratio"}, "sharpe_ratio is for trading models: add a"),
    "a floor of a drawdown of no trading model": ({"gate": {"floors": {"max_drawdown": 0.2}}}, "a section `trading`"),
    "no periods in a year": ({"trading": {"periods_per_year": 0}}, "greater than or equal to 1"),
    "trading classes": ({**CLASSES, "trading": {}}, "trading is for regression"),
    "a positive class of a regression": ({"positive_class": "yes"}, "are for classification"),
    "a probability of nothing": ({**CLASSES, "prediction": "p", "probability": "q"}, "`positive_class`, which it is"),
    "a probability without predictions": ({**CLASSES, "probability": "q", "positive_class": "yes"}, "`prediction`"),
    "recorded predictions without the probability that the metric needs": (
        {**CLASSES, "prediction": "p"}, "name their column in `probability`, or leave `prediction` out"
    ),
    "the probability as a feature": (
        {**CLASSES, "prediction": "p", "probability": "q", "positive_class": "yes", "features": ["x", "q"]},
        "must not hold target, prediction, probability or timestamp: q",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("fields", "expected"), MISTAKES.values(), ids=MISTAKES.keys())
def test_metric_without_what_it_needs_is_refused_at_loading(fields: dict[str, Any], expected: str) -> None:
    with pytest.raises(ValidationError) as caught:
        spec_of(**fields)
    assert expected in str(caught.value)


@pytest.mark.parametrize(
    "fields",
    [
        {"metric": "sharpe_ratio", "trading": {"periods_per_year": 252}, "gate": {"floors": {"max_drawdown": 0.3}}},
        {"metric": "mape", "slices": ["region"]},
        CLASSES,
        {**CLASSES, "prediction": "p", "probability": "q", "positive_class": "yes"},
        {**CLASSES, "metric": "f1", "prediction": "p"},
    ],
)
def test_metric_with_what_it_needs_is_read(fields: dict[str, Any]) -> None:
    assert isinstance(spec_of(**fields), ModelSpec)
