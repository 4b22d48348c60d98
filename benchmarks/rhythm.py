"""Errors that have a rhythm of the week: how often unchanged ones are called worse, and larger ones found.

    python -m benchmarks.rhythm [--streams 400] [--models 4] [--windows 5 10 12 14 30]

First errors alone, half-hourly: 15 days at acceptance, and a window that begins at any hour of the week. So often, in
per cent, concept drift (the later half against the earlier) and performance (RMSE against acceptance) call them changed
at the level of the `balanced` preset: unchanged; half as large again from the middle of the window on, or throughout
it. Each as they were judged before times of the week were looked at, and as it is done. Then models that do not
change, hourly, 59 days of reference and 71 daily checks, through the whole workflow: every retrain is false.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.cli.__main__ import main as cli
from include.data.profile import profile_table
from include.decision.policy.presets import PRESETS
from include.detectors import Comparison, ConceptDriftDetector, ModelPerformanceMonitor
from include.scoring import METRICS, Baseline, LabelledRows

Hours = npt.NDArray[np.float64]
LEVEL, HELD_OUT, PER_DAY, DAYS = PRESETS["balanced"].performance_level, 15, 48, 130
WINDOWS, RISE = (5, 10, 12, 14, 30), 1.5


def _weekend(times: float) -> Callable[[Hours], Hours]:
    return lambda hour: np.where(hour // 24 % 7 >= 5, times, 1.0)


WORLDS: dict[str, Callable[[Hours], Hours]] = {
    "no rhythm": np.ones_like,
    "weekend x1.5": _weekend(1.5),
    "weekend x2": _weekend(2.0),
    "weekend x4": _weekend(4.0),
    "Sunday x3": lambda hour: np.where(hour // 24 % 7 == 6, 3.0, 1.0),
    "night x3": lambda hour: np.where(hour % 24 < 8, 3.0, 1.0),
}
FILE = {
    "task": "regression", "metric": "rmse", "target": "y", "timestamp": "at", "features": ["x"],
    "reference": {"start": "2026-01-01", "end": "2026-03-01"}, "training": {"estimator": "linear"},
}  # fmt: skip
STRETCH = ["--from", "2026-03-02", "--to", "2026-05-11", "--every", "1d"]


def errors(rng: np.random.Generator, world: str, begin: float, days: float) -> LabelledRows:
    """Normal errors of so many days from an hour of the week on."""
    hour = begin + np.arange(round(days * PER_DAY)) * 24.0 / PER_DAY
    predicted = rng.normal(size=len(hour)) * WORLDS[world](hour)
    stretch = (hour // 6).astype(np.intp)
    return LabelledRows(actual=np.zeros(len(hour)), predicted=predicted, stretch=stretch)


def without_times(rows: LabelledRows) -> LabelledRows:
    """The same as rows were judged before times of the week were looked at."""
    return LabelledRows(actual=rows.actual, predicted=rows.predicted)


def larger(rows: LabelledRows, *, later: bool) -> LabelledRows:
    """The same with larger errors, in the later half or in all rows."""
    place = np.arange(len(rows)) >= (len(rows) // 2 if later else 0)
    return LabelledRows(
        actual=rows.actual, predicted=np.asarray(rows.predicted) * np.where(place, RISE, 1.0), stretch=rows.stretch
    )


def called(accepted: LabelledRows, recent: LabelledRows, table: pd.DataFrame) -> tuple[bool, bool]:
    """Whether concept drift, and performance, call the recent rows changed."""
    known, metric = profile_table(table, ["x"]), METRICS["rmse"]
    given = Comparison(
        reference=known, recent=known, labelled=recent, metric=metric, baseline=Baseline.of_version(metric, accepted)
    )
    drift = any(signal.changed for signal in ConceptDriftDetector(level=LEVEL).detect(given))
    return drift, any(signal.changed for signal in ModelPerformanceMonitor(level=LEVEL).detect(given))


def shares(world: str, days: int, streams: int) -> str:
    """One line of the first table."""
    table, found = pd.DataFrame({"x": np.arange(20.0)}), []
    for number in range(streams):
        rng = np.random.default_rng([number, days])
        accepted = errors(rng, world, float(rng.integers(168)), HELD_OUT)
        recent = errors(rng, world, float(rng.integers(168)), days)
        row: list[bool] = []
        for told in (without_times, lambda rows: rows):
            before, quiet = told(accepted), called(told(accepted), told(recent), table)
            drift = called(before, told(larger(recent, later=True)), table)[0]
            row += [quiet[0], drift, quiet[1], called(before, told(larger(recent, later=False)), table)[1]]
        found.append(row)
    before, done = np.split(100.0 * np.mean(found, axis=0), 2)
    return "".join(f"{old:10.1f} / {new:5.1f}" for old, new in zip(before, done, strict=True))


def retrained(world: str, days: int, seed: int, folder: Path) -> int:
    """False retrains of one model."""
    name, rng = f"model_{days}_{seed}", np.random.default_rng(seed)
    at = pd.date_range("2026-01-01", periods=DAYS * 24, freq="h")
    x = rng.normal(size=len(at))
    hour = np.arange(len(at), dtype=float) + 3 * 24.0  # it begins on a Thursday
    y = 3.0 * x + rng.normal(size=len(at)) * WORLDS[world](hour)
    pd.DataFrame({"at": at, "x": x, "y": y}).to_csv(folder / f"{name}.csv", index=False)
    spec = {**FILE, "window": f"{days}d", "source": {"kind": "csv", "path": f"{name}.csv"}}
    (folder / f"{name}.yaml").write_text(json.dumps(spec))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        cli(["replay", "--model", name, *STRETCH, "--models-dir", str(folder), "--data-dir", str(folder)])
    return int(re.search(r"^retrains (\d+)", said.getvalue(), re.MULTILINE)[1])  # type: ignore[index]  # it always says so


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--streams", type=int, default=400)
    parser.add_argument("--models", type=int, default=4)
    parser.add_argument("--windows", type=int, nargs="+", default=WINDOWS)
    options = parser.parse_args()
    if options.streams:
        print("before / as done        drift, unchanged       later +50 %     worse, unchanged    +50 % in all")
    for world in WORLDS if options.streams else ():
        for days in options.windows:
            print(f"{world:13s} {days:3d} days{shares(world, days, options.streams)}", flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for world in WORLDS if options.models else ():
            found = [
                sum(retrained(world, days, seed, Path(folder)) for seed in range(options.models))
                for days in options.windows
            ]
            print(f"{world:13s} retrains of {options.models} models, windows of {options.windows}: {found}", flush=True)


if __name__ == "__main__":
    main()
