"""A column's reference and recent distribution side by side, small enough to be kept with every run and drawn."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from include.data.profile import CategoricalColumn, Column, NumericColumn


BARS = 40  # of a numeric column
NAMES = 12  # categories shown one by one
TAIL = 0.005  # share of the reference beyond either end of the drawn range, at most
OTHERS = "(others)"
FARTHEST = 1e300  # that is drawn; sums of larger numbers overflow

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, kw_only=True)
class Distribution:
    """Shares of values in the same bars, before and now.

    Parameters
    ----------
    name : str
        The column, or ``target`` or ``prediction`` for what the model is to say and says.
    role : {'input', 'output'}
    quantity : {'number', 'datetime', 'duration', 'category'}
    edges : tuple of float
        Of the bars, one more than there are bars, in the column's unit; empty for categories.
    names : tuple of str
        Of categories, those whose share changed most first, the rest as `OTHERS`; empty for numbers.
    reference, recent : tuple of float
        Share of the values in each bar, in [0, 1]. The outermost bars of numbers hold all that lies beyond them.
    reference_missing, recent_missing : float
        Share of the rows without a usable value, in [0, 1]; 1 for a column that is gone.
    """

    name: str
    role: Literal["input", "output"]
    quantity: Literal["number", "datetime", "duration", "category"]
    reference: tuple[float, ...]
    recent: tuple[float, ...]
    reference_missing: float
    recent_missing: float
    edges: tuple[float, ...] = ()
    names: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """A JSON-ready form."""
        return {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Distribution:
        """Read what `to_json` wrote."""
        given: dict[str, Any] = {
            name: tuple(value) if isinstance(value, list) else value for name, value in stored.items()
        }
        return cls(**given)


def compare(name: str, reference: Column, recent: Column | None, *, role: Literal["input", "output"]) -> Distribution:
    """Put two columns of one name side by side; `recent` was counted into the reference's bins, or is gone."""
    from include.data.profile import CategoricalColumn, NumericColumn

    if isinstance(reference, NumericColumn):
        return _numeric(name, reference, recent if isinstance(recent, NumericColumn) else None, role)
    return _categorical(name, reference, recent if isinstance(recent, CategoricalColumn) else None, role)


def _categorical(
    name: str, reference: CategoricalColumn, recent: CategoricalColumn | None, role: Literal["input", "output"]
) -> Distribution:
    from include.data.profile import REST

    before, now = _shares(reference), _shares(recent)
    known = sorted(
        (each for each in {**before, **now} if each != REST),
        key=lambda each: (-abs(before.get(each, 0.0) - now.get(each, 0.0)), -before.get(each, 0.0), each),
    )
    shown = known[:NAMES]
    rest = [sum(share for each, share in side.items() if each not in shown) for side in (before, now)]
    names = (*shown, OTHERS) if any(rest) else tuple(shown)
    sides = [[side.get(each, 0.0) for each in shown] for side in (before, now)]
    if any(rest):
        sides = [[*side, left] for side, left in zip(sides, rest, strict=True)]
    return Distribution(
        name=name, role=role, quantity="category", names=names, reference=tuple(sides[0]), recent=tuple(sides[1]),
        reference_missing=_missing(reference.rows, reference.present),
        recent_missing=1.0 if recent is None else _missing(recent.rows, recent.present),
    )  # fmt: skip


def _shares(column: CategoricalColumn | None) -> dict[str, float]:
    if column is None or not column.present:
        return {}
    return {name: count / column.present for name, count in column.counts.items()}


def _missing(rows: int, present: int) -> float:
    return (rows - present) / rows if rows else 0.0


def _numeric(
    name: str, reference: NumericColumn, recent: NumericColumn | None, role: Literal["input", "output"]
) -> Distribution:
    edges = _bars(reference, recent)
    return Distribution(
        name=name, role=role, quantity=reference.quantity, edges=tuple(edges.tolist()),
        reference=_heights(reference, edges), recent=_heights(recent, edges),
        reference_missing=_missing(reference.rows, reference.finite),
        recent_missing=1.0 if recent is None else _missing(recent.rows, recent.finite),
    )  # fmt: skip


def _bars(reference: NumericColumn, recent: NumericColumn | None) -> Floats:
    """Edges of bars over the bulk of the reference, and over as much again of what lies beyond it now."""
    values = np.array(reference.edges)
    if reference.exact and 1 < len(values) <= BARS and np.abs(values).max() < FARTHEST:
        around = _around(values, recent)
        if np.all(np.diff(around) > 0.0):
            return around
    low, high = _bulk(reference)
    if recent is not None and recent.finite and math.isfinite(recent.minimum) and math.isfinite(recent.maximum):
        reach = (high - low) or max(abs(low), 1.0)
        low, high = min(low, max(recent.minimum, low - reach)), max(high, min(recent.maximum, high + reach))
    low, high = (min(max(end, -FARTHEST), FARTHEST) for end in (low, high))
    if not low < high:
        low, high = low - max(abs(low) * 1e-9, 0.5), low + max(abs(low) * 1e-9, 0.5)
    edges = np.linspace(low, high, BARS + 1)
    return edges if np.all(np.diff(edges) > 0.0) else np.array([low, high])


def _around(values: Floats, recent: NumericColumn | None) -> Floats:
    """One bar for each of few distinct values, and one at an end for what lies beyond it now."""
    steps = np.diff(values)
    edges = np.concatenate([[values[0] - steps[0] / 2.0], values[:-1] + steps / 2.0, [values[-1] + steps[-1] / 2.0]])
    if recent is not None and recent.minimum < values[0]:
        edges = np.concatenate([[edges[0] - steps[0]], edges])
    if recent is not None and recent.maximum > values[-1]:
        edges = np.concatenate([edges, [edges[-1] + steps[-1]]])
    return edges


def _bulk(column: NumericColumn) -> tuple[float, float]:
    """The range of all but a `TAIL` of the values at either end, as far as the bins tell."""
    if not column.finite or not column.edges:
        return (column.minimum, column.maximum) if math.isfinite(column.minimum + column.maximum) else (0.0, 1.0)
    share = np.cumsum(column.counts[:-1]) / column.finite
    edges = np.array(column.edges)
    low = float(edges[max(int(np.searchsorted(share, TAIL, side="right")) - 1, 0)])
    high = float(edges[min(int(np.searchsorted(share, 1.0 - TAIL)), len(edges) - 1)])
    if share[0] > TAIL and math.isfinite(column.minimum):
        low = column.minimum
    return low, high


def _heights(column: NumericColumn | None, edges: Floats) -> tuple[float, ...]:
    """Share of a column's values in each bar: values at a bin's edge are there, the others anywhere inside the bin."""
    if column is None or not column.finite:
        return (0.0,) * (len(edges) - 1)
    points, at_points = np.array(column.edges), np.array(column.at_edges, dtype=float)
    inside = np.array(column.counts, dtype=float)
    inside[: len(at_points)] -= at_points
    low, high = (
        at if math.isfinite(at) else end for at, end in ((column.minimum, edges[0]), (column.maximum, edges[-1]))
    )
    ends = np.clip(np.concatenate([[low], points, [high]]), low, high)
    cuts = edges[1:-1]
    spread = np.interp(cuts, ends, np.concatenate([[0.0], np.cumsum(inside)]))
    stacked = np.concatenate([[0.0], np.cumsum(at_points)])[np.searchsorted(points, cuts, side="right")]
    below = np.concatenate([[0.0], (spread + stacked) / column.finite, [1.0]])
    return tuple(np.clip(np.diff(below), 0.0, 1.0).tolist())
