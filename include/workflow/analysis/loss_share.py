"""Asks, when the champion errs more, how much of that the changed inputs explain."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pandas as pd

from include.data.tables import ModelTables
from include.decision.loss_share import explained_share
from include.decision.signals import Signal, SignalKind, Verdict
from include.errors import ArtifactError
from include.registry.spec import ModelSpec
from include.retraining.artifacts import StoredModel
from include.retraining.contest.predictions import judged_rows
from include.retraining.executor import Champion, RetrainingExecutor
from include.retraining.prepare import TrainingRows, prepare
from include.scoring import METRICS, Baseline
from include.workflow.analysis.silent import silent

Floats = npt.NDArray[np.float64]

MOST_COLUMNS = 5  # changed the most; more would be told apart by chance


def explain_loss(
    executor: RetrainingExecutor, champion: Champion, tables: ModelTables, signals: Sequence[Signal]
) -> Sequence[Signal]:
    """One signal with the explained share, where performance is worse and inputs changed; else none.

    The rows that the champion was accepted on are compared with the recent ones, by the champion's losses on both.
    None for models without timestamps, which do not keep the former apart. One that says so where the champion does
    not answer.
    """
    try:
        return _explained(executor, champion, tables, signals)
    except ArtifactError as error:
        return [silent(error)]


def _explained(
    executor: RetrainingExecutor, champion: Champion, tables: ModelTables, signals: Sequence[Signal]
) -> Sequence[Signal]:
    spec, baseline, until = executor.spec, champion.version.baseline, champion.version.data_until
    harmed = any(signal.changed for signal in signals if signal.kind is SignalKind.PERFORMANCE)
    if not harmed or baseline is None or not baseline.rows or until is None or spec.timestamp is None:
        return []
    stored = executor.load(champion.version)
    changed = _changed(signals, stored)
    if not changed or set(stored.columns.features) - set(tables.recent.columns):
        return []
    earlier = tables.history[tables.history[spec.timestamp] < pd.Timestamp(until)]
    every = 1 if tables.sample is None else tables.sample.earlier_every
    rows = max(baseline.rows // every, 1)  # of the table, that the baseline's are
    seen = prepare(spec, [earlier.iloc[-2 * rows :]], stored.columns, tables.quarantined)
    before = seen.latest(rows)
    after = prepare(spec, [tables.recent], stored.columns, tables.quarantined)
    found = [_losses(spec, stored, rows, changed) for rows in (before, after)]
    if found[0] is None or found[1] is None:
        return []
    (inputs, losses, weight), (later, recent, weight_after) = found[0], found[1]
    known, weights = _as_accepted(losses, weight, baseline), (weight, weight_after)
    share = explained_share(inputs, known, later, recent, weights)
    means = [float(np.average(each, weights=weight)) for each, weight in zip((known, recent), weights, strict=True)]
    reason = f"{', '.join(changed)}: the change explains about {share:.0%} of the rise of the loss"
    return [
        Signal(
            kind=SignalKind.EXPLANATION, statistic="explained_by_inputs", verdict=Verdict.STABLE, value=share,
            reason=reason, detail={"loss_before": means[0], "loss_after": means[1]},
        )
    ]  # fmt: skip


def _as_accepted(losses: Floats, weight: Floats | None, baseline: Baseline) -> Floats:
    """Losses with the mean they had at acceptance: a first version was trained on these rows afterwards."""
    mean = float(np.average(losses, weights=weight))
    return losses * (baseline.loss_mean / mean) if min(mean, baseline.loss_mean) > 0.0 else losses


def _changed(signals: Sequence[Signal], stored: StoredModel) -> list[str]:
    """The champion's features that changed, by how much."""
    found = [
        s for s in signals if s.kind is SignalKind.DATA_DRIFT and s.changed and s.feature in stored.columns.features
    ]
    ranked = sorted(found, key=lambda signal: (signal.value or 0.0) / (signal.threshold or 1.0), reverse=True)
    return list(dict.fromkeys(signal.feature for signal in ranked))[:MOST_COLUMNS]


def _losses(
    spec: ModelSpec, stored: StoredModel, rows: TrainingRows, columns: list[str]
) -> tuple[pd.DataFrame, Floats, Floats | None] | None:
    """`columns` of the rows that the metric has a value on, the champion's losses and the rows' weights; or None."""
    if not len(rows):
        return None
    metric = METRICS[spec.metric]
    judged = judged_rows(spec, stored.predictor, rows.features, rows.target, weight=rows.weight)
    if metric.hindrance(judged):
        return None
    inputs = rows.features[columns]
    chosen = inputs if metric.usable is None else inputs[metric.usable(judged)]
    return chosen, metric.row_loss(judged), metric.judged(judged).weight
