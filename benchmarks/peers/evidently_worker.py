"""Evidently: the data drift preset, with its default methods or with K-S and χ² tests."""

from __future__ import annotations

from typing import Any

import pandas as pd
from evidently import DataDefinition, Dataset, Report
from evidently.presets import DataDriftPreset
from worker import Check, evidence, main, numeric_columns, text_columns

DISTANCE_THRESHOLD = 0.1  # the default of the distances that Evidently picks for a reference of more than 1,000 rows


def _drift(reference: pd.DataFrame, **methods: str) -> Any:
    definition = DataDefinition(
        numerical_columns=numeric_columns(reference), categorical_columns=text_columns(reference)
    )
    known = Dataset.from_pandas(reference, definition)

    def values(recent: pd.DataFrame) -> tuple[float, list[float]]:
        """Share of drifted columns, and the drift value of each column."""
        run = Report([DataDriftPreset(**methods)]).run(Dataset.from_pandas(recent, definition), known)
        metrics = run.dict()["metrics"]
        columns = [metric["value"] for metric in metrics if metric["metric_name"].startswith("ValueDrift")]
        return metrics[0]["value"]["share"], columns

    return values


def default(reference: pd.DataFrame) -> Check:
    """Distances: Wasserstein over the reference's deviation, Jensen-Shannon for categories."""
    drift = _drift(reference)

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        share, values = drift(recent)
        ordered = sorted((value / DISTANCE_THRESHOLD for value in values), reverse=True)
        half = -(-len(ordered) // 2)
        return {"dataset": (share >= 0.5, ordered[half - 1]), "any column": (share > 0.0, ordered[0])}

    return check


def tests(reference: pd.DataFrame) -> Check:
    """K-S and χ² tests, each at 5 %, uncorrected."""
    drift = _drift(reference, num_method="ks", cat_method="chisquare")

    def check(recent: pd.DataFrame) -> dict[str, tuple[bool, float]]:
        share, values = drift(recent)
        ordered = sorted(values)
        half = -(-len(ordered) // 2)
        return {
            "dataset": (share >= 0.5, evidence(ordered[half - 1])), "any column": (share > 0.0, evidence(ordered[0]))
        }  # fmt: skip

    return check


if __name__ == "__main__":
    main({"default": default, "tests": tests})
