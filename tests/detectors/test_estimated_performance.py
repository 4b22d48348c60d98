from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from itertools import product

import numpy as np
import pandas as pd
import pytest

from include.decision.evidence import Evidence
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, SignalKind, Verdict
from include.decision.triggers.signal_trigger import SignalTrigger
from include.detectors import Comparison, EstimatedPerformanceMonitor
from include.scoring import METRICS, Baseline, LabelledRows, PredictedRows
from tests.detectors.comparisons import compare
from tests.scoring.samples import classified
from tests.series import most
from tests.sweeps import each_nth

TABLE = pd.DataFrame({"x": np.arange(50.0)})


def overconfident(rows: LabelledRows) -> LabelledRows:
    """The same with probabilities pushed towards 0 and 1, as real models do."""
    assert rows.probability is not None
    chance = rows.probability[:, 1]
    pushed = chance**3 / (chance**3 + (1.0 - chance) ** 3)
    return replace(rows, probability=np.column_stack([1.0 - pushed, pushed]))


def unlabelled(rows: LabelledRows) -> PredictedRows:
    assert rows.probability is not None
    return PredictedRows(predicted=rows.predicted, probability=rows.probability, classes=rows.classes)


def compared(name: str, recent: LabelledRows | None, accepted: LabelledRows) -> Comparison:
    metric = METRICS[name]
    waiting = None if recent is None else unlabelled(recent)
    return compare(TABLE, TABLE, unlabelled=waiting, metric=metric, baseline=Baseline.of_version(metric, accepted))


def signal_of(name: str, recent: LabelledRows | None, accepted: LabelledRows, **settings: object) -> Signal:
    (signal,) = EstimatedPerformanceMonitor(**settings).detect(compared(name, recent, accepted))  # type: ignore[arg-type]
    return signal


NAMES = ["accuracy", "balanced_accuracy", "f1", "precision", "recall", "auc", "log_loss", "brier"]


@pytest.mark.parametrize(("harder", "name"), each_nth(product((1.0, 2.0), NAMES), 3))
def test_interval_covers_what_the_labels_show_also_where_rows_became_harder(name: str, harder: float) -> None:
    trials, covered = 50, 0
    for trial in range(trials):
        rng = np.random.default_rng([6, trial])
        accepted = overconfident(classified(rng, 1000, hardness=0.5))
        recent = overconfident(classified(rng, 500, hardness=0.5 * harder))
        detail = signal_of(name, recent, accepted).detail
        covered += detail["low"] <= METRICS[name].score(recent) <= detail["high"]
    assert covered / trials >= 0.77


@pytest.mark.parametrize(("lag1", "name"), each_nth(product((0.0, 0.9), ("accuracy", "f1", "auc", "brier")), 3))
def test_unchanged_rows_alarm_at_most_at_the_level(name: str, lag1: float) -> None:
    level, trials, found = 0.05, 80, 0
    for trial in range(trials):
        rng = np.random.default_rng([7, trial])
        accepted, recent = (overconfident(classified(rng, 600, lag1=lag1)) for _ in range(2))
        found += signal_of(name, recent, accepted, threshold=1e-9, level=level).changed
    assert found / trials <= most(level, trials)


@pytest.mark.parametrize("name", ["accuracy", "f1", "auc"])
def test_rows_that_became_harder_are_found(name: str) -> None:
    rng = np.random.default_rng(1)
    accepted = classified(rng, 2000, share=0.5, hardness=0.4)
    signal = signal_of(name, classified(rng, 2000, share=0.5, hardness=1.2), accepted)
    assert signal.changed
    assert signal.kind is SignalKind.ESTIMATED_PERFORMANCE
    assert "estimated without labels" in signal.reason
    assert {f"estimated_{other}" for other in NAMES if other != name} <= set(signal.detail)


def test_concept_drift_is_not_seen() -> None:
    rng = np.random.default_rng(1)
    accepted, recent = classified(rng, 1000), classified(rng, 1000)
    swapped = replace(recent, actual=np.where(recent.actual == "yes", "no", "yes"))
    assert METRICS["accuracy"].score(swapped) < 0.5
    assert signal_of("accuracy", swapped, accepted).verdict is Verdict.STABLE


def test_too_few_rows_at_acceptance_mean_no_estimate_and_say_so() -> None:
    rng = np.random.default_rng(1)
    signal = signal_of("accuracy", classified(rng, 500), classified(rng, 150))
    assert signal.verdict is Verdict.NO_DATA
    assert "150 rows at acceptance were too few" in signal.reason


def test_few_recent_rows_are_inconclusive_and_none_are_no_data() -> None:
    rng = np.random.default_rng(1)
    accepted = classified(rng, 500)
    assert signal_of("accuracy", classified(rng, 99), accepted).verdict is Verdict.INCONCLUSIVE
    assert signal_of("accuracy", None, accepted).verdict is Verdict.NO_DATA


def test_models_without_probabilities_have_no_signal() -> None:
    rows = LabelledRows(actual=np.zeros(300), predicted=np.ones(300))
    metric = METRICS["rmse"]
    comparison = compare(TABLE, TABLE, metric=metric, baseline=Baseline.of_version(metric, rows))
    assert EstimatedPerformanceMonitor().detect(comparison) == []


def test_estimate_fires_nothing_and_does_not_count_as_known_performance() -> None:
    bad = Signal(
        kind=SignalKind.ESTIMATED_PERFORMANCE, statistic="f1", verdict=Verdict.CHANGED, reason="worse", value=0.5,
        threshold=0.05, p_value=0.0, level=0.01,
    )  # fmt: skip
    drift = replace(bad, kind=SignalKind.DATA_DRIFT)
    now = datetime(2026, 1, 1, tzinfo=UTC)
    assert not standard_policy(PRESETS["balanced"]).decide(Evidence(now=now, signals=[bad], has_champion=True)).fired
    trigger = SignalTrigger(kind=SignalKind.DATA_DRIFT, only_without_labels=True)
    assert trigger.decide(Evidence(now=now, signals=[bad, drift], has_champion=True)).fired
