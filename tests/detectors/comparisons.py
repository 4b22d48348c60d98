"""Comparisons for detectors, made from two tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import profile_table
from include.detectors import Comparison
from include.scoring import METRICS, Baseline, LabelledRows


def compare(reference: pd.DataFrame, recent: pd.DataFrame, **others: object) -> Comparison:
    """A comparison of all the reference's columns."""
    known = profile_table(reference, list(reference.columns))
    return Comparison(reference=known, recent=profile_table(recent, list(known.columns), against=known), **others)  # type: ignore[arg-type]  # as Comparison says


def predicted(errors: npt.ArrayLike) -> LabelledRows:
    """Labelled rows with these errors."""
    wrong = np.asarray(errors, dtype=float)
    actual = np.linspace(-10.0, 10.0, len(wrong)) if len(wrong) else np.empty(0)
    return LabelledRows(actual=actual, predicted=actual + wrong)


def judged(
    errors: npt.ArrayLike, accepted: npt.ArrayLike, *, metric: str = "rmse", minimum_rows: int = 10
) -> Comparison:
    """A comparison of a model's recent errors with those that it was accepted with."""
    table = pd.DataFrame({"x": np.arange(20.0)})
    return compare(
        table, table, labelled=predicted(errors), metric=METRICS[metric],
        baseline=Baseline.measure(METRICS[metric], predicted(accepted)), minimum_rows=minimum_rows,
    )  # fmt: skip
