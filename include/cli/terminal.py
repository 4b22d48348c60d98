"""What a terminal shows: text that does nothing to it, and tables that fit."""

from __future__ import annotations

import os
import shutil
import sys
import textwrap
import unicodedata
from collections.abc import Iterator, Sequence

from include.records.inert import inert

NARROWEST = 18  # characters that are never cut: half a time, a number or a name tells nothing
WIDE_OPEN = 100_000  # columns, where output goes to no terminal


def cell(text: object) -> str:
    r"""A value in one line of a table; None is a dash.

    >>> cell("two\nlines")
    'two\\nlines'
    """
    return "-" if text is None or text == "" else inert(str(text).strip().replace("\n", "\\n")) or "-"


def width() -> int:
    """Columns of the terminal, or what ``COLUMNS`` says; where output goes elsewhere nothing is shortened."""
    if not sys.stdout.isatty() and not os.environ.get("COLUMNS", "").isdigit():
        return WIDE_OPEN
    return max(shutil.get_terminal_size((100, 24)).columns, 1)


def columns_of(text: str) -> int:
    """Columns that a terminal gives a text: two for a wide character, none for a mark on the one before."""
    if text.isascii():
        return len(text)
    return sum(0 if unicodedata.combining(c) else 1 + (unicodedata.east_asian_width(c) in "WF") for c in text)


def shorten(text: str, room: int) -> str:
    """The text in at most `room` columns; what is left out is an ellipsis.

    >>> shorten("a long reason", 7)
    'a long…'
    """
    if columns_of(text) <= room:
        return text
    kept = ""
    for character in text:
        if columns_of(kept + character) > room - 1:
            break
        kept += character
    return f"{kept.rstrip()}…" if room > 0 else ""


def table(head: Sequence[str], rows: Sequence[Sequence[object]], room: int | None = None) -> Iterator[str]:
    """Rows below a head, a line each, none longer than the terminal.

    Long texts are shortened first. Where that is not enough whole columns are left out, those first that hold nothing,
    the first and the last one last, and a line below says which. Where output goes to a program there is no head: a
    line is a row, as `wc -l` and `awk` want it.

    Parameters
    ----------
    room : int, optional
        Columns to fit in; by default those of the terminal.
    """
    room = width() if room is None else room
    shown = [head, *rows] if room < WIDE_OPEN else rows
    cells = [[cell(each) for each in row] for row in shown]
    widths = [max(map(columns_of, column)) for column in zip(*cells, strict=True)]
    empty = [place for place, column in enumerate(zip(*cells[1:], strict=True)) if set(column) == {"-"}]
    kept = _kept(widths, empty, room)
    widths = _fitted([widths[place] for place in kept], room)
    for row in cells:
        parts = [_padded(row[place], most) for place, most in zip(kept, widths, strict=True)]
        yield shorten("  ".join(parts).rstrip(), room)
    if left_out := [cell(name) for place, name in enumerate(head) if place not in kept]:
        told = f"(too narrow for {', '.join(left_out)}: widen the terminal, or add --json)"
        yield from (shorten(line, room) for line in textwrap.wrap(told, room))


def prose(text: str) -> list[str]:
    """A sentence in lines that fit the terminal."""
    return textwrap.wrap(inert(text), width(), break_on_hyphens=False) or [""]


def fields(pairs: Sequence[tuple[str, object]], room: int | None = None) -> Iterator[str]:
    """A name and a value a line."""
    room = width() if room is None else room
    most = max((columns_of(name) for name, _ in pairs), default=0)
    yield from (shorten(f"{_padded(name, most)}  {cell(value)}", room) for name, value in pairs)


def _kept(widths: Sequence[int], empty: Sequence[int], room: int) -> list[int]:
    """Places of the columns that fit when long ones are cut to `NARROWEST`."""
    kept = list(range(len(widths)))
    while len(kept) > 1 and sum(min(widths[place], NARROWEST) + 2 for place in kept) - 2 > room:
        hollow = [place for place in kept[1:] if place in empty]
        kept.remove(hollow[-1] if hollow else kept[-2 if len(kept) > 2 else -1])
    return kept


def _fitted(widths: list[int], room: int) -> list[int]:
    """Widths whose sum, with two columns between, is at most `room`, if none has to be below `NARROWEST`."""
    over = sum(widths) + 2 * (len(widths) - 1) - room
    while over > 0 and max(widths) > NARROWEST:
        widest = max(widths)
        second = max((each for each in widths if each < widest), default=NARROWEST)
        place = len(widths) - 1 - widths[::-1].index(widest)
        cut = max(min(over, widest - max(second, NARROWEST)), 1)
        widths[place] -= cut
        over -= cut
    return widths


def _padded(text: str, most: int) -> str:
    shown = shorten(text, most)
    return shown + " " * (most - columns_of(shown))
