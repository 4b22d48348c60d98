"""Commands on the records: requests, rollbacks, quarantines, reports and recommendations."""

from __future__ import annotations

import argparse
import getpass
import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from include.cli.arguments import duration
from include.errors import ConfigurationError
from include.interfaces.reports.formats import REPORT_FORMATS
from include.workflow.run_parameters import KINDS


def add_commands(add: Callable[..., argparse.ArgumentParser]) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    _add_requests(add)
    _add_versions(add)
    _add_quarantines(add)
    _add_reports(add)


def _add_requests(add: Callable[..., argparse.ArgumentParser]) -> None:
    asking = add("request", help="ask for a retrain", description=request.__doc__)
    asking.add_argument("model", help="name of a registered model")
    asking.add_argument("--reason", required=True, help="why; kept on record")
    asking.add_argument("--by", default="", help="who asks (default: the user of this process)")
    asking.add_argument(
        "--kind",
        default="manual",
        choices=KINDS,
        help="where it comes from (default: %(default)s)",
    )
    asking.add_argument(
        "--key", default="", help="makes it one and the same request while it waits (default: by content)"
    )
    asking.add_argument(
        "--set", dest="settings", action="append", default=[], metavar="NAME=VALUE", type=_setting,
        help="hyperparameter for this retraining only, a JSON value or text; may be repeated",
    )  # fmt: skip
    asking.set_defaults(command=request)
    listing = add("requests", help="requests, and what became of each", description=requests.__doc__)
    listing.add_argument("model", nargs="?", help="name of a model (default: all)")
    listing.set_defaults(command=requests)


def _add_versions(add: Callable[..., argparse.ArgumentParser]) -> None:
    returning = add("rollback", help="make a former champion champion again", description=rollback.__doc__)
    returning.add_argument("--model", required=True, help="name of a registered model")
    returning.add_argument("--to", default="previous", help="version, such as v3 (default: the one before)")
    returning.add_argument("--reason", required=True, help="why; kept on record")
    returning.add_argument("--by", default="", help="who asks (default: the user of this process)")
    returning.add_argument("--key", default="", help="makes it one and the same rollback when it is repeated")
    returning.add_argument(
        "--wait", type=duration, default=timedelta(0), help="while it is retrained, for example 30min"
    )
    returning.set_defaults(command=rollback)
    trying = add("canary", help="share of the traffic beside the champion, recorded", description=canary.__doc__)
    trying.add_argument("model", help="name of a registered model")
    trying.add_argument("--version", help="which version, such as v3; without it the history is shown")
    trying.add_argument("--share", type=float, help="per cent of the traffic; 0 ends it")
    trying.add_argument("--reason", default="", help="why; kept on record")
    trying.add_argument("--by", default="", help="who decides (default: the user of this process)")
    trying.set_defaults(command=canary)


def _add_quarantines(add: Callable[..., argparse.ArgumentParser]) -> None:
    sparing = add("quarantines", help="rows that are not trained on", description=quarantines.__doc__)
    sparing.add_argument("model", nargs="?", help="name of a model (default: all)")
    sparing.set_defaults(command=quarantines)
    lifting = add("lift", help="let quarantined rows be trained on again", description=lift.__doc__)
    lifting.add_argument("quarantine", type=int, help="its number, as `quarantines` shows it")
    lifting.add_argument("--reason", required=True, help="why; kept on record")
    lifting.add_argument("--by", default="", help="who decides (default: the user of this process)")
    lifting.add_argument(
        "--accept", action="store_true", help="later rows may look like this, too, as long as the champion stays"
    )
    lifting.set_defaults(command=lift)


def _add_reports(add: Callable[..., argparse.ArgumentParser]) -> None:
    reporting = add("report", help="what a run saw, decided and did", description=report.__doc__)
    reporting.add_argument(
        "model", nargs="?", help="name of a model (default: a few lines on each, for the runs given)"
    )
    reporting.add_argument(
        "--run", "--run-id", dest="runs", action="append", default=[],
        help="run of the DAG (default: the model's latest); may be repeated without a model",
    )  # fmt: skip
    reporting.add_argument("--format", default="md", choices=REPORT_FORMATS, help="default: %(default)s")
    reporting.add_argument("--out", type=Path, help="file to write (default: the terminal)")
    reporting.set_defaults(command=report)
    advising = add("recommend", help="what a model's history advises", description=recommend.__doc__)
    advising.add_argument("model", nargs="+", help="name of a model")
    advising.set_defaults(command=recommend)


