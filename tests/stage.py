"""A deployment in a temporary folder: model files, CSV files, artifacts, and records in memory."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from include.decision.decision import Decision
from include.errors import RetrainingError
from include.records.entries import Analysis, Event, Run
from include.records.memory import MemoryStore
from include.registry.loader import models_to_check
from include.retraining.artifacts import ArtifactFolder
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.complete import log_completion
from include.workflow.steps.decide import decide
from include.workflow.steps.execute import execute
from tests.ready_made import made_once

START = datetime(2026, 1, 1, tzinfo=UTC)
REFERENCE_DAYS, WINDOW_DAYS = 30, 10
SMALL = {"max_iter": 30, "max_leaf_nodes": 8}
FIELDS: dict[str, Any] = {
    "task": "regression",
    "timestamp": "at",
    "target": "sales",
    "reference": {"start": "2026-01-01", "end": "2026-01-31"},
    "window": f"{WINDOW_DAYS}d",
    "metric": "rmse",
    "training": {"hyperparameters": SMALL},
}


def day(number: float) -> datetime:
    """The moment `number` days after the first row."""
    return START + timedelta(days=number)


def sales(days: int, *, change: int | None = None, seed: int = 0) -> pd.DataFrame:
    """Hourly rows with independent inputs; from the day `change` on the inputs work the other way round."""
    rng, rows = np.random.default_rng(seed), days * 24
    temperature, price = rng.normal(15.0, 5.0, rows), rng.uniform(1.0, 3.0, rows)
    region = rng.choice(["north", "south", "west"], rows)
    sign = np.where(np.arange(rows) < (days if change is None else change) * 24, 1.0, -1.0)
    level = 100.0 + sign * (4.0 * temperature - 10.0 * price) + 8.0 * (region == "north")
    return pd.DataFrame({
        "at": pd.date_range(START, periods=rows, freq="h"), "temperature": temperature, "price": price,
        "region": region, "sales": level + rng.normal(0.0, 3.0, rows),
    })  # fmt: skip


def rows_from(number: int) -> slice:
    """The rows of `sales` from that day on, for ``table.loc``."""
    return slice(number * 24, None)


@dataclass(frozen=True)
class Step:
    """What one run came to for one model."""

    analysis: Analysis
    decision: Decision
    event: Event | None


@dataclass(frozen=True)
class Stage:
    """Where the play is set."""

    root: Path
    store: MemoryStore = field(default_factory=MemoryStore)

    @property
    def deployment(self) -> Deployment:
        """The deployment that the steps are given."""
        for folder in (self.models, self.data):
            folder.mkdir(exist_ok=True)
        return Deployment(
            store=self.store, models_dir=self.models, data_dir=self.data, artifacts=ArtifactFolder(self.root / "made")
        )

    @property
    def models(self) -> Path:
        """Folder of the model files."""
        return self.root / "models"

    @property
    def data(self) -> Path:
        """Folder of the CSV files."""
        return self.root / "data"

    def add(self, name: str, table: pd.DataFrame | None = None, **fields: Any) -> Path:
        """Write a model file (JSON is YAML) and, if given, its rows; a field that is None is left out."""
        made = {**FIELDS, "source": {"kind": "csv", "path": f"{name}.csv"}, **fields}
        file = self.deployment.models_dir / f"{name}.yaml"
        file.write_text(json.dumps({key: value for key, value in made.items() if value is not None}))
        if table is not None:
            self.write(name, table)
        return file

    def write(self, name: str, table: pd.DataFrame) -> None:
        """Write rows to the file of that name."""
        table.to_csv(self.deployment.data_dir / f"{name}.csv", index=False)

    def run(self, name: str, at: datetime, *, run_id: str = "", **asked: Any) -> Step:
        """All four steps; an error ends them where it comes up. A first run is copied from one that was the same."""
        run = Run(run_id=run_id or f"run__{at.isoformat()}", as_of=at, **asked)
        files = {f"{file.relative_to(self.root)}": file for file in self.root.rglob("*") if file.is_file()}
        return made_once(self.store, files, self.root / "made", (name, run), lambda: self._taken(name, run))

    def _taken(self, name: str, run: Run) -> Step:
        analysis = analyze(self.deployment, name, run)
        _, event = decide(self.deployment, name, run)
        if event is not None:
            execute(self.deployment, event.id)
        found = log_completion(self.deployment, name, run)
        assert found is not None
        return Step(analysis, *found)

    def run_all(self, at: datetime, **asked: Any) -> dict[str, Step | RetrainingError]:
        """The steps for every model that a run has to look at, as the DAG maps them."""
        found: dict[str, Step | RetrainingError] = {}
        for name in models_to_check(self.deployment.models_dir, []):
            try:
                found[name] = self.run(name, at, **asked)
            except RetrainingError as error:
                found[name] = error
        return found
