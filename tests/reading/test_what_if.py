"""What if: recorded checks decided again by other settings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import yaml

from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError, NotOnRecord
from include.registry.policy import Policy
from include.workflow import what_if
from tests.reading.conftest import House, ago
from tests.records.examples import make_decision

WORSE = Signal(
    kind=SignalKind.PERFORMANCE, statistic="rmse", verdict=Verdict.CHANGED, reason="rmse rose by 20 %", value=0.2,
    threshold=0.05, p_value=1e-9, level=0.001, detail={"current": 1.2, "baseline": 1.0, "rows": 900.0},
)  # fmt: skip


@pytest.fixture(scope="module")
def lived(shared: House) -> House:
    """Six checks, ten days apart; at the last four the champion is 20 % worse, and two fired."""
    house = shared
    house.register("housing", policy={"cooldown": "15d"})
    house.train(hours=24 * 80.0, run_id="first")
    for number in range(6):
        worse = number >= 2
        signal = WORSE if worse else replace(WORSE, value=0.01, p_value=0.5, verdict=Verdict.STABLE)
        decision = make_decision() if number in (2, 4) else None
        house.check(
            hours=24.0 * (60 - 10 * number), run_id=f"r{number}", champion_version=1, signals=(signal,),
            decision=decision,
        )  # fmt: skip
    return house


@pytest.mark.parametrize(
    ("asked", "before", "after", "others"),
    [
        ({}, 2, 2, []),
        ({"settings": {"performance_threshold": 0.5}}, 2, 0, ["r2", "r4"]),
        ({"settings": {"cooldown": "1d"}}, 2, 4, ["r3", "r5"]),
        ({"settings": {"cooldown": "30d"}}, 2, 2, ["r4", "r5"]),
        ({"settings": {"cooldown": None}}, 2, 4, ["r3", "r5"]),  # the preset's
        ({"settings": {"when": {"model_age": "25d"}}}, 2, 2, ["r1", "r2"]),
        ({"settings": {"cooldown": "1d"}, "start": ago(24 * 25)}, 1, 2, ["r5"]),
    ],
)
def test_checks_that_would_be_otherwise_are_told(
    lived: House, asked: dict[str, Any], before: int, after: int, others: list[str]
) -> None:
    found = what_if(lived.deployment, "housing", **asked)
    assert (found.fired_before, found.fired_after) == (before, after)
    assert [other.run_id for other in found.others] == others
    assert all(other.before is not other.after for other in found.others)


def test_recorded_decision_stands_beside_the_two_others(lived: House) -> None:
    found = what_if(lived.deployment, "housing", settings={"performance_threshold": 0.5})
    assert (found.checks, found.fired_recorded) == (6, 2)
    first = found.others[0]
    assert (first.recorded, first.before, first.after, first.nearest_trigger) == (True, True, False, "performance")
    assert first.nearness is not None
    assert first.nearness < 1.0


def test_difference_can_be_copied_into_the_model_file(lived: House) -> None:
    found = what_if(
        lived.deployment, "housing", preset="conservative", settings={"cooldown": "4w", "drift_level": 0.01}
    )
    section = yaml.safe_load(found.policy)
    assert section == {"policy": {"cooldown": "4w", "drift_level": 0.01, "preset": "conservative"}}
    assert Policy.model_validate(section["policy"]).preset == "conservative"
    assert "-  cooldown: 15d" in found.difference
    assert "+  cooldown: 4w" in found.difference
    assert what_if(lived.deployment, "housing").difference == ""


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        ({"settings": {"cooldwn": "1d"}}, "did you mean 'cooldown'"),
        ({"settings": {"cooldown": "soon"}}, "cooldown"),
        ({"settings": {"performance_threshold": -1}}, "performance_threshold"),
        ({"settings": {"performance_threshold": "a lot"}}, "performance_threshold"),
        ({"settings": {"when": {"any": ["performence"]}}}, "performence"),
        ({"settings": {"when": {"inference_latency": {"above": 5}}}}, "which nothing measures"),
        ({"preset": "eager"}, "preset"),
        ({"start": ago(1), "end": ago(2)}, "is not before"),
    ],
)
def test_settings_that_no_model_file_may_have_are_refused(lived: House, asked: dict[str, Any], told: str) -> None:
    with pytest.raises(ConfigurationError, match=told):
        what_if(lived.deployment, "housing", **asked)


def test_nothing_to_decide_again_is_said(lived: House) -> None:
    with pytest.raises(NotOnRecord, match="nothing to decide again"):
        what_if(lived.deployment, "housing", start=ago(2), end=ago(1))
    with pytest.raises(NotOnRecord, match="did you mean 'housing'"):
        what_if(lived.deployment, "houses")
