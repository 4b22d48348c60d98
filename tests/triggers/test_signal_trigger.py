from __future__ import annotations

import math
from dataclasses import replace

import pytest

from include.decision.signals import SignalKind, Verdict
from include.decision.triggers.signal_trigger import SignalTrigger
from tests.triggers.signals import evidence, missing, signal

DRIFT, PERFORMANCE = SignalKind.DATA_DRIFT, SignalKind.PERFORMANCE


def test_fires_on_a_changed_signal_of_its_kind_only() -> None:
    changed = evidence(signal(DRIFT, 3.0, feature="x"))
    assert SignalTrigger(kind=DRIFT).decide(changed).fired
    assert not SignalTrigger(kind=PERFORMANCE).decide(changed).fired


@pytest.mark.parametrize(
    ("strength", "p_value", "there"),
    [
        (0.4, 0.01, 0.4),  # its size holds it back
        (0.4, 1e-9, 0.4),
        (0.4, 0.5, math.log(0.5) / math.log(0.01)),  # chance does
        (0.9, 0.84, math.log(0.84) / math.log(0.01)),
        (0.9, 1.0, 0.0),
        (-3.0, 0.99, 0.0),
        (-math.inf, 0.99, 0.0),
    ],
)
def test_distance_is_what_is_missing_of_the_threshold_by_size_or_by_chance(
    strength: float, p_value: float, there: float
) -> None:
    result = SignalTrigger(kind=PERFORMANCE).decide(evidence(signal(PERFORMANCE, strength, p_value=p_value)))
    assert (result.value, result.threshold) == (pytest.approx(strength * 0.05), 0.05)
    assert result.distance == pytest.approx(0.05 * (1.0 - there))


def test_large_value_that_may_be_chance_is_not_at_its_threshold() -> None:
    large = replace(signal(DRIFT, 2.8, feature="x", p_value=0.84), verdict=Verdict.STABLE)
    result = SignalTrigger(kind=DRIFT).decide(evidence(large))
    assert result.distance == pytest.approx(0.02 * (1.0 - math.log(0.84) / math.log(0.01)))
    assert result.strength == pytest.approx(2.8)


def test_distance_without_a_test_of_chance_is_that_of_the_value() -> None:
    fixed = replace(signal(DRIFT, 0.4, feature="x"), p_value=None, level=None)
    assert SignalTrigger(kind=DRIFT).decide(evidence(fixed)).distance == pytest.approx(0.012)


def test_distance_is_below_zero_beyond_the_threshold_and_zero_where_a_setting_holds_back() -> None:
    signals = evidence(signal(DRIFT, 3.0, feature="x"), signal(PERFORMANCE, 0.2))
    assert SignalTrigger(kind=DRIFT).decide(signals).distance == pytest.approx(-0.04)
    assert SignalTrigger(kind=DRIFT, only_without_labels=True).decide(signals).distance == 0.0
    assert SignalTrigger(kind=DRIFT, strength=4.0).decide(signals).distance == pytest.approx(0.02)


def test_of_stable_signals_the_one_nearest_to_firing_speaks() -> None:
    loud = replace(signal(DRIFT, 5.0, feature="loud", p_value=0.9), verdict=Verdict.STABLE)
    result = SignalTrigger(kind=DRIFT).decide(evidence(loud, signal(DRIFT, 0.8, feature="near", p_value=0.05)))
    assert result.reason == "data_drift near 0.8"


def test_the_strongest_changed_signal_speaks_before_a_stronger_one_that_is_stable() -> None:
    stable = replace(signal(DRIFT, 0.9, feature="loud"), value=1.0)
    result = SignalTrigger(kind=DRIFT).decide(evidence(stable, signal(DRIFT, 2.0, feature="x")))
    assert result.value == pytest.approx(0.04)
    assert result.reason == "data_drift x 2"


def test_p_value_is_corrected_for_the_number_of_features() -> None:
    signals = [signal(DRIFT, 2.0, feature=f"x{i}", p_value=0.001) for i in range(5)]
    assert SignalTrigger(kind=DRIFT).decide(evidence(*signals)).p_value == pytest.approx(0.005)


def test_p_value_is_corrected_by_the_share_of_the_level_that_its_test_had() -> None:
    wide = replace(signal(DRIFT, 3.0, feature="x", p_value=1e-5), level=0.002)
    narrow = [replace(signal(DRIFT, 0.2, feature=f"y{number}"), level=0.0005) for number in range(6)]
    result = SignalTrigger(kind=DRIFT).decide(evidence(wide, *narrow))
    assert result.p_value == pytest.approx(1e-5 * (0.002 + 6 * 0.0005) / 0.002)


