"""What a model file says is possible in a column (`range`)."""

from __future__ import annotations

from datetime import datetime

from include.data.profile import Possible
from include.registry.spec import ModelSpec


def declared(spec: ModelSpec) -> dict[str, Possible]:
    """For each column of `range` the numbers that it can hold; dates are seconds since 1970 (UTC)."""
    return {
        name: Possible(low=_number(low), high=_number(high), declared=True) for name, (low, high) in spec.range.items()
    }


def _number(bound: float | datetime | None) -> float | None:
    return bound.timestamp() if isinstance(bound, datetime) else bound
