"""The section `notify` of a model file: who is told what about the model, and when not."""

from __future__ import annotations

import re
from collections.abc import Collection
from datetime import datetime, time, timedelta
from typing import Annotated, Any, Literal, Self
from zoneinfo import ZoneInfo, available_timezones

from pydantic import AfterValidator, BeforeValidator, Field, PlainSerializer, model_validator

from include.decision.decision import Severity
from include.errors import did_you_mean
from include.registry.parts import as_list
from include.registry.section import Section

Told = Literal["promoted", "held", "rejected", "failed", "rolled_back", "quarantined", "approval", "health"]
Tag = Annotated[str, Field(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,63}$")]
Function = Annotated[str, Field(pattern=r"^[\w.]+:\w+$")]
LONGEST_TEMPLATE = 10_000
GRAVE: Collection[Severity] = (Severity.LOW, Severity.MEDIUM, Severity.HIGH, Severity.CRITICAL)
_CLOCK = re.compile(r"([01]?\d|2[0-3]):([0-5]\d)")


def at_least(severity: Severity, least: Severity) -> bool:
    """Whether a severity is at or above another."""
    order = list(GRAVE)
    return order.index(severity) >= order.index(least)


def _clock(value: Any) -> Any:
    """A time of day; YAML reads 22:00 without quotes as 1320, the minutes of the day."""
    if isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 24 * 60:
        return time(value // 60, value % 60)
    if isinstance(value, str) and (match := _CLOCK.fullmatch(value.strip())):
        return time(int(match[1]), int(match[2]))
    if isinstance(value, time):
        return value
    raise ValueError(f"found {value!r}; write a time of day, for example 22:00")


def _zone(value: str) -> str:
    if value not in available_timezones():
        near = did_you_mean(value, sorted(available_timezones()))
        raise ValueError(f"found {value!r}{near}; write the name of a time zone, for example Europe/Berlin")
    return value


Clock = Annotated[
    time, BeforeValidator(_clock), PlainSerializer(lambda value: f"{value:%H:%M}", return_type=str, when_used="json")
]


class Quiet(Section):
    """Hours of each day in which nobody is told anything; what comes up meanwhile is told at their end."""

    start: Clock
    """When they begin, `22:00`."""
    end: Clock
    """When they end, `07:00`; earlier than `start` for the next morning."""
    zone: Annotated[str, AfterValidator(_zone)] = "UTC"
    """Time zone of the two, `Europe/Berlin`; summer time is heeded."""
    unless: Severity = Severity.CRITICAL
    """From this severity on it is told all the same."""

    @model_validator(mode="after")
    def _some_hours(self) -> Self:
        if self.start == self.end:
            raise ValueError(f"start and end are both {self.start:%H:%M}: that is no time, or all of it; use a mute")
        return self

    def until(self, at: datetime) -> datetime | None:
        """When the quiet hours that hold at a time end, in its time zone; None where none hold."""
        local = at.astimezone(ZoneInfo(self.zone))
        clock, overnight = local.time().replace(tzinfo=None), self.end < self.start
        quiet = (clock >= self.start or clock < self.end) if overnight else self.start <= clock < self.end
        if not quiet:
            return None
        day = local.date() + timedelta(days=1 if overnight and clock >= self.start else 0)
        end = datetime.combine(day, self.end, tzinfo=ZoneInfo(self.zone)).astimezone(at.tzinfo)
        return max(end, at)  # an hour that the clocks skip, or repeat


class Notify(Section):
    """Who is told what about a model.

    What a model file does not give is as `RETRAINING_NOTIFY` has it for all models, or else as the defaults here.
    """

    services: Annotated[list[Tag], BeforeValidator(as_list)] = Field(default_factory=list)
    """Tags of the services in the connection; none for all of them."""
    callbacks: Annotated[list[Function], BeforeValidator(as_list)] = Field(default_factory=list)
    """Functions `module:function` that are called as well, with model_name, status, duration, and more by name."""
    least: Severity = Severity.LOW
    """What is less severe is not told."""
    outcomes: list[Told] = Field(
        ["promoted", "held", "rejected", "failed", "rolled_back", "quarantined", "approval", "health"]
    )
    """What is told; `health` is everything that is wrong with the monitor itself."""
    quiet: Quiet | None = None
    """Hours of the day in which nobody is told, `{start: 22:00, end: 07:00, zone: Europe/Berlin}`."""
    title: str = Field("", max_length=LONGEST_TEMPLATE)
    """Template of the title (Jinja); see [notifications](notifications.md#templates)."""
    text: str = Field("", max_length=LONGEST_TEMPLATE)
    """Template of the text (Jinja)."""

    def over(self, usual: Notify) -> Notify:
        """The same, but as `usual` has it where this one says nothing."""
        return usual.model_copy(update={name: getattr(self, name) for name in self.model_fields_set})

    def wants(self, kind: str, severity: Severity) -> bool:
        """Whether somebody wants to be told of a kind, of that severity."""
        return (kind if kind in _OUTCOMES else "health") in self.outcomes and at_least(severity, self.least)


_OUTCOMES = frozenset(Told.__args__) - {"health"}  # type: ignore[attr-defined]  # a Literal has its words there
