"""Commands on rows that are not trained on: quarantines, lift."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from typing import Any

from include.cli import flags, terminal
from include.cli.answer import DONE, NOTHING, Answer
from include.cli.arguments import number_of_row
from include.cli.asking import ask, entries, known, more, page, when, who
from include.cli.flags import Add


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    sparing = flags.on_records(add, "quarantines", "rows that are not trained on", quarantines)
    sparing.add_argument("model", nargs="?", default="", help="name of a model (default: all)")
    flags.limit(sparing)
    flags.cursor(sparing)
    lifting = flags.on_records(add, "lift", "let quarantined rows be trained on again", lift)
    lifting.add_argument("quarantine", type=number_of_row, help="its number, as `quarantines` shows it")
    flags.reason(lifting)
    lifting.add_argument(
        "--accept", action="store_true", help="later rows may look like this, too, as long as the champion stays"
    )


def quarantines(options: argparse.Namespace) -> Answer:
    """List the rows that are or were in quarantine, newest first: since when, why, and who lifted it; 1 for none."""
    asked = {"cursor": options.cursor, "limit": options.limit}

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.interfaces.api.answers import QuarantineAnswer

        known(deployment, options.model)
        found = workflow.quarantines_page(deployment, options.model, **asked)
        return page([QuarantineAnswer.of(each) for each in found.rows], found)

    found = ask(options, direct, "GET", "quarantines", params={"model_name": options.model, **asked})
    rows = [*map(_quarantine, entries(found))]
    none = f"no rows{f' of {options.model}' if options.model else ''} are or were in quarantine"
    head = ("number", "model", "column", "rows", "state", "why", "run")
    return Answer(
        document=found, lines=[*terminal.table(head, rows), *more(found)] if rows else [none],
        code=DONE if rows else NOTHING,
    )  # fmt: skip


def lift(options: argparse.Namespace) -> Answer:
    """Let quarantined rows be trained on again: they are mended, or were in order. Kept on record."""

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.interfaces.api.answers import QuarantineAnswer

        kept = workflow.lift_quarantine(
            deployment.store, options.quarantine, by=who(options), reason=options.reason, accepts=options.accept
        )
        return QuarantineAnswer.of(kept)

    body = {"reason": options.reason, "accept": options.accept}
    found = ask(options, direct, "POST", "quarantines", options.quarantine, "lift", body=body)
    return Answer(
        document=found, lines=[f"quarantine {found['id']} of {found['model_name']}, {found['feature']}: lifted"]
    )  # fmt: skip


def _quarantine(row: Mapping[str, Any]) -> tuple[object, ...]:
    span = "all recent rows" if row["start"] is None else f"{when(row['start'])} to {when(row['end'])}"
    state = "in quarantine"
    if row["lifted_at"]:
        state = f"{'accepted' if row['accepts'] else 'lifted'} by {row['lifted_by']}: {row['lift_reason']}"
    return (f"#{row['id']}", row["model_name"], row["feature"], span, state, row["reason"], row["run_id"])
