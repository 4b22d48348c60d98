from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from include.data.reference.calibration import calibrate
from include.decision.signals import Signal, Verdict
from include.detectors import OutlierDetector
from tests.detectors.comparisons import compare
from tests.series import autoregression, most


def signal_of(reference: object, recent: object, *, minimum_rows: int = 100, **settings: float) -> Signal:
    given = compare(pd.DataFrame({"x": reference}), pd.DataFrame({"x": recent}), minimum_rows=minimum_rows)
    return OutlierDetector(**settings).detect(given)[0]


def test_hand_computed_share() -> None:
    recent = np.random.default_rng(0).permutation(np.repeat([0.0, 9.0], [180, 20]))
    signal = signal_of(np.tile([-1.0, 1.0], 500), recent)
    assert signal.value == pytest.approx(0.10)
    assert signal.changed


@pytest.mark.parametrize(("outliers", "changed"), [(4, False), (10, False), (11, True), (40, True)])
def test_a_share_up_to_the_threshold_is_stable(outliers: int, changed: bool) -> None:
    recent = np.random.default_rng(0).permutation(np.repeat([0.0, 9.0], [200 - outliers, outliers]))
    assert signal_of(np.tile([-1.0, 1.0], 500), recent).changed is changed


def test_outliers_do_not_hide_themselves() -> None:
    recent = np.random.default_rng(0).permutation(np.repeat([0.0, 1000.0], [100, 100]))  # none is 3 of their own sd off
    assert signal_of(np.random.default_rng(1).normal(size=1000), recent).changed


def test_heavy_tails_that_the_reference_had_too_are_stable() -> None:
    rng = np.random.default_rng(2)
    alarms = [signal_of(rng.standard_t(2, 2000), rng.standard_t(2, 500), share=0.0).changed for _ in range(300)]
    assert np.mean(alarms) <= most(0.001, 300) + 0.01  # the reference's own share is an estimate


def test_outliers_that_come_in_clusters_are_stable_where_they_did_before() -> None:
    """Returns are independent and their volatility is not: half of such windows were called changed."""
    rng, trials = np.random.default_rng(4), 40
    volatility = np.exp(autoregression(rng, rows=3800, coefficient=0.98, columns=trials))
    returns = pd.DataFrame(volatility * rng.normal(size=volatility.shape)).add_prefix("asset_")
    known, recent = returns.iloc[:3000], returns.iloc[3000:]
    given = compare(known, recent)
    given = replace(given, calibration=calibrate(known, given.reference, len(recent)))
    signals = OutlierDetector(level=0.05).detect(given)
    assert sum((signal.value or 0.0) > 0.05 for signal in signals) >= 5
    assert not any(signal.changed for signal in signals)


@pytest.mark.parametrize("rows", [3, 10, 20, 50])
def test_a_small_reference_says_little_of_how_many_outliers_are_usual(rows: int) -> None:
    rng = np.random.default_rng(6)
    assert not any(signal_of(rng.normal(size=rows), rng.normal(size=1000)).changed for _ in range(100))


def test_categories_have_no_outliers() -> None:
    table = pd.DataFrame({"c": ["a", "b"] * 100})
    assert OutlierDetector().detect(compare(table, table)) == []


def test_too_few_values_are_inconclusive() -> None:
    assert signal_of(np.tile([-1.0, 1.0], 500), [9.0] * 99).verdict is Verdict.INCONCLUSIVE
