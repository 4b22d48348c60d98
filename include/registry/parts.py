"""Parts of a model file that hold little: moments and bounds, the reference, trading, environments."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Self

from pydantic import AfterValidator, BeforeValidator, Field, model_validator

from include.registry.kinds import DECLARABLE
from include.registry.policy import Policy
from include.registry.section import Section


def _not_a_number(value: object) -> object:
    """Refuse a bare number: pydantic would take 2026 for seconds since 1970."""
    if isinstance(value, int | float):
        raise ValueError("a date is needed, for example 2026-01-31")
    return value


def as_list(value: object) -> object:
    """A single name as a list of one."""
    return [value] if isinstance(value, str) else value


def without_drop(value: object) -> object:
    """Thresholds by metric, also as others name them: ``accuracy_drop`` for accuracy."""
    if not isinstance(value, dict):
        return value
    return {str(name).removesuffix("_drop").removesuffix("_increase"): number for name, number in value.items()}


def _as_utc(value: datetime) -> datetime:
    try:
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("a date between the years 1 and 9999 is needed, also in UTC") from error


def kind_or_order(said: str | list[str]) -> str | list[str]:
    """A kind's name, or at least two names in their order."""
    if isinstance(said, str) and said not in DECLARABLE:
        raise ValueError(f"unknown kind {said!r}; known: {', '.join(DECLARABLE)}, or the names of an order, as a list")
    if isinstance(said, list) and len(set(said)) < max(len(said), 2):
        raise ValueError("an order has at least two names, each once, from the least to the most")
    return said


def _no_boolean(value: object) -> object:
    if isinstance(value, bool):
        raise ValueError("a number, a date or null is needed")
    return value


Moment = Annotated[datetime, BeforeValidator(_not_a_number), AfterValidator(_as_utc)]
Bound = Annotated[Annotated[float, Field(allow_inf_nan=False)] | Moment | None, BeforeValidator(_no_boolean)]


class Reference(Section):
    """The stretch of time that the first version is trained on: ``start <= timestamp < end``."""

    start: Moment | None = None
    """First moment, included; by default the first row."""
    end: Moment
    """The moment after the last one; later than `start`."""

    @model_validator(mode="after")
    def _start_before_end(self) -> Self:
        if self.start is not None and self.start >= self.end:
            raise ValueError("start must be earlier than end")
        return self


class Trading(Section):
    """That the model trades: `target` is a return (0.01 is +1 %), the prediction the position held over it.

    `periods_per_year` annualises the Sharpe ratio: the rows that a year has, such as 252 trading days.
    """

    periods_per_year: float = Field(1.0, ge=1)
    """Rows that a year has, such as 252 trading days; 1 leaves the Sharpe ratio per row."""


class Environment(Section):
    """What is different where ``RETRAINING_ENVIRONMENT`` has that name: fields of `policy`, one by one."""

    policy: Policy
    """The fields of `policy` that are different there; the others stay."""
