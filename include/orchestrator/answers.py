"""Predictions, actuals and metrics as a caller hands them over: checked, and what cannot be judged by them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.answers import in_one_coding, named_classes, present_values
from include.data.profile import to_floats
from include.data.profile.sentinels import sentinels_of_many
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ConfigurationError, DataError
from include.scoring import METRICS, LabelledRows, Task
from include.scoring.assumed_task import assumed_task
from include.scoring.classes import listed
from include.scoring.metric import Scale

UNKNOWN_SHARE = 0.05  # of the actuals: from here on a class that nobody knows is told
BROKEN_SHARE = 0.5  # of the predictions without a value: from here on their source is to be mended first


@dataclass(frozen=True, kw_only=True)
class Answers:
    """What the model answered on the recent rows.

    Parameters
    ----------
    labelled : LabelledRows or None
        The rows with both a prediction and an actual; None for none.
    signals : tuple of Signal
        On predictions without a value; they block from `BROKEN_SHARE` on.
    unjudged : tuple of str
        What part of the rows cannot be judged, a few words each.
    task : Task
    assumed : str
        What was assumed about the task, where the values leave it open, and about actuals of an unknown class.
    """

    labelled: LabelledRows | None = None
    signals: tuple[Signal, ...] = ()
    unjudged: tuple[str, ...] = ()
    task: Task = Task.REGRESSION
    assumed: str = ""


def read_answers(
    predictions: npt.ArrayLike | None, actuals: npt.ArrayLike | None, rows: int, task: Task | None = None,
    labels: pd.Series[Any] | None = None,
) -> Answers:  # fmt: skip
    """The answers on `rows` recent rows; an actual that is empty, or stands for no value, has not arrived.

    Parameters
    ----------
    labels : Series, optional
        Those of the reference, for comparison.
    task : Task, optional
        By default what the values speak of, see `include.scoring.assumed_task`. Classes may be spelled in more than one
        way: 1, 1.0 and "1" are one class, and where there are two, true is 1 and false is 0.

    Raises
    ------
    DataError
        When one of the two is missing, has not one value a row, or when both have classes and not in one coding.
    """
    if predictions is None and actuals is None:
        return Answers()
    if predictions is None or actuals is None:
        given, lacking = ("actuals", "predictions") if predictions is None else ("predictions", "actuals")
        raise DataError(f"{given}: give {lacking} too, or neither; errors need both")
    predicted, actual = _values("predictions", predictions, rows), _values("actuals", actuals, rows)
    answered, arrived = present_values(predicted), present_values(actual)
    assumed = ""
    if task is None:
        task, assumed = assumed_task(predicted[answered & arrived], actual[answered & arrived])
    if task is Task.CLASSIFICATION:
        known = None if labels is None else labels.to_numpy(dtype=object)
        predicted, actual = in_one_coding(predicted, actual, known)
        assumed = "; ".join(filter(None, (assumed, _unknown(predicted, actual, known))))
    elif _is_text(predicted) or _is_text(actual):
        text = "predictions" if _is_text(predicted) else "actuals"
        raise DataError(f"{text} are text, where numbers are needed for task='regression'; give numbers")
    predicted, actual, odd = _without_sentinels(task, predicted, actual, labels)
    answered, arrived = present_values(predicted), present_values(actual)
    both, late = answered & arrived, rows - int(arrived.sum())
    signals = _missing(rows - int(answered.sum()), rows)
    told = [*(signal.reason for signal in signals), *([f"actuals: {late:,} of {rows:,} are missing"] if late else [])]
    return Answers(
        labelled=LabelledRows(actual=actual[both], predicted=predicted[both]) if both.any() else None,
        signals=signals, unjudged=(*odd, *told), task=task, assumed=assumed,
    )  # fmt: skip


def _missing(empty: int, rows: int) -> tuple[Signal, ...]:
    """A signal on predictions that are missing; none where none is."""
    if not empty:
        return ()
    broken = empty >= BROKEN_SHARE * rows
    signal = Signal(
        kind=SignalKind.DATA_QUALITY, statistic="missing", feature="predictions", blocks=broken,
        reason=f"predictions: {empty:,} of {rows:,} are missing or not finite", value=empty / max(rows, 1),
        threshold=BROKEN_SHARE, verdict=Verdict.CHANGED if broken else Verdict.INCONCLUSIVE,
    )  # fmt: skip
    return (signal,)


def _unknown(predicted: npt.NDArray[Any], actual: npt.NDArray[Any], known: npt.NDArray[Any] | None) -> str:
    """What is said of many actuals of classes that are never predicted, nor among the labels that are `known`."""
    if known is None or not present_values(known).any():
        return ""
    names, learnt = named_classes(actual, known)
    there = names[present_values(actual)].tolist()
    odd = [name for name in there if name not in {*learnt, *named_classes(actual, predicted)[1]}]
    if len(odd) < max(2.0, UNKNOWN_SHARE * len(there)):
        return ""
    return (
        f"{len(odd):,} of {len(there):,} actuals are of a class that is never predicted and not in the reference "
        f"({listed(odd)}) and count as wrong; if it is another spelling, give both in one coding"
    )


def _without_sentinels(
    task: Task, predicted: npt.NDArray[Any], actual: npt.NDArray[Any], labels: pd.Series[Any] | None
) -> tuple[npt.NDArray[Any], npt.NDArray[Any], list[str]]:
    """Both with NaN for what stands for no value, and a few words on it; 0 is a prediction, however far outside."""
    if task is Task.CLASSIFICATION:
        return predicted, actual, []
    before = np.empty(0) if labels is None else to_floats(labels)[0]
    told, made = [], []
    for name, values, known in (("predictions", predicted, np.empty(0)), ("actuals", actual, before)):
        floats = np.asarray(values, dtype=float)
        found = sentinels_of_many(np.concatenate([known, floats]))
        found = tuple(each for each in found if name == "actuals" or each != 0.0)
        wrong = np.isin(floats, found)
        if wrong.any():
            named = ", ".join(f"{each:.15g}" for each in found)
            told.append(f"{name}: {int(wrong.sum()):,} of {len(floats):,} are no values ({named})")
        made.append(np.where(wrong, np.nan, floats) if wrong.any() else values)
    return made[0], made[1], told


def check_metrics(where: str, metrics: Mapping[str, float]) -> None:
    """Refuse values that no such metric can have; a ConfigurationError names the metric."""
    for name, value in metrics.items():
        scale = METRICS[name].scale if name in METRICS else Scale.ANY
        lowest = -math.inf if scale is Scale.ANY else 0.0
        highest = 1.0 if scale is Scale.SHARE else math.inf
        if not (math.isfinite(value) and lowest <= value <= highest):
            wanted = {Scale.ANY: "a finite number", Scale.POSITIVE: "finite, 0 or more", Scale.SHARE: "from 0 to 1"}
            raise ConfigurationError(where, f"{name}: found {value:g}; it has to be {wanted[scale]}")


def unjudged_metrics(now: Mapping[str, float], baseline: Mapping[str, float]) -> tuple[str, ...]:
    """The metrics that are not known both now and at acceptance, a few words each."""
    found = []
    for name in sorted({*now, *baseline}):
        if name not in METRICS:
            found.append(f"{name}: no such metric; known: {', '.join(METRICS)}")
        elif name not in baseline:
            found.append(f"{name} {now[name]:.4g}: its value at acceptance is not given")
        elif name not in now:
            found.append(f"{name}: its value now is not given")
    return tuple(found)


def _values(name: str, given: npt.ArrayLike, rows: int) -> npt.NDArray[Any]:
    values = np.asarray(given)
    if values.shape != (rows,):
        shape = f"{len(values)} values" if values.ndim == 1 else f"shape {values.shape}"
        raise DataError(f"{name}: {shape}, but {rows} recent rows; give one value for each of them, in their order")
    if values.dtype == object and not _is_text(values) and pd.api.types.infer_dtype(values) != "boolean":
        return pd.to_numeric(pd.Series(values), errors="coerce").to_numpy(dtype=float)
    return values


def _is_text(values: npt.NDArray[Any]) -> bool:
    return values.dtype.kind in "US" or (values.dtype == object and any(isinstance(each, str) for each in values))
