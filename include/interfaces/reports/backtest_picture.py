"""Draws a backtest as an SVG that needs nothing else: the frontier of cost against the metric, and the metric in time.

Light and dark, by the reader's preference.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from textwrap import wrap
from xml.sax.saxutils import escape

from include.records.entries import EventStatus
from include.workflow.backtest.trial import Backtest, Trial

STROKES = ("#0969da", "#bc4c00", "#1a7f37", "#8250df", "#bf8700", "#cf222e", "#0598bc", "#6e7781")
LEFT, TOP, WIDTH, HEIGHT, GAP = 70, 50, 330, 240, 90
TIME_WIDTH, FEW_TICKS = 620, 4
RADIUS, LETTER_WIDTH, LABEL_LETTERS = 5, 6, 30
STYLE = """
    .page { fill: #ffffff } .t { fill: #1f2328 } .s { fill: #57606a; font-size: 11px } .g { stroke: #d0d7de }
    .l { fill: none; stroke-width: 1.8 } .f { fill: none; stroke: #57606a; stroke-dasharray: 4 4 }
    @media (prefers-color-scheme: dark) {
      .page { fill: #0d1117 } .t { fill: #e6edf3 } .s { fill: #9198a1 } .g { stroke: #3d444d } .f { stroke: #9198a1 }
    }
"""

Scale = Callable[[float], float]


def picture(backtest: Backtest) -> str:
    """The picture as text."""
    width = LEFT + WIDTH + GAP + TIME_WIDTH + 30
    height = TOP + HEIGHT + 60 + 18 * len(backtest.trials)
    strokes = {trial.policy: STROKES[place % len(STROKES)] for place, trial in enumerate(backtest.trials)}
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="system-ui, '
            f'sans-serif" font-size="13" role="img" aria-label="Backtest of {escape(backtest.model)}">',
            f"<style>{STYLE}</style>",
            f'<rect class="page" width="{width}" height="{height}"/>',
            *_frontier(backtest, strokes),
            *_in_time(backtest, strokes),
            *_legend(backtest, strokes),
            "</svg>",
            "",
        ]
    )


def _frontier(backtest: Backtest, strokes: dict[str, str]) -> Iterator[str]:
    shown = [trial for trial in backtest.trials if math.isfinite(trial.score)]
    if not shown:
        return
    prices = {trial.training_cost for trial in shown}
    price = prices.pop() if len(prices) == 1 else None  # costs of two policies that differ cannot share an axis
    costs = [trial.retrains * (1.0 if price is None else price) for trial in shown]
    scores = [trial.score for trial in shown]
    across = _scale(0.0, max(*costs, 1.0), LEFT, LEFT + WIDTH)
    up = _scale(*_room(scores), TOP + HEIGHT, TOP)
    title = f"{escape(backtest.metric)} against {'number of retrains' if price is None else 'cost of training'}"
    yield f'<text class="t" x="{LEFT}" y="24" font-weight="600">{title}</text>'
    yield from _ticks_up(scores, up, LEFT, WIDTH)
    yield from _ticks_across([0.0, max(costs)], across, lambda value: f"{value:g}")
    points = [(across(cost), up(trial.score)) for trial, cost in zip(shown, costs, strict=True)]
    best = sorted(point for trial, point in zip(shown, points, strict=True) if backtest.on_frontier(trial))
    yield f'<polyline class="f" points="{_points(best)}"/>'
    for trial, (x, y) in zip(shown, points, strict=True):
        yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{RADIUS}" fill="{strokes[trial.policy]}"/>'
    yield from _names([trial.policy for trial in shown], points)


def _names(names: Sequence[str], points: Sequence[tuple[float, float]]) -> Iterator[str]:
    """A label a point, with the names of all policies whose circles touch there."""
    labels: list[tuple[float, float, list[str]]] = []
    for name, (x, y) in zip(names, points, strict=True):
        here = next((found for at_x, at_y, found in labels if math.hypot(x - at_x, y - at_y) <= 2 * RADIUS), None)
        if here is None:
            labels.append((x, y, [name]))
        else:
            here.append(name)
    for x, y, found in labels:
        told = wrap(", ".join(found), LABEL_LETTERS, break_long_words=False, break_on_hyphens=False)
        end = x + 8 + LETTER_WIDTH * max(map(len, told)) > LEFT + WIDTH + GAP / 2
        anchor = ' text-anchor="end"' if end else ""
        for line, text in enumerate(reversed(told)):
            place = f'x="{x + (-8 if end else 8):.1f}" y="{y - 6 - 12 * line:.1f}"{anchor}'
            yield f'<text class="s" {place}>{escape(text)}</text>'


def _in_time(backtest: Backtest, strokes: dict[str, str]) -> Iterator[str]:
    scores = [w.score for trial in backtest.trials for w in trial.windows if w.score is not None]
    if not scores:
        return
    begin, windows = LEFT + WIDTH + GAP, backtest.trials[0].windows
    first, last = windows[0].start.timestamp(), windows[-1].end.timestamp()
    across, up = _scale(first, last, begin, begin + TIME_WIDTH), _scale(*_room(scores), TOP + HEIGHT, TOP)
    yield (
        f'<text class="t" x="{begin}" y="24" font-weight="600">{escape(backtest.metric)} of each window; '
        "filled: promoted, hollow: retrained in vain</text>"
    )
    yield from _ticks_up(scores, up, begin, TIME_WIDTH)
    for window in windows[:: max(len(windows) // FEW_TICKS, 1)]:
        x = across(window.start.timestamp())
        yield f'<text class="s" x="{x:.1f}" y="{TOP + HEIGHT + 18}">{window.start:%Y-%m-%d}</text>'
    for trial in backtest.trials:
        yield from _line(trial, strokes[trial.policy], across, up)


def _line(trial: Trial, stroke: str, across: Scale, up: Scale) -> Iterator[str]:
    served = [window for window in trial.windows if window.score is not None]
    middles = [(across((w.start.timestamp() + w.end.timestamp()) / 2.0), up(w.score or 0.0)) for w in served]
    yield f'<polyline class="l" stroke="{stroke}" points="{_points(middles)}"/>'
    for window, (_, y) in zip(served, middles, strict=True):
        if window.status is not None:
            fill = stroke if window.status is EventStatus.PROMOTED else "none"
            x = across(window.end.timestamp())
            yield f'<circle cx="{x:.1f}" cy="{y:.1f}" r="4" fill="{fill}" stroke="{stroke}"/>'


def _legend(backtest: Backtest, strokes: dict[str, str]) -> Iterator[str]:
    for place, trial in enumerate(backtest.trials):
        y = TOP + HEIGHT + 52 + 18 * place
        false = trial.not_promoted + trial.not_paid(backtest.metric)
        yield f'<rect x="{LEFT}" y="{y - 9}" width="18" height="4" fill="{strokes[trial.policy]}"/>'
        yield (
            f'<text class="t" x="{LEFT + 26}" y="{y - 3}">{escape(trial.policy)}: {trial.score:.5g}, '
            f"{trial.retrains} retrains, {false} of them false</text>"
        )


def _ticks_up(values: Sequence[float], up: Scale, begin: float, width: float) -> Iterator[str]:
    low, high = _room(values)
    for part in range(FEW_TICKS + 1):
        value = low + (high - low) * part / FEW_TICKS
        y = up(value)
        yield f'<line class="g" x1="{begin}" x2="{begin + width}" y1="{y:.1f}" y2="{y:.1f}"/>'
        yield f'<text class="s" x="{begin - 6}" y="{y + 4:.1f}" text-anchor="end">{value:.4g}</text>'


def _ticks_across(values: Sequence[float], across: Scale, told: Callable[[float], str]) -> Iterator[str]:
    for value in dict.fromkeys(values):
        y = TOP + HEIGHT + 18
        yield f'<text class="s" x="{across(value):.1f}" y="{y}" text-anchor="middle">{told(value)}</text>'


def _room(values: Sequence[float]) -> tuple[float, float]:
    low, high = min(values), max(values)
    margin = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    return low - margin, high + margin


def _scale(low: float, high: float, start: float, stop: float) -> Scale:
    return lambda value: start + (stop - start) * (value - low) / ((high - low) or 1.0)


def _points(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
