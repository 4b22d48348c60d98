"""A version that was trained elsewhere: the gate judges it on rows that it cannot have seen."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.errors import ArtifactError, DataError
from include.records.entries import TrainingDetails, Wish
from include.registry.spec import ModelSpec
from include.retraining.gate.holdout import holdout_rows
from include.retraining.prepare import Columns, TrainingRows
from include.retraining.trainers.skops_files import load_model
from include.retraining.trainers.trainer import Predictor, Start, check_answers

MEBIBYTE = 2**20


@dataclass(frozen=True, kw_only=True)
class TrainedElsewhere:
    """A model of somebody else's making, as a trainer that has no say in the rows: whatever they are, it is this one.

    Parameters
    ----------
    spec : ModelSpec
    predictor : Predictor
        Is given features as `include.retraining.prepare.feature_table` makes them: floats with NaN for missing, and
        strings or None for categories.
    seen_until : datetime
        Rows from then on it was not trained on. Nothing for a model without timestamps, of whose recent rows the last
        `gate.holdout_share` must not have been trained on.
    wish : Wish
        As it was started.
    told : TrainingDetails
        What its maker says of the training; recorded, and believed by nobody.
    """

    spec: ModelSpec
    predictor: Predictor
    seen_until: datetime
    wish: Wish
    told: TrainingDetails

    def fit(
        self, features: pd.DataFrame, target: npt.NDArray[Any], columns: Columns, start: Start | None = None,
        weight: npt.NDArray[np.float64] | None = None,
    ) -> Predictor:  # fmt: skip
        """The model, after it has answered for a few rows."""
        check_answers(self.predictor, features, self.spec.task, f"model {self.spec.name}: trained elsewhere")
        return self.predictor

    def require_unseen(self, first: datetime | None) -> None:
        """Refuse a first version that may have seen the reference rows from `first` on, which it is judged on."""
        if first is not None and self.seen_until > first:
            raise DataError(
                f"model {self.spec.name}: a first version is judged on the reference rows from {first:%Y-%m-%d %H:%M} "
                f"on, and may have seen rows up to {self.seen_until:%Y-%m-%d %H:%M} UTC (trained_until); train it on "
                "the rows before, and say so"
            )

    def tell(self, details: TrainingDetails) -> TrainingDetails:
        """What goes on record: what was wanted and reported in place of a training that did not take place here."""
        unknown = replace(
            details, training_data_size=None, training_data_hash=None, training_data_from=None,
            training_data_path=self.wish.training_data_path or None, row_choice="elsewhere", strategy=None,
            estimator=type(self.predictor).__name__, hyperparameters=dict(self.wish.hyperparameters) or None,
            training_duration=None, cpu_usage=None, memory_usage=None, gpu_usage=None,
        )  # fmt: skip
        return unknown.beside(self.told)


def rows_held_out(
    spec: ModelSpec, elsewhere: TrainedElsewhere | None, rows: TrainingRows, table: pd.DataFrame, recent: int
) -> int:
    """How many of the last `recent` prepared rows of `table` the gate judges by.

    For a version that was trained elsewhere those that it has not seen.
    """
    if elsewhere is None or spec.timestamp is None:
        return holdout_rows(spec, recent)
    times = table[spec.timestamp].iloc[rows.origin[len(rows) - recent :]]
    return int((times >= pd.Timestamp(elsewhere.seen_until)).sum())


def read_model(model: Predictor | Path | str) -> Predictor:
    """A model as it is, or from a skops file; an `ArtifactError` for a file that is missing or holds other types."""
    if not isinstance(model, Path | str):
        return model
    path = Path(model)
    try:
        content = path.read_bytes()
    except OSError as error:
        raise ArtifactError(f"{path}: cannot be read: {error.strerror or error}") from error
    return load_model(content, str(path), most_bytes=max(64 * len(content), 1024 * MEBIBYTE))
