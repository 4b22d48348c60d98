"""All lines, read from ``tools/capabilities/lines``, in the order in which they are run.

A line has an ``id``, ``who`` it is for, ``what`` it is, for other systems' names these ``names``, and one of:

=============  =======================================================================================
``python``     code; ``d`` is the deployment, and the tables of `tools.capabilities.scene` are there
``command``    lines of the command line; with ``codes`` (default: 0) and ``says``
``sql``        a query on the records that has to bring a row
``call``       method and path of a request; with ``body`` and ``says``
``tests``      tests, as pytest names them
``not_built``  why not, and what does in its place
=============  =======================================================================================
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import yaml

from tools.capabilities.row import ByTests, Call, Command, NotBuilt, Python, Row, Shown, Sql, Who

LINES = Path(__file__).parent / "lines"


def _command(given: dict[str, Any]) -> Command:
    codes = tuple(given.pop("codes", (0,)))
    return Command(tuple(given.pop("command").splitlines()), codes, given.pop("says", ""))


def _call(given: dict[str, Any]) -> Call:
    method, path = given.pop("call").split(" ", 1)
    return Call(method, path, given.pop("body", ""), given.pop("says", ""))


WAYS: Mapping[str, Callable[[dict[str, Any]], Shown]] = {
    "python": lambda given: Python(given.pop("python")),
    "command": _command,
    "sql": lambda given: Sql(given.pop("sql")),
    "call": _call,
    "tests": lambda given: ByTests(tuple(given.pop("tests"))),
    "not_built": lambda given: NotBuilt(given.pop("not_built")),
}


def row_of(line: Mapping[str, Any]) -> Row:
    """A line as it is written; a ValueError where it is shown in no way, in two, or has a field that nobody knows."""
    given = dict(line)
    ways = sorted(WAYS.keys() & given.keys())
    if len(ways) != 1:
        raise ValueError(f"{given['id']}: shown by {ways or 'nothing'}; one of {', '.join(WAYS)} is needed")
    shown, names = WAYS[ways[0]](given), tuple(given.pop("names", ()))
    row = Row(given.pop("id"), given.pop("what"), Who[given.pop("who").upper()], shown, names)
    if given:
        raise ValueError(f"{row.id}: nobody knows {', '.join(given)}")
    return row


ROWS: tuple[Row, ...] = tuple(
    row_of(line) for file in sorted(LINES.glob("*.yaml")) for line in yaml.safe_load(file.read_text(encoding="utf-8"))
)
