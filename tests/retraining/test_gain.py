from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from include.decision.signals import Signal, SignalKind, Verdict
from include.retraining.prepare import Columns, feature_table
from include.retraining.retrain_gain import CorrectionTrial, measure_gain
from include.scoring import METRICS, LabelledRows
from tests.retraining.models import spec_of
from tests.sweeps import first_of

COLUMNS = Columns(features=("x", "z"), categorical=("z",))
DETECTOR = CorrectionTrial(threshold=0.05, level=0.01, minimum_rows=100)


def features(rows: int, seed: int = 0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({"x": rng.normal(size=rows), "z": rng.choice(["a", "b", None], rows)})


def regression(rows: int, *, slope: float, seed: int = 0, noise: float = 1.0) -> tuple[pd.DataFrame, LabelledRows]:
    """A champion that believes in a slope of 1 where it is `slope`."""
    table = features(rows, seed)
    x = table["x"].to_numpy()
    actual = slope * x + noise * np.random.default_rng(seed + 1).normal(size=rows)
    return table, LabelledRows(actual=actual, predicted=x)


def classes(rows: int, *, flipped: bool, seed: int = 0) -> tuple[pd.DataFrame, LabelledRows]:
    """A champion that gives the right probabilities, or those of the other class."""
    table = features(rows, seed)
    chance = 1.0 / (1.0 + np.exp(-3.0 * table["x"].to_numpy()))
    actual = np.where(np.random.default_rng(seed + 1).random(rows) < chance, "yes", "no").astype(object)
    said = 1.0 - chance if flipped else chance
    predicted = np.where(said > 0.5, "yes", "no").astype(object)
    both = np.column_stack([1.0 - said, said])
    return table, LabelledRows(actual=actual, predicted=predicted, probability=both, classes=("no", "yes"))


def judged(rows: tuple[pd.DataFrame, LabelledRows], metric: str = "rmse") -> Signal:
    return DETECTOR.detect(rows[0], COLUMNS, rows[1], METRICS[metric])


def test_an_error_that_can_be_learnt_is_found() -> None:
    signal = judged(regression(600, slope=2.0))
    assert (signal.kind, signal.verdict, signal.statistic) == (SignalKind.RETRAIN_GAIN, Verdict.CHANGED, "rmse")
    assert signal.detail["learnt"] < signal.detail["current"]
    assert signal.value == pytest.approx(signal.detail["current"] / signal.detail["learnt"] - 1.0)
    assert signal.detail["rows"] == 200


def test_harder_rows_are_no_reason_to_retrain() -> None:
    table, labelled = regression(600, slope=1.0)
    noise = np.repeat([1.0, 3.0], 300) * np.random.default_rng(5).normal(size=600)
    harder = replace(labelled, actual=table["x"].to_numpy() + noise)
    assert judged((table, harder)).verdict is Verdict.STABLE


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "f1", "auc"])
def test_probabilities_that_can_be_mended_are_found_by_each_metric(metric: str) -> None:
    assert judged(classes(900, flipped=True), metric).verdict is Verdict.CHANGED
    assert judged(classes(900, flipped=False), metric).verdict is Verdict.STABLE


@pytest.mark.parametrize("metric", ["accuracy", "log_loss", "auc"])
def test_which_of_two_classes_comes_first_does_not_matter(metric: str) -> None:
    for flipped in (False, True):
        table, labelled = classes(900, flipped=flipped)
        assert labelled.probability is not None
        turned = replace(labelled, probability=labelled.probability[:, ::-1], classes=labelled.classes[::-1])
        one, other = (judged((table, rows), metric) for rows in (labelled, turned))
        assert one.detail["learnt"] == pytest.approx(other.detail["learnt"], rel=1e-6)


def test_a_champion_without_probabilities_is_taken_at_its_word() -> None:
    table, labelled = classes(900, flipped=True)
    assert judged((table, replace(labelled, probability=None)), "accuracy").verdict is Verdict.CHANGED


def test_a_class_that_the_champion_does_not_know_can_be_learnt() -> None:
    table, labelled = classes(900, flipped=False)
    new = table["x"].to_numpy() > 0.5
    actual = np.where(new, "maybe", labelled.actual).astype(object)
    signal = judged((table, replace(labelled, actual=actual)), "accuracy")
    assert signal.verdict is Verdict.CHANGED
    assert signal.detail["learnt"] > 0.7


