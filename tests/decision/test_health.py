"""The health of a model: which of several matters is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.decision.health import ModelHealth, ModelState, health

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
WATCHED: dict[str, Any] = {"checked_at": NOW - timedelta(hours=1), "check_every": timedelta(hours=6)}
NEAR = {"nearest_trigger": "performance", "nearness": 0.7}
MISSED = {"checked_at": NOW - timedelta(hours=13, seconds=1)}


@pytest.mark.parametrize(
    ("state", "found", "why"),
    [
        ({}, ModelHealth.PASSING, ""),
        ({"paused": "paused by ada", "broken": True, **MISSED}, ModelHealth.PAUSED, "paused by ada"),
        ({"registered": False, "broken": True}, ModelHealth.UNWATCHED, "it has no model file any more"),
        ({"registered": False, "paused": "paused by ada"}, ModelHealth.PAUSED, "paused by ada"),
        ({"enabled": False, "harmed": True}, ModelHealth.PAUSED, "`enabled: false` in its model file"),
        ({"checked_at": None, "broken": True}, ModelHealth.UNWATCHED, "never checked"),
        ({**MISSED, "broken": True}, ModelHealth.UNWATCHED, "not checked since 2026-05-02 22:59 UTC"),
        ({"checked_at": NOW - timedelta(hours=13)}, ModelHealth.PASSING, ""),
        ({**MISSED, "check_every": None}, ModelHealth.PASSING, ""),
        ({**MISSED, "check_every": timedelta(days=1)}, ModelHealth.PASSING, ""),
        ({"broken": True, "harmed": True, **NEAR}, ModelHealth.FAILING, "its rows are broken"),
        ({"harmed": True, "last_event": "failed"}, ModelHealth.FAILING, "its performance fell"),
        ({"last_event": "failed", **NEAR}, ModelHealth.FAILING, "its last retrain failed"),
        ({"last_event": "abandoned"}, ModelHealth.FAILING, "its last retrain was abandoned"),
        ({"last_event": "held"}, ModelHealth.PASSING, ""),
        ({**NEAR, "in_shadow": True}, ModelHealth.AT_RISK, "performance is at 70% of its threshold"),
        ({**NEAR, "nearness": 0.699}, ModelHealth.PASSING, ""),
        ({**NEAR, "nearness": 1.4}, ModelHealth.AT_RISK, "performance is beyond its threshold"),
        ({**NEAR, "nearest_trigger": "model_age"}, ModelHealth.PASSING, ""),
        ({**NEAR, "nearest_trigger": "first_version", "nearness": 1.0}, ModelHealth.PASSING, ""),
        ({"in_shadow": True, "on_probation": True}, ModelHealth.AT_RISK, "a version is in shadow"),
        ({"on_probation": True}, ModelHealth.AT_RISK, "its champion is on probation"),
        ({"new_champion": True}, ModelHealth.AT_RISK, "its champion is new: no check has looked at it yet"),
        ({"new_champion": True, "in_shadow": True}, ModelHealth.AT_RISK, "a version is in shadow"),
        ({"new_champion": True, "broken": True}, ModelHealth.FAILING, "its rows are broken"),
    ],
)
def test_the_most_pressing_matter_is_told(state: dict[str, Any], found: ModelHealth, why: str) -> None:
    assert health(ModelState(**{**WATCHED, **state}), NOW) == (found, why)
