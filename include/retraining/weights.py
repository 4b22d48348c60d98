"""How much each row counts, as the model file's column `weight` says; a row that has no usable weight does not."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import to_floats
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import DataError, found_instead
from include.registry.spec import ModelSpec

Floats = npt.NDArray[np.float64]

LARGEST = 1e100  # sums of larger ones, and of their squares, overflow
MANY = 0.05  # share of rows from which on weights that cannot be used are a change of the data, not only on record


def row_weights(spec: ModelSpec, rows: pd.DataFrame) -> Floats | None:
    """The weight of each row, NaN where it is empty, negative, above 1e100 or no number; None for a model without.

    Raises
    ------
    DataError
        When the column is not there.
    """
    if spec.weight is None:
        return None
    if spec.weight not in rows.columns:
        found = found_instead(spec.weight, rows.columns)
        raise DataError(f"model {spec.name}: field weight: no column {spec.weight!r} in the rows{found}")
    values = to_floats(rows[spec.weight])[0]
    return np.where((values >= 0.0) & (values <= LARGEST), values, np.nan)


def counted(spec: ModelSpec, rows: pd.DataFrame) -> npt.NDArray[np.bool_]:
    """Rows with a weight above 0; all of a model without weights."""
    weight = row_weights(spec, rows)
    return np.ones(len(rows), dtype=bool) if weight is None else weight > 0.0


def require_weights(spec: ModelSpec, weight: Floats | None) -> None:
    """Refuse rows of which not one has a usable weight, where there are enough to train on."""
    if weight is None or len(weight) < spec.minimum_rows or not np.isnan(weight).all():
        return
    raise DataError(
        f"model {spec.name}: field weight: not one of {len(weight)} rows has a weight in {spec.weight!r} that is a "
        "finite number from 0 up; correct the column, or name another"
    )


def without_unweighted(spec: ModelSpec, recent: pd.DataFrame) -> tuple[pd.DataFrame, list[Signal]]:
    """Recent rows in which labels of rows that do not count are taken as not arrived, and what tells of bad weights.

    A weight of 0 is no fault, and there is no signal of it, unless it leaves nothing of labels enough to judge by.
    """
    weight = row_weights(spec, recent)
    if weight is None or bool((weight > 0.0).all()):
        return recent, []
    labelled = recent[spec.target].notna()
    blank = recent.assign(**{spec.target: recent[spec.target].mask(~(weight > 0.0))})
    if int(labelled.sum()) >= spec.minimum_rows and not blank[spec.target].notna().any():
        reason = (
            f"not one of {int(labelled.sum())} labelled rows has a weight above 0: the champion is not judged by them"
        )
        return blank, [_unusable(spec, 1.0, f"{reason}; correct the column {spec.weight!r}, or name another")]
    unusable = int(np.isnan(weight).sum())
    if not unusable:
        return blank, []
    reason = f"{unusable} of {len(recent)} rows are left out: their weight is empty, negative, infinite or no number"
    return blank, [_unusable(spec, unusable / len(recent), reason)]


def _unusable(spec: ModelSpec, share: float, reason: str) -> Signal:
    return Signal(
        kind=SignalKind.DATA_QUALITY, statistic="unusable_weights", feature=str(spec.weight), value=share,
        threshold=MANY, verdict=Verdict.CHANGED if share >= MANY else Verdict.STABLE, reason=reason,
    )  # fmt: skip


def passed_on(weight: npt.NDArray[Any] | None, name: str = "weight") -> dict[str, Any]:
    """A keyword argument for what may know nothing of weights: none at all without them."""
    return {} if weight is None else {name: weight}
