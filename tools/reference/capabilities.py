"""The tables of docs/capabilities.md, made from `tools.capabilities`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import singledispatch

from tools.capabilities.catalogue import ROWS
from tools.capabilities.names import SYSTEMS
from tools.capabilities.row import ByTests, Call, Command, NotBuilt, Python, Row, Shown, Sql, Who

LONGEST = 150  # characters of code in a cell; the whole of it is in the catalogue


def capabilities() -> str:
    """How many lines there are, and a table for each kind of reader."""
    missing = sum(isinstance(row.shown, NotBuilt) for row in ROWS)
    told = f"{len(ROWS)} lines: {len(ROWS) - missing} are shown, {missing} say what is not built."
    return "\n".join([told, *(line for who in Who for line in _table(who))])


def systems() -> str:
    """The systems whose names are looked up."""
    return "\n".join(["| letter | whoever comes from |", "|---|---|", *(f"| {k} | {v} |" for k, v in SYSTEMS.items())])


def _table(who: Who) -> Iterator[str]:
    yield from (
        "",
        f"## {who.value.partition(':')[0]}",
        "",
        "| | what | called elsewhere | shown by |",
        "|---|---|---|---|",
    )
    for row in ROWS:
        if row.who is who:
            yield f"| {row.id} | {row.what} | {_names(row)} | {way(row.shown)} |"


def _names(row: Row) -> str:
    return ", ".join(f"`{name}`" for name in row.names)


@singledispatch
def way(shown: Shown) -> str:
    """How a line is shown, in Markdown."""
    raise TypeError(type(shown).__name__)


@way.register
def _(shown: Python) -> str:
    code = "; ".join(line for line in shown.code.splitlines() if not line.startswith("from "))
    return f"Python `{_short(code or shown.code)}`"


@way.register
def _(shown: Command) -> str:
    return "<br>".join(f"`python -m include.cli {line}`" for line in shown.lines).replace("{url}", "$URL")


@way.register
def _(shown: Sql) -> str:
    return f"SQL `{_short(shown.query)}`"


@way.register
def _(shown: Call) -> str:
    body = f" {shown.body}" if shown.body else ""
    return f"`{shown.method} {shown.path}{_short(body)}`"


@way.register
def _(shown: ByTests) -> str:
    return "<br>".join(f"test `{node}`" for node in shown.nodes)


@way.register
def _(shown: NotBuilt) -> str:
    return f"**not built**: {shown.why}"


def _short(code: str) -> str:
    """Code for a cell: a line, without the bars that would end it."""
    code = " ".join(code.split())
    return (code if len(code) <= LONGEST else f"{code[:LONGEST].rsplit(' ', 1)[0]} …").replace("|", "\\|")