def test_corrected_p_value_meets_the_whole_level_when_a_test_meets_its_own() -> None:
    levels = [0.004, 0.001, 0.0025, 0.0025]
    signals = [replace(signal(DRIFT, 0.2, feature=f"x{number}"), level=own) for number, own in enumerate(levels)]
    for number, own in enumerate(levels):
        just = replace(signal(DRIFT, 2.0, feature="top", p_value=own), level=own)
        given = [*signals[:number], just, *signals[number + 1 :]]
        assert SignalTrigger(kind=DRIFT).decide(evidence(*given)).p_value == pytest.approx(sum(levels))


def test_p_value_is_never_above_one_and_left_alone_where_there_is_no_level() -> None:
    signals = [signal(DRIFT, 0.2, feature=f"x{number}", p_value=0.4) for number in range(9)]
    assert SignalTrigger(kind=DRIFT).decide(evidence(*signals)).p_value == 1.0
    fixed = replace(signal(DRIFT, 2.0, feature="x"), p_value=None, level=None)
    assert SignalTrigger(kind=DRIFT).decide(evidence(fixed)).p_value is None


def test_what_was_not_measured_takes_no_part_in_the_correction() -> None:
    silent = replace(missing(DRIFT), level=0.05)
    result = SignalTrigger(kind=DRIFT).decide(evidence(signal(DRIFT, 2.0, feature="x", p_value=0.001), silent))
    assert result.p_value == pytest.approx(0.001)


@pytest.mark.parametrize(
    ("labelled", "fires"), [(signal(PERFORMANCE, 0.2), False), (missing(PERFORMANCE), True), (None, True)]
)
def test_guess_at_harm_fires_only_while_labels_are_unknown(labelled: object, fires: bool) -> None:
    signals = [signal(DRIFT, 3.0, feature="x"), *([labelled] if labelled else [])]
    result = SignalTrigger(kind=DRIFT, only_without_labels=True).decide(evidence(*signals))
    assert result.fired is fires
    assert ("labels have arrived" in result.reason) is not fires


def test_unmeasured_kind_does_not_fire_and_says_why() -> None:
    assert SignalTrigger(kind=DRIFT).decide(evidence()).reason == "not measured"
    assert SignalTrigger(kind=PERFORMANCE).decide(evidence(missing(PERFORMANCE))).reason == "performance not known"


def test_infinite_value_is_a_finite_strength() -> None:
    endless = replace(signal(PERFORMANCE, 3.0), value=math.inf)
    result = SignalTrigger(kind=PERFORMANCE).decide(evidence(endless))
    assert result.fired
    assert result.strength == 1e6


@pytest.mark.parametrize(("gain", "fires"), [(signal(SignalKind.RETRAIN_GAIN, 0.2), False), (None, True),
                                             (missing(SignalKind.RETRAIN_GAIN), True)])  # fmt: skip
def test_harm_fires_only_where_it_is_not_known_what_a_retrain_would_gain(gain: object, fires: bool) -> None:
    harm = SignalTrigger(kind=PERFORMANCE, only_without_gain=True)
    signals = [signal(PERFORMANCE, 3.0), *([gain] if gain is not None else [])]
    result = harm.decide(evidence(*signals))  # type: ignore[arg-type]
    assert result.fired is fires
    assert ("whether a retrain would mend it is measured" in result.reason) is not fires


@pytest.mark.parametrize(("strength", "fires"), [(9.0, False), (11.0, True)])
def test_grave_harm_does_not_wait_for_proof_that_a_retrain_mends_it(strength: float, fires: bool) -> None:
    seen = replace(signal(SignalKind.RETRAIN_GAIN, 4.0, p_value=0.03), verdict=Verdict.INCONCLUSIVE)
    harm = SignalTrigger(kind=PERFORMANCE, only_without_gain=True)
    assert harm.decide(evidence(signal(PERFORMANCE, strength), seen)).fired is fires


def test_signal_that_chance_alone_decides_is_as_near_as_its_p_value() -> None:
    small = signal(DRIFT, 0.2, feature="small")
    tested = replace(signal(DRIFT, 0.2, feature="tested", p_value=0.02), threshold=None)
    result = SignalTrigger(kind=DRIFT).decide(evidence(small, tested))
    assert (result.reason, result.distance) == ("data_drift tested 0.2", None)
