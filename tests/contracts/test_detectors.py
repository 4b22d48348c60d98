"""What every detector promises, whatever it measures."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from include.data.profile import ALL_EXTRAS, Extra, Neighbours, Profile
from include.decision.policy.presets import PRESETS
from include.decision.signals import Verdict
from include.detectors import Comparison, Detector, EstimatedPerformanceMonitor, FixedThresholdDetector
from include.detectors.catalogue import DETECTORS
from include.detectors.joint_drift import CORRELATION, PAIR, SHIFT
from include.scoring import METRICS, Baseline, LabelledRows, PredictedRows
from tests.detectors.comparisons import compare, outputs, predicted
from tests.scoring.samples import classified
from tests.series import Floats

GIVEN: dict[str, Detector] = {  # those that have no settings of their own to begin with
    "fixed_thresholds": FixedThresholdDetector(
        thresholds={"psi": 0.3, "js_distance": 0.2, "ks": 0.2, "wasserstein": 0.2, "p_value": 0.001}
    ),
}


def with_its_own_settings(name: str) -> Detector:
    """The detector of that name as it is without a policy."""
    return GIVEN[name] if name in GIVEN else type(made_detectors(name)[0])()


def made_detectors(name: str) -> list[Detector]:
    """A detector with the settings of all kinds of policies."""
    fixed = PRESETS["balanced"].replace(drift_thresholds={"psi": 0.2})
    made = (DETECTORS[name].make(settings, "rmse") for settings in (PRESETS["balanced"], fixed))
    return [detector for detector in made if detector is not None]


ALL_COLUMNS = (SHIFT, PAIR, CORRELATION)  # statements on all columns together, which an empty one is part of


@pytest.fixture(params=DETECTORS)
def detector(request: pytest.FixtureRequest) -> Detector:
    return with_its_own_settings(request.param)


def table(rows: int, seed: int, *, shift: float = 0.0) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    return pd.DataFrame({
        "x": rng.normal(shift, 1.0, rows), "y": rng.normal(shift, 1.0, rows), "c": rng.choice(["a", "b", "d"], rows),
    })  # fmt: skip


def comparison(detector: Detector, recent: pd.DataFrame, *, worse: float = 1.0, minimum_rows: int = 100) -> Comparison:
    """Recent rows with labels; in the later half the model errs `worse` times as much."""
    if isinstance(detector, EstimatedPerformanceMonitor):
        return waiting(recent, worse, minimum_rows)
    rng = np.random.default_rng(9)
    errors = rng.normal(size=len(recent)) * np.where(np.arange(len(recent)) < len(recent) / 2, 1.0, worse)
    reference = table(1000, 0)
    return compare(
        reference, recent, labelled=sliced(errors), metric=METRICS["rmse"],
        outputs=outputs(target=(reference["x"], recent["x"]), prediction=(-reference["x"], -recent["x"])),
        baseline=Baseline.of_version(METRICS["rmse"], sliced(rng.normal(size=500))), minimum_rows=minimum_rows,
    )  # fmt: skip


def sliced(errors: Floats) -> LabelledRows:
    """Rows with these errors, every other one in the same slice."""
    halves = np.where(np.arange(len(errors)) % 2 == 0, "even", "odd").astype(object)
    return replace(predicted(errors), slices={"half": halves})


def waiting(recent: pd.DataFrame, worse: float, minimum_rows: int) -> Comparison:
    """Recent rows of a classifier that wait for their labels, `worse` times as hard as those at acceptance."""
    rng, metric = np.random.default_rng(9), METRICS["accuracy"]
    rows = classified(rng, len(recent), share=0.5, hardness=0.5 * worse)
    assert rows.probability is not None
    return compare(
        table(1000, 0), recent, metric=metric, minimum_rows=minimum_rows,
        baseline=Baseline.of_version(metric, classified(rng, share=0.5, hardness=0.5)),
        unlabelled=PredictedRows(predicted=rows.predicted, probability=rows.probability, classes=rows.classes),
    )  # fmt: skip


def test_same_comparison_gives_the_same_signals(detector: Detector) -> None:
    given = comparison(detector, table(400, 1, shift=0.2), worse=1.3)
    assert list(detector.detect(given)) == list(detector.detect(given))


def test_every_signal_has_a_reason_and_a_key_of_its_own(detector: Detector) -> None:
    signals = detector.detect(comparison(detector, table(400, 1, shift=3.0), worse=3.0))
    keys = [(signal.kind, signal.feature, signal.statistic) for signal in signals]
    assert signals
    assert len(set(keys)) == len(keys)
    assert all(signal.reason for signal in signals)


def test_no_two_detectors_give_signals_of_the_same_key() -> None:
    """As a run has them side by side; `fixed_thresholds` stands in the place of others."""
    detectors = [with_its_own_settings(name) for name in DETECTORS if name not in GIVEN]
    told = [signal for each in detectors for signal in each.detect(comparison(each, table(400, 1, shift=3.0), worse=3))]
    keys = Counter((signal.kind, signal.feature, signal.statistic) for signal in told)
    assert [key for key, count in keys.items() if count > 1] == []


def test_unchanged_rows_are_not_called_changed(detector: Detector) -> None:
    assert not [signal for signal in detector.detect(comparison(detector, table(400, 1))) if signal.changed]


def test_without_recent_rows_there_is_no_data(detector: Detector) -> None:
    empty = replace(comparison(detector, table(400, 1).iloc[:0]), labelled=None)
    signals = detector.detect(empty)
    assert {signal.verdict for signal in signals} == {Verdict.NO_DATA}
    assert all(signal.p_value is None for signal in signals)


def test_column_without_values_does_not_disturb_the_others(detector: Detector) -> None:
    recent = table(400, 1, shift=0.5)
    found = [detector.detect(comparison(detector, rows)) for rows in (recent, recent.assign(y=np.nan))]
    whole, holed = ({repr(signal) for signal in signals if signal.statistic not in ALL_COLUMNS} for signals in found)
    assert {s for s in holed if "'y'" not in s} == {s for s in whole if "'y'" not in s and "faults" not in s}


@pytest.mark.parametrize("rows", [1, 3, 99, 450])
def test_below_the_minimum_of_rows_nothing_is_called_changed(detector: Detector, rows: int) -> None:
    recent = table(rows, 1, shift=8.0).assign(c="new")
    signals = detector.detect(comparison(detector, recent, worse=20.0, minimum_rows=rows + 1))
    assert not [signal for signal in signals if signal.changed]


def test_detector_keeps_nothing_of_what_it_saw(detector: Detector) -> None:
    given = comparison(detector, table(400, 1))
    before, settings = list(detector.detect(given)), repr(detector)
    detector.detect(comparison(detector, table(400, 2, shift=5.0), worse=9.0))
    assert list(detector.detect(given)) == before
    assert repr(detector) == settings


def steady(rows: int, seed: int, *, unseen: int = 0) -> pd.DataFrame:
    """Rows that are like the ones before them and have gaps; so many of them have a category that is new."""
    made = table(rows, seed, shift=0.05)
    alike = made[["x", "y"]].ewm(alpha=0.4).mean()
    names = made["c"].iloc[np.arange(rows) // 4].reset_index(drop=True)
    return alike.assign(
        c=names.where(np.arange(rows) >= unseen, "new"), z=alike["x"].where(np.arange(rows) % 9 > 0)
    )  # fmt: skip


def holding(profile: Profile, extras: Extra) -> Profile:
    """The profile as if no more than this had been asked for."""
    nan = math.nan
    columns = dict(profile.columns)
    if Extra.NEIGHBOURS not in extras:
        for name, column in columns.items():
            unknown = Neighbours(
                pairs=column.neighbours.pairs, mean_before=nan, mean_after=nan, square_before=nan, square_after=nan,
                product=nan,
            )  # fmt: skip
            columns[name] = replace(column, neighbours=unknown)
    return replace(profile, columns=columns, cross=profile.cross if Extra.CROSS in extras else None)


def found_in(detector: Detector, extras: Extra) -> list[str]:
    """All signals on rows that are alike, from profiles that hold only these extras."""
    recent = steady(400, 1, unseen=100)
    given = comparison(detector, recent)
    known, after = extras, extras & ~Extra.NEIGHBOURS
    given = replace(
        given, reference=compare(steady(1000, 0), recent).reference, recent=compare(steady(1000, 0), recent).recent,
        outputs=outputs(target=(steady(1000, 0)["x"], recent["x"])),
    )  # fmt: skip
    trimmed = replace(
        given, reference=holding(given.reference, known), recent=holding(given.recent, after),
        outputs={n: (holding(one, known), holding(other, after)) for n, (one, other) in given.outputs.items()},
    )  # fmt: skip
    return [repr(signal) for signal in detector.detect(trimmed)]


def test_profiles_of_only_what_it_says_it_reads_give_the_same_signals(detector: Detector) -> None:
    assert found_in(detector, detector.extras) == found_in(detector, ALL_EXTRAS)


def test_it_reads_all_that_it_says_it_reads(detector: Detector) -> None:
    for extra in detector.extras:
        assert found_in(detector, detector.extras & ~extra) != found_in(detector, ALL_EXTRAS), extra