def request(options: argparse.Namespace) -> None:
    """Ask for a retrain of a model; its next run that may retrain does so, whatever the policy says."""
    from include.workflow.deployment import open_deployment
    from include.workflow.people import pause_of
    from include.workflow.provable import why_not_provable
    from include.workflow.request import request_retrain

    deployment = open_deployment()
    kept, added = request_retrain(
        deployment, options.model, options.reason, by=_who(options), kind=options.kind, key=options.key,
        hyperparameters=dict(options.settings),
    )  # fmt: skip
    print(
        f"request {kept.id} {'waits' if added else 'was waiting already'} for the next run of {options.model}",
        flush=True,
    )
    if (pause := pause_of(deployment, options.model)) is not None:
        print(f"Note: the model is {pause.sentence}. The request waits until it is resumed.")
    if why := why_not_provable(deployment, options.model, at=datetime.now(UTC)):
        print(f"Note: {why}. The request waits all the same.")


def requests(options: argparse.Namespace) -> None:
    """List the requests, oldest first, and what became of each."""
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import check_known

    deployment = open_deployment()
    check_known(deployment, *filter(None, [options.model]))
    for kept in deployment.store.requests(model_name=options.model):
        asked = kept.request
        state = "waiting" if kept.consumed is None else f"consumed by {kept.consumed.run_id}"
        state += f", try {asked.tries}, of #{kept.retry_of} again" if kept.retry_of is not None else ""
        state += f", given up: {kept.gave_up}" if kept.gave_up else ""
        settings = f" {json.dumps(dict(asked.hyperparameters))}" if asked.hyperparameters else ""
        print(f"#{asked.id}  {asked.requested_at:%Y-%m-%d %H:%M}  {asked.model_name}  {asked.kind}  {state}  "
              f"{asked.requested_by}: {asked.reason}{settings}")  # fmt: skip


def rollback(options: argparse.Namespace) -> None:
    """Make a former champion champion again; its artifact is loaded first and has to answer, and nothing is trained."""
    from functools import partial

    from include.interfaces.mlflow.follow import follow
    from include.interfaces.mlflow.settings import MlflowSettings
    from include.workflow.deployment import open_deployment
    from include.workflow.rollback import roll_back
    from include.workflow.run_parameters import version_number

    deployment = open_deployment()
    change = roll_back(
        deployment, options.model, version_number(options.to), requested_by=_who(options),
        reason=options.reason, key=options.key, wait=options.wait,
    )  # fmt: skip
    when = f"{change.deployed_at:%Y-%m-%d %H:%M:%S} UTC"
    print(f"{change.model_name} {change.sentence} (by {change.deployed_by}, {when})")
    read_spec = partial(deployment.spec, change.model_name)
    follow(MlflowSettings.from_environment, deployment.store, deployment.artifacts, change.model_name, read_spec)


def canary(options: argparse.Namespace) -> None:
    """Write down which share of the traffic a version has beside the champion, or show what was; it routes nothing."""
    from include.workflow.canary import set_canary
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import check_known
    from include.workflow.run_parameters import numbered_version

    deployment = open_deployment()
    check_known(deployment, options.model)
    if options.version is None:
        for kept in deployment.store.canaries(options.model):
            print(f"{kept.set_at:%Y-%m-%d %H:%M}  v{kept.version} {kept.share:g} % beside v{kept.champion_version}  "
                  f"{'runs' if kept.running else 'ended'}  {kept.set_by}: {kept.reason}")  # fmt: skip
        return
    number = numbered_version(options.version)
    if options.share is None:
        raise ConfigurationError("canary", "write --share in per cent, and --reason")
    kept = set_canary(deployment.store, options.model, number, options.share, by=_who(options), reason=options.reason)
    print(f"{kept.model_name}: v{kept.version} has {kept.share:g} % beside v{kept.champion_version}, on record")


