"""Replay policies over history with the production code, and compare what each would have done, gained and cost."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from include.cli.answer import Answer
from include.cli.arguments import moment
from include.cli.flags import Add
from include.errors import ConfigurationError
from include.workflow.run_parameters import PRESET_NAMES, WITHOUT_POLICY
from include.workflow.settings import Settings

if TYPE_CHECKING:  # imported late: every command reads this file
    from include.workflow.backtest.policies import NamedPolicy
    from include.workflow.model_files import ModelSpec

DEFAULT_POLICIES = ",".join([*PRESET_NAMES, *WITHOUT_POLICY])


def add_commands(add_command: Add) -> None:
    """Describe the command and its flags; `add_command` adds one by its name."""
    parser = add_command("backtest", help="try policies on history", description=__doc__)
    add = parser.add_argument
    add("--model", required=True, help="name of a registered model with timestamps")
    add("--policies", default=DEFAULT_POLICIES,
        help="presets, never, always (a retrain at every check), model (as its file says), and files with the fields "
             "of a policy, as my.yaml; default: %(default)s")  # fmt: skip
    add("--from", dest="start", type=moment, help="where to begin (default: the end of the model's reference)")
    add("--to", dest="end", type=moment, help="where to end (default: after the last row)")
    add("--every", default="", help="time between checks: 6h, 28d, 1mo (default: the model's window)")
    add("--jobs", type=int, default=os.cpu_count() or 1, help="processes at once (default: one a core)")
    add("--out", type=Path, help="file for the result (default: backtests/MODEL.json in the artifacts folder, with "
                                 "--recorded MODEL.recorded.json); its picture, an SVG, is put beside it")  # fmt: skip
    add("--compare", type=Path, metavar="FILE", help="an earlier result to compare with")
    add("--recorded", action="store_true",
        help="from recorded analyses alone, when the rows are gone: which checks would have fired")  # fmt: skip
    add("--models-dir", type=Path, help="folder of model files (default: RETRAINING_MODELS_DIR)")
    add("--data-dir", type=Path, help="folder that source paths start from (default: RETRAINING_DATA_DIR)")
    parser.set_defaults(command=backtest)


def backtest(options: argparse.Namespace) -> Answer:
    """Run the backtest, keep its result and its picture, and print the table."""
    from include.workflow.backtest.files import check_place
    from include.workflow.backtest.policies import named_policies
    from include.workflow.model_files import load_model

    settings = Settings.from_environment()
    spec = load_model(options.models_dir or settings.models_dir, options.model)
    policies = named_policies(spec, options.policies)
    name = f"{spec.name}.recorded.json" if options.recorded else f"{spec.name}.json"
    out = options.out or settings.artifacts_dir / "backtests" / name
    check_place(out)
    return (_recorded if options.recorded else _replayed)(options, settings, spec, policies, out)


def _replayed(
    options: argparse.Namespace, settings: Settings, spec: ModelSpec, policies: Sequence[NamedPolicy], out: Path
) -> Answer:
    from include.interfaces.reports.backtest_picture import picture
    from include.interfaces.reports.backtest_table import differences, table
    from include.workflow.backtest.files import picture_of, write
    from include.workflow.backtest.run import run_backtest
    from include.workflow.backtest.trial import load, save

    earlier = None if options.compare is None else load(options.compare)
    data_dir = options.data_dir or settings.data_dir
    moments = _moments(options, spec, data_dir)
    result = run_backtest(policies, data_dir, moments, jobs=options.jobs, progress=_progress)
    save(result, out)
    write(picture(result), picture_of(out))
    lines = [*table(result), *([] if earlier is None else differences(result, earlier))]
    document = {**result.to_json(), "file": str(out), "picture": str(picture_of(out))}
    return Answer(document=document, lines=[*lines, f"kept in {out} and {picture_of(out).name}"])


def _recorded(
    options: argparse.Namespace, settings: Settings, spec: ModelSpec, policies: Sequence[NamedPolicy], out: Path
) -> Answer:
    """The same from recorded analyses: which checks each policy would have fired on."""
    from include.workflow.backtest.files import read_json, write_json
    from include.workflow.backtest.fired import RecordedBacktest, changes, run_recorded, summary
    from include.workflow.backtest.recorded import read_record
    from include.workflow.deployment import open_deployment

    earlier = None
    if options.compare is not None:
        earlier = read_json(options.compare, RecordedBacktest.from_json, "a backtest with --recorded")
    result = run_recorded(read_record(open_deployment().store, spec, start=options.start, end=options.end), policies)
    write_json(result.to_json(), out)
    lines = [*summary(result), *([] if earlier is None else changes(result, earlier))]
    return Answer(document={**result.to_json(), "file": str(out)}, lines=[*lines, f"kept in {out}"])


def _moments(options: argparse.Namespace, spec: ModelSpec, data_dir: Path) -> list[datetime]:
    """Ends of the windows, as far as not given found in the model file and in its rows."""
    from include.workflow.backtest.replay import boundaries
    from include.workflow.backtest.rows_once import RowsOnce

    if spec.reference is None:
        raise ConfigurationError(spec.name, "a model without timestamps has no history to replay")
    end = options.end
    if end is None:
        rows = RowsOnce(datetime.now(UTC)).history(spec, data_dir)
        end = rows[spec.timestamp].iloc[-1].to_pydatetime() + timedelta(microseconds=1)
    hours = spec.window // timedelta(hours=1)
    return boundaries(options.start or spec.reference.end, end, options.every or f"{max(hours, 1)}h")


def _progress(done: Mapping[str, int], windows: int) -> None:
    """One line on standard error that is written over; nothing where nobody watches."""
    if sys.stderr.isatty():
        total, whole = sum(done.values()), windows * len(done)
        bar = "#" * (30 * total // whole)
        end = "\n" if total == whole else ""
        parts = "  ".join(f"{name} {number}" for name, number in done.items())
        print(f"\r[{bar:30s}] {total}/{whole}  {parts}", end=end, file=sys.stderr, flush=True)
