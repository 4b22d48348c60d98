from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from include.scoring import METRICS, LabelledRows, PredictedRows, ProbabilityCalibration, Task, estimate, score_all
from tests.scoring.samples import classified, several


def pushed(rows: LabelledRows) -> LabelledRows:
    assert rows.probability is not None
    cubed = rows.probability**3
    return replace(rows, probability=cubed / cubed.sum(axis=1, keepdims=True))


@pytest.mark.parametrize("make", [classified, several])
def test_overconfident_probabilities_are_brought_back(make: object) -> None:
    rng = np.random.default_rng(0)
    honest = make(rng, 20_000)  # type: ignore[operator]
    fitted = ProbabilityCalibration.fit(pushed(make(rng, 20_000)))  # type: ignore[operator]
    assert fitted is not None
    before, after = pushed(honest).probability, fitted.apply(pushed(honest).probability, honest.classes)
    assert after.sum(axis=1) == pytest.approx(np.ones(len(after)))
    assert np.abs(after - honest.probability).mean() < 0.25 * np.abs(before - honest.probability).mean()


def test_classes_may_come_in_another_order() -> None:
    rows = several(np.random.default_rng(0), 1000)
    fitted = ProbabilityCalibration.fit(rows)
    assert fitted is not None
    assert rows.probability is not None
    turned = fitted.apply(rows.probability[:, ::-1], rows.classes[::-1])
    assert turned[:, ::-1] == pytest.approx(fitted.apply(rows.probability, rows.classes))


def test_too_few_rows_or_too_few_of_a_class_are_not_calibrated() -> None:
    rng = np.random.default_rng(0)
    assert ProbabilityCalibration.fit(classified(rng, 199)) is None
    assert ProbabilityCalibration.fit(classified(rng, 500, share=0.01)) is None
    assert ProbabilityCalibration.fit(replace(classified(rng, 500), probability=None)) is None


def test_json_and_back() -> None:
    fitted = ProbabilityCalibration.fit(classified(np.random.default_rng(0), 300))
    assert fitted is not None
    assert ProbabilityCalibration.from_json(fitted.to_json()) == fitted


@pytest.mark.parametrize("make", [classified, several])
def test_estimate_is_near_what_labels_show_for_every_metric(make: object) -> None:
    rng = np.random.default_rng(0)
    fitted, recent = ProbabilityCalibration.fit(pushed(make(rng, 20_000))), pushed(make(rng, 20_000))  # type: ignore[operator]
    assert fitted is not None
    rows = PredictedRows(predicted=recent.predicted, probability=recent.probability, classes=recent.classes)
    found = estimate(METRICS["accuracy"], rows, fitted, "yes" if len(recent.classes) == 2 else "")
    assert found is not None
    assert found.scores == pytest.approx(score_all(Task.CLASSIFICATION, recent), abs=0.02, rel=0.05)


def test_expected_confusion_matrix_by_hand() -> None:
    """Four rows said yes with probability 0.75, four with 0.25 said no: 3 true yes, 1 missed, 1 wrong, 3 right no."""
    fitted = ProbabilityCalibration(classes=("no", "yes"), lines=(((0.0, 1.0), (0.0, 1.0)),) * 2)
    chance = np.repeat([0.75, 0.25], 4)
    rows = PredictedRows(
        predicted=np.repeat(["yes", "no"], 4),
        probability=np.column_stack([1.0 - chance, chance]),
        classes=("no", "yes"),
    )
    found = estimate(METRICS["f1"], rows, fitted, "yes")
    assert found is not None
    assert {name: found.scores[name] for name in ("accuracy", "precision", "recall", "f1", "brier")} == pytest.approx(
        {"accuracy": 0.75, "precision": 0.75, "recall": 0.75, "f1": 0.75, "brier": 0.1875}
    )
    assert found.losses.mean() == pytest.approx(0.25)
