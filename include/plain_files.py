"""Checks and retrains from plain files, without Airflow, without a database and without a registered model."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import profile_table
from include.data.reference import ReferenceProfiles
from include.data.tables import ModelTables
from include.errors import DataError, SourceUnavailable
from include.records.entries import Outcome, Version, VersionStatus
from include.registry.spec import ModelSpec
from include.retraining import Champion, RetrainingExecutor
from include.retraining.artifacts import ArtifactFolder
from include.scoring import Task

PREDICTION = "__prediction__"


@dataclass(frozen=True, kw_only=True)
class PlainFiles:
    """Reference and recent rows, and what the model in use predicted for the recent ones."""

    reference: pd.DataFrame
    recent: pd.DataFrame
    predictions: npt.NDArray[Any] | None
    actuals: npt.NDArray[Any] | None


def read_plain_files(
    reference: Path, recent: Path, predictions: Path | None = None, actuals: Path | None = None
) -> PlainFiles:
    """Read tables (CSV, Parquet) and arrays (``.npy``, without pickled objects)."""
    files = PlainFiles(
        reference=_table(reference, "--reference-data"),
        recent=_table(recent, "--recent-data"),
        predictions=_array(predictions, "--recent-predictions"),
        actuals=_array(actuals, "--recent-actuals"),
    )
    for values, flag in ((files.predictions, "--recent-predictions"), (files.actuals, "--recent-actuals")):
        if values is not None and len(values) != len(files.recent):
            raise DataError(f"{flag}: {len(values)} values, but --recent-data has {len(files.recent)} rows")
    return files


def retrain(files: PlainFiles, target: str, *, minimum_rows: int, output: Path) -> Outcome:
    """Train a challenger on reference and recent rows, and judge it on the last of the recent ones.

    The champion is the model behind the given predictions; without them, a model trained on the reference rows alone.
    """
    spec = _spec(files, target, minimum_rows)
    recent = files.recent
    if target not in recent.columns and files.actuals is not None:
        recent = recent.assign(**{target: files.actuals})
    for table, flag in ((files.reference, "--reference-data"), (recent, "--recent-data")):
        if target not in table.columns:
            found = ", ".join(str(name) for name in table.columns)
            raise DataError(f"{flag}: no column {target!r} (--target); found: {found}")
    executor = RetrainingExecutor(spec=spec, artifacts=ArtifactFolder(output))
    champion = _champion(executor, files, target)
    if files.predictions is not None:
        recent = recent.assign(**{PREDICTION: files.predictions})
    history = pd.concat([files.reference, recent], ignore_index=True)
    tables = ModelTables(reference=files.reference, recent=recent, history=history, window_start=None)
    return executor.retrain(tables, champion, 2)


def _champion(executor: RetrainingExecutor, files: PlainFiles, target: str) -> Champion:
    features = [name for name in files.reference.columns if name != target]
    profile = profile_table(files.reference, features)
    reference = ReferenceProfiles(profile=profile, inputs=tuple(features))
    if files.predictions is None:
        nothing = files.reference.iloc[:0]
        alone = ModelTables(reference=files.reference, recent=nothing, history=files.reference, window_start=None)
        first = executor.retrain(alone, None, 1)
        version = _version(first.artifact_path, first.artifact_sha256)
        return Champion(version=version, reference=first.reference or reference)
    return Champion(version=_version("", ""), reference=reference)


def _version(path: str, sha256: str) -> Version:
    return Version(
        model_name="plain-files", version=1, event_id=0, status=VersionStatus.CHAMPION, created_at=datetime.now(UTC),
        artifact_path=path, artifact_sha256=sha256,
    )  # fmt: skip


def _spec(files: PlainFiles, target: str, minimum_rows: int) -> ModelSpec:
    """A model file made up on the spot: many different numbers are a regression, anything else classes."""
    labels = files.reference[target] if target in files.reference.columns else pd.Series(dtype=float)
    numbers = pd.api.types.is_float_dtype(labels) or (
        pd.api.types.is_integer_dtype(labels) and labels.nunique() > FEWEST_DISTINCT
    )
    task = Task.REGRESSION if numbers else Task.CLASSIFICATION
    return ModelSpec(
        name="plain-files",
        task=task,
        source={"kind": "csv", "reference_path": "reference", "recent_path": "recent"},
        target=target,
        prediction=PREDICTION if files.predictions is not None else None,
        metric="rmse" if task is Task.REGRESSION else "accuracy",
        minimum_rows=minimum_rows,
    )


FEWEST_DISTINCT = 20  # whole numbers with more different values than this are a quantity, not classes


def _table(path: Path, flag: str) -> pd.DataFrame:
    if not path.is_file():
        raise SourceUnavailable(f"{flag}: no such file: {path}")
    try:
        return pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path)
    except (ValueError, OSError) as error:
        raise DataError(f"{flag}: {path} cannot be read: {error}") from error


def _array(path: Path | None, flag: str) -> npt.NDArray[Any] | None:
    if path is None:
        return None
    if not path.is_file():
        raise SourceUnavailable(f"{flag}: no such file: {path}")
    try:
        values: npt.NDArray[Any] = np.load(path, allow_pickle=False)
    except (ValueError, OSError) as error:
        raise DataError(f"{flag}: {path} cannot be read as .npy without pickled objects: {error}") from error
    if values.ndim != 1:
        raise DataError(f"{flag}: {path} has shape {values.shape}; one dimension is needed")
    return values
