"""Runs every line of docs/capabilities.md: ``python -m tools.capabilities [ID ...] [--without-tests]``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

from tools.capabilities.catalogue import ROWS
from tools.capabilities.row import ByTests, NotBuilt, Row

Result = tuple[Row, str, float]


def main(arguments: Sequence[str] | None = None) -> int:
    """Print a line for each line of the catalogue, its answer and its seconds; 1 where one is not what it says."""
    parser = argparse.ArgumentParser(prog="python -m tools.capabilities", description=__doc__)
    parser.add_argument("ids", nargs="*", metavar="ID", help="only these, for example D1 (default: all)")
    parser.add_argument("--without-tests", action="store_true", help="leave out those that tests show")
    options = parser.parse_args(arguments)
    chosen = [row for row in ROWS if not options.ids or row.id in options.ids]
    if unknown := set(options.ids) - {row.id for row in chosen}:
        parser.error(f"no line is called {', '.join(sorted(unknown))}")
    counts = {"ok": 0, "failed": 0, "not built": 0}
    with tempfile.TemporaryDirectory() as folder:
        for row, wrong, seconds in results(chosen, Path(folder), with_tests=not options.without_tests):
            state = "not built" if isinstance(row.shown, NotBuilt) else "failed" if wrong else "ok"
            counts[state] += 1
            told = f": {' '.join(wrong.split())}" if state == "failed" else ""
            sys.stdout.write(f"{row.id:5} {state:9} {seconds:6.1f} s  {row.what}{told}\n")
            sys.stdout.flush()
    sys.stdout.write(", ".join(f"{count} {state}" for state, count in counts.items()) + "\n")
    return 1 if counts["failed"] else 0


def results(rows: Sequence[Row], folder: Path, *, with_tests: bool = True) -> Iterator[Result]:
    """Each line, what is wrong with it (empty: nothing), and its seconds: first those that need the scene."""
    told = [row for row in rows if isinstance(row.shown, NotBuilt)]
    tested = [row for row in rows if isinstance(row.shown, ByTests)]
    lines = [row for row in rows if row not in told and row not in tested]
    yield from ((row, "", 0.0) for row in told)
    if lines:
        yield from _lines(lines, folder)
    if tested and with_tests:
        yield from _tests(tested, folder)


def _lines(rows: Sequence[Row], folder: Path) -> Iterator[Result]:
    from tools.capabilities.scene import scene
    from tools.capabilities.show import show

    with scene(folder) as found:
        for row in rows:
            began, wrong = time.monotonic(), ""
            try:
                show(row, found)
            except Exception as error:  # whatever it is: this line does not do what it says, the others may
                wrong = f"{type(error).__name__}: {error}"
            yield row, wrong, time.monotonic() - began


def _tests(rows: Sequence[Row], folder: Path) -> Iterator[Result]:
    from tools.capabilities.show import run_tests

    nodes = {row.id: row.shown.nodes for row in rows if isinstance(row.shown, ByTests)}
    found = run_tests(sorted({node for named in nodes.values() for node in named}), folder / "report.xml")
    for row in rows:
        wrong = "; ".join(f"{node}: {found[node][0]}" for node in nodes[row.id] if found[node][0])
        yield row, wrong, sum(found[node][1] for node in nodes[row.id])


if __name__ == "__main__":
    sys.exit(main())
