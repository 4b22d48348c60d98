"""The parts of a model file that ask for a run when data arrive: `watch` in its source, and `red_team`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Annotated, Self

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from include.decision.policy.durations import format_duration, parse_duration
from include.registry.address import Address
from include.registry.section import Section

CONNECTION = r"^([A-Za-z][A-Za-z0-9_]*)?$"

_SECONDS = re.compile(r"\s*(\d{1,6})\s*s\s*")


def parse_short(value: object) -> timedelta:
    """Read ``10s`` or a length of time as elsewhere in a model file.

    >>> parse_short("10s"), parse_short("30min")
    (datetime.timedelta(seconds=10), datetime.timedelta(seconds=1800))
    """
    match = _SECONDS.fullmatch(value) if isinstance(value, str) else None
    if match is not None:
        return timedelta(seconds=int(match[1]))
    try:
        return parse_duration(value)
    except ValueError as error:
        raise ValueError(f"{value!r} is not a duration: write a whole number and s, min, h, d or w") from error


def format_short(value: timedelta) -> str:
    """The shortest form of `value` that `parse_short` reads back.

    >>> format_short(timedelta(seconds=90)), format_short(timedelta(minutes=5))
    ('90s', '5min')
    """
    seconds = int(value.total_seconds())
    return f"{seconds}s" if seconds % 60 else format_duration(value)


def on_or_off(value: object) -> object:
    """``true`` as the section with its defaults, ``false`` as none."""
    if isinstance(value, bool):
        return {} if value else None
    return value


ShortDuration = Annotated[
    timedelta, BeforeValidator(parse_short), PlainSerializer(format_short, return_type=str, when_used="json")
]


class Watch(Section):
    """That a change of the files starts a run; see [data arrival](data-arrival.md)."""

    settle: ShortDuration = Field(timedelta(seconds=10), ge=timedelta(seconds=1), le=timedelta(days=1))
    """How long nothing may have changed before files count as written; also in seconds, `10s`."""
    cooldown: ShortDuration = Field(timedelta(0), le=timedelta(days=31))
    """After an arrival the next one waits for so long; nothing is lost, it then starts one run for all."""
    every: ShortDuration | None = Field(None, ge=timedelta(seconds=1), le=timedelta(days=1))
    """How often it is looked; by default each `2s` on disks, each `10s` in object storage."""


class RedTeam(Watch):
    """Results of a red team or a test suite: failures become a request of the kind ``red_team``."""

    path: str = Field(min_length=1)
    """A JUnit XML or JSON file, a folder of them or a glob; relative ones start from `RETRAINING_DATA_DIR`; or S3."""
    connection: str = Field(default="", pattern=CONNECTION)
    """Airflow connection of the type `aws`, for a path that begins with `s3://`; by default `aws_default`."""

    @model_validator(mode="after")
    def _storage_is_known(self) -> Self:
        if "://" in self.path and Address.of(self.path).connection:
            raise ValueError("write s3://bucket/key, and the name of the connection in `connection`")
        if self.connection and "://" not in self.path:
            raise ValueError("a connection is for a path that begins with s3://")
        return self
