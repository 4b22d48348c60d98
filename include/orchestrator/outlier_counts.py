"""Outliers counted by another z than the profiles': the tables are at hand, so that they can be looked at once more."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import replace

import numpy as np
import pandas as pd

from include.data.pairs import Pair
from include.data.profile import OUTLIER_Z, Column, NumericColumn, Profile, to_floats


def counted_by(pair: Pair, z: float) -> Pair:
    """The pair with outliers beyond `z` standard deviations of the reference in both profiles."""
    if z == OUTLIER_Z:
        return pair
    known = pair.known.columns
    return replace(
        pair,
        known=_recounted(pair.known, pair.reference, known, z),
        found=_recounted(pair.found, pair.recent, known, z),
    )


def _recounted(profile: Profile, table: pd.DataFrame, known: Mapping[str, Column], z: float) -> Profile:
    columns = dict(profile.columns)
    for name, column in profile.columns.items():
        reference = known[name]
        if not isinstance(column, NumericColumn) or not isinstance(reference, NumericColumn):
            continue
        reach = z * math.sqrt(reference.variance) if reference.variance > 0.0 else math.inf
        floats = reference.possible.only(to_floats(table[name])[0])[0]
        with np.errstate(invalid="ignore"):
            far = np.isfinite(floats) & (np.abs(floats - reference.mean) > reach)
        columns[name] = replace(column, outliers=int(far.sum()))
    return replace(profile, columns=columns)
