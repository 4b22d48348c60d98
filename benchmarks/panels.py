"""Rows of one moment that share what happened then, such as shops that report once a day.

    python -m benchmarks.panels [--trials 1000] [--models 10]

First how often two equal models are found apart at a level of 5 %, and how often a difference of 5 standard errors of
as many independent rows is found, in per cent: by rows alone, and by their moments where those are alike. Then models
that do not change, of 200 shops with the day's shock in each, checked once a day for 26 days: every retrain is false.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import math
import re
import tempfile
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import stats

from include.cli.__main__ import main as cli
from include.scoring.intervals import mean_error

LEVEL, ROWS, EFFECT = 0.05, 50, 5.0
DAYS, SHOPS, SHOCK = 110, 200, 2.0
FILE = {
    "task": "regression", "metric": "rmse", "target": "sales", "timestamp": "day", "features": ["a", "b", "c"],
    "reference": {"start": "2026-01-01", "end": "2026-03-15"}, "window": "10d",
}  # fmt: skip
STRETCH = ["--from", "2026-03-20", "--to", "2026-04-15", "--every", "1d"]


def found(moments: int, shared: float, effect: float, *, told: bool, trials: int) -> float:
    """Share of trials in which the mean of so many moments of `ROWS` rows is called above 0."""
    moment, count = np.repeat(np.arange(moments), ROWS), 0
    for trial in range(trials):
        rng = np.random.default_rng([trial, moments])
        values = math.sqrt(shared) * rng.normal(size=moments)[moment]
        values += math.sqrt(1.0 - shared) * rng.normal(size=len(moment)) + effect / math.sqrt(len(moment))
        spread, freedom = mean_error(values, moment=moment if told else None)
        count += float(stats.t.sf(values.mean() / spread, freedom)) < LEVEL
    return count / trials


def shops(seed: int) -> pd.DataFrame:
    """Sales of shops that do not change but for the day's shock, which no feature knows."""
    rng = np.random.default_rng(seed)
    day: npt.NDArray[np.intp] = np.repeat(np.arange(DAYS), SHOPS)
    shock = SHOCK * rng.normal(size=DAYS)[day]
    a, b, c = rng.normal(size=(3, len(day)))
    dates = pd.date_range("2026-01-01", periods=DAYS)[day].strftime("%Y-%m-%d")
    sales = 10.0 + 2.0 * a + b + shock + 2.0 * rng.normal(size=len(day))
    return pd.DataFrame({"day": dates, "a": a, "b": b, "c": c, "sales": sales})


def retrained(seed: int, folder: Path) -> str:
    """What `replay` says of one model's retrains."""
    name = f"shops_{seed}"
    shops(seed).to_csv(folder / f"{name}.csv", index=False)
    (folder / f"{name}.yaml").write_text(json.dumps({**FILE, "source": {"kind": "csv", "path": f"{name}.csv"}}))
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        cli(["replay", "--model", name, *STRETCH, "--models-dir", str(folder), "--data-dir", str(folder)])
    return re.search(r"^retrains (.*)$", said.getvalue(), re.MULTILINE)[1]  # type: ignore[index]  # it always says so


def main() -> None:
    """Print both tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--models", type=int, default=10)
    options = parser.parse_args()
    print("moments  shared  equal: rows  moments  better: rows  moments")
    for moments in (2, 3, 5, 10, 20):
        for shared in (0.0, 0.05, 0.3):
            shares = [
                found(moments, shared, effect, told=told, trials=options.trials)
                for effect in (0.0, EFFECT) for told in (False, True)
            ]  # fmt: skip
            print(f"{moments:7}  {shared:6}  " + "  ".join(f"{100 * share:8.1f}" for share in shares), flush=True)
    with tempfile.TemporaryDirectory() as folder:
        for seed in range(options.models):
            print(f"unchanged model {seed}: retrains {retrained(seed, Path(folder))}", flush=True)


if __name__ == "__main__":
    main()
