"""Commands on what may stop the system: doctor, identity."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from include.cli import flags, remote, terminal
from include.cli.answer import DONE, NOTHING, Answer, plain
from include.cli.asking import ask, opened, who
from include.cli.flags import Add
from include.errors import ConfigurationError

ACTS = ("show", "adopt", "new")


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    examining = flags.on_records(add, "doctor", "what is going to stop models, each with a way out", doctor)
    examining.add_argument("--deep", action="store_true", help="load every champion and have it predict")
    telling = add("identity", help="say what a copied or restored database is", description=identity.__doc__)
    telling.add_argument("act", nargs="?", default="show", choices=ACTS, help="default: %(default)s")
    telling.add_argument(
        "--artifacts-copied",
        action="store_true",
        help="with new: the artifacts here are a copy, too: its own now",
    )
    telling.add_argument("--by", default="", help="who says so (default: the user of this process)")
    telling.set_defaults(command=identity)


def doctor(options: argparse.Namespace) -> Answer:
    """Look at all that may stop models before a run meets it; 1 where anything was found.

    Libraries against those of each champion, missing or altered artifacts, records and artifacts of different age,
    Postgres and its settings, poolers, rights, schema, clocks, model files, trainers, connections, disk, leftovers, and
    whose records these are. What could not be looked at is told. Nothing is changed. Pool and time zone of Airflow are
    seen through ``--url`` and on the page only.
    """

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.interfaces.api.examination import DoctorAnswer

        return DoctorAnswer.of(workflow.examine(deployment, deep=options.deep))

    if options.deep and remote.address_of(options):
        raise ConfigurationError("--deep", "loads the champions on this machine: leave --url out")
    found = ask(options, direct, "GET", "doctor")
    return Answer(document=found, lines=_told(found), code=DONE if found["well"] else NOTHING)


def identity(options: argparse.Namespace) -> Answer:
    """Show who the records are, or say what a copied or restored database is.

    ``adopt``: it goes on in the place of the one that it was made from, which is gone or stopped. ``new``: it is a copy
    beside that one, and gets an identity, an MLflow experiment and artifacts of its own. ``show`` ends with 1 where
    somebody has to say which.
    """
    from include import workflow

    if options.artifacts_copied and options.act != "new":
        raise ConfigurationError("--artifacts-copied", "goes with `identity new` only")
    deployment = opened()
    told = ""
    if options.act == "adopt":
        told = workflow.adopt_records(deployment, by=who(options))
    elif options.act == "new":
        told = workflow.renew_records(deployment, by=who(options), copied=options.artifacts_copied)
    found, why = workflow.whereabouts(deployment)
    lines = [told] if told else [f"the records are {found.identity}, {found.here_told}"]
    return Answer(
        document={**plain(found), "moved": found.moved, "why": why}, lines=[*lines, *([why] if why else [])],
        code=NOTHING if why else DONE,
    )  # fmt: skip


def _told(found: Mapping[str, Any]) -> Iterator[str]:
    for each in found["findings"]:
        yield from terminal.prose(f"{each['severity'].upper()} {each['subject']}: {each['told']}")
        yield from terminal.prose(f"  way out: {each['way_out']}")
    if not found["findings"]:
        yield "nothing was found"
    for each in found["not_looked_at"]:
        yield from terminal.prose(f"not looked at: {each['check']}: {each['told']}")
    looked = sorted({each["check"] for each in found["seen"]})
    yield from terminal.prose(f"looked at: {', '.join(looked)}")
