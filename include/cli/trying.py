"""Commands that try or take out what is on record: what-if, export."""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from include.cli import flags, remote, terminal
from include.cli.answer import DONE, NOTHING, Answer, note_removed
from include.cli.arguments import setting
from include.cli.asking import ask, opened, share, when
from include.cli.flags import Add
from include.cli.progress import progress
from include.records.inert import inert
from include.workflow.run_parameters import PRESET_NAMES


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    trying = flags.on_records(add, "what-if", "which recorded decisions other settings would have changed", what_if)
    flags.one_model(trying)
    trying.add_argument("--preset", default="", choices=["", *PRESET_NAMES], help="default: the model's own")
    trying.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="FIELD=VALUE", type=setting,
        help="field of the model file's `policy`, such as performance_threshold=0.1; may be repeated",
    )  # fmt: skip
    flags.period(trying, "the last 90 days")
    taking = flags.on_records(add, "export", "a table of the records as CSV", export)
    taking.add_argument("table", nargs="?", default="", help="name of a table or view (default: list them)")
    flags.any_model(taking)
    flags.period(taking)
    flags.out(taking)


def what_if(options: argparse.Namespace) -> Answer:
    """Decide the recorded checks again with other settings, and show those that would be otherwise; 1 for none."""
    settings = dict(options.settings)
    body = {"preset": options.preset, "settings": settings, "start": options.start, "end": options.end}

    def direct(deployment: Any) -> Any:
        from include import workflow

        return workflow.what_if(
            deployment, options.model, preset=options.preset, settings=settings, start=options.start, end=options.end
        )

    found = ask(options, direct, "POST", "models", options.model, "what-if", body=body)
    return Answer(document=found, lines=_what_if(found), code=DONE if found["others"] else NOTHING)


def export(options: argparse.Namespace) -> Answer | int:
    """Write a table as CSV; text that a spreadsheet would take for a formula begins with an apostrophe."""
    if not options.table:
        from include import workflow

        names = list(workflow.tables_to_export())
        return Answer(document={"tables": names}, lines=names)
    lines = _csv(options)
    if options.out is not None:
        with progress(f"writing {options.out}"), options.out.open("w", encoding="utf-8", newline="") as file:
            for line in lines:
                file.write(line)
        return Answer(document={"table": options.table, "file": str(options.out)}, lines=[str(options.out)])
    if options.json:
        return Answer(document={"table": options.table, "rows": list(csv.DictReader(_whole(lines)))}, lines=[])
    for line in lines:  # as they come: a table may be larger than the memory
        sys.stdout.write(f"{inert(line.rstrip())}\n" if sys.stdout.isatty() else line)
    return DONE


def _csv(options: argparse.Namespace) -> Iterable[str]:
    asked = {"model_name": options.model, "start": options.start, "end": options.end}
    if remote.address_of(options):
        told: str = ask(options, lambda _: "", "GET", "export", options.table, params=asked)
        return [told]
    from include import workflow

    deployment = opened()
    lines = workflow.export_csv(
        deployment, options.table, model_name=options.model, start=options.start, end=options.end
    )  # fmt: skip
    note_removed(workflow.removed_of(deployment, options.table, start=options.start, end=options.end))
    return lines


def _whole(lines: Iterable[str]) -> Iterator[str]:
    """The same text, cut at the ends of lines as they are: a field may hold one."""
    for line in lines:
        yield from line.splitlines(keepends=True)


def _what_if(found: Mapping[str, Any]) -> Iterator[str]:
    yield (
        f"{found['model_name']}: {found['checks']} checks, {when(found['start'])} to {when(found['end'])} UTC; fired: "
        f"{found['fired_recorded']} on record, {found['fired_before']} as the model file is, {found['fired_after']} so"
    )
    rows = [
        (when(each["at"]), each["run_id"], "retrain" if each["after"] else "no retrain", each["nearest_trigger"],
         share(each["nearness"]), each["after_reason"])
        for each in found["others"]
    ]  # fmt: skip
    if rows:
        yield from terminal.table(("at", "run", "would be", "nearest", "near", "reason"), rows)
    else:
        yield "no decision would be otherwise"
    if found["difference"]:
        yield from ["", *found["difference"].splitlines()]
    yield from [f"tried without {each}" for each in found["left_out"]]
