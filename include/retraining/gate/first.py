"""A first version's trial: there is no champion to beat, so it has to beat a constant, on rows that it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.tables import ModelTables
from include.errors import DataError
from include.registry.spec import ModelSpec
from include.retraining.contest.predictions import judged_rows, shared_moments
from include.retraining.gate.constants import constants
from include.retraining.gate.gate import GateResult, PromotionGate
from include.retraining.prepare import Columns, TrainingRows, prepare
from include.retraining.trainers.trainer import Predictor, Trainer
from include.retraining.training_rows import fit_on
from include.scoring import METRICS, LabelledRows, Task

MOST_LEFT_OUT = 0.5  # share of the labelled reference rows without a readable cell, from which on it is the cells
MOST_CLASSES = 0.5  # classes for each labelled row, above which they are no classes
_NAMED = 5  # columns that a sentence names


@dataclass(frozen=True, kw_only=True)
class FirstTrial:
    """What a first version did on the last of the reference rows.

    Parameters
    ----------
    rows : TrainingRows
        All of them, prepared.
    predictor : Predictor
        What was trained on the rows before `cut`.
    cut : int
    holdout : LabelledRows
        The last, with the predictions of a version that was trained on the others.
    result : GateResult
    """

    rows: TrainingRows
    predictor: Predictor
    cut: int
    holdout: LabelledRows
    result: GateResult


def try_first(
    spec: ModelSpec, gate: PromotionGate, trainer: Trainer, tables: ModelTables, columns: Columns
) -> FirstTrial:
    """Train on all but the last of the reference rows, and judge that on the last.

    Raises
    ------
    DataError
        When too few rows are left to learn from, or most cannot be read; the columns are named.
    """
    rows = prepare(spec, [tables.reference], columns, copies=tables.reference_copies)
    told = _emptied(spec, rows)
    if len(rows) < spec.minimum_rows:
        raise DataError(
            f"model {spec.name}: {len(rows)} usable reference rows, {spec.minimum_rows} needed "
            f"(field minimum_rows); left out: {dict(rows.dropped)}"
        )
    _require_several(spec, rows.target)
    cut = len(rows) - math.ceil(len(rows) * spec.gate.holdout_share)
    trial = fit_on(trainer, rows, columns, 0, cut)
    features, actual = rows.slice(cut, len(rows))
    held_out, weight = tables.reference.iloc[rows.origin[cut:]], rows.weights(cut, len(rows))
    moment, metric = shared_moments(spec, held_out), METRICS[spec.metric]
    holdout = judged_rows(spec, trial, features, actual, held_out, weight, moment)
    compared = spec.gate.better_than_constant and not metric.for_trading
    beside = constants(metric, rows.target[:cut], holdout, rows.weights(0, cut)) if compared else ()
    result = gate.judge_first(holdout, beside)
    result = replace(result, reason=f"{result.reason}; {told}") if told else result
    return FirstTrial(rows=rows, predictor=trial, cut=cut, holdout=holdout, result=result)


def require_rows(spec: ModelSpec, reference: pd.DataFrame) -> None:
    """Refuse a reference without a row, of which nothing can be told.

    Raises
    ------
    DataError
        With where to look.
    """
    if reference.empty:
        raise DataError(
            f"model {spec.name}: field reference: no row of the source is in it, {spec.minimum_rows} are needed (field "
            "minimum_rows); correct reference.start and reference.end, or see whether the source holds rows up to the "
            "time of this run and times in another unit or zone"
        )


def _require_several(spec: ModelSpec, target: npt.NDArray[np.generic]) -> None:
    if len(np.unique(target)) == 1:
        raise DataError(
            f"model {spec.name}: field target: each of the {len(target)} labelled reference rows has the label "
            f"{target[0].item()!r}, so that there is nothing to learn; correct the column, or write a longer reference"
        )
    classes = len(np.unique(target.astype(str))) if spec.task is Task.CLASSIFICATION else 0
    if classes > MOST_CLASSES * len(target):
        raise DataError(
            f"model {spec.name}: field task: {len(target):,} labelled reference rows have {classes:,} classes (field "
            f"target), such as {str(target[0])!r}: too few rows of each to learn from; write `task: regression` if "
            "they are numbers, or name another column"
        )


def _emptied(spec: ModelSpec, rows: TrainingRows) -> str:
    """What is to be said of cells that were not learnt from; refused where most rows have no other ones."""
    cells = ", ".join(f"{name} {count:,}" for name, count in list(rows.emptied.items())[:_NAMED])
    lost, labelled = rows.dropped["unreadable"], len(rows) + rows.dropped["unreadable"]
    if lost > MOST_LEFT_OUT * labelled:
        raise DataError(
            f"model {spec.name}: field columns: {lost:,} of {labelled:,} labelled reference rows have no feature that "
            "can be read; correct them, or say what the columns are, as in `columns: {size: category}`"
        )
    return f"cells without a value of their kind count as empty: {cells}" if cells else ""
