"""Command line: ``python -m include.cli init | validate | explain | check | execute | replay | migrate | …``."""

from __future__ import annotations

import argparse
import logging
import os
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from include.cli import backtest as command
from include.cli import first_model as first_commands
from include.cli import lineage as lineage_commands
from include.cli import records as record_commands
from include.cli.arguments import finite, moment, positive, probability, sample_size
from include.cli.progress import progress
from include.errors import RetrainingError
from include.workflow.idle_threads import let_idle_threads_sleep
from include.workflow.run_parameters import PRESET_NAMES
from include.workflow.settings import Settings

if TYPE_CHECKING:  # imported late: every command reads this file
    from include.workflow.plain_files import PlainFiles, Target

METRIC_FLAGS = ("r2", "rmse", "mae", "accuracy")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; the exit code is 0, or what the command says, or 2 after an error named on standard error."""
    let_idle_threads_sleep()
    logging.basicConfig(level=logging.WARNING, format="%(levelname)s %(message)s")
    options = make_parser().parse_args(arguments)
    try:
        code = options.command(options) or 0
        sys.stdout.flush()
    except BrokenPipeError:  # whoever read has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except RetrainingError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return 2
    except Exception as error:
        if not (told := _trouble(error)):
            raise
        print(told, file=sys.stderr)
        return 2
    return int(code)


def _trouble(error: Exception) -> str:
    """What a file or the database of the records refuses, in a line; empty for what is a fault of ours.

    An address that cannot be read is not repeated: it holds a password.
    """
    import psycopg

    if isinstance(error, OSError):
        return f"{error.strerror or error}: {error.filename}" if error.filename else ""
    if isinstance(error, psycopg.errors.UndefinedTable | psycopg.errors.UndefinedColumn):
        return "the records database lacks a table or column: run `python -m include.cli migrate`"
    if isinstance(error, psycopg.OperationalError):
        return f"the records database (AIRFLOW_CONN_RETRAINING_DB) cannot be used: {error}"
    unreadable = type(error) is psycopg.ProgrammingError and error.sqlstate is None
    return "AIRFLOW_CONN_RETRAINING_DB is no valid Postgres URI" if unreadable else ""


def check(options: argparse.Namespace) -> None:
    """Decide from plain files whether a retrain pays, and print the decision."""
    from include.workflow.plain_files import read_plain_files

    files = read_plain_files(
        options.reference_data, options.recent_data, options.recent_predictions, options.recent_actuals
    )
    _decide(options, files, files.target(options.target))


def execute(options: argparse.Namespace) -> None:
    """Decide from plain files; if it pays (or with --force) train a challenger and judge it."""
    from include.workflow.plain_files import read_plain_files, retrain

    files = read_plain_files(
        options.reference_data, options.recent_data, options.recent_predictions, options.recent_actuals
    )
    target = files.target(options.target, needed=True)
    if not _decide(options, files, target) and not options.force:
        return
    with progress("training a challenger"):
        outcome = retrain(files, target.name, minimum_rows=options.min_samples, output=options.output)
    print(f"Outcome: {outcome.status}: {outcome.reason}")
    for name, value in outcome.scores.items():
        before = outcome.champion_scores.get(name)
        print(f"  {name}: {'' if before is None else f'{before:.4g} → '}{value:.4g}")
    print(f"Artifact: {options.output / outcome.artifact_path}" if outcome.artifact_path else "No artifact was made")


def replay(options: argparse.Namespace) -> None:
    """Replay a stretch of history with the production code, and print a line a window and a summary."""
    from include.workflow.backtest.replay import Window, boundaries, lines
    from include.workflow.backtest.replay import replay as run
    from include.workflow.deployment import rehearsal
    from include.workflow.model_files import load_model, unchecked_note_of

    settings = Settings.from_environment()
    moments = boundaries(options.start, options.end, options.every)
    spec = load_model(options.models_dir or settings.models_dir, options.model)
    if note := unchecked_note_of(spec, moments):
        print(f"Note: {note}")

    def show(window: Window) -> None:
        score = "-" if window.score is None else f"{window.score:.4g}"
        print(f"{window.start:%Y-%m-%d %H:%M}  {window.rows:6d} rows  {window.champion:>4s}  {score:>10s}  "
              f"{window.decision}{'  => ' + window.outcome if window.outcome else ''}", flush=True)  # fmt: skip

    with tempfile.TemporaryDirectory() as folder:
        deployment = rehearsal(Path(folder), spec, data_dir=options.data_dir or settings.data_dir)
        result = run(deployment, options.model, moments, show=show, preset=options.preset, compare=not options.alone)
        print()
        for line in lines(result, spec.metric):
            print(line)


def migrate(_options: argparse.Namespace) -> None:
    """Bring the records database to the newest schema."""
    from include.workflow.migrate import migrate_records

    applied = migrate_records()
    print(f"applied {', '.join(applied)}" if applied else "the schema is up to date")


def config(options: argparse.Namespace) -> None:
    """Print what the policies of registered models come to: preset, model file and environment together."""
    import yaml

    from include.workflow.model_files import policies

    folder = options.models_dir or Settings.from_environment().models_dir
    for name, settings in policies(folder, options.model or [], options.preset):
        print(yaml.safe_dump({name: settings}, sort_keys=False, allow_unicode=True, width=120), end="")


def _decide(options: argparse.Namespace, files: PlainFiles, target: Target) -> bool:
    from include.interfaces.reports.text import banner
    from include.workflow.plain_files import AutomaticRetrainingOrchestrator

    for line in (*files.told, *files.differences(target.name), *files.giveaways(target.name)):
        print(f"Found: {line}")
    if target.name:
        print(f"Target: {target.name!r}, no input ({target.why or 'as you said'})")
    orchestrator = AutomaticRetrainingOrchestrator(
        data_drift_threshold=options.data_drift_threshold,
        performance_threshold=options.performance_threshold,
        min_samples_for_retraining=options.min_samples,
        baseline_metrics=_metrics(options, "baseline_"),
        task=options.task,
    )
    with progress("comparing the rows"):
        decision = files.decide(orchestrator, target, _metrics(options, ""), learning=options.command is execute)
    print(banner(decision))
    return decision.triggered


def _metrics(options: argparse.Namespace, prefix: str) -> dict[str, float]:
    given = {name: getattr(options, prefix + name) for name in METRIC_FLAGS}
    return {name: value for name, value in given.items() if value is not None}


def make_parser() -> argparse.ArgumentParser:
    """What reads the command line."""
    parser = argparse.ArgumentParser(prog="python -m include.cli", description="Keeps production models good.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _add_check(commands.add_parser("check", help="decide from plain files", description=check.__doc__), check)
    executing = commands.add_parser(
        "execute", help="decide, train and judge from plain files", description=execute.__doc__
    )
    _add_check(executing, execute)
    executing.add_argument("--output", type=Path, default=Path("artifacts"), help="folder for the version trained")
    executing.add_argument("--force", action="store_true", help="retrain whatever the decision is")
    command.add_arguments(commands.add_parser("backtest", help="try policies on history", description=command.__doc__))
    _add_replay(commands.add_parser("replay", help="replay a stretch of history", description=replay.__doc__))
    _add_config(commands.add_parser("config", help="what models' policies come to", description=config.__doc__))
    migrating = commands.add_parser(
        "migrate", help="bring the records database up to date", description=migrate.__doc__
    )
    migrating.set_defaults(command=migrate)
    first_commands.add_commands(commands.add_parser)
    record_commands.add_commands(commands.add_parser)
    lineage_commands.add_commands(commands.add_parser)
    return parser


def _add_check(parser: argparse.ArgumentParser, command: object) -> None:
    add = parser.add_argument
    add("--reference-data", type=Path, required=True, help="rows the model was trained on (CSV, Parquet or JSON Lines)")
    add("--recent-data", type=Path, required=True, help="rows observed since, in time order")
    add("--recent-predictions", type=Path, help="the model's predictions on the recent rows (.npy, or one column)")
    add("--recent-actuals", type=Path, help="what came true on the recent rows (.npy, or one column)")
    add("--target", help="column to predict, no input (default: by its name, or by the actuals)")
    add("--task", choices=["regression", "classification"], help="default: by predictions and actuals")
    for name in METRIC_FLAGS:
        add(f"--{name}", type=finite, help=f"the model's {name} now")
        add(f"--baseline-{name}", type=finite, help=f"its {name} when it was accepted")
    add(
        "--data-drift-threshold",
        type=probability,
        default=0.05,
        help="false-alarm rate of a check (default: %(default)s)",
    )
    add("--performance-threshold", type=positive, help="worsening that matters (default: by metric)")
    add("--min-samples", type=sample_size, default=100, help="recent rows needed (default: %(default)s)")
    parser.set_defaults(command=command)


def _add_config(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", action="append", help="name of a registered model; may be repeated (default: all)")
    add("--preset", default="", choices=["", *PRESET_NAMES], help="default: the model's own")
    add("--models-dir", type=Path, help="folder of model files (default: RETRAINING_MODELS_DIR)")
    parser.set_defaults(command=config)


def _add_replay(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--model", required=True, help="name of a registered model with timestamps")
    add("--from", dest="start", type=moment, required=True, help="where to begin; the first version is trained then")
    add("--to", dest="end", type=moment, required=True, help="where to end")
    add("--every", default="28d", help="time between checks: 6h, 28d, 1mo (calendar months); default: %(default)s")
    add("--preset", default="", choices=["", *PRESET_NAMES], help="default: the model's own")
    add("--models-dir", type=Path, help="folder of model files (default: RETRAINING_MODELS_DIR)")
    add("--data-dir", type=Path, help="folder that source paths start from (default: RETRAINING_DATA_DIR)")
    add("--alone", action="store_true", help="do not compare with never and always retraining")
    parser.set_defaults(command=replay)


if __name__ == "__main__":
    sys.exit(main())
