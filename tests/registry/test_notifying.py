"""The section `notify` of a model file."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any, get_args

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pydantic import ValidationError

from include.decision.decision import Severity
from include.errors import ConfigurationError
from include.records.entries import News, ProblemKind
from include.registry.notify_usual import read_notify
from include.registry.notifying import Notify, Quiet, Told

ZONES = ["UTC", "Europe/Berlin", "Asia/Kathmandu", "America/St_Johns", "Australia/Lord_Howe"]
NIGHT = Quiet.model_validate({"start": "22:00", "end": "07:00", "zone": "Europe/Berlin"})


def test_outcomes_are_the_news_that_there_are() -> None:
    assert set(get_args(Told)) == {*News, "health"}
    assert not set(News) & set(ProblemKind)


@pytest.mark.parametrize(("at", "until"), [
    ("2026-01-10T20:59", None), ("2026-01-10T21:00", "2026-01-11T06:00"), ("2026-01-11T05:59", "2026-01-11T06:00"),
    ("2026-01-11T06:00", None), ("2026-07-10T20:00", "2026-07-11T05:00"), ("2026-07-11T05:00", None),
    ("2026-03-28T22:00", "2026-03-29T05:00"),  # the clocks go forward in that night
    ("2026-10-24T22:00", "2026-10-25T06:00"),  # and back
])  # fmt: skip
def test_quiet_hours_are_those_of_their_time_zone(at: str, until: str | None) -> None:
    expected = None if until is None else datetime.fromisoformat(until).replace(tzinfo=UTC)
    assert NIGHT.until(datetime.fromisoformat(at).replace(tzinfo=UTC)) == expected


@given(st.integers(0, 2 * 366 * 24 * 60), st.integers(0, 1439), st.integers(0, 1439), st.sampled_from(ZONES))
def test_quiet_hours_end_within_a_day(minutes: int, start: int, end: int, zone: str) -> None:
    assume(start != end)
    moment = datetime(2025, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    quiet = Quiet.model_validate({"start": start, "end": end, "zone": zone})
    until = quiet.until(moment)
    if until is not None:
        assert 0.0 <= (until - moment).total_seconds() <= 25 * 3600


def test_hours_without_quotes_are_read_as_people_mean_them() -> None:
    found = read_notify("quiet: {start: 22:30, end: 6:15, zone: UTC}").quiet
    assert found is not None
    assert f"{found.start:%H:%M} {found.end:%H:%M}" == "22:30 06:15"


@pytest.mark.parametrize(("fields", "told"), [
    ({"quiet": {"start": "25:00", "end": "07:00"}}, "time of day"),
    ({"quiet": {"start": 1440, "end": 1}}, "time of day"),
    ({"quiet": {"start": "07:00", "end": "7:00"}}, "both 07:00"),
    ({"quiet": {"start": "22:00", "end": "07:00", "zone": "Europe/Berln"}}, "did you mean 'Europe/Berlin'"),
    ({"outcomes": ["promotd"]}, "promoted"), ({"least": "SEVERE"}, "CRITICAL"),
    ({"callbacks": "no function"}, "pattern"),
    ({"service": ["x"]}, "Extra inputs"), ({"services": ["json://host/token"]}, "pattern"),
])  # fmt: skip
def test_mistake_is_told(fields: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Notify.model_validate(fields)


@pytest.mark.parametrize("text", ["[", "ops", "- ops", "{least: 3}", "{nobody: 1}", "{quiet: {start: 22}}"])
def test_mistake_in_the_environment_names_the_variable(text: str) -> None:
    with pytest.raises(ConfigurationError, match="RETRAINING_NOTIFY"):
        read_notify(text)


def test_what_a_model_file_gives_counts() -> None:
    usual = read_notify("{least: HIGH, services: [ops], quiet: {start: 22:00, end: 7:00}}")
    mine = Notify.model_validate({"services": "pager", "quiet": None}).over(usual)
    assert (mine.least, mine.services, mine.quiet) == (Severity.HIGH, ["pager"], None)
    assert Notify().over(usual) == usual


def test_least_and_outcomes_choose_what_is_told() -> None:
    mine = Notify.model_validate({"least": "MEDIUM", "outcomes": ["failed", "health"]})
    assert mine.wants("failed", Severity.HIGH)
    assert mine.wants(ProblemKind.STALE_SOURCE, Severity.MEDIUM)
    assert not mine.wants("failed", Severity.LOW)
    assert not mine.wants("promoted", Severity.CRITICAL)
