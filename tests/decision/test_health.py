"""The health of a model: which of several matters is told."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from include.decision.health import Health, ModelState, health

NOW = datetime(2026, 5, 3, 12, tzinfo=UTC)
WATCHED: dict[str, Any] = {"checked_at": NOW - timedelta(hours=1), "check_every": timedelta(hours=6)}
NEAR = {"nearest_trigger": "performance", "nearness": 0.7}
MISSED = {"checked_at": NOW - timedelta(hours=13, seconds=1)}


@pytest.mark.parametrize(
    ("state", "found", "why"),
    [
        ({}, Health.PASSING, ""),
        ({"paused": "paused by ada", "broken": True, **MISSED}, Health.PAUSED, "paused by ada"),
        ({"registered": False, "broken": True}, Health.UNWATCHED, "it has no model file any more"),
        ({"registered": False, "paused": "paused by ada"}, Health.PAUSED, "paused by ada"),
        ({"enabled": False, "harmed": True}, Health.PAUSED, "`enabled: false` in its model file"),
        ({"checked_at": None, "broken": True}, Health.UNWATCHED, "never checked"),
        ({**MISSED, "broken": True}, Health.UNWATCHED, "not checked since 2026-05-02 22:59 UTC"),
        ({"checked_at": NOW - timedelta(hours=13)}, Health.PASSING, ""),
        ({**MISSED, "check_every": None}, Health.PASSING, ""),
        ({**MISSED, "check_every": timedelta(days=1)}, Health.PASSING, ""),
        ({"broken": True, "harmed": True, **NEAR}, Health.FAILING, "its rows are broken"),
        ({"harmed": True, "last_event": "failed"}, Health.FAILING, "its performance fell"),
        ({"last_event": "failed", **NEAR}, Health.FAILING, "its last retrain failed"),
        ({"last_event": "abandoned"}, Health.FAILING, "its last retrain was abandoned"),
        ({"last_event": "held"}, Health.PASSING, ""),
        ({**NEAR, "in_shadow": True}, Health.AT_RISK, "performance is at 70% of its threshold"),
        ({**NEAR, "nearness": 0.699}, Health.PASSING, ""),
        ({**NEAR, "nearness": 1.4}, Health.AT_RISK, "performance is beyond its threshold"),
        ({**NEAR, "nearest_trigger": "model_age"}, Health.PASSING, ""),
        ({**NEAR, "nearest_trigger": "first_version", "nearness": 1.0}, Health.PASSING, ""),
        ({"in_shadow": True, "on_probation": True}, Health.AT_RISK, "a version is in shadow"),
        ({"on_probation": True}, Health.AT_RISK, "its champion is on probation"),
    ],
)
def test_the_most_pressing_matter_is_told(state: dict[str, Any], found: Health, why: str) -> None:
    assert health(ModelState(**{**WATCHED, **state}), NOW) == (found, why)
