"""What columns that move with time by themselves cost: 89 daily checks in which nothing changes, and one that finds.

    python -m benchmarks.calendar_columns [--rows-per-day 24] [--seed 0] [NAME ...]

Ten features, half a year of reference, windows of 14 days, and one column more: the month, the year, the row's number,
a date, a rate that is set in steps, an identifier, a price that rises, a sensor that creeps. Everything goes through
the production workflow: files, profiles, detectors, policy, training, with records in memory. Without labels after the
reference drift alone decides, which is the harder case. With labels the relation of target and features turns round
three weeks after the reference, and is to be found as soon as without the column.
"""

from __future__ import annotations

import argparse
import json
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.decision.signals import SignalKind
from include.records.entries import Run
from include.records.memory import MemoryStore
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute

START = datetime(2025, 7, 1, tzinfo=UTC)
REFERENCE_DAYS, CHECKS, WINDOW_DAYS, TURN, LONGEST = 184, 89, 14, 21, 60
FEATURES = 10
Maker = Callable[[pd.Series, np.random.Generator], Any]
Floats = npt.NDArray[np.float64]


def _days(at: pd.Series) -> Floats:
    return np.asarray((at - pd.Timestamp(START)).dt.total_seconds() / 86_400.0, dtype=np.float64)


def _steps(at: pd.Series, changes: list[int]) -> Floats:
    """A rate that is set anew on these days."""
    return np.asarray(4.0 - 0.25 * np.searchsorted(np.array(changes), _days(at), side="right"), dtype=np.float64)


COLUMNS: dict[str, Maker | None] = {
    "none": None,
    "month": lambda at, rng: at.dt.month,
    "year": lambda at, rng: at.dt.year,
    "row_number": lambda at, rng: np.arange(len(at)),
    "date": lambda at, rng: at.dt.strftime("%Y-%m-%d"),
    "rate_stepped_within": lambda at, rng: _steps(at, [20, 62, 104, 160]),
    "rate_stepped_after": lambda at, rng: _steps(at, [REFERENCE_DAYS + 10, REFERENCE_DAYS + 52]),
    "rate_stepped_throughout": lambda at, rng: _steps(at, [40, 95, 150, REFERENCE_DAYS + 25, REFERENCE_DAYS + 70]),
    "identifier": lambda at, rng: [f"order-{number:08d}" for number in rng.permutation(10 * len(at))[: len(at)]],
    "rising_price": lambda at, rng: 10.0 + 0.4 / 30.0 * _days(at) + rng.normal(size=len(at)),
    "creeping_sensor": lambda at, rng: np.round(20.0 + 0.1 / 30.0 * _days(at) + 0.3 * rng.normal(size=len(at)), 2),
}


def rows(column: str, *, per_day: int, seed: int, turn: int | None = None) -> pd.DataFrame:
    """Independent features and a target that depends on two of them, from the day `turn` on the other way round."""
    rng = np.random.default_rng(seed)
    number = (REFERENCE_DAYS + CHECKS + 1) * per_day
    at = pd.Series(pd.date_range(START, periods=number, freq=timedelta(days=1) / per_day))
    features = rng.normal(size=(number, FEATURES))
    sign = np.where(_days(at) < (np.inf if turn is None else turn), 1.0, -1.0)
    target = sign * (3.0 * features[:, 0] + features[:, 1]) + 0.5 * rng.normal(size=number)
    table = pd.DataFrame(features, columns=[f"x{place}" for place in range(FEATURES)])
    made = COLUMNS[column]
    if made is not None:
        table[column] = made(at, np.random.default_rng(seed + 1))
    return table.assign(at=at, y=target)


@dataclass
class Model:
    """One model of which the rows are known, its files in a folder and its records in memory."""

    folder: Path
    store: MemoryStore = field(default_factory=MemoryStore)

    def write(self, table: pd.DataFrame) -> None:
        """The model's file and its rows."""
        for name in ("models", "data"):
            (self.folder / name).mkdir()
        fields = {
            "task": "regression", "source": {"kind": "csv", "path": "rows.csv"}, "timestamp": "at", "target": "y",
            "reference": {"start": f"{START:%F}", "end": f"{START + timedelta(days=REFERENCE_DAYS):%F}"},
            "window": f"{WINDOW_DAYS}d", "metric": "rmse", "training": {"hyperparameters": {"max_iter": 150}},
        }  # fmt: skip
        (self.folder / "models" / "m.yaml").write_text(json.dumps(fields), encoding="utf-8")
        table.to_csv(self.folder / "data" / "rows.csv", index=False)

    def check(self, day: int) -> Checked:
        """One run of the workflow at the end of that day after the reference."""
        place = Deployment(
            store=self.store, models_dir=self.folder / "models", data_dir=self.folder / "data",
            artifacts=ArtifactFolder(self.folder / "made"),
        )  # fmt: skip
        run = Run(run_id=f"day {day}", as_of=START + timedelta(days=REFERENCE_DAYS + day))
        analysis = analyze(place, "m", run)
        _, event = decide(place, "m", run)
        if event is not None:
            execute(place, event.id)
        found = log_completion(place, "m", run)
        assert found is not None
        decision, _ = found
        drifted = {s.feature or s.statistic for s in analysis.signals if s.changed and s.kind is SignalKind.DATA_DRIFT}
        blocked = tuple(signal.reason for signal in analysis.signals if signal.blocks)
        return Checked(day=day, retrained=decision.triggered, blocked=blocked, drifted=frozenset(drifted))


@dataclass(frozen=True)
class Checked:
    """What one check came to."""

    day: int
    retrained: bool
    blocked: tuple[str, ...]
    drifted: frozenset[str]


def checks(table: pd.DataFrame, last: int) -> Iterator[Checked]:
    """The first version, made at the reference's end, and then a check a day."""
    with tempfile.TemporaryDirectory() as folder:
        model = Model(folder=Path(folder))
        model.write(table)
        model.check(0)
        for day in range(1, last + 1):
            yield model.check(day)


def unchanged(column: str, *, per_day: int, seed: int) -> str:
    """Retrains and blocks among the checks of rows whose labels end with the reference."""
    table = rows(column, per_day=per_day, seed=seed)
    table["y"] = table["y"].where(table.index < REFERENCE_DAYS * per_day)
    found = list(checks(table, CHECKS))
    retrains, blocks = sum(each.retrained for each in found), sum(bool(each.blocked) for each in found)
    drifted = sum(column in each.drifted for each in found)
    return f"{retrains:2d} retrains, {blocks:2d} blocks, column changed in {drifted:2d} of {len(found)} checks"


def turned(column: str, *, per_day: int, seed: int) -> str:
    """On which day after the relation turned round a retrain was due."""
    table = rows(column, per_day=per_day, seed=seed, turn=REFERENCE_DAYS + TURN)
    before = 0
    for each in checks(table, LONGEST):
        if each.retrained and each.day > TURN:
            return f"a turned relation found after {each.day - TURN} days, {before} retrains before it"
        before += each.retrained
    return f"a turned relation not found, {before} retrains before it"


def main() -> None:
    """Print a line a column."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows-per-day", type=int, default=24)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("columns", nargs="*", default=list(COLUMNS), metavar="NAME")
    options = parser.parse_args()
    for column in options.columns:
        given = {"per_day": options.rows_per_day, "seed": options.seed}
        print(f"{column:24s} {unchanged(column, **given)}; {turned(column, **given)}", flush=True)


if __name__ == "__main__":
    main()
