"""Which rows of a column are broken, and which are not although they look so."""

from __future__ import annotations

from dataclasses import dataclass

from include.data.rows.spans import Span


@dataclass(frozen=True, kw_only=True)
class Fault:
    """A column is broken in the rows of a span; in all recent rows (None) for models without timestamps."""

    feature: str
    statistic: str
    reason: str
    span: Span | None


@dataclass(frozen=True, kw_only=True)
class Pardon:
    """Somebody decided that a column is not broken in the rows of a span, or (None) in no row, though it looks so."""

    feature: str
    statistic: str
    span: Span | None
