"""Tells the recent rows in which a column is broken from those that a model may be judged by and trained on.

What is broken now is found here; what was broken earlier is on record, so that it stays out of the training when the
window that showed it has passed.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from include.data.profile import NO_EXTRAS, NumericColumn, Profile, profile_table, with_possible
from include.data.reference.trends import middle_of, without_trends
from include.data.rows.declared import declared
from include.data.rows.spans import Span, within
from include.data.tables import ModelTables, is_given_up, kinds_to_tell, new_features
from include.decision.signals import Signal, SignalKind, Verdict
from include.detectors import Comparison
from include.detectors.broken_rows import Fault, Pardon
from include.detectors.catalogue import detect, feed_detectors
from include.detectors.data_quality import odd_times_signals
from include.detectors.faults import Located, RecentWindow, locate_faults
from include.detectors.stuck import stuck_columns
from include.detectors.without_value import without_value
from include.records.entries import Quarantine, Run
from include.registry.spec import ModelSpec
from include.retraining.executor import Champion
from include.workflow.analysis.label_faults import faults_of_labels
from include.workflow.analysis.watched import profile_of_recent

log = logging.getLogger(__name__)

_SUMMARIES = ("faults", "unit_changes")  # that nothing was found: not beside what was


@dataclass(frozen=True, kw_only=True)
class Feed:
    """The recent rows, sorted out.

    Parameters
    ----------
    signals : sequence of Signal
        On data quality: where each fault is and whether it lasts, and what is left to say on the other rows.
    faults : tuple of Fault
        What is broken in this window; the decision quarantines it.
    tables : ModelTables
        Without the recent rows that are or will be in quarantine.
    comparison : Comparison
        Of the rows that are left.
    shown : Profile
        The same, but of broken columns all rows: what a report draws.
    """

    signals: Sequence[Signal]
    faults: tuple[Fault, ...]
    tables: ModelTables
    comparison: Comparison
    shown: Profile


def inspect_feed(
    spec: ModelSpec, run: Run, champion: Champion, tables: ModelTables, kept: Sequence[Quarantine]
) -> Feed:
    """Judge whether the recent rows are in order, and set aside those that are not.

    The feed is judged by all recent rows, those in quarantine included: whether a fault lasts shows in the rows on both
    sides of it. Everything else is judged without them: they are no drift and no harm, and neither is their end.

    Parameters
    ----------
    kept : sequence of Quarantine
        Of this model; those lifted say where a column is not broken though it looks so.
    """
    moment = middle_of(tables.window_start, run.as_of)
    champion = replace(champion, reference=champion.reference.by(moment))
    times = tables.recent[spec.timestamp] if spec.timestamp is not None else None
    rows = tables.recent
    if times is not None:
        rows = without_trends(rows, times, champion.reference.trends, moment, champion.reference.profile)
    whole = _compare_all(spec, run, champion, tables, rows)
    window = RecentWindow(comparison=whole, table=rows, times=times, end=run.as_of)
    detectors = feed_detectors(spec.settings(run.preset), spec.metric)
    needed, given_up = _sorted_out(spec, detect(detectors, whole))
    pardons = _pardons(kept, champion.version.version)
    located = [
        *locate_faults(needed, window, pardons),
        *(Located(signal=signal) for signal in given_up),
        *_stuck(spec, replace(window, table=tables.recent), tables, pardons),
        *faults_of_labels(spec, champion, replace(window, table=tables.recent), tables, pardons),
    ]
    faults = tuple(fault for each in located for fault in each.faults)
    spans = _spans(faults)
    _warn(spec.name, faults, tables.quarantined)
    tables = replace(tables, quarantined=tuple(sorted({*tables.quarantined, *spans})))
    aside = within(times, tables.quarantined) if times is not None else None
    if aside is None or not aside.any():
        signals = [*reading_signals(tables), *(each.signal for each in located)]
        return Feed(signals=signals, faults=faults, tables=tables, comparison=whole, shown=whole.recent)
    counted = profile_of_recent(spec, champion.reference, tables, rows[~aside], run.as_of, tables.quarantined)
    left = tables.recent[~aside].reset_index(drop=True)
    sample = None if tables.sample is None else tables.sample.of(counted.rows, len(left))
    tables = replace(tables, recent=left, sample=sample)
    rest = replace(whole, recent=counted)
    columns = whole.recent.columns
    broken = {fault.feature: columns[fault.feature] for fault in faults if fault.feature in columns}
    needed, given_up = _sorted_out(spec, detect(detectors, rest))
    return Feed(
        signals=[*reading_signals(tables), *_signals(located, [*needed, *given_up])], faults=faults, tables=tables,
        comparison=rest, shown=replace(rest.recent, columns={**rest.recent.columns, **broken}),
    )  # fmt: skip


def _stuck(spec: ModelSpec, window: RecentWindow, tables: ModelTables, pardons: Sequence[Pardon]) -> list[Located]:
    """Columns that stand still for a part of the window; not told of a part of the rows, where others are between."""
    if window.times is None or tables.sample is not None:
        return []
    known = window.comparison.watched.reference
    names = [name for name in known.columns if not is_given_up(spec, name)]
    earlier = tables.history.iloc[: len(tables.history) - len(tables.recent)]
    return locate_faults(stuck_columns(tables.recent, earlier, known, names), window, pardons)


def reading_signals(tables: ModelTables) -> list[Signal]:
    """What had to be found out to read the rows, and those that were left out because they have no time."""
    found = []
    said = "; ".join((*tables.told, *looked_at(tables)))
    if said:
        found.append(
            Signal(kind=SignalKind.DATA_QUALITY, statistic="reading", verdict=Verdict.STABLE, reason=said)
        )  # fmt: skip
    if tables.without_time:
        there = len(tables.history) if tables.sample is None else int(tables.sample.times.rows.sum())
        share = tables.without_time / (tables.without_time + max(there, 1))
        found.append(
            Signal(
                kind=SignalKind.DATA_QUALITY, statistic="rows_without_time", verdict=Verdict.CHANGED, value=share,
                threshold=0.0, reason=f"{tables.without_time} rows without a readable time are left out",
            )
        )  # fmt: skip
    return found


def looked_at(tables: ModelTables) -> list[str]:
    """What is to be told where the tables hold a part of the rows."""
    sample = tables.sample
    if sample is None or not sample.sentence:
        return []
    return [f"all {sample.rows:,} recent rows are counted; what needs rows themselves is measured {sample.sentence}"]


def with_impossible_cells(spec: ModelSpec, champion: Champion, tables: ModelTables) -> Champion:
    """The champion with a reference that knows which cells of all rows hold no value, by the model file or by sight."""
    reference = champion.reference
    known = with_possible(reference.profile, tables.history, len(tables.recent), declared(spec))
    return replace(champion, reference=replace(reference, profile=known))


def inspect_reference(spec: ModelSpec, tables: ModelTables) -> list[Signal]:
    """What a first version's rows have that is left out of its training: rows with odd times, impossible cells."""
    names = [name for name in spec.features or tables.reference.columns if name in tables.reference.columns]
    profile = profile_table(
        tables.reference, names, categorical=spec.categorical, kinds=tables.kinds, possible=declared(spec),
        extras=NO_EXTRAS,
    )  # fmt: skip
    found = [*reading_signals(tables), *odd_times_signals(tables.odd_times)]
    for name, column in profile.columns.items():
        if isinstance(column, NumericColumn) and name not in (spec.timestamp, spec.target):
            found += [
                Signal(
                    kind=SignalKind.DATA_QUALITY, statistic=statistic, feature=name, verdict=Verdict.CHANGED,
                    value=share, reason=f"in the reference: {sentence}",
                )
                for statistic, share, sentence in without_value(name, column)
            ]  # fmt: skip
    return found


