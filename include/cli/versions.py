"""Commands on versions: lineage, versions, compare, rollback, canary."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from include.cli import flags, remote, terminal
from include.cli.answer import DONE, NOTHING, Answer
from include.cli.arguments import duration, moment
from include.cli.asking import ask, entries, known, number, opened, page, when, who
from include.cli.flags import Add
from include.errors import ConfigurationError

CANARIES = ("at", "version", "share", "beside", "state", "by", "reason")


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    flags.one_model(flags.on_records(add, "lineage", "the family tree of a model's versions", lineage))
    listing = flags.on_records(add, "versions", "a model's versions with their figures", versions)
    flags.one_model(listing)
    listing.add_argument("--at", type=moment, help="only the one that was champion then")
    comparing = flags.on_records(add, "compare", "two versions side by side", compare)
    comparing.add_argument("--model", required=True, help="name of a registered model")
    comparing.add_argument("first", type=_version, help="version, such as v3")
    comparing.add_argument("second", type=_version, help="another; gains and changes are this one's on the first")
    comparing.add_argument(
        "--from", dest="start", type=moment, help="score both on rows from then on (default: the recent window)"
    )
    comparing.add_argument("--to", dest="end", type=moment, help="and before then (default: now)")
    returning = flags.on_records(add, "rollback", "make a former champion champion again", rollback)
    returning.add_argument("--model", required=True, help="name of a registered model")
    returning.add_argument("--to", default="previous", help="version, such as v3 (default: the one before)")
    flags.reason(returning, "who asks")
    returning.add_argument("--key", default="", help="makes it one and the same rollback when it is repeated")
    returning.add_argument(
        "--wait", type=duration, default=timedelta(0), help="while it is retrained, for example 30min"
    )
    trying = flags.on_records(add, "canary", "share of the traffic beside the champion, recorded", canary)
    trying.add_argument("model", help="name of a registered model")
    trying.add_argument("--version", help="which version, such as v3; without it the history is shown")
    trying.add_argument("--share", type=float, help="per cent of the traffic; 0 ends it")
    flags.reason(trying, needed=False)


def lineage(options: argparse.Namespace) -> Answer:
    """Show which version was trained to replace which, when each was champion, and what became of it."""
    if remote.address_of(options):
        found = ask(options, lambda _: None, "GET", "models", options.model, "lineage")
        return Answer(document=found, lines=_versions(found["versions"]))
    from include import workflow
    from include.interfaces.reports.lineage_text import tree, version_json

    known_tree = workflow.lineage(opened(), options.model)
    told = [version_json(each) for each in known_tree.versions]
    document = {"model_name": known_tree.model_name, "metric": known_tree.metric, "versions": told}
    return Answer(document=document, lines=tree(known_tree))


def versions(options: argparse.Namespace) -> Answer:
    """List a model's versions: why and on what each was trained, and when it was champion; 1 for none."""

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.interfaces.reports.lineage_text import version_json

        found = workflow.lineage(deployment, options.model)
        listed = [each for each in found.versions if options.at is None or each.reigned_at(options.at)]
        return {"metric": found.metric, "versions": [version_json(each) for each in listed]}

    found = ask(options, direct, "GET", "models", options.model, "lineage", params={"at": options.at})
    rows = found["versions"]
    if rows:
        return Answer(document=rows, lines=_versions(rows, found.get("metric") or ""))
    at = options.at.astimezone(UTC) if options.at else datetime.now(UTC)
    return Answer(document=rows, lines=[f"{options.model} had no champion at {at:%Y-%m-%d %H:%M} UTC"], code=NOTHING)


def compare(options: argparse.Namespace) -> Answer:
    """Compare two versions: metrics, settings, data and resources on record, and both on the same labelled rows."""
    if remote.address_of(options):
        asked = {"version1": f"v{options.first}", "version2": f"v{options.second}", "same_rows": True,
                 "start": options.start, "end": options.end}  # fmt: skip
        found = ask(options, lambda _: None, "GET", "models", options.model, "compare", params=asked)
        return Answer(document=found, lines=terminal.fields([*_leaves(found)]))
    from include import workflow
    from include.interfaces.reports.comparison import comparison_text

    compared = workflow.compare_versions(
        opened(), options.model, options.first, options.second, start=options.start, end=options.end
    )
    return Answer(
        document=compared.to_json(), lines=(part for text in comparison_text(compared) for part in text.split("\n"))
    )


