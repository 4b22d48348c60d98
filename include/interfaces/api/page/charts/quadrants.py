"""Drift against importance: what is far off and matters stands on the upper right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from include.interfaces.api.page.charts.axes import svg
from include.interfaces.reports.escaping import escape, shorten
from include.interfaces.reports.numbers import number
from include.records.entries import QuadrantPoint, Quadrants

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 560, 320, 44, 16, 22, 34
NAMED = 8  # points that are named, those that are farthest out first
NAME_LENGTH = 22


def quadrants(shown: Quadrants) -> Markup | None:
    """The chart; None where no column has both figures."""
    points = [point for point in shown.points if point.drift is not None and point.importance is not None]
    if not points:
        return None
    label = f"Drift and importance of {len(points)} columns; the table below has the figures"
    return svg(WIDTH, HEIGHT, label, _parts(points), "chart quadrants")


def _parts(points: Sequence[QuadrantPoint]) -> Iterator[str]:
    most_drift = max(2.0, *(point.drift or 0.0 for point in points)) * 1.05
    fair = 1.0 / len(points)  # what each would have if all were alike
    most = max(2.0 * fair, *(point.importance or 0.0 for point in points)) * 1.05

    def x(drift: float) -> float:
        return LEFT + (WIDTH - LEFT - RIGHT) * drift / most_drift

    def y(importance: float) -> float:
        return HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * importance / most

    size = f'width="{WIDTH - RIGHT - x(1.0):.1f}" height="{y(fair) - TOP:.1f}"'
    yield f'<rect class="hot" x="{x(1.0):.1f}" y="{TOP}" {size}/>'
    yield f'<path class="rule" d="M{LEFT} {y(fair):.1f}H{WIDTH - RIGHT}M{x(1.0):.1f} {TOP}V{HEIGHT - BOTTOM}"/>'
    yield f'<path class="axis" d="M{LEFT} {TOP}V{HEIGHT - BOTTOM}H{WIDTH - RIGHT}"/>'
    yield f'<text class="end" x="{WIDTH - RIGHT}" y="14">far off, and errors hang on it</text>'
    yield f'<text class="end" x="{WIDTH - RIGHT}" y="{HEIGHT - 8}">drift, in thresholds →</text>'
    yield f'<text class="middle" x="{x(1.0):.1f}" y="{HEIGHT - 18}">1</text>'
    yield '<text class="start" x="4" y="14">↑ importance</text>'
    yield f'<text class="end" x="{LEFT - 4}" y="{y(fair) + 4:.1f}">{fair:.0%}</text>'
    outer = sorted(points, key=lambda each: -((each.drift or 0.0) / most_drift + (each.importance or 0.0) / most))
    for place, point in enumerate(outer):
        drift, importance = point.drift or 0.0, max(point.importance or 0.0, 0.0)
        told = f"{point.feature}: drift {number(drift)}, importance {importance:.1%}"
        told += ", changed" if point.changed else ", which may be chance" if drift >= 1.0 else ""
        kind = "dot changed" if point.changed else "dot"
        yield f"<g><title>{escape(told)}</title>"
        yield f'<circle class="{kind}" cx="{x(drift):.1f}" cy="{y(importance):.1f}" r="5"/>'
        if place < NAMED:
            left = x(drift) > WIDTH * 0.7
            anchor, offset = ("end", -8) if left else ("start", 8)
            name = escape(shorten(point.feature, NAME_LENGTH))
            yield f'<text class="{anchor}" x="{x(drift) + offset:.1f}" y="{y(importance) + 4:.1f}">{name}</text>'
        yield "</g>"
