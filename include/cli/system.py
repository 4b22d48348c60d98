"""Commands on the system: status, start, stop, trigger. What starts or stops is Airflow, which ``--url`` names."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from typing import Any

from include.cli import flags, remote, terminal
from include.cli.answer import DONE, NOTHING, Answer
from include.cli.arguments import setting
from include.cli.asking import ask, page, when
from include.cli.flags import Add
from include.cli.overview import health_lines, health_of, told_of
from include.errors import ConfigurationError

DAG_ID = "automatic_model_retraining"
MOST = 200


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    looking = flags.on_records(add, "status", "whether it runs, its models, and what is wrong", status)
    flags.any_model(looking)
    for name, told, command in (
        ("start", "let the DAG run by its schedule", start),
        ("stop", "have the DAG start no more runs", stop),
    ):
        switching = flags.on_records(add, name, told, command)
        switching.add_argument("--reason", default="", help="why; kept in Airflow's audit log")
        if name == "start":
            switching.add_argument(
                "--data", action="append", default=[], type=_path_of_model, metavar="MODEL=PATH",
                help="first have the model file of this machine read its rows there; may be repeated",
            )  # fmt: skip
    asking = flags.on_records(add, "trigger", "start a run that retrains a model now, or only checks it", trigger)
    flags.one_model(asking)
    asking.add_argument("--reason", default="triggered from the command line", help="why; kept on record")
    asking.add_argument("--notes", default="", help="kept as the note of the run")
    less = asking.add_mutually_exclusive_group()
    less.add_argument("--check", action="store_true", help="check it now; it is retrained where its policy says so")
    less.add_argument("--dry-run", action="store_true", help="only decide: nothing is trained")
    asking.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", type=setting,
        help="hyperparameter for this retraining only, a JSON value or text; may be repeated",
    )  # fmt: skip


def status(options: argparse.Namespace) -> Answer:
    """Tell whether the DAG runs, how each model is, and what is wrong; 1 where it is stopped or anything is wrong.

    Whether Airflow runs is known through ``--url`` only.
    """
    asked = {"search": options.model, "limit": MOST}

    def direct(deployment: Any) -> Any:
        from include import workflow
        from include.records.entries import FleetQuery

        if options.model:
            workflow.check_model(deployment, options.model)
        return page(workflow.fleet(deployment, FleetQuery(**asked)).rows)

    reached = bool(remote.address_of(options))
    dag = remote.request(options, "GET", "/status") if reached else {}
    models = ask(options, direct, "GET", "models", params=asked)["entries"]
    found = {
        "is_running": dag.get("is_running"), "dag_id": DAG_ID, "next_run": dag.get("next_run"),
        "runs": dag.get("runs", []), "health": health_of(options),
        "models": [each for each in models if options.model in ("", each["model_name"])],
    }  # fmt: skip
    problems = [p for p in found["health"]["problems"] if options.model in ("", p["subject"])]
    found["health"] |= {"problems": problems, "well": not problems}
    well = found["is_running"] is not False and not problems
    return Answer(document=found, lines=_status(found), code=DONE if well else NOTHING)


def start(options: argparse.Namespace) -> Answer:
    """Let the DAG run by its schedule: Airflow, which --url names, unpauses it."""
    _require_airflow(options, "start")
    told = list[str]()
    if options.data:
        remote.request(options, "GET", "/status")  # no file is changed where Airflow cannot be started
        from include.workflow.first_model.rows_from import read_rows_from
        from include.workflow.settings import Settings

        folder = Settings.from_environment().models_dir
        for name, place in options.data:
            file = read_rows_from(folder, name, place)
            told.append(f"{file} reads its rows from {place}")
    found = remote.request(options, "POST", "/start", body={"reason": options.reason})
    return Answer(document=found, lines=[*told, *_switched(found)])


def stop(options: argparse.Namespace) -> Answer:
    """Have the DAG start no more runs: Airflow, which --url names, pauses it. What runs goes on to its end."""
    _require_airflow(options, "stop")
    found = remote.request(options, "POST", "/stop", body={"reason": options.reason})
    return Answer(document=found, lines=_switched(found))


def trigger(options: argparse.Namespace) -> Answer:
    """Ask for a retrain and start the run that does it, or one that only checks, in the Airflow that --url names."""
    _require_airflow(options, "trigger", "; without one, `request` has the next run of the DAG retrain the model")
    if options.dry_run or options.check:
        flag, does = ("--dry-run", "only decides about") if options.dry_run else ("--check", "checks")
        if options.settings:
            raise ConfigurationError("--set", f"it is for one training: leave it out, or leave {flag} out")
        body = {"reason": options.reason, "dry_run": options.dry_run}
        found = remote.request(options, "POST", remote.path("models", options.model, "runs"), body=body)
        return Answer(document=found, lines=[f"run {found['run_id']} {does} {options.model}"])
    body = {
        "reason": options.reason,
        "notes": options.notes,
        "kind": "manual",
        "hyperparameters": dict(options.settings),
    }
    found = remote.request(options, "POST", remote.path("models", options.model, "retrain"), body=body)
    began = found["run"]["run_id"] if found["run"] else ""
    lines = [f"request {found['request']['id']} {'waits' if found['new'] else 'was waiting already'}"]
    lines += [f"run {began} retrains {options.model}"] if began else ["no run was started"]
    lines += [found["note"]] if found["note"] else []
    return Answer(document=found, lines=lines, code=DONE if began else NOTHING)


def _require_airflow(options: argparse.Namespace, command: str, instead: str = "") -> None:
    if not remote.address_of(options):
        raise ConfigurationError(
            command,
            f"this is for Airflow to do: give its address by --url or {remote.ADDRESS}, and a token by {remote.TOKEN} "
            f"or --token-file{instead}",
        )


def _status(found: Mapping[str, Any]) -> Iterator[str]:
    running = {True: "runs by its schedule", False: "is stopped", None: "may run or not: give --url to ask Airflow"}
    following = f"; next at {when(found['next_run'])} UTC" if found["next_run"] else ""
    yield from terminal.prose(f"DAG {DAG_ID} {running[found['is_running']]}{following}")
    runs = [
        (r["run_id"], r["state"], when(r["started_at"]), r["requested_by"], _one_line(r["note"])) for r in found["runs"]
    ]
    if runs:
        yield ""
        yield from terminal.table(("run", "state", "started", "by", "note"), runs)
    yield ""
    head = ("model", "health", "champion", "last check", "requests", "told")
    rows = [_model(each) for each in found["models"]]
    yield from terminal.table(head, rows) if rows else ["no model is registered or on record"]
    yield ""
    yield from health_lines(found["health"])


def _model(row: Mapping[str, Any]) -> tuple[object, ...]:
    champion, last = row["champion"], row["last_decision"] or {}
    waits = "; requests to it wait until it is resumed" if row["health"] == "paused" else ""
    reigns = f"v{champion['version']} since {when(champion['since'])}" if champion else "-"
    return (
        row["model_name"], row["health"], reigns, when(last.get("at")), row["open_requests"],
        f"{told_of(row)}{waits}",
    )  # fmt: skip


def _switched(found: Mapping[str, Any]) -> Iterator[str]:
    following = f"; next run at {when(found['next_run'])} UTC" if found["is_running"] and found["next_run"] else ""
    yield f"DAG {found['dag_id']} {'runs by its schedule' if found['is_running'] else 'starts no more runs'}{following}"


def _path_of_model(text: str) -> tuple[str, str]:
    name, equals, place = text.partition("=")
    if not name or not equals or not place:
        raise argparse.ArgumentTypeError(f"found {text!r}; write MODEL=PATH, for example iris=/data/iris.csv")
    return name, place


def _one_line(note: str | None) -> str:
    r"""A note as a cell of a table: its lines one after the other, without rules between them.

    >>> _one_line("demand: no retrain\n\n* * *\n\nlooked at by ada")
    'demand: no retrain; looked at by ada'
    """
    return "; ".join(line.strip() for line in (note or "").splitlines() if line.strip(" *"))