def quarantines(options: argparse.Namespace) -> None:
    """List the rows that are or were in quarantine, oldest first: since when, why, and who lifted it."""
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import check_known

    deployment = open_deployment()
    check_known(deployment, *filter(None, [options.model]))
    for kept in deployment.store.quarantines(options.model):
        fault, lifted = kept.fault, kept.lifted
        state = "in quarantine"
        if lifted is not None:
            state = f"{'accepted' if lifted.accepts else 'lifted'} by {lifted.lifted_by}: {lifted.reason}"
        print(f"#{kept.id}  {kept.model_name}  {fault.feature}  {fault.span or 'all recent rows'}  {state}  "
              f"{fault.reason} (run {kept.run_id})")  # fmt: skip


def lift(options: argparse.Namespace) -> None:
    """Let quarantined rows be trained on again: they are mended, or were in order. Kept on record."""
    from include.workflow.deployment import open_deployment
    from include.workflow.lift import lift_quarantine

    kept = lift_quarantine(
        open_deployment().store, options.quarantine, by=_who(options), reason=options.reason, accepts=options.accept
    )
    print(f"quarantine {kept.id} of {kept.model_name}, {kept.fault.feature}: lifted")


def report(options: argparse.Namespace) -> None:
    """Report what a run saw of a model, what it decided and why, and what came of it."""
    from include.interfaces.reports.files import FORMATS as RENDERERS
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import latest_run
    from include.workflow.report import report_of

    if options.model is None:
        _print_runs(options.runs)
        return
    if len(options.runs) > 1:
        raise ConfigurationError("--run", "one run at a time when a model is named")
    deployment = open_deployment()
    run_id = options.runs[0] if options.runs else latest_run(deployment.store, options.model)
    text = RENDERERS[options.format](report_of(deployment, options.model, run_id))
    if options.out is None:
        print(text)
    else:
        options.out.write_text(text, encoding="utf-8")
        print(options.out)


def recommend(options: argparse.Namespace) -> None:
    """Print what the records of models advise: retrain, correct what failed, change or retire a trigger."""
    from include.workflow.deployment import open_deployment
    from include.workflow.on_record import check_known, latest_checks
    from include.workflow.report import recommendations_of

    deployment = open_deployment()
    check_known(deployment, *options.model)
    for name in options.model:
        print(f"{name}: {len(latest_checks(deployment.store, name))} checks")
        for each in recommendations_of(deployment, name):
            print(f"  {each.kind.replace('_', ' ')}, {each.subject}: {each.reason}")


def _print_runs(run_ids: list[str]) -> None:
    """What came of each model in the given runs, and their event rows."""
    from include.interfaces.reports.text import event_row, of_model
    from include.workflow.deployment import open_deployment

    if not run_ids:
        raise ConfigurationError("report", "name a model, or give --run")
    records = open_deployment().store
    for run_id in run_ids:
        print(f"Run {run_id}")
        for analysis, _ in records.decisions(run_id=run_id):
            print(of_model(analysis.model_name, records.decision(analysis.model_name, run_id)))
    print("\nmodel_retraining_events")
    rows = [event_row(event) for run_id in run_ids for event in records.events(run_id=run_id)]
    for row in rows or ["  no new event"]:
        print(row)


def _who(options: argparse.Namespace) -> str:
    return str(options.by or user_name())


def user_name() -> str:
    """Who runs this process; its number, such as ``uid 1000690000``, where the machine knows no name for it."""
    try:
        return getpass.getuser()
    except (KeyError, OSError, ImportError):  # containers run as any number, without an entry in passwd
        return f"uid {os.getuid()}"


def _setting(text: str) -> tuple[str, Any]:
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise argparse.ArgumentTypeError(f"found {text!r}; write NAME=VALUE, for example max_iter=300")
    try:
        return name, json.loads(value)
    except json.JSONDecodeError:
        return name, value
