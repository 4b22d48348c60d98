"""Commands on plain files, without model file, Airflow or database: check, execute."""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from include.cli.answer import BAD_INPUT, DONE, NOTHING, Answer
from include.cli.arguments import finite, positive, probability, sample_size
from include.cli.flags import Add
from include.cli.progress import progress

if TYPE_CHECKING:  # imported late: every command reads this file
    from include.workflow.plain_files import PlainFiles, Target

METRIC_FLAGS = ("r2", "rmse", "mae", "accuracy")
DECIDED = ("severity", "confidence", "reason", "cause", "recommendation", "features", "blocked_by")


def add_commands(add: Add) -> None:
    """Describe the commands and their flags; `add` adds one by its name."""
    _add_flags(add("check", help="decide from plain files", description=check.__doc__), check)
    executing = add("execute", help="decide, train and judge from plain files", description=execute.__doc__)
    _add_flags(executing, execute)
    executing.add_argument("--output", type=Path, default=Path("artifacts"), help="folder for the version trained")
    executing.add_argument("--force", action="store_true", help="retrain whatever the decision is")


def check(options: argparse.Namespace) -> Answer:
    """Decide from plain files whether a retrain pays, and print the decision; 0: it pays, 1: no."""
    files = _read(options)
    told, lines = _decide(options, files, files.target(options.target))
    return Answer(document=told, lines=lines, code=DONE if told["retrain"] else NOTHING)


def execute(options: argparse.Namespace) -> Answer:
    """Decide from plain files; if it pays (or with --force) train a challenger and judge it.

    0: there is a better version, 1: none was trained, or it was turned down.
    """
    from include.workflow.plain_files import retrain

    files = _read(options)
    target = files.target(options.target, needed=True)
    told, lines = _decide(options, files, target)
    if not told["retrain"] and not options.force:
        return Answer(document={**told, "outcome": None}, lines=lines, code=NOTHING)
    with progress("training a challenger"):
        outcome = retrain(files, target.name, minimum_rows=options.min_samples, output=options.output)
    made = str(options.output / outcome.artifact_path) if outcome.artifact_path else None
    ended = {
        "status": str(outcome.status), "reason": outcome.reason, "scores": dict(outcome.scores),
        "champion_scores": dict(outcome.champion_scores), "artifact": made,
    }  # fmt: skip
    return Answer(
        document={**told, "outcome": ended}, lines=[*lines, *_ended(ended)],
        code=DONE if ended["status"] == "promoted" else NOTHING,
    )  # fmt: skip


def _read(options: argparse.Namespace) -> PlainFiles:
    from include.workflow.plain_files import read_plain_files

    return read_plain_files(
        options.reference_data, options.recent_data, options.recent_predictions, options.recent_actuals
    )


def _decide(options: argparse.Namespace, files: PlainFiles, target: Target) -> tuple[dict[str, Any], list[str]]:
    """What was decided, as JSON holds it and in lines."""
    from include.interfaces.reports.text import banner
    from include.workflow.plain_files import AutomaticRetrainingOrchestrator

    found = [*files.told, *files.differences(target.name), *files.giveaways(target.name)]
    lines = [f"Found: {line}" for line in found]
    if target.name:
        lines.append(f"Target: {target.name!r}, no input ({target.why or 'as you said'})")
    orchestrator = AutomaticRetrainingOrchestrator(
        data_drift_threshold=options.data_drift_threshold,
        performance_threshold=options.performance_threshold,
        min_samples_for_retraining=options.min_samples,
        baseline_metrics=_metrics(options, "baseline_"),
        task=options.task,
    )
    with progress("comparing the rows"):
        decision = files.decide(orchestrator, target, _metrics(options, ""), learning=options.command is execute)
    told = {"retrain": decision.triggered, **{name: getattr(decision, name) for name in DECIDED}}
    return {**told, "target": target.name, "found": found}, [*lines, *banner(decision).split("\n")]


def _ended(outcome: Mapping[str, Any]) -> Iterator[str]:
    yield f"Outcome: {outcome['status']}: {outcome['reason']}"
    for name, value in outcome["scores"].items():
        before = outcome["champion_scores"].get(name)
        yield f"  {name}: {'' if before is None else f'{before:.4g} → '}{value:.4g}"
    yield f"Artifact: {outcome['artifact']}" if outcome["artifact"] else "No artifact was made"


def _metrics(options: argparse.Namespace, prefix: str) -> dict[str, float]:
    given = {name: getattr(options, prefix + name) for name in METRIC_FLAGS}
    return {name: value for name, value in given.items() if value is not None}


def _add_flags(parser: argparse.ArgumentParser, command: object) -> None:
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
    parser.set_defaults(command=command, unreachable=BAD_INPUT)
