"""Labels that cannot be scored: one odd row must not end the analysis of all others, nor count for more than a row."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.class_columns import ClassCells, covered_classes
from include.data.profile import to_floats
from include.decision.signals import Signal, SignalKind, Verdict
from include.registry.spec import ModelSpec
from include.retraining.contest.recorded_chances import MANY, has_chances, row_chances
from include.scoring import METRICS, Task
from include.scoring.classes import listed

Rows = npt.NDArray[np.bool_]


def without_left_out(
    spec: ModelSpec, recent: pd.DataFrame, classes: Collection[str], known: Collection[str] = ()
) -> tuple[pd.DataFrame, list[Signal]]:
    """Recent rows in which labels that the metric cannot use count as not arrived, and the signals that tell of them.

    A regression cannot use text, nor MAPE a label of 0. A metric of probabilities cannot use a label beside whose
    recorded prediction the probability is missing or impossible, nor one that is none of the champion's `classes`.
    Other metrics do without a label of an unknown class as long as there are few: a slip of the pen is no mistake of
    the model's, and in an average over classes it would weigh as much as a class. From one label in twenty on, and two,
    it is a class that the model is wrong about. The next challenger learns from all of them. Where no label at all has
    a probability nothing is changed: it is no accident.

    Parameters
    ----------
    classes : collection of str
        Those that the champion gives probabilities of.
    known : collection of str
        Those that it may know besides.
    """
    if recent.empty:
        return recent, []
    if spec.task is Task.REGRESSION:
        return recent, _odd_numbers(spec, recent)
    cells = ClassCells.of(recent[spec.target])
    arrived = cells.among({name for name in cells.names if name is not None})
    lacking, impossible = _chances(spec, recent, arrived)
    foreign, many = _foreign(spec, recent, cells, classes, known)
    unusable = lacking if many else lacking | foreign
    count = int(arrived.sum())
    if not unusable.any() or int(lacking.sum()) == count:
        unusable = np.zeros_like(arrived)
    signals = []
    if unusable.any():
        reason = f"{unusable.sum()} of {count} labels are left out: {lacking.sum()} without a probability that can be "
        reason += f"used, {(unusable & foreign).sum()} of a class that the champion does not know"
        reason += _named(cells, unusable & foreign)
        signals.append(_signal(spec.target, "unusable_labels", float(unusable.sum() / count), reason))
    if many:
        reason = f"{foreign.sum()} of {count} labels are of a class that the champion does not know"
        reason += f"{_named(cells, foreign)}: too many for an accident, they count as wrong"
        signals.append(_signal(spec.target, "unknown_classes", float(foreign.sum() / count), reason))
    if impossible and not METRICS[spec.metric].needs_probability:
        reason = f"{impossible} of {len(recent)} rows have recorded probabilities outside 0 and 1, or that do not sum "
        reason += "to 1: metrics of probabilities are left out"
        names = ", ".join(spec.probability_columns)
        signals.append(_signal(names, "unusable_probabilities", impossible / len(recent), reason))
    if not unusable.any():
        return recent, signals
    return recent.assign(**{spec.target: recent[spec.target].mask(unusable)}), signals


def _chances(spec: ModelSpec, recent: pd.DataFrame, arrived: Rows) -> tuple[Rows, int]:
    """Labels without the probability that the metric needs, and how many rows have an impossible one."""
    if not has_chances(spec, recent) or spec.prediction not in recent.columns:
        return np.zeros_like(arrived), 0
    missing = np.isnan(row_chances(spec, recent)).any(axis=1)
    there = recent[list(spec.probability_columns)].notna().to_numpy().all(axis=1)
    lacking = arrived & recent[spec.prediction].notna().to_numpy() & missing
    impossible = int((missing & there).sum())
    return lacking if METRICS[spec.metric].needs_probability else np.zeros_like(arrived), impossible


def _foreign(
    spec: ModelSpec, recent: pd.DataFrame, cells: ClassCells, classes: Collection[str], known: Collection[str]
) -> tuple[Rows, bool]:
    """Labels of a class that the champion does not know, and whether they are so many that they count as wrong."""
    usable = {*classes, *known}
    recorded = METRICS[spec.metric].needs_probability and has_chances(spec, recent)
    if recorded and classes:
        usable = set(classes)
        if spec.probabilities is not None:
            usable &= set(covered_classes(spec, usable))
    if not usable:
        return np.zeros(len(recent), dtype=bool), False
    counts = cells.counts()
    odd = {name for name in counts if name not in usable}
    many = sum(counts[name] for name in odd) >= max(2.0, MANY * sum(counts.values()))
    return cells.among(odd), bool(odd) and many and not recorded


def _odd_numbers(spec: ModelSpec, recent: pd.DataFrame) -> list[Signal]:
    """What is said of labels and predictions that are no numbers, and of labels of 0 under MAPE."""
    found = []
    for name, done in ((spec.target, "they count as not arrived"), (spec.prediction, "the champion predicts instead")):
        if name is None or name not in recent.columns:
            continue
        floats, unreadable = to_floats(recent[name])
        if unreadable:
            there = int(recent[name].notna().sum())
            reason = f"{unreadable} of {there} values of {name!r} are not numbers: {done}"
            found.append(_signal(name, "unusable_labels", unreadable / there, reason))
        zeros = int(np.count_nonzero(floats == 0.0)) if name == spec.target and spec.metric == "mape" else 0
        if zeros:
            reason = f"{zeros} labels are 0, where mape has no value: it is computed from the others"
            found.append(_signal(name, "labels_of_zero", zeros / len(recent), reason, threshold=1.0))
    return found


def _named(cells: ClassCells, rows: Rows) -> str:
    if not rows.any():
        return ""
    return f" ({listed(name for name in {cells.names[code] for code in np.unique(cells.codes[rows])} if name)})"


def _signal(feature: str, statistic: str, share: float, reason: str, threshold: float = MANY) -> Signal:
    return Signal(
        kind=SignalKind.DATA_QUALITY, statistic=statistic, feature=feature, value=share, threshold=threshold,
        verdict=Verdict.CHANGED if share >= threshold else Verdict.STABLE, reason=reason,
    )  # fmt: skip
