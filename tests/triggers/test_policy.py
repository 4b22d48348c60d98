from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta

import pytest

from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import HIGHEST_LEVEL, PRESETS, check_level
from include.decision.request import RequestKind
from include.decision.signals import SignalKind
from include.decision.triggers.combinators import AnyOf
from include.decision.triggers.data_volume import DataVolumeTrigger
from include.decision.triggers.model_age import ModelAgeTrigger
from include.decision.triggers.schedule import ScheduleTrigger
from include.decision.triggers.tree import walk
from tests.triggers.signals import NOW, enough, evidence, missing, request, signal

POLICY = standard_policy(PRESETS["balanced"])


def test_policy_asks_every_trigger() -> None:
    leaves = POLICY.decide(evidence(enough())).leaves()
    assert [leaf.trigger for leaf in leaves] == [
        "manual", "red_team", "new_data", "first_version", "retrain_gain", "performance", "concept_drift", "data_drift",
        "outliers",
    ]  # fmt: skip


@pytest.mark.parametrize("kind", [SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT])
def test_harm_fires(kind: SignalKind) -> None:
    assert POLICY.decide(evidence(enough(), signal(kind, 1.5))).fired


@pytest.mark.parametrize("kind", [SignalKind.DATA_DRIFT, SignalKind.OUTLIERS])
def test_drift_fires_without_labels_and_not_with_good_ones(kind: SignalKind) -> None:
    drift = signal(kind, 9.0, feature="x")
    assert POLICY.decide(evidence(enough(), drift, missing(SignalKind.PERFORMANCE))).fired
    assert not POLICY.decide(evidence(enough(), drift, signal(SignalKind.PERFORMANCE, 0.3))).fired


def test_cooldown_holds_back_harm_but_no_request_and_no_first_version() -> None:
    harm, lately = signal(SignalKind.PERFORMANCE, 3.0), NOW - timedelta(days=1)
    held = POLICY.decide(evidence(harm, last_retrained_at=lately))
    assert not held.fired
    assert held.blocked_by == "cooling down until 2026-05-09 12:00 UTC"
    assert POLICY.decide(evidence(harm, last_retrained_at=lately, requested="please")).fired
    assert POLICY.decide(evidence(last_retrained_at=lately, has_champion=False)).fired


def test_presets_get_more_eager_from_conservative_to_aggressive() -> None:
    calm, middle, eager = (asdict(PRESETS[name]) for name in ("conservative", "balanced", "aggressive"))
    assert not any(preset.drift_thresholds for preset in PRESETS.values())
    for name in calm.keys() - {"drift_thresholds", "when", "schedule", "performance", "performance_below"}:
        rising = name.endswith("level") or name == "false_retrains_per_quarter"
        steps = [calm[name], middle[name], eager[name]]
        assert steps == sorted(set(steps), reverse=not rising), name


@pytest.mark.parametrize(
    ("check_every", "window", "level"),
    [
        (timedelta(hours=6), timedelta(hours=6), 1 / 360),  # separate windows: one check in 360
        (timedelta(hours=6), timedelta(days=28), 28 / (20 * 90)),  # overlapping ones: some twenty looks a window
        (timedelta(hours=1), timedelta(days=28), 28 / (20 * 90)),  # looking more often adds nothing
        (timedelta(days=30), timedelta(days=30), HIGHEST_LEVEL),  # three checks a quarter: the cap
    ],
)
def test_level_of_a_check_is_the_budget_over_the_independent_looks(
    check_every: timedelta, window: timedelta, level: float
) -> None:
    assert check_level(1.0, check_every=check_every, window=window) == pytest.approx(level)


@pytest.mark.parametrize("kind", list(RequestKind))
def test_request_does_not_wait_for_the_cooldown(kind: RequestKind) -> None:
    result = POLICY.decide(evidence(requests=(request(kind),), last_retrained_at=NOW))
    assert result.fired
    assert result.reason == "because (me)"


def test_numbers_that_a_tree_leaves_out_are_those_of_the_preset() -> None:
    bare = AnyOf((ModelAgeTrigger(), DataVolumeTrigger(), ScheduleTrigger()))
    for name, age, share in (("conservative", 14, 0.3), ("balanced", 7, 0.2), ("aggressive", 2, 0.1)):
        tree = list(walk(standard_policy(PRESETS[name].replace(when=bare, schedule="0 2 * * *"))))
        assert ModelAgeTrigger(age=timedelta(days=age)) in tree
        assert DataVolumeTrigger(share=share) in tree
        assert ScheduleTrigger(cron="0 2 * * *") in tree


def test_no_preset_retrains_because_time_has_passed_or_rows_have_come() -> None:
    old = evidence(champion_since=NOW - timedelta(days=999), new_rows=10**9, trained_rows=1, data_hash="a")
    assert not any(standard_policy(preset).decide(old).fired for preset in PRESETS.values())
