"""The champion beside a challenger on the held-out rows; the challenger alone where the champion cannot predict."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import pandas as pd

from include.data.tables import is_given_up
from include.records.entries.entries import Version
from include.registry.spec import ModelSpec
from include.retraining.artifacts.folder import StoredModel
from include.retraining.contest.predictions import judged_rows, recorded_rows, with_record
from include.retraining.gate.gate import GateResult, PromotionGate
from include.retraining.prepare import Columns, feature_table
from include.scoring import LabelledRows


@dataclass(frozen=True, kw_only=True)
class Rival:
    """Judges a challenger beside the champion, which predicts from its own columns.

    Parameters
    ----------
    spec : ModelSpec
    gate : PromotionGate
    load : callable
        Loads a version.
    there : collection of str
        Columns that recent rows have.
    """

    spec: ModelSpec
    gate: PromotionGate
    load: Callable[[Version], StoredModel]
    there: Collection[str]

    def judge(self, champion: Version, challenger: LabelledRows, rows: pd.DataFrame) -> GateResult:
        """The gate's result on the held-out `rows`, as they were read.

        A champion from elsewhere is judged by the predictions that the rows carry; odd rows that carry none are left
        out for both. One that needs a column which is
        gone, and which the model file has given up, predicts nothing any more: the challenger has to pass what a first
        version has to, and the reason says so.
        """
        if not champion.artifact_path:
            there = with_record(self.spec, rows)
            challenger, rows = challenger.where(there), rows[there]
            recorded = recorded_rows(self.spec, challenger.actual, rows, challenger.weight)
            return self.gate.judge(recorded, challenger)
        stored = self.load(champion)
        if gone := gone_columns(self.spec, stored.columns, self.there):
            return self.gate.judge_alone(challenger, cannot_be_asked(champion, gone))
        features = feature_table(rows, stored.columns)
        weight = challenger.weight
        theirs = judged_rows(self.spec, stored.predictor, features, challenger.actual, rows, weight)
        return self.gate.judge(theirs, challenger)


def gone_columns(spec: ModelSpec, needed: Columns, there: Collection[str]) -> list[str]:
    """Of the columns that a version needs those that rows do not have any more and that the model file has given up."""
    return [name for name in needed.features if name not in there and is_given_up(spec, name)]


def cannot_be_asked(version: Version, gone: list[str]) -> str:
    """For a record: why a version is not compared with."""
    return f"{version.label} cannot predict any more: the rows and the model file are without its {', '.join(gone)}"
