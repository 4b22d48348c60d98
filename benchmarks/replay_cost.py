"""What a replay costs beyond the four functions it calls, and whether a backtest uses all cores.

    python -m benchmarks.replay_cost [--windows 500] [--features 20]

One window a day of 100 rows; the model's window is a week. CPU seconds of one process; by hand means analyze, decide,
execute and log called in a loop, with the rows read anew from the file each time as in production (on a sample of the
windows), and with the rows read once. The replay also scores the champion on every window.
"""

from __future__ import annotations

import argparse
import os
import resource
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from include.records.entries import Run
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from include.workflow.backtest.policies import named_policies
from include.workflow.backtest.replay import boundaries, replay
from include.workflow.backtest.rows_once import RowsOnce
from include.workflow.backtest.run import run_backtest
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute

START, REFERENCE_DAYS, ROWS_A_DAY, SAMPLE = datetime(2020, 1, 1, tzinfo=UTC), 60, 100, 25
NAME = "cost"


def prepare(folder: Path, windows: int, features: int) -> None:
    """Write the rows, whose concept turns over in the middle, and the model file."""
    rng, rows = np.random.default_rng(0), (REFERENCE_DAYS + windows) * ROWS_A_DAY
    values = rng.normal(size=(rows, features))
    sign = np.where(np.arange(rows) < rows // 2, 1.0, -1.0)
    table = pd.DataFrame(values, columns=[f"x{number}" for number in range(features)])
    table["y"] = sign * values[:, 0] + values[:, 1] + rng.normal(size=rows)
    table["at"] = pd.date_range(START, periods=rows, freq=timedelta(days=1) / ROWS_A_DAY)
    table.to_parquet(folder / f"{NAME}.parquet")
    until = START + timedelta(days=REFERENCE_DAYS)
    model = {"task": "regression", "source": {"kind": "parquet", "path": f"{NAME}.parquet"}, "timestamp": "at",
             "target": "y", "metric": "rmse", "window": "7d", "check_every": "1d", "reference": {"end": str(until)},
             "training": {"estimator": "linear"}}  # fmt: skip
    (folder / f"{NAME}.yaml").write_text(yaml.safe_dump(model))


def by_hand(deployment: Deployment, moments: list[datetime]) -> None:
    """The four functions at each moment."""
    for moment in moments:
        run = Run(run_id=moment.isoformat(), as_of=moment)
        analyze(deployment, NAME, run)
        _, event = decide(deployment, NAME, run)
        if event is not None:
            execute(deployment, event.id)
        log_completion(deployment, NAME, run)


def timed(work: Callable[[], object]) -> float:
    """CPU seconds."""
    began = time.process_time()
    work()
    return time.process_time() - began


def deployment_in(folder: Path, made: str) -> Deployment:
    """One with an empty store."""
    return Deployment(store=MemoryStore(), models_dir=folder, data_dir=folder, artifacts=ArtifactFolder(folder / made))


def main() -> None:
    """Print milliseconds a window, the ratios, and how many cores a backtest kept busy."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--windows", type=int, default=500)
    parser.add_argument("--features", type=int, default=20)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        prepare(folder, options.windows, options.features)
        first = START + timedelta(days=REFERENCE_DAYS)
        moments = boundaries(first, first + timedelta(days=options.windows), "1d")
        by_hand(deployment_in(folder, "warm"), moments[:2])
        anew = deployment_in(folder, "anew")
        once = replace(deployment_in(folder, "once"), read=RowsOnce(moments[-1]))
        print(f"{options.windows} windows, {options.features} features, CPU milliseconds a window")
        _compare(f"rows read anew, first {SAMPLE}", anew, folder, moments[: SAMPLE + 1])
        _compare("rows read once", once, folder, moments)
        _cores(folder, moments)


def _compare(what: str, deployment: Deployment, folder: Path, moments: list[datetime]) -> None:
    """By hand and as a replay, on the same windows."""
    cached = replace(deployment_in(folder, f"replay {what}"), read=RowsOnce(moments[-1]))
    hand = timed(lambda: by_hand(deployment, moments[:-1])) / (len(moments) - 1)
    replayed = timed(lambda: replay(cached, NAME, moments, show=lambda _: None, compare=False)) / (len(moments) - 1)
    print(f"  by hand, {what:<27}{1e3 * hand:7.1f}   replay {1e3 * replayed:7.1f}   ratio {replayed / hand:.2f}")


def _cores(folder: Path, moments: list[datetime]) -> None:
    policies = named_policies(deployment_in(folder, "spec").spec(NAME), "balanced,aggressive")
    cpu, began = _children(), time.monotonic()
    run_backtest(policies, folder, moments, jobs=os.cpu_count() or 1, progress=lambda _done, _windows: None)
    wall = time.monotonic() - began
    print(f"  backtest of {len(policies)} policies: {wall:.1f} s, {(_children() - cpu) / wall:.2f} cores busy of "
          f"{os.cpu_count()}")  # fmt: skip


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


if __name__ == "__main__":
    main()
