"""Small charts: the course of a metric in a row of a table, and how near something is to its threshold."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from markupsafe import Markup

from include.interfaces.api.page.charts.axes import finite, svg
from include.interfaces.api.page.rendering import near
from include.interfaces.reports.numbers import number

SPARK_WIDTH, SPARK_HEIGHT, EDGE = 120, 28, 3
BAR_WIDTH, BAR_HEIGHT = 120, 10
MOST = 2.0  # thresholds that a bar has room for


def sparkline(values: Sequence[float | None], promised: float | None) -> Markup | None:
    """The values in time as a line, broken where none was measured, over the promised one; None for fewer than two."""
    known = finite(values)
    if len(known) < 2:
        return None
    label = f"last {len(known)} checks: from {number(known[0])} to {number(known[-1])}"
    return svg(SPARK_WIDTH, SPARK_HEIGHT, label, _spark(values, finite([promised])), "spark")


def _spark(values: Sequence[float | None], promised: Sequence[float]) -> Iterator[str]:
    known = [*finite(values), *promised]
    low, length = min(known), (max(known) - min(known)) or 1.0

    def y(value: float) -> float:
        return SPARK_HEIGHT - EDGE - (SPARK_HEIGHT - 2 * EDGE) * (value - low) / length

    for level in promised:
        yield f'<path class="promise" d="M{EDGE} {y(level):.1f}H{SPARK_WIDTH - EDGE}"/>'
    steps, pen, last = [], "M", (0.0, 0.0)
    for index, value in enumerate(values):
        if not finite([value]) or value is None:
            pen = "M"
            continue
        last = (EDGE + (SPARK_WIDTH - 2 * EDGE) * index / (len(values) - 1), y(value))
        steps.append(f"{pen}{last[0]:.1f} {last[1]:.1f}")
        pen = "L"
    yield f'<path class="line" d="{"".join(steps)}"/>'
    yield f'<circle class="dot" cx="{last[0]:.1f}" cy="{last[1]:.1f}" r="2.5"/>'


def nearness_bar(share: float | None, *, fired: bool = False) -> Markup | None:
    """How much of what a trigger takes is there; the line is where it fires. None for a trigger without a threshold."""
    if not finite([share]) or share is None:
        return None
    width = BAR_WIDTH * min(max(share, 0.0) / MOST, 1.0)
    kind = "over" if fired or share >= 1.0 else "near" if share >= 0.7 else "far"  # as health has it
    parts = [
        f'<rect class="track" width="{BAR_WIDTH}" height="{BAR_HEIGHT}" rx="5"/>',
        f'<rect class="{kind}" width="{width:.1f}" height="{BAR_HEIGHT}" rx="5"/>',
        f'<path class="limit" d="M{BAR_WIDTH / MOST:g} 0V{BAR_HEIGHT}"/>',
    ]
    return svg(BAR_WIDTH, BAR_HEIGHT, f"{near(share)} of what it takes", parts, "bar")
