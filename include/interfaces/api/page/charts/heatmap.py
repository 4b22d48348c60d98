"""Drift of the columns over the checks, as a map of heat."""

from __future__ import annotations

from collections.abc import Iterator

from markupsafe import Markup

from include.interfaces.api.page.charts.axes import svg
from include.interfaces.api.page.rendering import link
from include.interfaces.reports.escaping import escape, shorten
from include.interfaces.reports.numbers import moment, number
from include.records.entries import DriftCell, Heatmap

WIDTH, NAMES, ROW, FOOT = 960, 190, 20, 22
NAME_LENGTH = 26
CHANGED, BY_CHANCE = "changed", 3  # the darkest that a column is which has not changed beyond chance
STEPS = (0.25, 0.5, 0.75, 1.0, 1.5, 2.5)  # of its threshold: from each on a darker colour


def heatmap(model: str, shown: Heatmap) -> Markup | None:
    """The map, whose cells lead to their checks; None where no check measured drift."""
    if not shown.checks or not shown.features:
        return None
    height = ROW * len(shown.features) + FOOT
    label = f"Drift of {len(shown.features)} columns at {len(shown.checks)} checks; the table below has the figures"
    return svg(WIDTH, height, label, _parts(model, shown), "chart heatmap")


def heat(cell: DriftCell | None) -> str:
    """The class of a cell: how far the column went, from ``h0`` to ``h6``; ``none`` where nothing was measured.

    What is large and may still be chance is paler than whatever changed.
    """
    if cell is None or cell.size is None:
        return "none"
    step = sum(cell.size >= each for each in STEPS)
    return f"h{max(step, BY_CHANCE + 1) if cell.verdict == CHANGED else min(step, BY_CHANCE)}"


def _parts(model: str, shown: Heatmap) -> Iterator[str]:
    width = (WIDTH - NAMES) / len(shown.checks)
    for place, feature in enumerate(shown.features):
        yield f'<text class="end" x="{NAMES - 8}" y="{ROW * place + 14}">{escape(shorten(feature, NAME_LENGTH))}'
        yield f"<title>{escape(feature)}</title></text>"
    for number_of, check in enumerate(shown.checks):
        address = escape(link("decision", model=model, run_id=check.run_id) + "#columns")
        frame = f'x="{NAMES + width * number_of:.1f}" width="{max(width - 1, 1):.1f}" height="{ROW - 2}"'
        yield f'<g data-to="{address}">'
        for place, feature in enumerate(shown.features):
            cell = shown.cells[feature][number_of]
            told = escape(f"{feature}, {moment(check.at)}: {_figures(cell)}")
            yield f'<rect class="{heat(cell)}" y="{ROW * place + 1}" {frame}><title>{told}</title></rect>'
        yield "</g>"
    last = shown.checks[-1].at
    yield f'<text class="start" x="{NAMES}" y="{ROW * len(shown.features) + 16}">{shown.checks[0].at:%Y-%m-%d}</text>'
    yield f'<text class="end" x="{WIDTH}" y="{ROW * len(shown.features) + 16}">{last:%Y-%m-%d}</text>'


def _figures(cell: DriftCell | None) -> str:
    if cell is None:
        return "not measured"
    return f"{cell.statistic} {number(cell.value)} of {number(cell.threshold)}, {cell.verdict}"