def quarantined_spans(kept: Iterable[Quarantine]) -> tuple[Span, ...]:
    """The spans that are not lifted."""
    return tuple(sorted(_spans(each.fault for each in kept if each.lifted is None)))


def _compare_all(spec: ModelSpec, run: Run, champion: Champion, tables: ModelTables, rows: pd.DataFrame) -> Comparison:
    reference, moment = champion.reference, middle_of(tables.window_start, run.as_of)
    known = reference.matching(tables.window_start, run.as_of, spec.measures)
    return Comparison(
        reference=known,
        recent=profile_of_recent(spec, reference, tables, rows, run.as_of),
        baseline=champion.version.baseline,
        calibration=reference.calibration,
        minimum_rows=spec.minimum_rows,
        arrivals=tables.arrivals,
        source_empty=tables.window_start is not None and tables.history.empty,
        new_columns=new_features(spec, tables.recent, known.columns, tables.kinds),
        kinds=kinds_to_tell(spec, tables.kinds, known.columns),
        odd_times=tables.odd_times,
        ahead=reference.ahead(moment),
    )


def _sorted_out(spec: ModelSpec, signals: Sequence[Signal]) -> tuple[list[Signal], list[Signal]]:
    """Signals on columns that are needed, and on those that the model file has given up, which block nothing."""
    found = [signal for signal in signals if signal.feature and is_given_up(spec, signal.feature)]
    told = "the model file has given the column up: a retrain makes do without it"
    return (
        [signal for signal in signals if signal not in found],
        [replace(signal, blocks=False, reason=f"{signal.reason}; {told}") for signal in found],
    )


def _spans(faults: Iterable[Fault]) -> set[Span]:
    return {fault.span for fault in faults if fault.span is not None}


def _pardons(kept: Iterable[Quarantine], champion_version: int) -> list[Pardon]:
    """What was lifted: of rows, and (always without timestamps) of a column for as long as the champion stays."""
    found = []
    for each in kept:
        if each.lifted is None:
            continue
        fault = each.fault
        for_good = (each.lifted.accepts or fault.span is None) and each.champion_version == champion_version
        if fault.span is not None or for_good:
            span = None if for_good else fault.span
            found.append(Pardon(feature=fault.feature, statistic=fault.statistic, span=span))
    return found


def _signals(located: Iterable[Located], rest: Sequence[Signal]) -> list[Signal]:
    """Of each fault what was located, of everything else what is to be said on the rows that are left."""
    told = [each.signal for each in located if each.faults or each.settled]
    known = {(signal.feature, signal.statistic) for signal in told}
    others = [signal for signal in rest if (signal.feature, signal.statistic) not in known]
    return [*told, *(signal for signal in others if not told or signal.statistic not in _SUMMARIES)]


def _warn(model_name: str, faults: Iterable[Fault], known: Sequence[Span]) -> None:
    """Tell of what is not in quarantine yet."""
    for fault in faults:
        span = fault.span
        if span is not None and not any(each.start <= span.start and span.end <= each.end for each in known):
            log.warning("%s: rows of %s go into quarantine: %s", model_name, span, fault.reason)