def test_half_a_slope_is_found_on_a_thousand_rows() -> None:
    found = 0
    for seed in range(40):
        table, labelled = regression(1000, slope=1.0, seed=10 * seed)
        wide = table.assign(**{f"x{number}": features(1000, seed + number)["x"] for number in range(7)})
        columns = Columns(features=tuple(wide.columns), categorical=("z",))
        half = replace(labelled, predicted=0.5 * table["x"].to_numpy())
        found += replace(DETECTOR, level=0.0156).detect(wide, columns, half, METRICS["rmse"]).changed
    assert found >= 34


@pytest.mark.parametrize("rho", first_of([0.9, 0.0], 1))
def test_a_champion_that_has_learnt_all_is_called_improvable_less_often_than_the_level(rho: float) -> None:
    """Errors independent or autocorrelated, at level 0.05; two standard errors are allowed for 150 streams."""
    detector, alarms = replace(DETECTOR, level=0.05), 0
    for seed in range(150):
        table, labelled = regression(400, slope=1.0, seed=10 * seed, noise=0.0)
        shocks = np.random.default_rng(seed).normal(size=500)
        errors = np.convolve(shocks, rho ** np.arange(100), mode="valid")[:400] if rho else shocks[:400]
        rows = replace(labelled, actual=table["x"].to_numpy() + errors)
        alarms += detector.detect(table, COLUMNS, rows, METRICS["rmse"]).changed
    assert alarms / 150 <= 0.05 + 2 * (0.05 * 0.95 / 150) ** 0.5


def test_a_gain_that_may_be_chance_is_neither_proven_nor_excluded() -> None:
    table, labelled = regression(600, slope=2.0)
    strict = replace(DETECTOR, level=1e-300).detect(table, COLUMNS, labelled, METRICS["rmse"])
    assert strict.verdict is Verdict.INCONCLUSIVE
    assert strict.value is not None
    assert strict.value >= DETECTOR.threshold


def test_what_cannot_be_measured_is_said() -> None:
    few = judged(regression(299, slope=2.0))
    assert (few.verdict, few.reason) == (Verdict.INCONCLUSIVE, "299 labelled rows, 300 needed")
    table, labelled = regression(300, slope=2.0)
    positions = judged((table, replace(labelled, periods_per_year=252.0)))
    assert positions.verdict is Verdict.NO_DATA
    empty = judged((table.assign(x=np.nan, z=None), replace(labelled, predicted=np.full(300, np.nan))))
    assert empty.verdict is Verdict.INCONCLUSIVE
    assert empty.reason.startswith("nothing can be learnt: ")


def test_of_very_many_categories_the_frequent_ones_are_learnt_from() -> None:
    """The champion is wrong in one frequent category; a thousand rare ones, some only in later rows, are beside it."""
    rng = np.random.default_rng(0)
    names = np.where(rng.random(3000) < 0.4, "often", [f"rare {number}" for number in rng.integers(0, 1000, 3000)])
    table = pd.DataFrame({"x": rng.normal(size=3000), "z": names.astype(object)})
    actual = table["x"].to_numpy() + 2.0 * (names == "often") + 0.5 * rng.normal(size=3000)
    signal = judged((table, LabelledRows(actual=actual, predicted=table["x"].to_numpy())))
    assert signal.verdict is Verdict.CHANGED
    assert signal.detail["learnt"] < 0.8 * signal.detail["current"]


def test_features_without_a_value_in_the_earlier_rows_are_not_learnt_from() -> None:
    table, labelled = regression(900, slope=2.0)
    late = table.assign(z=None, empty=np.nan, new=np.where(np.arange(900) < 600, np.nan, 1.0))
    columns = Columns(features=("x", "z", "empty", "new"), categorical=("z",))
    found = DETECTOR.detect(late, columns, labelled, METRICS["rmse"])
    alone = DETECTOR.detect(table[["x"]], Columns(features=("x",), categorical=()), labelled, METRICS["rmse"])
    assert found == alone
    assert found.verdict is Verdict.CHANGED


def test_unlabelled_rows_and_missing_columns() -> None:
    table, labelled = regression(800, slope=2.0)
    recent = table.assign(y=np.where(np.arange(800) % 2, labelled.actual, np.nan))
    half = labelled.where(recent["y"].notna().to_numpy())
    found = measure_gain(DETECTOR, spec_of(), recent, COLUMNS, half)
    assert [signal.detail["rows"] for signal in found] == [134.0]
    assert found == measure_gain(DETECTOR, spec_of(), recent, COLUMNS, half, feature_table(recent, COLUMNS))
    assert measure_gain(DETECTOR, spec_of(), recent, COLUMNS, None) == []
    assert measure_gain(DETECTOR, spec_of(), recent.drop(columns="x"), COLUMNS, half) == []
