from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Verdict
from include.workflow.analysis.labels import without_left_out
from tests.retraining.models import spec_of
from tests.retraining.test_labelled import RECORDED, classifier
from tests.stage import REFERENCE_DAYS, START, Stage, day

CLASSES = ("no", "yes")


def rows(labels: list[str | None], chances: list[float | None]) -> pd.DataFrame:
    said = ["yes" if chance is None or chance > 0.5 else "no" for chance in chances]
    return pd.DataFrame({"x": np.arange(len(labels)), "y": labels, "p": said, "q": chances})


def test_labels_without_a_probability_and_of_unknown_classes_count_as_not_arrived() -> None:
    given = rows(["yes", "no", "maybe", None, "yes"], [0.9, 0.2, 0.3, None, None])
    found, [signal] = without_left_out(classifier(**RECORDED), given, CLASSES)
    assert found["y"].isna().tolist() == [False, False, True, True, True]
    assert given["y"].isna().tolist() == [False, False, False, True, False]
    assert signal.value == pytest.approx(2 / 4)
    assert (signal.verdict, signal.blocks) == (Verdict.CHANGED, False)
    assert "2 of 4 labels are left out: 1 without a probability that can be used, 1 of a class" in signal.reason


def test_one_label_of_many_is_on_record_and_no_change() -> None:
    given = rows(["yes", "no"] * 50, [0.9, 0.2] * 49 + [0.9, None])
    _, [signal] = without_left_out(classifier(**RECORDED), given, CLASSES)
    assert signal.verdict is Verdict.STABLE


@pytest.mark.parametrize(
    ("labels", "chances", "fields"),
    [(["yes", "no"], [0.9, 0.2], {}), (["yes", "no"], [None, None], {}),
     (["yes", "no"], [None, 0.1], {"metric": "f1"}), ([None, None], [None, 0.3], {})],
    ids=["all can be used", "none has a probability", "a metric without probabilities", "no label"],
)  # fmt: skip
def test_rows_are_left_as_they_are(
    labels: list[str | None], chances: list[float | None], fields: dict[str, str]
) -> None:
    given = rows(labels, chances)
    found, signals = without_left_out(classifier(**RECORDED, **fields), given, CLASSES)
    assert found is given
    assert signals == []


@pytest.mark.parametrize(
    ("odd", "left_out", "statistic"), [(1, 1, "unusable_labels"), (4, 4, "unusable_labels"), (5, 0, "unknown_classes")]
)
def test_few_labels_of_an_unknown_class_are_left_out_and_many_count_as_wrong(
    odd: int, left_out: int, statistic: str
) -> None:
    given = rows(["maybe"] * odd + ["yes", "no"] * 50, [0.9] * (odd + 100)).iloc[:100]
    found, [signal] = without_left_out(classifier(metric="accuracy"), given, CLASSES)
    assert found["y"].isna().sum() == left_out
    assert (signal.statistic, "'maybe'" in signal.reason) == (statistic, True)


@pytest.mark.parametrize("metric", ["log_loss", "accuracy"])
@pytest.mark.parametrize("chance", [1.5, -0.2, np.inf])
def test_an_impossible_probability_is_told_and_left_out_by_metrics_that_need_it(metric: str, chance: float) -> None:
    given = rows(["yes", "no"] * 50, [0.9, 0.2] * 49 + [0.9, chance])
    found, [signal] = without_left_out(classifier(metric=metric, **RECORDED), given, CLASSES)
    assert found["y"].isna().sum() == (metric == "log_loss")
    assert signal.statistic == ("unusable_labels" if metric == "log_loss" else "unusable_probabilities")


@pytest.mark.parametrize("chance", [1.0000001, 1.0005, -1e-9])
def test_a_probability_beyond_its_range_by_rounding_is_used(chance: float) -> None:
    given = rows(["yes", "no"] * 50, [0.9, 0.2] * 49 + [0.9, chance])
    assert without_left_out(classifier(metric="log_loss", **RECORDED), given, CLASSES) == (given, [])


def test_text_among_numbers_and_labels_of_zero_under_mape_are_told() -> None:
    given = pd.DataFrame({"x": 1.0, "y": ["n/a?", "0", *["2.5"] * 8]})
    _, [text, zero] = without_left_out(spec_of(metric="mape"), given, ())
    assert "1 of 10 values of 'y' are not numbers: they count as not arrived" in text.reason
    assert (zero.statistic, zero.verdict) == ("labels_of_zero", Verdict.STABLE)
    assert "1 labels are 0" in zero.reason


def test_one_row_without_a_probability_ends_no_analysis(tmp_path: Path) -> None:
    rng, days = np.random.default_rng(0), REFERENCE_DAYS + 10
    score = rng.normal(size=days * 24)
    chance = 1.0 / (1.0 + np.exp(-2.0 * score))
    table = pd.DataFrame({
        "at": pd.date_range(START, periods=len(score), freq="h"), "x": score,
        "y": np.where(rng.random(len(score)) < chance, "yes", "no"), "p": np.where(chance > 0.5, "yes", "no"),
        "q": chance,
    })  # fmt: skip
    table.loc[len(table) - 5, "q"] = np.nan
    table.loc[len(table) - 9, "y"] = "maybe"
    stage = Stage(tmp_path)
    stage.add("shop", table, task="classification", metric="auc", target="y", features=["x"], **RECORDED)
    stage.run("shop", day(REFERENCE_DAYS))
    seen = stage.run("shop", day(days)).analysis
    assert seen.labelled_rows == 10 * 24 - 2
    assert any("2 of 240 labels are left out" in signal.reason for signal in seen.signals)
