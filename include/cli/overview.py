"""Commands that look at many models: fleet, history, health, failures, statistics."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from include.cli import flags, terminal
from include.cli.answer import DONE, NOTHING, Answer
from include.cli.asking import ask, entries, known, more, number, page, share, when
from include.cli.flags import Add

QUARTER = timedelta(days=90)
FLEET = ("model", "health", "champion", "metric", "promised", "nearest trigger", "near", "last check", "rows", "why")
RETRAINS = ("event", "at", "model", "status", "trigger", "version", "score", "seconds", "by", "outcome")
DECISIONS = ("at", "model", "answer", "trigger", "nearest", "near", "rows", "run", "reason")
FAILED = ("at", "model", "step", "error", "run", "told")
FIGURES = ("model", "trigger", "checks", "retrains", "promoted", "held", "rejected", "failed", "false alarms", "hours",
           "cost", "gain")  # fmt: skip


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    listing = flags.on_records(add, "fleet", "all models, those first that need somebody", fleet)
    for name, told in (("search", "part of the name or of the owner"), ("tag", "exactly"), ("owner", "exactly"),
                       ("health", "passing, at_risk, failing, unwatched or paused")):  # fmt: skip
        listing.add_argument(f"--{name}", default="", help=told)
    listing.add_argument("--sort", default="attention", help="attention, name, nearness, checked or champion")
    flags.limit(listing, 50)
    flags.cursor(listing)
    past = flags.on_records(add, "history", "retrains, or with --decisions every check, newest first", history)
    flags.any_model(past)
    past.add_argument("--decisions", action="store_true", help='every decision, "no" included')
    past.add_argument("--status", default="", help="of retrains: such as promoted, held, rejected or failed")
    past.add_argument("--answer", default="", help="of decisions: fired, blocked or quiet")
    flags.period(past)
    flags.limit(past)
    flags.cursor(past)
    flags.on_records(add, "health", "what is wrong with the monitor itself", health)
    broken = flags.on_records(add, "failures", "steps of runs that failed, newest first", failures)
    flags.any_model(broken)
    broken.add_argument("--run", default="", help="only of this run")
    flags.period(broken)
    flags.limit(broken)
    counting = flags.on_records(add, "statistics", "what a period came to, by model and trigger", statistics)
    flags.any_model(counting)
    flags.period(counting, "90 days before its end")


def fleet(options: argparse.Namespace) -> Answer:
    """List the models with their health, champion, metric against its promise, and nearest trigger."""
    asked = {name: getattr(options, name) for name in ("search", "tag", "owner", "health", "sort", "cursor", "limit")}

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.records.entries import FleetQuery

        found = workflow.fleet(deployment, FleetQuery(**asked))
        return {**page(found.rows, found), "counts": found.counts}

    found = ask(options, direct, "GET", "models", params=asked)
    return Answer(document=found, lines=_fleet(found), code=DONE if found["entries"] else NOTHING)


def history(options: argparse.Namespace) -> Answer:
    """List the retrains of a model or of all: what triggered each, and what came of it."""
    period = {"start": options.start, "end": options.end}
    asked = {"cursor": options.cursor, "limit": options.limit, **period}
    asked |= {"answer": options.answer} if options.decisions else {"status": options.status}
    kind = "decisions" if options.decisions else "events"

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.records.entries import HistoryQuery

        known(deployment, options.model)
        found = workflow.history(deployment, HistoryQuery(kind=kind, model_name=options.model, **asked))
        return page(found.rows, found)

    found = ask(options, direct, "GET", kind, params={"model_name": options.model, **asked})
    rows = entries(found)
    listed = terminal.table(DECISIONS, [*map(_decision, rows)]) if options.decisions else terminal.table(
        RETRAINS, [*map(_retrain, rows)]
    )  # fmt: skip
    what = "decision" if options.decisions else "retrain"
    return Answer(
        document=found, lines=[*listed, *more(found)] if rows else [f"no {what} of that kind is on record"],
        code=DONE if rows else NOTHING,
    )  # fmt: skip


def health(options: argparse.Namespace) -> Answer:
    """Tell what is wrong with the monitor itself; 1 where anything is."""
    found = health_of(options)
    return Answer(document=found, lines=health_lines(found), code=DONE if found["well"] else NOTHING)


def failures(options: argparse.Namespace) -> Answer:
    """List steps of runs that failed: a missing source, a broken model file, a training that raised."""

    def direct(deployment: Any) -> Any:
        from include import workflow

        known(deployment, options.model)
        latest = page(
            workflow.failures(
                deployment, options.model, run_id=options.run, since=options.start, until=options.end,
                most=options.limit,
            )
        )  # fmt: skip
        return {**latest, "total_entries": None}  # of the latest only

    asked = {"model_name": options.model, "run_id": options.run, "since": options.start, "until": options.end}
    found = ask(options, direct, "GET", "failures", params={**asked, "limit": options.limit})
    rows = [
        (when(each["at"]), each["model_name"], each["step"], each["error_type"], each["run_id"], each["error"])
        for each in entries(found)
    ]
    lines = terminal.table(FAILED, rows) if rows else ["no failure is on record"]
    return Answer(document=found, lines=lines, code=DONE if rows else NOTHING)


def statistics(options: argparse.Namespace) -> Answer:
    """Count what a period came to: checks, retrains, how they ended, false alarms, hours, cost and gain."""
    end = options.end or datetime.now(UTC)
    start = options.start or end - QUARTER

    def direct(deployment: Any) -> Any:
        from include import workflow

        return page(workflow.statistics_of_system(deployment, start=start, end=end, model_name=options.model))

    asked = {"start": start, "end": end, "model_name": options.model}
    found = ask(options, direct, "GET", "statistics", params=asked)
    rows = [*map(_figures, entries(found))]
    told = f"{start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC"
    lines = [told, *terminal.table(FIGURES, rows)] if rows else [f"{told}: nothing happened"]
    return Answer(document=found, lines=lines, code=DONE if rows else NOTHING)


def health_of(options: argparse.Namespace) -> dict[str, Any]:
    """How the monitor itself is; what only Airflow knows is in it through ``--url``."""

    def direct(deployment: Any) -> Any:
        from include import workflow

        found = workflow.health(deployment)
        return {"well": found.well, "at": found.at, "models": found.models, "problems": found.problems}

    found: dict[str, Any] = ask(options, direct, "GET", "health")
    return found


def health_lines(found: Mapping[str, Any]) -> Iterator[str]:
    """Its problems, the most severe first."""
    problems = found["problems"]
    if not problems:
        models = "1 model is" if found["models"] == 1 else f"{found['models']} models are"
        yield f"the monitor is well: {models} checked in time"
        return
    head = ("severity", "kind", "subject", "since", "told", "what to do")
    yield from terminal.table(
        head,
        [(p["severity"], p["kind"], p["subject"], when(p["since"]), p["told"], p["way_out"]) for p in problems],
    )


def _fleet(found: Mapping[str, Any]) -> Iterator[str]:
    yield (
        ", ".join(f"{number} {name.replace('_', ' ')}" for name, number in found["counts"].items() if number) or "none"
    )
    if not found["entries"]:
        yield "no model of that kind is registered or on record"
        return
    yield from terminal.table(FLEET, [*map(_of_fleet, entries(found))])
    yield from more(found)


def _of_fleet(row: Mapping[str, Any]) -> tuple[object, ...]:
    champion, last = row["champion"] or {}, row["last_decision"] or {}
    metric = f"{row['metric']} {number(row['value'])}" if row["metric"] else "-"
    return (
        row["model_name"], row["health"], f"v{champion['version']}" if champion else "-", metric,
        number(row["promised"]), row["nearest_trigger"], share(row["nearness"]), when(last.get("at")), row["rows"],
        told_of(row),
    )  # fmt: skip


def told_of(row: Mapping[str, Any]) -> str:
    """Why a model is as it is, by its health or its last decision, and that a check of a time to come says nothing."""
    ahead = f"a check of {when(row['ahead'])} says nothing: that time has not come" if row.get("ahead") else ""
    return "; ".join(filter(None, (row["why"] or (row["last_decision"] or {}).get("reason", ""), ahead)))


def _retrain(row: Mapping[str, Any]) -> tuple[object, ...]:
    score = f"{row['metric']} {number(row['scores'][row['metric']])}" if row["metric"] in row["scores"] else ""
    return (
        f"#{row['id']}", when(row["at"]), row["model_name"], row["status"], row["trigger"],
        f"v{row['version']}" if row["version"] else "-", score, number(row["seconds"]), row["requested_by"],
        row["outcome"] or row["error"] or row["reason"],
    )  # fmt: skip


def _decision(row: Mapping[str, Any]) -> tuple[object, ...]:
    blocked = f"blocked by {', '.join(row['blocked_by'])}: " if row["blocked_by"] else ""
    return (
        when(row["at"]), row["model_name"], row["answer"], row["trigger"], row["nearest_trigger"],
        share(row["nearness"]), row["rows"], row["run_id"], f"{blocked}{row['reason']}",
    )  # fmt: skip


def _figures(row: Mapping[str, Any]) -> tuple[object, ...]:
    counts = ("checks", "retrains", "promotions", "holds", "rejections", "failures", "false_alarms")
    return (
        row["model_name"], row["trigger"], *(row[name] for name in counts), f"{row['hours']:.2f}", number(row["cost"]),
        number(row["gain"]),
    )  # fmt: skip
