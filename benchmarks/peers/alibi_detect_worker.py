"""alibi-detect: TabularDrift (K-S and χ², Bonferroni) and CVMDrift (Cramér-von Mises, numbers only).

It takes arrays of numbers without gaps: one missing value makes a column's p-value NaN, which counts as no drift.
Categories are numbered and missing numbers replaced by the reference's median, as a user would have to.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
from alibi_detect.cd import CVMDrift, TabularDrift
from worker import Check, evidence, main, numeric_columns, text_columns


class _Numbers:
    """Turns tables into arrays: numeric columns first, then the numbers of the categories."""

    def __init__(self, reference: pd.DataFrame, *, categories: bool) -> None:
        self.numeric = numeric_columns(reference)
        self.medians = reference[self.numeric].median()
        names = text_columns(reference) if categories else []
        self.known = {name: pd.Index(reference[name].dropna().unique()) for name in names}

    def of(self, table: pd.DataFrame) -> np.ndarray:
        """The table as an array; missing and unseen categories are -1."""
        numbers = table[self.numeric].fillna(self.medians).to_numpy()
        codes = [known.get_indexer(table[name]).astype(float) for name, known in self.known.items()]
        return np.column_stack([numbers, *codes])


def tabular(reference: pd.DataFrame) -> Check:
    """Alarm when any p-value is below 5 % over the number of columns."""
    numbers = _Numbers(reference, categories=True)
    first = len(numbers.numeric)
    detector = TabularDrift(
        numbers.of(reference), p_val=0.05,
        categories_per_feature={first + place: None for place in range(len(numbers.known))} or None,
    )  # fmt: skip

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = detector.predict(numbers.of(recent))["data"]
        return {"corrected": (bool(found["is_drift"]), evidence(np.min(found["p_val"])))}

    return check


def cramer_von_mises(reference: pd.DataFrame) -> Check:
    """Alarm when any p-value is below 5 % over the number of columns; the score is the largest statistic."""
    numbers = _Numbers(reference, categories=False)
    detector = CVMDrift(numbers.of(reference), p_val=0.05)

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = detector.predict(numbers.of(recent))["data"]
        return {"corrected": (bool(found["is_drift"]), float(np.max(found["distance"])))}

    return check


if __name__ == "__main__":
    main({"tabular": tabular, "cramer_von_mises": cramer_von_mises})
