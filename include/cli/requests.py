"""Commands on requests: request, requests; and what the history advises: recommend."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from include.cli import flags, remote, terminal
from include.cli.answer import DONE, NOTHING, Answer
from include.cli.arguments import setting
from include.cli.asking import ask, entries, known, more, page, when, who
from include.cli.flags import Add
from include.errors import ConfigurationError
from include.workflow.run_parameters import KINDS


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    asking = flags.on_records(add, "request", "ask for a retrain", request)
    asking.add_argument("model", help="name of a registered model")
    flags.reason(asking, "who asks")
    asking.add_argument("--kind", default="manual", choices=KINDS, help="where it comes from (default: %(default)s)")
    asking.add_argument(
        "--key", default="", help="makes it one and the same request while it waits (default: by content)"
    )
    asking.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", type=setting,
        help="hyperparameter for this retraining only, a JSON value or text; may be repeated",
    )  # fmt: skip
    listing = flags.on_records(add, "requests", "requests, and what became of each", requests)
    listing.add_argument("model", nargs="?", default="", help="name of a model (default: all)")
    flags.limit(listing)
    flags.cursor(listing)
    advising = flags.on_records(add, "recommend", "what a model's history advises", recommend)
    advising.add_argument("model", nargs="+", help="name of a model")


def request(options: argparse.Namespace) -> Answer:
    """Ask for a retrain of a model; its next run that may retrain does so, whatever the policy says."""
    settings = dict(options.settings)
    if options.key and remote.address_of(options):
        raise ConfigurationError("--key", "through --url a request is one by its content: leave it out")

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.interfaces.api.answers import RequestAnswer, RetrainAnswer
        from include.records.entries import KeptRequest

        kept, added = workflow.request_retrain(
            deployment, options.model, options.reason, by=who(options), kind=options.kind, key=options.key,
            hyperparameters=settings,
        )  # fmt: skip
        told = "; ".join(_notes(deployment, options.model))
        return RetrainAnswer(request=RequestAnswer.of(KeptRequest(request=kept)), new=added, run=None, note=told)

    body = {"reason": options.reason, "kind": options.kind, "hyperparameters": settings, "start_run": False}
    found = ask(options, direct, "POST", "models", options.model, "retrain", body=body)
    state = "waits" if found["new"] else "was waiting already"
    lines = [f"request {found['request']['id']} {state} for the next run of {options.model}"]
    return Answer(document=found, lines=[*lines, *([f"Note: {found['note']}"] if found["note"] else [])])


def requests(options: argparse.Namespace) -> Answer:
    """List the requests, newest first, and what became of each; 1 where there is none."""
    asked = {"cursor": options.cursor, "limit": options.limit}

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.interfaces.api.answers import RequestAnswer

        known(deployment, options.model)
        found = workflow.requests_page(deployment, options.model, **asked)
        return page([RequestAnswer.of(each) for each in found.rows], found)

    found = ask(options, direct, "GET", "requests", params={"model_name": options.model, **asked})
    rows = [*map(_request, entries(found))]
    none = f"no request{f' for {options.model}' if options.model else ''} is on record"
    head = ("request", "at", "model", "kind", "state", "by", "reason", "settings")
    return Answer(
        document=found, lines=[*terminal.table(head, rows), *more(found)] if rows else [none],
        code=DONE if rows else NOTHING,
    )  # fmt: skip


def recommend(options: argparse.Namespace) -> Answer:
    """Print what the records of models advise: retrain, correct what failed, change or retire a trigger."""
    found = {name: _advice(options, name) for name in options.model}
    advised = any(each["recommendations"] for each in found.values())
    document = [{"model_name": name, **each} for name, each in found.items()]
    return Answer(document=document, lines=_told(found), code=DONE if advised else NOTHING)


def _advice(options: argparse.Namespace, model_name: str) -> dict[str, Any]:
    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.workflow.on_record import latest_checks

        known(deployment, model_name)
        checks = len(latest_checks(deployment.store, model_name))
        advice = [each.to_json() for each in workflow.recommendations_of(deployment, model_name)]
        return {"model_name": model_name, "checks": checks, "recommendations": advice}

    found: dict[str, Any] = ask(options, direct, "GET", "models", model_name, "recommendations")
    return found


def _told(found: Mapping[str, Any]) -> Iterator[str]:
    for name, each in found.items():
        yield f"{name}: {each['checks']} checks" if "checks" in each else f"{name}:"
        for advice in each["recommendations"]:
            yield f"  {advice['kind'].replace('_', ' ')}, {advice['subject']}: {advice['reason']}"
        if not each["recommendations"]:
            yield "  nothing: the records advise no change"


def _notes(deployment: Any, model_name: str) -> Iterator[str]:
    """What somebody who asks should know: that the request waits, or could not be proven."""
    from include import workflow
    from include.workflow.provable import why_not_provable

    if (pause := workflow.pause_of(deployment, model_name)) is not None:
        yield f"the model is {pause.sentence}. The request waits until it is resumed."
    if why := why_not_provable(deployment, model_name, at=datetime.now(UTC)):
        yield f"{why}. The request waits all the same."


def _request(row: Mapping[str, Any]) -> tuple[object, ...]:
    state = f"consumed by {row['consumed_by']}" if row["consumed_by"] else "waiting"
    state += f", try {row['tries']}, of #{row['retry_of']} again" if row["retry_of"] is not None else ""
    state += f", given up: {row['gave_up']}" if row["gave_up"] else ""
    settings = ", ".join(f"{name}={value}" for name, value in row["hyperparameters"].items())
    return (
        f"#{row['id']}", when(row["requested_at"]), row["model_name"], row["kind"], state, row["requested_by"],
        row["reason"], settings,
    )  # fmt: skip
