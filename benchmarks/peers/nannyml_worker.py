"""NannyML: K-S and χ² for each column, PCA reconstruction error, and a domain classifier.

Its thresholds come from chunks of the reference as long as a window.
"""

from __future__ import annotations

import math
from typing import Any

import nannyml
import numpy as np
import pandas as pd
from scipy.stats import chi2_contingency
from worker import Check, main, numeric_columns, text_columns

DEVIATIONS = 3.0  # NannyML's default: an alert beyond the mean of the reference's chunks and three deviations
LARGE = 100_000  # rows from which on one window is a tenth of the reference
WINDOW = 1_000


def _chunk_rows(reference: pd.DataFrame) -> int:
    return WINDOW if len(reference) < LARGE else len(reference) // 10


def univariate(reference: pd.DataFrame) -> Check:
    """Default thresholds; the rules are an alert of any column, and of at least half the columns.

    A column's score is its distance from the mean of the reference's chunks in their deviations. NannyML judges χ² by
    its p-value at 5 % instead; that is put on the same scale, so that both alert at three.
    """
    numeric, text, rows = numeric_columns(reference), text_columns(reference), _chunk_rows(reference)
    calculator = nannyml.UnivariateDriftCalculator(
        column_names=list(reference.columns), continuous_methods=["kolmogorov_smirnov"], categorical_methods=["chi2"],
        chunk_size=rows,
    ).fit(reference)  # fmt: skip
    known = calculator.result.filter(period="reference").to_df()
    center = {name: known[(name, "kolmogorov_smirnov", "value")].mean() for name in numeric}
    spread = {name: known[(name, "kolmogorov_smirnov", "value")].std(ddof=0) for name in numeric}
    counts = {name: reference[name].value_counts() for name in text} if rows == WINDOW else {}

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = nannyml_result(calculator, recent, len(recent))
        scores = [(found[(name, "kolmogorov_smirnov", "value")] - center[name]) / spread[name] for name in numeric]
        scores += [_chi_square_score(counts[name], recent[name]) for name in counts]
        alerts = [bool(found[(name, "kolmogorov_smirnov", "alert")]) for name in numeric]
        alerts += [bool(found[(name, "chi2", "alert")]) for name in text]
        ordered = sorted(scores, reverse=True)
        half = -(-len(alerts) // 2)
        return {"any column": (any(alerts), ordered[0]), "half the columns": (sum(alerts) >= half, ordered[half - 1])}

    return check


def _chi_square_score(known: pd.Series, recent: pd.Series) -> float:
    both = pd.concat([known, recent.value_counts()], axis=1).fillna(0)
    p_value = max(float(chi2_contingency(both).pvalue), 1e-300)
    return DEVIATIONS * math.log(p_value) / math.log(0.05)


def nannyml_result(calculator: Any, recent: pd.DataFrame, rows: int) -> pd.Series:
    """The row of the result for `recent` as one chunk."""
    calculator.chunker = nannyml.SizeBasedChunker(chunk_size=rows)
    return calculator.calculate(recent).filter(period="analysis").to_df().iloc[0]


def reconstruction(reference: pd.DataFrame) -> Check:
    """PCA reconstruction error, an alert three deviations above or below the mean of the reference's chunks."""
    calculator = nannyml.DataReconstructionDriftCalculator(
        column_names=list(reference.columns), chunk_size=_chunk_rows(reference)
    ).fit(reference)
    known = calculator.result.filter(period="reference").to_df()[("reconstruction_error", "value")]

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = nannyml_result(calculator, recent, len(recent))
        score = abs(found[("reconstruction_error", "value")] - known.mean()) / known.std(ddof=0)
        return {"reconstruction error": (bool(found[("reconstruction_error", "alert")]), float(score))}

    return check


def classifier(reference: pd.DataFrame) -> Check:
    """Area under the curve of a LightGBM model that tells recent rows from reference rows; alert above 0.65."""
    calculator = nannyml.DomainClassifierCalculator(
        feature_column_names=list(reference.columns), chunk_size=len(reference)
    ).fit(reference)

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        found = nannyml_result(calculator, recent, len(recent))
        area = float(np.asarray(found[("domain_classifier_auroc", "value")]))
        return {"domain classifier": (bool(found[("domain_classifier_auroc", "alert")]), area)}

    return check


if __name__ == "__main__":
    main({"univariate": univariate, "reconstruction": reconstruction, "classifier": classifier})
