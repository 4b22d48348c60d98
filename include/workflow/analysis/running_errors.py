"""Counts the recent labelled rows into the champion's running errors."""

from __future__ import annotations

import numpy as np
import pandas as pd

from include.detectors.statistics.running_errors import RunningErrors, update
from include.registry.spec import ModelSpec
from include.retraining.prepare import target_values
from include.scoring import LabelledRows, Task
from include.scoring.row_errors import row_errors


def count_recent(
    spec: ModelSpec, recent: pd.DataFrame, labelled: LabelledRows | None, earlier: RunningErrors | None
) -> RunningErrors | None:
    """The running errors with those of the recent rows counted in that are new.

    Parameters
    ----------
    recent : DataFrame
        In time order.
    labelled : LabelledRows or None
        The recent rows with a label, with the champion's predictions.
    earlier : RunningErrors or None
        As the latest earlier analysis of the same champion left them.

    Returns
    -------
    RunningErrors or None
        None without timestamps, for overlapping windows' rows cannot be told apart then; for trading models, which
        have no errors; and before the first label.
    """
    if spec.timestamp is None or labelled is None or spec.trading is not None:
        return earlier
    arrived = ~pd.isna(target_values(spec, recent[spec.target]))
    errors = row_errors(labelled.predicted, labelled.actual, classes=spec.task is Task.CLASSIFICATION)
    times = recent.loc[arrived, spec.timestamp]
    new = np.full(len(times), fill_value=True) if earlier is None else (times > earlier.until).to_numpy()
    return update(earlier, errors[new], pd.DatetimeIndex(times[new]))[0]
