"""Compares the recent rows with what the champion was accepted on, and the champion with what else there is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pandas as pd

from include.data.profile import NO_EXTRAS, Profile, profile_table
from include.data.reference.profiles import PREDICTION, TARGET, ReferenceProfiles, predictions_against
from include.data.tables import ModelTables
from include.decision.signals import Signal, SignalKind
from include.errors import ArtifactError
from include.records.entries import Analysis, Measurement, Run, Version
from include.records.store import Store
from include.registry.spec import ModelSpec
from include.retraining.contest.predictions import RecentRows, recent_rows
from include.retraining.executor import Champion, RetrainingExecutor
from include.retraining.prepare import Columns
from include.retraining.retrain_gain import CorrectionTrial, measure_gain
from include.retraining.weights import without_unweighted
from include.scoring import METRICS, LabelledRows, interval, score_all
from include.workflow.analysis.distributions import most_changed
from include.workflow.analysis.former_champions import compare_former
from include.workflow.analysis.labels import without_left_out
from include.workflow.analysis.loss_share import explain_loss
from include.workflow.analysis.own_predictions import detected
from include.workflow.analysis.probation import check_probation
from include.workflow.analysis.quarantine import Feed
from include.workflow.analysis.running_errors import count_recent
from include.workflow.analysis.shadow import check_shadow
from include.workflow.analysis.silent import silent

_OF_ROWS = frozenset(SignalKind) - {
    SignalKind.DATA_QUALITY, SignalKind.DATA_DRIFT, SignalKind.OUTLIERS, SignalKind.SUFFICIENCY, SignalKind.CHAMPION
}  # fmt: skip


def compare(store: Store, executor: RetrainingExecutor, run: Run, champion: Champion, feed: Feed) -> Analysis:
    """Everything that one run says about the recent rows: signals, measurements, and what a report draws."""
    spec, reference, tables = executor.spec, champion.reference, feed.tables
    columns = Columns.of(reference.profile, reference.inputs)
    baseline, number = champion.version.baseline, champion.version.version
    weighted, unweighted = without_unweighted(spec, tables.recent)
    recent, unusable = without_left_out(spec, weighted, () if baseline is None else baseline.classes, champion.classes)
    rows, silence = _answered(executor, champion, recent, columns)
    earlier = store.running_errors(spec.name, number, before=run.as_of)
    comparison = replace(
        feed.comparison,
        outputs=_outputs(reference, rows),
        of_outputs=reference.of_outputs,
        labelled=rows.labelled,
        unlabelled=rows.unlabelled,
        metric=METRICS[spec.metric],
        running=count_recent(spec, recent, rows.labelled, earlier),
        looked_at=len(tables.recent) if tables.sample is not None else None,
    )
    settings = spec.settings(run.preset)
    gain = CorrectionTrial(
        threshold=settings.performance_threshold, level=settings.gain_level, minimum_rows=spec.minimum_rows
    )
    comparison, found = detected(executor, champion, recent, columns, settings, comparison)
    signals = [*silence, *feed.signals, *unweighted, *unusable, *found]
    signals += measure_gain(gain, spec, recent, columns, rows.labelled, rows.features)
    broken = any(signal.blocks for signal in signals)
    beside = _beside_others(store, executor, run, champion.version, tables, settings.gain_level, broken=broken)
    return Analysis(
        model_name=spec.name,
        run=run,
        window_start=tables.window_start,
        window_end=run.as_of,
        rows=tables.recent_rows,
        labelled_rows=_of_all(tables, len(rows.labelled or ())),
        champion_version=number,
        signals=_told_of_part(
            tables, [*signals, *([] if silence else explain_loss(executor, champion, tables, signals)), *beside]
        ),
        measurements=_measurements(spec, number, rows.labelled) if rows.labelled is not None else (),
        running=comparison.running,
        distributions=most_changed(replace(comparison, recent=feed.shown), signals),
    )


def _beside_others(
    store: Store, executor: RetrainingExecutor, run: Run, champion: Version, tables: ModelTables, level: float, *,
    broken: bool,
) -> list[Signal]:  # fmt: skip
    """Signals on the champion beside its predecessor, a version in shadow, and former champions."""
    changes = store.champion_changes(champion.model_name)
    signals = [*check_probation(store, executor, champion, changes, tables, run, broken=broken)]
    signals += check_shadow(store, executor, champion, tables, run, broken=broken)
    if not broken:
        signals += compare_former(store, executor, champion, changes, tables, level=level)
    return signals


def _told_of_part(tables: ModelTables, signals: Sequence[Signal]) -> list[Signal]:
    """The signals; those that rows themselves were looked at for say on how many of them."""
    said = "" if tables.sample is None else tables.sample.sentence
    if not said:
        return list(signals)
    return [replace(each, reason=f"{each.reason}; {said}") if each.kind in _OF_ROWS else each for each in signals]


def _of_all(tables: ModelTables, rows: int) -> int:
    """How many of all recent rows are like so many of those in the table; about, where it holds a part of them."""
    return rows if tables.sample is None else round(rows * (tables.recent_rows / max(len(tables.recent), 1)))


def _answered(
    executor: RetrainingExecutor, champion: Champion, recent: pd.DataFrame, columns: Columns
) -> tuple[RecentRows, list[Signal]]:
    """The recent rows with predictions; none, and a signal, where the champion would have to predict and does not."""
    number = champion.version
    try:
        rows = recent_rows(
            executor.spec, recent, columns, number.baseline, lambda: executor.load(number).predictor
        )  # fmt: skip
    except ArtifactError as error:
        return RecentRows(predicted=np.empty(0)), [silent(error)]
    return rows, []


def _outputs(reference: ReferenceProfiles, rows: RecentRows) -> dict[str, tuple[Profile, Profile]]:
    """Profiles of target and predictions, on both sides, where they are known."""
    found = {}
    actual = rows.labelled.actual if rows.labelled is not None else ()
    if TARGET in reference.outputs and len(actual):
        known = reference.outputs[TARGET]
        found[TARGET] = known, profile_table(pd.DataFrame({TARGET: actual}), [TARGET], against=known, extras=NO_EXTRAS)
    if PREDICTION in reference.outputs and len(rows.predicted):
        known = reference.outputs[PREDICTION]
        found[PREDICTION] = known, predictions_against(known, rows.predicted)
    return found


def _measurements(spec: ModelSpec, version: int, labelled: LabelledRows) -> list[Measurement]:
    """Every metric that the rows allow, each with its interval."""
    found = []
    for name, value in score_all(spec.task, labelled).items():
        low, high = interval(METRICS[name], labelled) or (None, None)
        found.append(Measurement(version=version, metric=name, value=value, rows=len(labelled), low=low, high=high))
    return found
