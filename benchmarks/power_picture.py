"""Draws power curves as an SVG that needs nothing else: light and dark, a panel for each change."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from xml.sax.saxutils import escape

import numpy as np
import numpy.typing as npt

OURS = "ours"
WIDTH, HEIGHT, COLUMNS = 260, 170, 3
LEFT, TOP, GAP_X, GAP_Y = 54, 58, 56, 62
STROKES = ("#bc4c00", "#1a7f37", "#8250df", "#d4a72c", "#cf222e", "#0598bc", "#e85aad", "#6e7781", "#7a5195", "#4d8f00")
TICKS_X, TICKS_Y = (0.001, 0.01, 0.05, 0.2), (0.0, 0.5, 1.0)
STYLE = """
    .page { fill: #ffffff } .t { fill: #1f2328 } .s { fill: #57606a; font-size: 11px }
    .g { stroke: #d0d7de; stroke-width: 1 } .p { stroke-width: 1.6; fill: none }
    .o { stroke: #0969da; stroke-width: 3.5; fill: none } .m { fill: #0969da; stroke: #ffffff; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .t { fill: #e6edf3 } .s { fill: #9198a1 } .g { stroke: #3d444d }
      .o { stroke: #4493f8 } .m { fill: #4493f8; stroke: #0d1117 }
    }
"""

Rates = npt.NDArray[np.float64]


def picture(
    titles: Sequence[str],
    rates: Rates,
    powers: Mapping[str, Sequence[Sequence[float]]],
    operating: tuple[float, Sequence[float]],
) -> str:
    """The picture as text.

    Parameters
    ----------
    titles : sequence of str
        Of the panels.
    rates : array of float
        False alarms a check, in (0, 1].
    powers : mapping of str to sequence of sequences of float
        For each method and panel the power at each rate; NaN where it is not known.
    operating : float and sequence of float
        Rate of false alarms of ours with its own thresholds, and its power in each panel.
    """
    rows = -(-len(titles) // COLUMNS)
    legend = 18 * -(-len(powers) // 2) + 20
    width, height = LEFT + COLUMNS * (WIDTH + GAP_X), TOP + rows * (HEIGHT + GAP_Y) + legend
    strokes = dict(zip((title for title in powers if title != OURS), STROKES * 3, strict=False))
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, sans-serif" '
        'font-size="13" role="img" aria-label="Share of changes seen within four checks against the rate of false '
        'alarms, ours and peers">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{width}" height="{height}"/>',
        f'<text class="t" x="{LEFT}" y="20" font-weight="600">Share of changes seen within four checks, '
        "against false alarms per check</text>",
    ]
    for number, title in enumerate(titles):
        left, top = LEFT + number % COLUMNS * (WIDTH + GAP_X), TOP + number // COLUMNS * (HEIGHT + GAP_Y)
        parts += _axes(title, left, top)
        for method, curves in sorted(powers.items(), key=lambda item: item[0] == OURS):
            style = 'class="o"' if method == OURS else f'class="p" stroke="{strokes[method]}"'
            points = [
                (left + _x(rate), top + _y(power))
                for rate, power in zip(rates, curves[number], strict=True)
                if not math.isnan(power)
            ]
            parts.append(f'<polyline {style} points="{" ".join(f"{x:.1f},{y:.1f}" for x, y in points)}"/>')
        x, y = left + _x(min(max(operating[0], rates[0]), rates[-1])), top + _y(operating[1][number])
        parts.append(f'<circle class="m" cx="{x:.1f}" cy="{y:.1f}" r="5.5"/>')
    parts += _legend(powers, strokes, TOP + rows * (HEIGHT + GAP_Y))
    return "\n".join([*parts, "</svg>", ""])


def _x(rate: float) -> float:
    first, last = TICKS_X[0], TICKS_X[-1]
    return WIDTH * math.log(rate / first) / math.log(last / first)


def _y(power: float) -> float:
    return HEIGHT * (1.0 - power)


def _axes(title: str, left: float, top: float) -> list[str]:
    parts = [f'<text class="t" x="{left}" y="{top - 8}">{escape(title)}</text>']
    for power in TICKS_Y:
        y = top + _y(power)
        parts.append(f'<path class="g" d="M{left} {y}h{WIDTH}"/>')
        parts.append(f'<text class="s" x="{left - 6}" y="{y + 4}" text-anchor="end">{100 * power:.0f} %</text>')
    for rate in TICKS_X:
        x = left + _x(rate)
        parts.append(f'<path class="g" d="M{x:.1f} {top}v{HEIGHT}"/>')
        parts.append(
            f'<text class="s" x="{x:.1f}" y="{top + HEIGHT + 16}" text-anchor="middle">{100 * rate:g} %</text>'
        )
    return parts


def _legend(powers: Mapping[str, object], strokes: Mapping[str, str], top: float) -> list[str]:
    parts = []
    for place, method in enumerate(powers):
        x, y = LEFT + place % 2 * 450, top + 18 * (place // 2)
        style = 'class="o"' if method == OURS else f'class="p" stroke="{strokes[method]}"'
        text = "ours; the point is where its own thresholds are" if method == OURS else method
        parts.append(f'<path {style} d="M{x} {y - 4}h28"/><text class="s" x="{x + 36}" y="{y}">{escape(text)}</text>')
    return parts
