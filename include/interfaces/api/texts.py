"""Kinds of text and numbers that callers may send: what is no such text is refused before anything is done."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Annotated

from fastapi import Path, Query
from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints

MODEL_NAME = r"^[a-z0-9][a-z0-9_.-]{0,63}$"  # what the name of a model file may be
_PRINTED = r"[^\x00-\x08\x0b\x0c\x0e-\x1f\x7f]"  # no control characters but tab and the ends of lines

_NUMBER = re.compile(r"[+-]?[0-9._]+([eE][+-]?[0-9]+)?")


def _in_utc(at: datetime) -> datetime:
    """The time in UTC; one without a zone is UTC."""
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)


def _stays_inside(place: str) -> str:
    """Refuse a path that climbs out of the folder or the bucket that it begins in."""
    if ".." in place.split("/"):
        raise ValueError("write a path below RETRAINING_DATA_DIR, or s3://bucket/prefix; without ..")
    return place


def _written(at: object) -> object:
    """Refuse a number, which may be of seconds or of milliseconds."""
    if not isinstance(at, str) or _NUMBER.fullmatch(at.strip()):
        raise ValueError("write a date or a time, for example 2026-05-03T12:00:00Z")
    return at


def _no_overflow(at: datetime) -> datetime:
    """Refuse the years at the ends of the calendar, which no zone can be told of."""
    if not 1970 <= at.year < 9999:
        raise ValueError("the year has to be from 1970 to 9998")
    return at


Reason = Annotated[str, StringConstraints(min_length=1, max_length=500, pattern=rf"^{_PRINTED}*\S{_PRINTED}*$")]
Text = Annotated[str, StringConstraints(max_length=4000, pattern=rf"^{_PRINTED}*$")]
VersionLabel = Annotated[str, StringConstraints(pattern=r"^v?[1-9][0-9]{0,8}$")]
Moment = Annotated[datetime, BeforeValidator(_written), AfterValidator(_no_overflow), AfterValidator(_in_utc)]
RowId = Annotated[int, Path(ge=1, le=2**63 - 1)]
Limit = Annotated[int, Query(ge=1, le=200, description="most entries of an answer")]
Cursor = Annotated[
    str,
    Query(
        max_length=2000,
        pattern=r"^[A-Za-z0-9_=-]*$",
        description="empty for the first page, then `next_cursor` or `previous_cursor` of the answer before",
    ),
]
ModelFilter = Annotated[str, Query(pattern=rf"{MODEL_NAME}|^$", description="only of this model")]
RunId = Annotated[
    str, Query(min_length=1, max_length=250, pattern=rf"^{_PRINTED}+$", description="id of a run of the DAG")
]
RunIdOrNone = Annotated[str, Query(max_length=250, pattern=rf"^{_PRINTED}*$", description="only of this run")]
SentRunId = Annotated[str, StringConstraints(min_length=1, max_length=250, pattern=rf"^{_PRINTED}+$")]
Word = Annotated[str, StringConstraints(max_length=200, pattern=rf"^{_PRINTED}*$")]
RowsPlace = Annotated[
    str,
    StringConstraints(max_length=500, pattern=r"^(s3://[A-Za-z0-9._/*-]+|[A-Za-z0-9_][A-Za-z0-9_. /*-]*)?$"),
    AfterValidator(_stays_inside),
]
Share = Annotated[float, Field(ge=0.0, le=100.0, allow_inf_nan=False, strict=True)]
