"""The command replay: a stretch of history, decided again by the production code."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from include.cli.answer import Answer, note
from include.cli.arguments import moment
from include.cli.flags import Add
from include.workflow.run_parameters import PRESET_NAMES
from include.workflow.settings import Settings

if TYPE_CHECKING:  # imported late: every command reads this file
    from include.workflow.backtest.replay import Window


def add_commands(add: Add) -> None:
    """Describe the command and its flags; `add` adds one by its name."""
    parser = add("replay", help="replay a stretch of history", description=replay.__doc__)
    flag = parser.add_argument
    flag("--model", required=True, help="name of a registered model with timestamps")
    flag("--from", dest="start", type=moment, required=True, help="where to begin; the first version is trained then")
    flag("--to", dest="end", type=moment, required=True, help="where to end")
    flag("--every", default="28d", help="time between checks: 6h, 28d, 1mo (calendar months); default: %(default)s")
    flag("--preset", default="", choices=["", *PRESET_NAMES], help="default: the model's own")
    flag("--models-dir", type=Path, help="folder of model files (default: RETRAINING_MODELS_DIR)")
    flag("--data-dir", type=Path, help="folder that source paths start from (default: RETRAINING_DATA_DIR)")
    flag("--alone", action="store_true", help="do not compare with never and always retraining")
    parser.set_defaults(command=replay)


def replay(options: argparse.Namespace) -> Answer:
    """Replay a stretch of history with the production code, and print a line a window and a summary."""
    from include.workflow.backtest.replay import boundaries, lines
    from include.workflow.backtest.replay import replay as run
    from include.workflow.deployment import rehearsal, temporary_folder
    from include.workflow.model_files import load_model, unchecked_note_of

    settings = Settings.from_environment()
    moments = boundaries(options.start, options.end, options.every)
    spec = load_model(options.models_dir or settings.models_dir, options.model)
    unchecked = unchecked_note_of(spec, moments)
    if unchecked and not options.json:
        print(f"Note: {unchecked}")
    with temporary_folder() as folder:
        deployment = rehearsal(folder, spec, data_dir=options.data_dir or settings.data_dir)
        show = _quietly if options.json else _show
        result = run(deployment, options.model, moments, show=show, preset=options.preset, compare=not options.alone)
        summary = list(lines(result, spec.metric))
    document = {
        "model_name": spec.name, "metric": spec.metric, "note": unchecked or "", "windows": result.windows,
        "policy": result.policy, "alternatives": result.alternatives, "summary": summary,
    }  # fmt: skip
    return Answer(document=document, lines=["", *summary])


def _show(window: Window) -> None:
    print(_line(window), flush=True)


def _quietly(window: Window) -> None:
    note(_line(window))


def _line(window: Window) -> str:
    score = "-" if window.score is None else f"{window.score:.4g}"
    came = f"  => {window.outcome}" if window.outcome else ""
    return (
        f"{window.start:%Y-%m-%d %H:%M}  {window.rows:6d} rows  {window.champion:>4s}  {score:>10s}  "
        f"{window.decision}{came}"
    )
