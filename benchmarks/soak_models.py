"""The twenty models of `benchmarks.soak`: their rows, their files, and what becomes of both as time goes by."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

START, REFERENCE_DAYS = datetime(2026, 1, 1, tzinfo=UTC), 30
SCRIPT = Path(__file__).parents[1] / "tests" / "retraining" / "trainers" / "scripts" / "sklearn_script.py"
KINDS: Mapping[str, int] = {
    "quiet": 7, "seasonal": 3, "drifting": 3, "broken_days": 2, "late_labels": 2, "column_gone": 1, "file_broken": 1,
    "script": 1,
}  # fmt: skip
#: Kinds whose relation of features and target never changes: a retrain because of what was measured is a false one.
UNCHANGED = ("quiet", "seasonal", "late_labels", "file_broken")
LABEL_DELAY = timedelta(days=3)
WINDOW = timedelta(days=10)


@dataclass(frozen=True)
class Fleet:
    """The models' files and rows in a folder, for a soak of `days` days after the reference."""

    root: Path
    days: int

    @property
    def names(self) -> list[str]:
        """All models, by kind and number."""
        return [f"{kind}_{number}" for kind, count in KINDS.items() for number in range(count)]

    @property
    def broken_week(self) -> tuple[datetime, datetime]:
        """When the file of one model is broken, a column of another one gone, and two others have broken rows."""
        begin = START + timedelta(days=REFERENCE_DAYS + self.days * 0.4)
        return begin, begin + timedelta(days=min(7, self.days / 4))

    def write(self) -> None:
        """Write all model files and rows."""
        for folder in ("models", "data"):
            (self.root / folder).mkdir()
        for seed, name in enumerate(self.names):
            table = self._rows(name, seed)
            table.to_parquet(self.root / "data" / f"{name}.parquet", index=False)
            if kind_of(name) == "late_labels":
                table.to_parquet(self.root / f"{name}.whole", index=False)
            self._model_file(name).write_text(json.dumps(self._fields(name)))

    def at(self, moment: datetime) -> None:
        """Let it be that moment: labels arrive, a column goes and comes back, a model file breaks and is mended."""
        begin, end = self.broken_week
        during = begin <= moment < end
        self._model_file("file_broken_0").write_text(
            "task: [regression\n" if during else json.dumps(self._fields("file_broken_0"))
        )
        for name in self.names:
            file, whole = self.root / "data" / f"{name}.parquet", self.root / f"{name}.whole"
            if kind_of(name) == "late_labels":
                table = pd.read_parquet(whole)
                _replace(file, table.assign(y=table["y"].where(table["at"] < pd.Timestamp(moment - LABEL_DELAY))))
            elif kind_of(name) == "column_gone" and during and not whole.exists():
                file.rename(whole)
                _replace(file, pd.read_parquet(whole).drop(columns="b"))
            elif kind_of(name) == "column_gone" and not during and whole.exists():
                whole.rename(file)

    def _model_file(self, name: str) -> Path:
        return self.root / "models" / f"{name}.yaml"

    def _fields(self, name: str) -> dict[str, Any]:
        training: dict[str, Any] = {"estimator": "linear", "rows": "all"}
        if kind_of(name) == "script":
            training = {"script": {"command": [sys.executable, str(SCRIPT)]}, "rows": "latest"}
        if name == "drifting_0":
            training = {"hyperparameters": {"max_iter": 20}, "rows": "latest"}
        fields: dict[str, Any] = {
            "task": "regression", "timestamp": "at", "target": "y", "metric": "rmse", "window": f"{WINDOW.days}d",
            "source": {"kind": "parquet", "path": f"{name}.parquet"},
            "reference": {"start": f"{START:%Y-%m-%d}", "end": f"{START + timedelta(days=REFERENCE_DAYS):%Y-%m-%d}"},
            "training": training,
        }  # fmt: skip
        if kind_of(name) == "script":
            fields["features"] = ["a", "b", "c"]  # what this script can be trained on
        return fields | ({"label_delay": f"{LABEL_DELAY.days}d"} if kind_of(name) == "late_labels" else {})

    def _rows(self, name: str, seed: int) -> pd.DataFrame:
        """Hourly rows; in those that drift the relation turns slowly from the end of the reference on."""
        rng, count = np.random.default_rng(seed), (REFERENCE_DAYS + self.days + 1) * 24
        hours = np.arange(count)
        a, b, c = rng.normal(size=(3, count))
        if kind_of(name) == "seasonal":
            a += np.sin(2 * np.pi * hours / 24) + np.sin(2 * np.pi * hours / 168)
        region = rng.choice(["north", "south", "west"], count)
        turns = kind_of(name) in ("drifting", "script")
        angle = np.maximum(hours - REFERENCE_DAYS * 24, 0) * (2 * np.pi / (24 * 90)) if turns else np.zeros(count)
        y = 50 + 5 * (np.cos(angle) * a + np.sin(angle) * b) + 3 * (region == "north") + rng.normal(size=count)
        table = pd.DataFrame({
            "at": pd.date_range(START, periods=count, freq="h"), "a": a, "b": b, "c": c, "region": region, "y": y,
        })  # fmt: skip
        if kind_of(name) == "broken_days":
            begin, end = self.broken_week
            broken = (table["at"] >= begin) & (table["at"] < min(end, begin + timedelta(days=2)))
            table.loc[broken, "a"] = np.nan if name.endswith("0") else -999.0
        return table


def kind_of(name: str) -> str:
    """The kind of a model: its name without the number."""
    return name.rpartition("_")[0]


def _replace(file: Path, table: pd.DataFrame) -> None:
    """Write all rows anew, as a whole."""
    temporary = file.with_suffix(".new")
    table.to_parquet(temporary, index=False)
    temporary.rename(file)
