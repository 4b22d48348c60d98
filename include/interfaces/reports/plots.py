"""The plots of the HTML report, as SVG that takes its colours from the page."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from datetime import datetime

from include.data.reference.distributions import Distribution
from include.interfaces.reports.escaping import escape, shorten
from include.interfaces.reports.numbers import axis, moment, number
from include.records.entries import Check, EventStatus
from include.workflow.report import RetrainingReport

WIDTH, HEIGHT, FOOT = 320, 120, 18
ROW = 22  # of a category
COURSE_WIDTH, COURSE_HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 260, 56, 16, 26, 24
TICKS = 4
NAME_LENGTH = 18


def distribution(drawn: Distribution) -> str:
    """Both distributions of a column, the reference filled, the recent one as an outline over it."""
    kept = _categories(drawn) if drawn.names else _bars(drawn)
    height = ROW * len(drawn.names) + 4 if drawn.names else HEIGHT + FOOT
    label = f"Reference and recent distribution of {drawn.name}"
    return _svg(WIDTH, height, label, kept)


def _svg(width: int, height: int, label: str, content: Iterator[str]) -> str:
    start = f'<svg viewBox="0 0 {width} {height}" role="img" aria-label="{escape(label)}">'
    return "".join([start, *content, "</svg>"])


def _bars(drawn: Distribution) -> Iterator[str]:
    top = max((*drawn.reference, *drawn.recent), default=0.0) or 1.0
    low, high = drawn.edges[0], drawn.edges[-1]
    across = [WIDTH * ((edge - low) / (high - low)) for edge in drawn.edges]
    for name, shares in (("before", drawn.reference), ("now", drawn.recent)):
        if any(shares):
            heights = [HEIGHT - (HEIGHT - 6) * share / top for share in shares]
            yield f'<path class="{name}" d="{_steps(across, heights)}"/>'
    yield f'<path class="rule" d="M0 {HEIGHT}H{WIDTH}"/>'
    for x, anchor, value in ((0, "start", low), (WIDTH / 2, "middle", (low + high) / 2.0), (WIDTH, "end", high)):
        label = escape(axis(value, drawn.quantity))
        yield f'<text x="{x:g}" y="{HEIGHT + 14}" text-anchor="{anchor}">{label}</text>'


def _steps(across: Sequence[float], heights: Sequence[float]) -> str:
    """The outline of a histogram."""
    steps = "".join(f"V{y:.1f}H{x:.1f}" for x, y in zip(across[1:], heights, strict=True))
    return f"M{across[0]:.1f} {HEIGHT}{steps}V{HEIGHT}Z"


def _categories(drawn: Distribution) -> Iterator[str]:
    top = max((*drawn.reference, *drawn.recent), default=0.0) or 1.0
    begin, room = 118, WIDTH - 118 - 44
    for place, (name, before, now) in enumerate(zip(drawn.names, drawn.reference, drawn.recent, strict=True)):
        y = ROW * place
        yield f"<g><title>{escape(name)}: {before:.1%} → {now:.1%}</title>"
        yield f'<text x="110" y="{y + 15}" text-anchor="end">{escape(shorten(name, NAME_LENGTH))}</text>'
        yield f'<rect class="before" x="{begin}" y="{y + 3}" width="{room * before / top:.1f}" height="9" rx="2"/>'
        yield f'<rect class="nowbar" x="{begin}" y="{y + 13}" width="{room * now / top:.1f}" height="4" rx="2"/>'
        yield f'<text x="{WIDTH}" y="{y + 15}" text-anchor="end">{now:.0%}</text></g>'


def course(report: RetrainingReport) -> str:
    """The metric in time with its interval, what the champion promised, and the events; empty without two points."""
    points = [point for point in report.course if math.isfinite(point[1])]
    if len(points) < 2:
        return ""
    label = f"{report.metric} of the champion at each check, with {len(_events(report))} retraining events"
    return _svg(COURSE_WIDTH, COURSE_HEIGHT, label, _course(report, points))


def _course(
    report: RetrainingReport, points: Sequence[tuple[datetime, float, float | None, float | None]]
) -> Iterator[str]:
    promised = _promised(report)
    values = [value for _, *known in points for value in known if value is not None and math.isfinite(value)]
    values += [value for _, value in promised if value is not None]
    marks = _ticks(min(values), max(values))
    low, high = marks[0], marks[-1]
    first, last = report.history[0].analysis.window_end, report.history[-1].analysis.window_end
    length = (last - first).total_seconds() or 1.0

    def x(at: datetime) -> float:
        return LEFT + (COURSE_WIDTH - LEFT - RIGHT) * (at - first).total_seconds() / length

    def y(value: float) -> float:
        return COURSE_HEIGHT - BOTTOM - (COURSE_HEIGHT - TOP - BOTTOM) * (value - low) / (high - low)

    for value in marks:
        yield f'<path class="rule" d="M{LEFT} {y(value):.1f}H{COURSE_WIDTH - RIGHT}"/>'
        yield f'<text x="{LEFT - 8}" y="{y(value) + 4:.1f}" text-anchor="end">{number(value)}</text>'
    for at, anchor in ((first, "start"), (first + (last - first) / 2, "middle"), (last, "end")):
        yield f'<text x="{x(at):.1f}" y="{COURSE_HEIGHT - 6}" text-anchor="{anchor}">{moment(at)[:10]}</text>'
    sure = [(x(at), y(below), y(above)) for at, _, below, above in points if below is not None and above is not None]
    if len(sure) > 1:
        there = " ".join(f"{place:.1f},{up:.1f}" for place, _, up in sure)
        back = " ".join(f"{place:.1f},{down:.1f}" for place, down, _ in reversed(sure))
        yield f'<polygon class="band" points="{there} {back}"/>'
    stairs = _stairs([(x(at), None if value is None else y(value)) for at, value in promised])
    if stairs:
        yield f'<path class="promised" d="{stairs}"/>'
    yield f'<polyline class="course" points="{_joined([(x(at), y(value)) for at, value, *_ in points])}"/>'
    for at, value, *_ in points:
        yield f'<circle class="dot" cx="{x(at):.1f}" cy="{y(value):.1f}" r="3">'
        yield f"<title>{moment(at)}: {number(value)}</title></circle>"
    for check in _events(report):
        yield from _sign(check, x(check.analysis.window_end))


def _ticks(low: float, high: float) -> list[float]:
    """Round numbers around all values: a few of them, one step apart."""
    length = (high - low) or abs(high) or 1.0
    rough = length / TICKS
    power = 10.0 ** math.floor(math.log10(rough))
    step = next(power * size for size in (1.0, 2.0, 2.5, 5.0, 10.0) if power * size >= rough)
    first, last = math.floor(low / step), math.ceil(high / step)
    return [step * place for place in range(first, max(last, first + 1) + 1)]


def _joined(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in points)


def _events(report: RetrainingReport) -> list[Check]:
    return [check for check in report.history if check.event is not None]


def _promised(report: RetrainingReport) -> list[tuple[datetime, float | None]]:
    """What the champion of each check, and the one promoted then, scored when it was accepted; None if not known."""
    known = {v.version: v.baseline.scores.get(report.metric) for v in report.versions if v.baseline is not None}
    found = []
    for check in report.history:
        champions = [check.analysis.champion_version]
        if check.event is not None and check.event.status is EventStatus.PROMOTED:
            champions.append(check.event.version)
        scores = [known.get(version or 0) for version in champions]
        found += [(check.analysis.window_end, score) for score in scores]
    return [(at, score if score is not None and math.isfinite(score) else None) for at, score in found]


def _stairs(points: Sequence[tuple[float, float | None]]) -> str:
    """A path that keeps each height up to the next point; interrupted where there is none.

    >>> _stairs([(0.0, None), (0.0, 5.0), (1.0, 5.0), (2.0, 7.0), (3.0, None)])
    'M0.0 5.0H1.0H2.0V7.0H3.0'
    """
    drawn: list[str] = []
    height: float | None = None
    for x, y in points:
        if height is not None:
            drawn.append(f"H{x:.1f}")
        elif y is not None:
            drawn.append(f"M{x:.1f} {y:.1f}")
        if y is not None and height not in (None, y):
            drawn.append(f"V{y:.1f}")
        height = y
    return "".join(drawn)


def _sign(check: Check, x: float) -> Iterator[str]:
    """A line down the plot, and a sign on top: a triangle was promoted, a diamond was not, a cross failed."""
    event = check.event
    assert event is not None
    yield f"<g><title>{moment(check.analysis.window_end)}: {escape(event.trigger_type)}, {event.status}</title>"
    yield f'<path class="event" d="M{x:.1f} {TOP - 6}V{COURSE_HEIGHT - BOTTOM}"/>'
    if event.status is EventStatus.PROMOTED:
        yield f'<path class="sign promoted" d="M{x:.1f} 6l6 11h-12z"/></g>'
    elif event.status in (EventStatus.FAILED, EventStatus.ABANDONED):
        yield f'<path class="sign failed" d="M{x - 5:.1f} 7l10 10m0 -10l-10 10"/></g>'
    else:
        yield f'<path class="sign" d="M{x:.1f} 5l6 7l-6 7l-6 -7z"/></g>'
