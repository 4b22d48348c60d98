"""A first version's trial: there is no champion to beat, so it has to beat a constant, on rows that it has not seen."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.profile import to_floats
from include.data.tables import ModelTables
from include.errors import DataError
from include.registry.spec import ModelSpec
from include.retraining.gate import GateResult, PromotionGate
from include.retraining.labelled import judged_rows
from include.retraining.prepare import Columns, TrainingRows, prepare
from include.retraining.trainers.trainer import Trainer
from include.scoring import METRICS, LabelledRows, Metric, Task

MOST_LEFT_OUT = 0.5  # share of the labelled reference rows without a readable cell, from which on it is the cells
TOLD = 0.01  # the same, from which on it is told


@dataclass(frozen=True, kw_only=True)
class FirstTrial:
    """What a first version did on the last of the reference rows.

    Parameters
    ----------
    rows : TrainingRows
        All of them, prepared.
    holdout : LabelledRows
        The last, with the predictions of a version that was trained on the others.
    result : GateResult
    """

    rows: TrainingRows
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
    rows = prepare(spec, [tables.reference], columns)
    told = _unreadable(spec, tables.reference, columns, rows)
    if len(rows) < spec.minimum_rows:
        raise DataError(
            f"model {spec.name}: {len(rows)} usable reference rows, {spec.minimum_rows} needed "
            f"(field minimum_rows); left out: {dict(rows.dropped)}"
        )
    _require_several(spec, rows.target)
    cut = len(rows) - math.ceil(len(rows) * spec.gate.holdout_share)
    trial = trainer.fit(*rows.slice(0, cut), columns)
    features, actual = rows.slice(cut, len(rows))
    holdout = judged_rows(spec, trial, features, actual, tables.reference.iloc[rows.origin[cut:]])
    metric = METRICS[spec.metric]
    wanted = spec.gate.better_than_constant and not metric.for_trading
    result = gate.judge_first(holdout, constant_answers(metric, rows.target[:cut], holdout) if wanted else None)
    return FirstTrial(
        rows=rows, holdout=holdout, result=replace(result, reason=f"{result.reason}; {told}") if told else result
    )


def constant_answers(metric: Metric, learnt: npt.NDArray[np.generic], rows: LabelledRows) -> LabelledRows:
    """The same rows as the best constant would answer them that knows the labels `learnt` and no feature.

    Numbers: their mean, or where errors count as they are (MAE, MAPE) their median. Classes: the most frequent, or by
    F1 and precision the positive class, with the share of each as its probability where the version gives
    probabilities.
    """
    if metric.task is Task.REGRESSION:
        numbers = np.asarray(learnt, dtype=float)
        value = np.median(numbers) if metric.name in ("mae", "mape") else numbers.mean()
        return replace(rows, predicted=np.full(len(rows), float(value)))
    names, counts = np.unique(np.asarray(learnt).astype(str), return_counts=True)
    often = _best_class(metric, names, counts, rows.positive)
    probability = None
    if rows.probability is not None:
        shares = dict(zip(names.tolist(), (counts / counts.sum()).tolist(), strict=True))
        row = np.array([shares.get(name, 0.0) for name in rows.classes])
        probability = np.tile(row / row.sum() if row.sum() > 0.0 else 1.0 / max(len(row), 1), (len(rows), 1))
    predicted = np.full(len(rows), often, dtype=object)
    return replace(rows, predicted=predicted, probability=probability)


def _best_class(metric: Metric, names: npt.NDArray[np.generic], counts: npt.NDArray[np.intp], positive: str) -> str:
    """The class that is best always to answer; by recall, which always saying yes has in full, the most frequent."""
    often = str(names[np.argmax(counts)])
    if metric.name not in ("f1", "precision") or len(names) != 2:
        return often
    return positive or str(names[-1])


def _require_several(spec: ModelSpec, target: npt.NDArray[np.generic]) -> None:
    if len(np.unique(target)) == 1:
        raise DataError(
            f"model {spec.name}: field target: each of the {len(target)} labelled reference rows has the label "
            f"{target[0].item()!r}, so that there is nothing to learn; correct the column, or write a longer reference"
        )


def _unreadable(spec: ModelSpec, reference: pd.DataFrame, columns: Columns, rows: TrainingRows) -> str:
    """What is to be said of labelled rows that cannot be learnt from; refused where these are most of them."""
    lost = rows.dropped["unreadable"]
    labelled = len(rows) + lost + rows.dropped["duplicate"]
    if lost <= TOLD * labelled:
        return ""
    found = []
    for name in columns.features:
        if name not in columns.categorical:
            bad = (np.isnan(to_floats(reference[name])[0]) & reference[name].notna().to_numpy()).nonzero()[0]
            if len(bad):
                found.append(f"{name}: {len(bad):,} cells, such as {reference[name].iloc[bad[0]]!r}")
    told = f"{lost:,} of {labelled:,} labelled reference rows hold cells that are no numbers ({'; '.join(found[:5])})"
    if lost > MOST_LEFT_OUT * labelled:
        raise DataError(
            f"model {spec.name}: field columns: {told}; correct them, or say what the column is, as in "
            f"`columns: {{{found[0].split(':')[0]}: category}}`"
        )
    return f"{told} and are left out"
