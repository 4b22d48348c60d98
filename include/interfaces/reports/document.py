"""An HTML document that needs nothing else, and tables in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from include.interfaces.reports.escaping import escape
from include.interfaces.reports.style import STYLE

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:"  # a browser that obeys it loads nothing


def opening(title: str) -> str:
    """All up to and with the start of the body."""
    return (
        f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{escape(title)}</title>'
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">'
        '<meta name="viewport" content="width=device-width,initial-scale=1"><link rel="icon" href="data:,">'
        f"<style>{STYLE}</style></head><body>"
    )


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers: Sequence[int] = ()) -> Iterator[str]:
    """A table of escaped cells; `numbers` are the columns that hold figures."""
    marks = [' class="n"' if place in numbers else "" for place in range(len(head))]
    cells = "".join(f'<th scope="col"{mark}>{cell}</th>' for mark, cell in zip(marks, head, strict=True))
    yield f'<div class="wide"><table><thead><tr>{cells}</tr></thead><tbody>'
    for row in rows:
        yield "<tr>" + "".join(f"<td{mark}>{cell}</td>" for mark, cell in zip(marks, row, strict=True)) + "</tr>"
    yield "</tbody></table></div>"
