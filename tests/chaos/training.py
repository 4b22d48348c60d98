"""A trainer that leaves a trace of each training, so that trainings can be counted."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import Any

import numpy.typing as npt
import pandas as pd
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.linear_model import LinearRegression
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import StandardScaler

CALLABLE = f"{__name__}:fit_and_note"


def fit_and_note(features: pd.DataFrame, target: npt.NDArray[Any], settings: dict[str, Any], seed: int) -> Pipeline:
    """Fit a linear model, or with `trees` so many of them.

    Begin and end go to the file `notes`, a line each, with the number of the process.
    """
    note(Path(settings["notes"]), "begin")
    time.sleep(settings.get("seconds", 0.0))
    if settings.get("by_process"):  # so that two processes never make the same model
        target = target + os.getpid() % 1000 / 1e6 * features["first"].to_numpy()
    numbers = features.select_dtypes("number").columns
    chooser = _numbers(list(numbers))
    trees = settings.get("trees")
    model = HistGradientBoostingRegressor(max_iter=trees, random_state=seed) if trees else LinearRegression()
    fitted: Pipeline = make_pipeline(chooser, StandardScaler(), model).fit(features, target)
    note(Path(settings["notes"]), "end")
    return fitted


def note(file: Path, word: str) -> None:
    """Append a line; short ones are never mixed with those of others."""
    handle = os.open(file, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(handle, f"{os.getpid()} {word}\n".encode())
    finally:
        os.close(handle)


def _numbers(names: list[str]) -> Any:
    from sklearn.compose import ColumnTransformer

    return ColumnTransformer([("numbers", "passthrough", names)])
