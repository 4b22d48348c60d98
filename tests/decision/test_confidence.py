from __future__ import annotations

import math
from itertools import pairwise
from statistics import NormalDist

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from include.decision.confidence import confidence, doubt_of_yes
from include.decision.evidence import TriggerResult
from include.decision.policy.policy import standard_policy
from include.decision.policy.presets import PRESETS
from include.decision.signals import Signal, SignalKind, Verdict
from tests.triggers.signals import broken, enough, evidence, few, signal

NORMAL = NormalDist()
THRESHOLD, LEVEL = 0.05, 0.2


def measured(change: float, size: float) -> Signal:
    """A signal on performance whose estimate is `change` standard errors, and whose threshold is `size` of them."""
    error = THRESHOLD / size
    p_value = 1.0 - NORMAL.cdf(change)
    verdict = Verdict.CHANGED if p_value < LEVEL and change >= size else Verdict.STABLE
    return Signal(
        kind=SignalKind.PERFORMANCE, statistic="rmse", value=change * error, threshold=THRESHOLD, p_value=p_value,
        level=LEVEL, verdict=verdict, reason="",
    )  # fmt: skip


def asked(*signals: Signal) -> tuple[float, bool]:
    """Confidence, and whether the balanced policy fired."""
    seen = evidence(enough(), *signals)
    answer = standard_policy(PRESETS["balanced"]).decide(seen)
    fired = [leaf for leaf in answer.leaves() if leaf.fired and answer.fired]
    return confidence(seen, fired, answer.leaves()), answer.fired


@pytest.mark.parametrize("size", [1.0, 2.0, 4.0])
def test_on_unchanged_models_no_more_decisions_are_false_than_confidence_leaves_open(size: float) -> None:
    rng = np.random.default_rng(0)
    found = [asked(measured(change, size)) for change in rng.normal(size=4000)]
    for level in (0.5, 0.7, 0.9, 0.95, 0.99):
        sure = [wrong for value, wrong in found if value >= level]
        allowed = 1.0 - level
        assert sum(sure) <= allowed * len(sure) + 3.0 * math.sqrt(max(allowed * len(sure), 1.0))


def test_no_is_doubted_by_the_chance_that_what_matters_looks_as_harmless() -> None:
    assert asked(measured(0.5, 3.0))[0] == pytest.approx(NORMAL.cdf(2.5), abs=1e-6)
    assert asked(measured(-1.0, 1.0))[0] == pytest.approx(NORMAL.cdf(2.0), abs=1e-6)


@settings(deadline=None, max_examples=60)
@given(st.floats(1e-9, 0.99), st.lists(st.floats(0.5, 10.0), min_size=1, max_size=4))
def test_doubt_of_yes_solves_its_equation_and_is_no_less_than_the_p_value(p_value: float, sizes: list[float]) -> None:
    doubt = doubt_of_yes(p_value, sizes)
    assert p_value * (1.0 - 1e-9) <= doubt <= 1.0
    share = math.prod(NORMAL.cdf(size - NORMAL.inv_cdf(1.0 - doubt)) for size in sizes) if doubt < 1.0 else 1.0
    assert doubt * share == pytest.approx(p_value, rel=1e-3)


def test_stronger_evidence_never_lowers_confidence_of_yes() -> None:
    found = [1.0 - doubt_of_yes(p_value, [2.0, 3.0]) for p_value in (0.5, 0.1, 0.01, 1e-4, 1e-9, 1e-200, 0.0)]
    assert all(weaker <= stronger for weaker, stronger in pairwise(found))
    assert found[-1] == 1.0


def test_facts_are_certain_and_what_has_no_p_value_is_not() -> None:
    fact = TriggerResult(trigger="model_age", fired=True, reason="")
    bare = TriggerResult(trigger="performance", fired=True, reason="", value=0.2, threshold=0.05)
    assert confidence(evidence(), [fact], [fact, bare]) == 1.0
    assert confidence(evidence(), [bare], [fact, bare]) == 0.0


def test_broken_data_are_as_certain_as_their_test() -> None:
    assert confidence(evidence(broken()), [], []) == 1.0


def test_too_few_rows_give_no_confidence() -> None:
    assert confidence(evidence(few()), [], []) == 0.0


@pytest.mark.parametrize("p_value", [0.0, 1e-300, 0.5, 1.0])
@pytest.mark.parametrize("strength", [0.0, 0.5, 3.0])
@pytest.mark.parametrize("kind", [SignalKind.PERFORMANCE, SignalKind.CONCEPT_DRIFT, SignalKind.DATA_DRIFT])
def test_confidence_is_a_probability(kind: SignalKind, strength: float, p_value: float) -> None:
    assert 0.0 <= asked(signal(kind, strength, p_value=p_value))[0] <= 1.0
