"""Comparisons for detectors, made from two tables."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pandas as pd
from scipy import special

from include.data.profile import NumericColumn, Profile, profile_table
from include.detectors import Comparison
from include.scoring import METRICS, Baseline, LabelledRows


def compare(reference: pd.DataFrame, recent: pd.DataFrame, **others: object) -> Comparison:
    """A comparison of all the reference's columns."""
    known = profile_table(reference, list(reference.columns))
    return Comparison(reference=known, recent=profile_table(recent, list(known.columns), against=known), **others)  # type: ignore[arg-type]  # as Comparison says


def normal_column(rows: int, *, moved: float = 0.0, scale: float = 1.0) -> NumericColumn:
    """A column with the counts that so many rows of a normal variable have on average, in 500 bins of N(0, 1)."""
    edges = special.ndtri(np.arange(1, 500) / 500)
    below = np.round(rows * special.ndtr((edges - moved) / scale))
    return NumericColumn(
        rows=rows, missing=0, unreadable=0, infinite=0, outliers=0, mean=moved, variance=scale**2, minimum=-5.0,
        maximum=5.0, exact=False, edges=tuple(edges.tolist()), at_edges=(0,) * len(edges),
        counts=tuple(np.diff(below, prepend=0, append=rows).astype(int).tolist()),
    )  # fmt: skip


def outputs(**sides: tuple[npt.ArrayLike, npt.ArrayLike]) -> dict[str, tuple[Profile, Profile]]:
    """What `Comparison.outputs` is given: under each name the values of the reference and of the recent rows."""
    found: dict[str, tuple[Profile, Profile]] = {}
    for name, (before, after) in sides.items():
        given = compare(pd.DataFrame({name: before}), pd.DataFrame({name: after}))
        found[name] = given.reference, given.recent
    return found


def predicted(errors: npt.ArrayLike) -> LabelledRows:
    """Labelled rows with these errors."""
    wrong = np.asarray(errors, dtype=float)
    actual = np.linspace(-10.0, 10.0, len(wrong)) if len(wrong) else np.empty(0)
    return LabelledRows(actual=actual, predicted=actual + wrong)


def judged(
    errors: npt.ArrayLike, accepted: npt.ArrayLike, *, metric: str = "rmse", minimum_rows: int = 10
) -> Comparison:
    """A comparison of a model's recent errors with those that it was accepted with."""
    table = pd.DataFrame({"x": np.arange(max(20.0, len(np.asarray(errors))))})
    return compare(
        table, table, labelled=predicted(errors), metric=METRICS[metric],
        baseline=Baseline.measure(METRICS[metric], predicted(accepted)), minimum_rows=minimum_rows,
    )  # fmt: skip
