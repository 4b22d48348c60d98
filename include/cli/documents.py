"""Commands that write a document: report, audit."""

from __future__ import annotations

import argparse
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from include.cli import flags, remote
from include.cli.answer import DONE, NOTHING, Answer, plain
from include.cli.arguments import moment
from include.cli.asking import ask, known, local_only, opened
from include.cli.flags import Add
from include.cli.progress import progress
from include.errors import ConfigurationError
from include.interfaces.reports.formats import AUDIT_FORMATS, REPORT_FORMATS


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    reporting = flags.on_records(add, "report", "what a run saw, decided and did", report)
    reporting.add_argument(
        "model", nargs="?", help="name of a model (default: a few lines on each, for the runs given)"
    )
    reporting.add_argument(
        "--run", "--run-id", dest="runs", action="append", default=[],
        help="run of the DAG (default: the model's latest); may be repeated without a model",
    )  # fmt: skip
    reporting.add_argument("--format", default="md", choices=REPORT_FORMATS, help="default: %(default)s")
    flags.out(reporting)
    auditing = flags.on_records(add, "audit", "who did what, when, why, on which data", audit)
    auditing.add_argument(
        "verify", nargs="?", choices=("verify",), help="instead: verify that all is as it was written down"
    )
    auditing.add_argument("--from", dest="start", type=moment, help="first moment of the period")
    auditing.add_argument("--to", dest="end", type=moment, help="its end, excluded")
    flags.any_model(auditing)
    auditing.add_argument("--format", default="text", choices=AUDIT_FORMATS, help="default: %(default)s")
    flags.out(auditing)


def report(options: argparse.Namespace) -> Answer:
    """Report what a run saw of a model, what it decided and why, and what came of it."""
    if options.model is None:
        return _runs(options)
    if len(options.runs) > 1:
        raise ConfigurationError("--run", "one run at a time when a model is named")
    chosen, form = "".join(options.runs), _format(options)

    def direct(deployment: Any) -> str:
        from include import workflow
        from include.interfaces.reports.files import FORMATS

        workflow.check_model(deployment, options.model)
        run_id = chosen or workflow.latest_run(deployment.store, options.model)
        return FORMATS[form](workflow.report_of(deployment, options.model, run_id))

    asked = {"run_id": chosen, "format": form}
    return _written(ask(options, direct, "GET", "models", options.model, "report", params=asked), options.out)


def audit(options: argparse.Namespace) -> Answer:
    """Report a period for audits: each decision that fired and how it ended, changes of champion and more.

    ``audit verify`` follows the chain of hashes over decisions, events, versions and changes of champion instead, and
    holds it against what was published beside the artifacts; 1 where a row or an entry is not as it was written down.
    """
    if options.verify:
        return _verified(options)
    if options.start is None or options.end is None:
        raise ConfigurationError("audit", "give --from and --to; or verify the chain of hashes: audit verify")
    form = _format(options)

    def direct(deployment: Any) -> str:
        from include import workflow
        from include.interfaces.reports.audit import FORMATS

        known(deployment, options.model)
        return FORMATS[form](workflow.audit(deployment, options.start, options.end, options.model))

    asked = {"start": options.start, "end": options.end, "model_name": options.model, "format": form}
    return _written(ask(options, direct, "GET", "audit", params=asked), options.out)


def _verified(options: argparse.Namespace) -> Answer:
    local_only(options, "audit verify")
    if options.start is not None or options.end is not None:
        raise ConfigurationError("audit verify", "the whole chain is verified: leave --from and --to out")
    from include import workflow

    deployment = opened()
    known(deployment, options.model)
    with progress("verifying the audit chain"):
        found = workflow.verify_audit(deployment, options.model)
    entries = sum(chain.number for chain in found.chains)
    lines = [f"{len(found.chains)} chains, {entries} entries, {found.anchors} of them held against what was published"]
    lines += [f"{each.model_name}: {each.kind}: {each.told}" for each in found.breaks]
    lines += ["all is as it was written down"] if found.whole else [f"{len(found.breaks)} breaks"]
    document = {"whole": found.whole, **plain(found)}
    return Answer(document=document, lines=lines, code=DONE if found.whole else NOTHING)


def _format(options: argparse.Namespace) -> str:
    return "json" if options.json and options.out is None else str(options.format)


def _written(text: Any, out: Path | None) -> Answer:
    """A document on the terminal, or in a file, whose name is the answer."""
    if not isinstance(text, str):
        text = json.dumps(text, indent=2, ensure_ascii=False)
    if out is not None:
        out.write_text(text, encoding="utf-8")
        return Answer(document={"file": str(out)}, lines=[str(out)])
    return Answer(document=_parsed(text), lines=text.rstrip("\n").split("\n"))


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return {"text": text}


def _runs(options: argparse.Namespace) -> Answer:
    """What came of each model in the given runs, and their event rows."""
    from include.interfaces.api.answers import EventAnswer
    from include.interfaces.reports.text import event_row, of_model

    if not options.runs:
        raise ConfigurationError("report", "name a model, or give --run")
    if remote.address_of(options):
        raise ConfigurationError("report", "through --url one model at a time: name it")
    records, lines, events = opened().store, list[str](), list[Any]()
    for run_id in options.runs:
        lines.append(f"Run {run_id}")
        for analysis, _ in records.decisions(run_id=run_id):
            lines += of_model(analysis.model_name, records.decision(analysis.model_name, run_id)).split("\n")
        events += records.events(run_id=run_id)
    rows: Sequence[str] = [event_row(event) for event in events] or ["  no new event"]
    told = [EventAnswer.of(event) for event in events]
    return Answer(document={"runs": options.runs, "events": told}, lines=[*lines, "", "model_retraining_events", *rows])
