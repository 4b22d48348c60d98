"""Draws what confidence is worth as an SVG that needs nothing else, light and dark."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

STROKES = ("#0969da", "#bc4c00", "#1a7f37")
LEFT, TOP, WIDTH, HEIGHT, LEAST = 70, 46, 460, 300, 1e-4
STYLE = """
    .page { fill: #ffffff } .t { fill: #1f2328 } .s { fill: #57606a; font-size: 11px } .g { stroke: #d0d7de }
    .a { stroke: #57606a; stroke-dasharray: 5 4; stroke-width: 1.5; fill: none } .l { fill: none; stroke-width: 2 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .t { fill: #e6edf3 } .s { fill: #9198a1 } .g { stroke: #3d444d } .a { stroke: #9198a1 }
    }
"""


def picture(shares: Mapping[str, Sequence[tuple[float, int, int]]]) -> str:
    """The picture as text: for each way to ask, confidence c, decisions of at least that, and false ones of them."""
    height = TOP + HEIGHT + 60 + 18 * len(shares)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {LEFT + WIDTH + 40} {height}" font-family="system-ui, '
        'sans-serif" font-size="13" role="img" aria-label="Share of false decisions by their confidence">',
        f"<style>{STYLE}</style>",
        f'<rect class="page" width="{LEFT + WIDTH + 40}" height="{height}"/>',
        f'<text class="t" x="{LEFT - 54}" y="22" font-weight="600">Nothing changes: share that is false of decisions '
        "with confidence c or more</text>",
        f'<path class="a" d="M{_x(0.5):.1f},{_y(0.5):.1f} L{_x(0.999):.1f},{_y(0.001):.1f}"/>',
        f'<text class="s" x="{_x(0.98) + 8:.1f}" y="{_y(0.02) - 6:.1f}">allowed: 1 - c</text>',
    ]
    for level in (0.5, 0.9, 0.99, 0.999):
        parts.append(
            f'<text class="s" x="{_x(level):.1f}" y="{TOP + HEIGHT + 18}" text-anchor="middle">{level:g}</text>'
        )
    for share in (0.5, 0.1, 0.01, 0.001, LEAST):
        told = f"{share:g}" if share > LEAST else f"≤ {LEAST:.4f}"
        parts.append(f'<line class="g" x1="{LEFT}" x2="{LEFT + WIDTH}" y1="{_y(share):.1f}" y2="{_y(share):.1f}"/>')
        parts.append(f'<text class="s" x="{LEFT - 6}" y="{_y(share) + 4:.1f}" text-anchor="end">{told}</text>')
    for place, (name, found) in enumerate(shares.items()):
        points = [(_x(level), _y(wrong / number)) for level, number, wrong in found if number]
        line = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        parts.append(f'<polyline class="l" stroke="{STROKES[place]}" points="{line}"/>')
        parts += [f'<circle cx="{x:.1f}" cy="{y:.1f}" r="3.5" fill="{STROKES[place]}"/>' for x, y in points]
        y = TOP + HEIGHT + 46 + 18 * place
        parts.append(f'<rect x="{LEFT}" y="{y - 6}" width="18" height="4" fill="{STROKES[place]}"/>')
        parts.append(
            f'<text class="t" x="{LEFT + 26}" y="{y}">{name}: {found[0][1]} decisions with c of 0.5 or more</text>'
        )
    return "\n".join([*parts, "</svg>", ""])


def _x(level: float) -> float:
    """Confidence on the scale of the logarithm of what it leaves open."""
    return LEFT + WIDTH * (math.log10(0.5) - math.log10(1.0 - level)) / (math.log10(0.5) + 3.0)


def _y(share: float) -> float:
    return TOP + HEIGHT * (math.log10(0.5) - math.log10(max(share, LEAST))) / (math.log10(0.5) - math.log10(LEAST))
