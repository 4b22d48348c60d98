"""The sections `approval` and `probation` of a model file: before and after a version is published."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from pydantic import AfterValidator, Field

from include.decision.decision import Severity
from include.decision.policy.durations import Duration
from include.registry.section import Section


def _some_time(value: timedelta) -> timedelta:
    if not value:
        raise ValueError("nobody can answer in no time: write for example 5h")
    return value


class Approval(Section):
    """Which retrains a person has to approve in Airflow before they begin, by the severity of the decision.

    No answer `within` that time is a no: the event is held. The run waits meanwhile, and the next one waits for
    it, so the time should be shorter than `check_every`.
    """

    severities: list[Severity] = Field(min_length=1)
    """Severities of a decision that a person has to approve."""
    within: Annotated[Duration, AfterValidator(_some_time)] = timedelta(hours=5)
    """No answer in that time is a no; shorter than `check_every`."""


class Probation(Section):
    """How often a new champion is compared with the one before it, on rows that arrive after its promotion.

    The last of the `checks` is made once as many labelled rows have arrived as the gate judged it on; they share the
    gate's level. 0: none. However old the champion is, each check also compares it with the latest `former` champions
    on the recent rows; one that does better comes back.
    """

    checks: int = Field(3, ge=0, le=20)
    """How often the new champion is compared with the one before it; 0 for never."""
    former: int = Field(3, ge=0, le=20)
    """How many champions before it are compared with, at each check and by the gate; 0 for none."""
