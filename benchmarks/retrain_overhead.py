"""What a retrain costs besides the fits: read, prepare, judge, store, load back, profile; 100,000 rows of 20 columns.

    python -m benchmarks.retrain_overhead [--rows 100000] [--columns 20] [--profile]

A model with timestamps and a former champion is retrained once through the workflow's `execute`, by gradient boosting
(100 trees) and by a linear model, records in memory. Prints the wall seconds of `execute`, of the trainer's own fits in
it, and of the rest. With `--profile` also where the rest goes.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pandas as pd
import yaml

from include.records.entries import EventStatus, Run
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from include.retraining.trainers.sklearn_trainer import SklearnTrainer
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute as execute_event

START = pd.Timestamp("2026-01-01", tz="UTC")
TRAININGS: dict[str, dict[str, Any]] = {
    "gradient_boosting": {"estimator": "gradient_boosting", "hyperparameters": {"max_iter": 100}},
    "linear": {"estimator": "linear"},
}


@dataclass
class Clock:
    """Wall seconds and number of the trainer's fits."""

    seconds: list[float] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Count every fit made meanwhile."""
        fit = SklearnTrainer.fit

        def timed(trainer: SklearnTrainer, *arguments: Any, **named: Any) -> Any:
            began = time.perf_counter()
            try:
                return fit(trainer, *arguments, **named)
            finally:
                self.seconds.append(time.perf_counter() - began)

        with mock.patch.object(SklearnTrainer, "fit", timed):
            yield


def table(rows: int, columns: int) -> pd.DataFrame:
    """Minutely rows, a tenth of the columns text; from four fifths on the target is another function of them."""
    rng = np.random.default_rng(0)
    made: dict[str, Any] = {"at": START + pd.to_timedelta(np.arange(rows), unit="min")}
    for number in range(columns):
        text = number % 10 == 9
        made[f"x{number}"] = rng.choice(["red", "green", "blue"], rows) if text else rng.normal(size=rows)
    sign = np.where(np.arange(rows) < rows * 4 // 5, 1.0, -1.0)
    made["y"] = sign * (3.0 * made["x0"] + made["x1"] * made["x2"]) + rng.normal(size=rows)
    return pd.DataFrame(made)


def prepared(folder: Path, training: dict[str, Any], rows: int, columns: int) -> tuple[Deployment, int]:
    """A deployment below `folder` with a champion, and an event whose execution will replace it."""
    table(rows, columns).to_parquet(folder / "rows.parquet")
    until = START + pd.Timedelta(minutes=rows)
    spec = {
        "task": "regression", "source": {"kind": "parquet", "path": "rows.parquet"}, "timestamp": "at", "target": "y",
        "reference": {"end": str(START + pd.Timedelta(minutes=rows * 3 // 4))}, "metric": "rmse",
        "window": f"{rows // 60 // 4}h", "training": training,
    }  # fmt: skip
    (folder / "model.yaml").write_text(yaml.safe_dump(spec))
    deployment = Deployment(
        store=MemoryStore(), models_dir=folder, data_dir=folder, artifacts=ArtifactFolder(folder / "artifacts")
    )
    execute(deployment, _event(deployment, "first", until - pd.Timedelta(minutes=rows // 4)))
    return deployment, _event(deployment, "second", until)


def execute(deployment: Deployment, event: int) -> float:
    """Wall seconds of the execution; it has to end with a promotion."""
    began = time.perf_counter()
    status = execute_event(deployment, event).status
    took = time.perf_counter() - began
    if status is not EventStatus.PROMOTED:
        raise RuntimeError(f"the challenger was to be promoted, and is {status}")
    return took


def measure(training: dict[str, Any], rows: int, columns: int, profile: bool) -> tuple[float, Clock]:
    """Wall seconds of one retrain, and its fits."""
    with tempfile.TemporaryDirectory() as name:
        deployment, event = prepared(Path(name), training, rows, columns)
        clock, profiler = Clock(), cProfile.Profile()
        with clock.watching():
            if profile:
                profiler.enable()
            took = execute(deployment, event)
            profiler.disable()
    if profile:
        pstats.Stats(profiler).sort_stats("cumulative").print_stats(45)
    return took, clock


def _event(deployment: Deployment, run_id: str, as_of: pd.Timestamp) -> int:
    run = Run(run_id=run_id, as_of=as_of.to_pydatetime(), force=True, reason="measured")
    analyze(deployment, "model", run)
    event = decide(deployment, "model", run)[1]
    if event is None:
        raise RuntimeError("a forced run opens an event")
    return event.id


def main() -> None:
    """Print a line for each trainer."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=100_000)
    parser.add_argument("--columns", type=int, default=20)
    parser.add_argument("--profile", action="store_true")
    options = parser.parse_args()
    for name, training in TRAININGS.items():
        took, clock = measure(training, options.rows, options.columns, options.profile)
        fits, rest = sum(clock.seconds), took - sum(clock.seconds)
        print(
            f"{name:<18} execute {took:6.2f} s   {len(clock.seconds)} fits {fits:6.2f} s   "
            f"the rest {rest:5.2f} s = {rest / fits:.0%} of the fits",
            flush=True,
        )


if __name__ == "__main__":
    main()
