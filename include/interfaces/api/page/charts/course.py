"""The deciding metric over time: with its interval, what was promised, and marks of what happened."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from markupsafe import Markup

from include.interfaces.api.page.charts.axes import Plane, finite, svg, ticks
from include.interfaces.api.page.rendering import link
from include.interfaces.reports.escaping import escape, shorten
from include.interfaces.reports.numbers import moment, number
from include.records.entries import MetricPoint, ModelView

WIDTH, HEIGHT, LEFT, RIGHT, TOP, BOTTOM = 960, 300, 60, 16, 44, 26
LONGEST, DAY = 160, timedelta(days=1)
SIGNS = {
    "promoted": "l6 11h-12z", "rolled back": "m0 11l6 -11h-12z", "failed": "m-5 1l10 10m0 -10l-10 10",
    "remark": "m-5 0h10v8h-6l-4 4z", "other": "l6 6l-6 6l-6 -6z",
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Mark:
    """Something that happened; `kind` is one of `SIGNS`, or ``quarantine``, which lasts until `end`."""

    at: datetime
    kind: str
    told: str
    run_id: str = ""
    end: datetime | None = None


def course(view: ModelView, marks: Sequence[Mark]) -> Markup | None:
    """The chart; None where no check of the period measured the metric."""
    points = [point for point in view.course if finite([point.value])]
    if not points:
        return None
    promised = finite(point.promised for point in points)
    values = finite(value for point in points for value in (point.value, point.low, point.high)) + promised
    steps = ticks(values)
    first, last = points[0].at, points[-1].at
    plane = Plane(
        left=LEFT, right=WIDTH - RIGHT, top=TOP, bottom=HEIGHT - BOTTOM, start=first,
        end=last if last > first else view.end, low=steps[0], high=steps[-1],
    )  # fmt: skip
    seen = [mark for mark in marks if (mark.end or mark.at) >= first]
    label = f"{view.row.metric} at {len(points)} checks, with {len(seen)} marks; the table below has the figures"
    return svg(WIDTH, HEIGHT, label, _parts(view.row.model_name, points, seen, plane, steps), "chart course")


def _parts(
    model: str, points: Sequence[MetricPoint], marks: Sequence[Mark], plane: Plane, steps: Sequence[float]
) -> Iterator[str]:
    yield from _spans([mark for mark in marks if mark.kind == "quarantine"], plane)
    for value in steps:
        yield f'<path class="rule" d="M{LEFT} {plane.y(value):.1f}H{WIDTH - RIGHT}"/>'
        yield f'<text class="end" x="{LEFT - 8}" y="{plane.y(value) + 4:.1f}">{number(value)}</text>'
    middle = plane.start + (plane.end - plane.start) / 2
    form = "%Y-%m-%d" if plane.end - plane.start > 2 * DAY else "%m-%d %H:%M"
    for at, anchor in ((plane.start, "start"), (middle, "middle"), (plane.end, "end")):
        yield f'<text class="{anchor}" x="{plane.x(at):.1f}" y="{HEIGHT - 6}">{at:{form}}</text>'
    for _, together in groupby(points, key=lambda point: point.version):
        yield from _band(list(together), plane)
    yield from _promise(points, plane)
    joined = " ".join(f"{plane.x(point.at):.1f},{plane.y(point.value or 0.0):.1f}" for point in points)
    yield f'<polyline class="line" points="{joined}"/>'
    for point in points:
        told = f"{moment(point.at)}: {number(point.value)} (v{point.version}, {point.rows:,} rows)"
        place = f'cx="{plane.x(point.at):.1f}" cy="{plane.y(point.value or 0.0):.1f}"'
        address = escape(link("decision", model=model, run_id=point.run_id))
        yield f'<circle class="dot" data-to="{address}" {place} r="3"><title>{escape(told)}</title></circle>'
    for mark in marks:
        if mark.kind != "quarantine":
            yield from _sign(model, mark, plane)


def _band(points: Sequence[MetricPoint], plane: Plane) -> Iterator[str]:
    sure = [(plane.x(p.at), p.low, p.high) for p in points if len(finite([p.low, p.high])) == 2]
    if len(sure) == 1:  # a band of no width
        [(x, low, high)] = sure
        yield f'<path class="line" d="M{x:.1f} {plane.y(low or 0.0):.1f}V{plane.y(high or 0.0):.1f}"/>'
    if len(sure) < 2:
        return
    there = " ".join(f"{x:.1f},{plane.y(high or 0.0):.1f}" for x, _, high in sure)
    back = " ".join(f"{x:.1f},{plane.y(low or 0.0):.1f}" for x, low, _ in reversed(sure))
    yield f'<polygon class="band" points="{there} {back}"/>'


def _promise(points: Sequence[MetricPoint], plane: Plane) -> Iterator[str]:
    """A level for each champion, as long as it reigned."""
    groups = groupby(points, key=lambda point: (point.version, point.promised))
    starts = [next(iter(together)) for _, together in groups]
    ends = [start.at for start in starts[1:]] + [plane.end]
    for start, end in zip(starts, ends, strict=True):
        if finite([start.promised]):
            y = plane.y(start.promised or 0.0)
            yield f'<path class="promise" d="M{plane.x(start.at):.1f} {y:.1f}H{plane.x(end):.1f}"/>'


def _spans(marks: Sequence[Mark], plane: Plane) -> Iterator[str]:
    for mark in marks:
        left, right = plane.x(mark.at), plane.x(mark.end or mark.at)
        width = max(right - left, 2.0)
        yield f'<rect class="quarantine" x="{left:.1f}" y="{TOP}" width="{width:.1f}" height="{HEIGHT - TOP - BOTTOM}">'
        yield f"<title>{escape(shorten(mark.told, LONGEST))}</title></rect>"


def _sign(model: str, mark: Mark, plane: Plane) -> Iterator[str]:
    x, kind = plane.x(mark.at), mark.kind if mark.kind in SIGNS else "other"
    yield f'<g class="mark {kind.replace(" ", "-")}"><title>{escape(shorten(mark.told, LONGEST))}</title>'
    yield f'<path class="stem" d="M{x:.1f} {TOP - 14}V{HEIGHT - BOTTOM}"/>'
    address = escape(link("decision", model=model, run_id=mark.run_id))
    leads = f' data-to="{address}"' if mark.run_id else ""
    yield f'<path class="sign"{leads} d="M{x:.1f} {TOP - 30}{SIGNS[kind]}"/></g>'
