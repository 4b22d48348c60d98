"""Commands on how long things are kept: retention."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from include.cli import terminal
from include.cli.answer import DONE, NOTHING, Answer, plain
from include.cli.asking import opened, who
from include.cli.flags import Add
from include.cli.progress import progress
from include.workflow.settings import KEEP_MONTHS, months_kept

_HEAD = ("month", "table", "rows", "MiB")


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    keeping = add(
        "retention", help="remove old months of signals, measurements and analyses", description=retention.__doc__
    )
    keeping.set_defaults(command=retention)
    keeping.add_argument("--dry-run", action="store_true", help="only show what would be removed")
    keeping.add_argument(
        "--keep", default="", metavar="MONTHS",
        help=f"whole months before the present one, such as 24 or signals=12,measurements=36 (default: {KEEP_MONTHS})",
    )  # fmt: skip
    keeping.add_argument("--by", default="", help="who has them removed (default: the user of this process)")


def retention(options: argparse.Namespace) -> Answer:
    """Remove what checks measured in months that are older than is kept; what was decided, trained and said stays.

    Without --keep and RETRAINING_KEEP_MONTHS everything is kept. 1 where nothing is old enough. It can be killed and
    repeated at any time, and waits for nobody for longer than half a second.
    """
    from include import workflow

    keep = months_kept(options.keep, "--keep") or None
    with progress("removing months" if not options.dry_run else "looking at months"):
        found = workflow.retain(opened(), by=who(options), keep=keep, preview=options.dry_run)
    document = {**plain(found), "dry_run": options.dry_run}
    code = DONE if (found.due if options.dry_run else found.dropped) else NOTHING
    return Answer(document=document, lines=_lines(document), code=code)


def _lines(found: Mapping[str, Any]) -> Iterator[str]:
    if not found["keep"]:
        yield from terminal.prose(
            f"everything is kept: set {KEEP_MONTHS}, or give --keep, to how many whole months are to be kept"
        )
        return
    kept = ", ".join(f"{months} months of {word}" for word, months in found["keep"].items())
    shown = found["due"] if found["dry_run"] else found["dropped"]
    if not shown:
        yield f"nothing is older than {kept}"
        return
    yield f"{'would be removed' if found['dry_run'] else 'removed'}, as {kept} are kept:"
    rows = [
        (each["month"][:7], each["table"], "unknown" if each["rows"] is None else f"{each['rows']:,}",
         f"{each['bytes'] / 2**20:,.1f}")
        for each in shown
    ]  # fmt: skip
    yield from terminal.table(_HEAD, rows)