def rollback(options: argparse.Namespace) -> Answer:
    """Make a former champion champion again; its artifact is loaded first and has to answer, and nothing is trained."""
    if remote.address_of(options) and (options.wait or options.key):
        raise ConfigurationError("rollback", "through --url there is no --wait and no --key: leave them out")
    body = {"to": options.to, "reason": options.reason}
    found = ask(
        options, lambda deployment: _rolled_back(deployment, options), "POST", "models", options.model, "rollback",
        body=body,
    )  # fmt: skip
    old = f"from v{found['from_version']} " if found["from_version"] else ""
    told = f"{found['model_name']} rolled back {old}to v{found['to_version']}: {found['reason']}"
    return Answer(document=found, lines=[f"{told} (by {found['deployed_by']}, {when(found['deployed_at'])} UTC)"])


def canary(options: argparse.Namespace) -> Answer:
    """Write down which share of the traffic a version has beside the champion, or show what was; it routes nothing."""
    if options.version is None:
        return _canaries(options)
    label = f"v{_numbered(options.version)}"
    if options.share is None:
        raise ConfigurationError("canary", "write --share in per cent, and --reason")
    body = {"version": label, "share": options.share, "reason": options.reason}

    def direct(deployment: Any) -> Any:
        from include import workflow

        known(deployment, options.model)
        return workflow.set_canary(
            deployment.store, options.model, _numbered(label), options.share, by=who(options), reason=options.reason
        )

    found = ask(options, direct, "POST", "models", options.model, "canary", body=body)
    told = f"{found['model_name']}: v{found['version']} has {found['share']:g} % beside v{found['champion_version']}"
    return Answer(document=found, lines=[f"{told}, on record"])


def _canaries(options: argparse.Namespace) -> Answer:
    def direct(deployment: Any) -> Any:
        from include.interfaces.api.answers import CanaryAnswer

        known(deployment, options.model)
        return page([CanaryAnswer(**vars(each)) for each in deployment.store.canaries(options.model)])

    found = ask(options, direct, "GET", "models", options.model, "canary")
    rows = [
        (when(c["set_at"]), f"v{c['version']}", f"{c['share']:g} %", f"v{c['champion_version']}",
         "runs" if c["running"] else "ended", c["set_by"], c["reason"])
        for c in entries(found)
    ]  # fmt: skip
    lines = terminal.table(CANARIES, rows) if rows else [f"{options.model} has had no canary"]
    return Answer(document=found, lines=lines, code=DONE if rows else NOTHING)


def _rolled_back(deployment: Any, options: argparse.Namespace) -> Any:
    from functools import partial

    from include import workflow
    from include.interfaces.api.answers import ChangeAnswer
    from include.interfaces.mlflow.follow import follow
    from include.interfaces.mlflow.settings import MlflowSettings
    from include.workflow.run_parameters import version_number

    change = workflow.roll_back(
        deployment, options.model, version_number(options.to), requested_by=who(options), reason=options.reason,
        key=options.key, wait=options.wait,
    )  # fmt: skip
    read_spec = partial(deployment.spec, change.model_name)
    follow(MlflowSettings.from_environment, deployment.store, deployment.artifacts, change.model_name, read_spec)
    return ChangeAnswer.of(change)


def _versions(rows: list[Mapping[str, Any]], metric: str = "") -> Iterator[str]:
    head = (
        "version",
        "status",
        "trained",
        "parent",
        "trigger",
        metric or "score",
        "rows",
        "data",
        "seconds",
        "champion",
    )
    yield from terminal.table(head, [_version_row(each, metric) for each in rows])


def _version_row(row: Mapping[str, Any], metric: str) -> tuple[object, ...]:
    reigns = [f"{when(each['since'])} to {when(each['until']) if each['until'] else 'now'}" for each in row["champion"]]
    size = row["training_data_size"]
    return (
        row["version"], row["status"], when(row["creation_time"]), ", ".join(row["parent_versions"]), row["trigger"],
        number(row["metrics"].get(metric)), "-" if size is None else f"{size:,}",
        (row["training_data_hash"] or "")[:12], number(row["training_duration"]), ", ".join(reigns),
    )  # fmt: skip


def _leaves(found: object, name: str = "") -> Iterator[tuple[str, object]]:
    """Each value of a document with the names that lead to it."""
    if isinstance(found, dict) and found:
        for key, value in found.items():
            yield from _leaves(value, f"{name}.{key}" if name else str(key))
    elif isinstance(found, list) and found and isinstance(found[0], dict):
        for place, value in enumerate(found, 1):
            yield from _leaves(value, f"{name} {place}")
    else:
        yield name, found if not isinstance(found, list) else ", ".join(str(each) for each in found)


def _numbered(label: str) -> int:
    from include.workflow.run_parameters import numbered_version

    return numbered_version(label)


def _version(text: str) -> int:
    try:
        return _numbered(text)
    except ConfigurationError as error:
        raise argparse.ArgumentTypeError("; ".join(error.problems)) from error
