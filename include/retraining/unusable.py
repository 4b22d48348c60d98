"""Labels that cannot be scored: one row without a probability must not end the analysis of all others."""

from __future__ import annotations

import numpy as np
import pandas as pd

from include.data.profile import to_floats
from include.registry.spec import ModelSpec
from include.retraining.prepare import target_values
from include.scoring import METRICS
from include.signals import Signal, SignalKind, Verdict

MANY = 0.05  # share of the labels from which on their loss is a change of the data, and not only on record


def without_unusable(
    spec: ModelSpec, recent: pd.DataFrame, classes: tuple[str, ...]
) -> tuple[pd.DataFrame, list[Signal]]:
    """Recent rows in which labels that the metric cannot use count as not arrived, and the signal that tells of them.

    A metric of probabilities cannot use a label beside whose recorded prediction the probability is missing, nor one
    that is none of the champion's `classes`. Where that is so of all labels nothing is changed: it is no accident.
    """
    recorded = {spec.prediction, spec.probability} <= set(recent.columns)
    if not METRICS[spec.metric].needs_probability or not recorded or recent.empty:
        return recent, []
    actual = target_values(spec, recent[spec.target])
    arrived = ~pd.isna(actual)
    lacking = arrived & recent[spec.prediction].notna().to_numpy() & np.isnan(to_floats(recent[spec.probability])[0])
    foreign = arrived & ~np.isin(actual.astype(str), classes) if classes else np.zeros(len(recent), dtype=bool)
    unusable = lacking | foreign
    if not unusable.any() or unusable.sum() == arrived.sum():
        return recent, []
    share = float(unusable.sum() / arrived.sum())
    reason = f"{unusable.sum()} of {arrived.sum()} labels are left out: {lacking.sum()} without a probability, "
    reason += f"{foreign.sum()} of a class that the champion does not know"
    signal = Signal(
        kind=SignalKind.DATA_QUALITY, statistic="unusable_labels", feature=spec.target, value=share, threshold=MANY,
        verdict=Verdict.CHANGED if share >= MANY else Verdict.STABLE, reason=reason,
    )  # fmt: skip
    return recent.assign(**{spec.target: recent[spec.target].mask(unusable)}), [signal]
