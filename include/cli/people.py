"""Commands of people: pause, resume, mute, unmute, mutes, annotate, annotations, mark."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from include.cli import flags, terminal
from include.cli.answer import DONE, NOTHING, Answer
from include.cli.arguments import duration, moment, number_of_row
from include.cli.asking import ask, entries, page, when, who
from include.cli.flags import Add
from include.errors import ConfigurationError

VERDICTS = ("false_alarm", "right")


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    for name, told, command in (
        ("pause", "have runs leave a model alone", pause),
        ("resume", "let runs look at a paused model again", resume),
    ):
        switching = flags.on_records(add, name, told, command)
        flags.one_model(switching)
        flags.reason(switching)
    hushing = flags.on_records(add, "mute", "tell nobody of a model for a time", mute)
    hushing.add_argument("model", nargs="?", default="", help="name of a model (default: all)")
    hushing.add_argument("--until", type=moment, help="a time; without a zone it is UTC")
    hushing.add_argument("--for", dest="length", type=duration, metavar="TIME", help="or a length of time, such as 2d")
    flags.reason(hushing)
    ending = flags.on_records(add, "unmute", "end a mute before its time", unmute)
    ending.add_argument("mute", type=number_of_row, help="its number, as `mutes` shows it")
    flags.reason(ending)
    flags.on_records(add, "mutes", "the mutes that hold now", mutes)
    noting = flags.on_records(add, "annotate", "write down a remark about a model", annotate)
    flags.one_model(noting)
    noting.add_argument("--text", required=True, help="what is to be known")
    noting.add_argument("--at", type=moment, help="the moment that it is about (default: now)")
    noting.add_argument("--by", default="", help="who says so (default: the user of this process)")
    reading = flags.on_records(add, "annotations", "the remarks about a model", remarks)
    flags.one_model(reading)
    marking = flags.on_records(add, "mark", "say of a decision that it was a false alarm, or right", mark)
    flags.one_model(marking)
    marking.add_argument("run", help="run that decided, as `history --decisions` shows it")
    marking.add_argument("verdict", choices=VERDICTS, help="false alarms are counted against the budget")
    flags.reason(marking, "who says so")


def pause(options: argparse.Namespace) -> Answer:
    """Have runs leave a model alone until it is resumed. Requests to it wait; it can be rolled back."""
    found = _switch(options, "pause")
    told = f"{options.model} is paused by {found['by']}: {found['reason']}"
    return Answer(document=found, lines=[told, "runs leave it alone, and requests to it wait, until it is resumed"])


def resume(options: argparse.Namespace) -> Answer:
    """Let the next run look at a paused model again, and see to the requests that waited."""
    found = _switch(options, "resume")
    return Answer(document=found, lines=[f"{options.model} is resumed by {found['by']}: the next run looks at it"])


def mute(options: argparse.Namespace) -> Answer:
    """Tell nobody of a model, or of any, until then; it is looked at and retrained as ever."""
    if (options.until is None) is (options.length is None):
        raise ConfigurationError("mute", "give --until TIME or --for LENGTH, one of them")
    until = options.until or datetime.now(UTC) + options.length
    body = {"model_name": options.model, "until": until, "reason": options.reason}

    def direct(deployment: Any) -> Any:
        from include import workflow

        return workflow.mute(deployment, options.model, until=until, by=who(options), reason=options.reason)

    found = ask(options, direct, "POST", "mutes", body=body)
    lines = [f"mute {found['id']}: nobody is told of {options.model or 'any model'} until {when(found['until'])} UTC"]
    return Answer(document=found, lines=lines)


def unmute(options: argparse.Namespace) -> Answer:
    """End a mute before its time."""

    def direct(deployment: Any) -> Any:
        from include import workflow

        return workflow.unmute(deployment, options.mute, by=who(options), reason=options.reason)

    found = ask(options, direct, "POST", "mutes", options.mute, "unmute", body={"reason": options.reason})
    return Answer(document=found, lines=[f"mute {found['id']} of {found['model_name'] or 'all models'} is over"])


def mutes(options: argparse.Namespace) -> Answer:
    """List the mutes that hold now, oldest first."""

    def direct(deployment: Any) -> Any:
        from include import workflow

        return page(workflow.mutes(deployment))

    found = ask(options, direct, "GET", "mutes")
    rows = [
        (f"#{each['id']}", each["model_name"] or "all models", when(each["until"]), each["by"], each["reason"])
        for each in entries(found)
    ]
    return _listed(found, ("mute", "model", "until", "by", "reason"), rows, "nothing is muted")


def annotate(options: argparse.Namespace) -> Answer:
    """Write down a remark about a moment in the life of a model."""
    at = options.at or datetime.now(UTC)

    def direct(deployment: Any) -> Any:
        from include import workflow

        return workflow.annotate(deployment, options.model, at=at, text=options.text, by=who(options))

    body = {"at": at, "text": options.text}
    found = ask(options, direct, "POST", "models", options.model, "annotations", body=body)
    lines = [f"annotation {found['id']} of {options.model} at {when(found['at'])} UTC is on record"]
    return Answer(document=found, lines=lines)


def remarks(options: argparse.Namespace) -> Answer:
    """List the remarks about a model, in order of the moments that they are about."""

    def direct(deployment: Any) -> Any:
        from include import workflow

        return page(workflow.annotations_of(deployment, options.model))

    found = ask(options, direct, "GET", "models", options.model, "annotations")
    rows = [(when(each["at"]), each["by"], each["text"]) for each in entries(found)]
    return _listed(found, ("at", "by", "text"), rows, f"nobody has annotated {options.model}")


def mark(options: argparse.Namespace) -> Answer:
    """Say of a decision in hindsight that it was a false alarm, or right; the last word counts."""
    body = {"run_id": options.run, "verdict": options.verdict, "reason": options.reason}

    def direct(deployment: Any) -> Any:
        from include import workflow

        return workflow.mark_decision(
            deployment, options.model, options.run, verdict=options.verdict, by=who(options), reason=options.reason
        )

    found = ask(options, direct, "POST", "models", options.model, "marks", body=body)
    told = f"the decision of run {options.run} about {options.model} is marked as {options.verdict.replace('_', ' ')}"
    counted = options.verdict == VERDICTS[0] and found["counts"]
    return Answer(
        document=found, lines=[told, *(["it counts against the budget of false retrains"] if counted else [])]
    )


def _switch(options: argparse.Namespace, what: str) -> dict[str, Any]:
    def direct(deployment: Any) -> Any:
        from include import workflow

        do: Mapping[str, Callable[..., Any]] = {"pause": workflow.pause_model, "resume": workflow.resume_model}
        return do[what](deployment, options.model, by=who(options), reason=options.reason)

    found: dict[str, Any] = ask(options, direct, "POST", "models", options.model, what, body={"reason": options.reason})
    return found


def _listed(found: Any, head: tuple[str, ...], rows: Sequence[tuple[object, ...]], none: str) -> Answer:
    return Answer(
        document=found, lines=terminal.table(head, rows) if rows else [none], code=DONE if rows else NOTHING
    )  # fmt: skip
