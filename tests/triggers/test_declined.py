from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from include.decision.evidence import PastCheck, TriggerResult
from include.decision.signals import Signal, SignalKind
from include.decision.triggers.signal_trigger import SignalTrigger
from tests.triggers.signals import NOW, evidence, signal

GAIN = SignalKind.RETRAIN_GAIN
DAY = timedelta(days=1)


def refused(*days_ago: float, strength: float = 4.0) -> list[PastCheck]:
    """Retrains that a gain of that strength had asked for, and that the gate turned down."""
    then = signal(GAIN, strength)
    result = TriggerResult(
        trigger=GAIN, fired=True, reason="then", value=then.value, threshold=then.threshold, p_value=then.p_value
    )
    return [PastCheck(at=NOW - ago * DAY, results=(result,)) for ago in days_ago]


def asked(now: Signal, declined: list[PastCheck]) -> TriggerResult:
    return SignalTrigger(kind=GAIN).decide(evidence(now, declined=declined, patience=28 * DAY))


@pytest.mark.parametrize(
    ("days_ago", "fires"),
    [((), True), ((27.0,), False), ((28.0,), True), ((55.0, 90.0), False), ((56.0, 90.0), True),
     ((111.0, 140.0, 170.0), False), ((112.0, 140.0, 170.0), True)],
)  # fmt: skip
def test_each_refusal_doubles_the_time_until_the_same_evidence_asks_again(
    days_ago: tuple[float, ...], fires: bool
) -> None:
    result = asked(signal(GAIN, 4.0), refused(*days_ago))
    assert result.fired is fires
    assert fires or "the gate turned down a retrain for this" in result.reason


def test_until_when_it_waits_is_said() -> None:
    assert "twice" not in asked(signal(GAIN, 4.0), refused(1.0)).reason
    assert "once: tried again from 2026-05-30 12:00 UTC on" in asked(signal(GAIN, 4.0), refused(1.0)).reason


def test_what_is_clearly_worse_than_then_asks_at_once() -> None:
    assert asked(signal(GAIN, 20.0), refused(1.0)).fired
    assert not asked(signal(GAIN, 4.9), refused(1.0)).fired  # less than a threshold more
    assert not asked(signal(GAIN, 5.5, p_value=1e-4), refused(1.0)).fired  # may be chance
    certain = replace(signal(GAIN, 5.5), p_value=None)
    assert not asked(certain, refused(1.0)).fired  # the value of then may have been chance


def test_other_harm_that_has_grown_asks_again() -> None:
    mild, grave = signal(SignalKind.PERFORMANCE, 0.5, p_value=0.2), signal(SignalKind.PERFORMANCE, 20.0)
    then = TriggerResult(
        trigger=mild.kind, fired=False, reason="then", value=mild.value, threshold=mild.threshold, p_value=mild.p_value
    )
    declined = [replace(check, results=(*check.results, then)) for check in refused(1.0)]
    for harm, fires in ((mild, False), (grave, True)):
        seen = evidence(signal(GAIN, 4.0), harm, declined=declined, patience=28 * DAY)
        assert SignalTrigger(kind=GAIN).decide(seen).fired is fires


def test_refusal_of_clearly_worse_evidence_is_a_first_one() -> None:
    declined = [*refused(28.0, strength=20.0), *refused(60.0, 90.0, 120.0)]
    assert asked(signal(GAIN, 20.0), declined).fired
    assert not asked(signal(GAIN, 4.0), [*refused(28.0), *declined[1:]]).fired


def test_refusals_that_something_else_had_asked_for_do_not_count() -> None:
    other = [replace(check, results=(replace(check.results[0], trigger="model_age"),)) for check in refused(1.0)]
    silent = [replace(check, results=(replace(check.results[0], fired=False),)) for check in refused(1.0)]
    assert asked(signal(GAIN, 4.0), other).fired
    assert asked(signal(GAIN, 4.0), silent).fired
