"""Compares two versions of a model: by what is on record, and both on the same labelled rows now."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import pandas as pd

from include.errors import ArtifactError, ConfigurationError, DataError, NotOnRecord, SourceUnavailable, TrainingError
from include.records.entries import Version
from include.records.store import Champions
from include.registry.spec import ModelSpec
from include.retraining.contest.same_rows import SameRows, VersionPair
from include.workflow.analysis.quarantine import quarantined_spans
from include.workflow.columns import features_on_record
from include.workflow.deployment import Deployment, now, to_come
from include.workflow.report import MOST_CHECKS
from include.workflow.version_comparison import VersionComparison, compare_records


def compare_versions(
    deployment: Deployment,
    model_name: str,
    first: int,
    second: int,
    *,
    start: datetime | None = None,
    end: datetime | None = None,
    on_same_rows: bool = True,
) -> VersionComparison:
    """Compare two versions of a model.

    What is on record is compared in any case. Where the two cannot be scored on the same rows (an artifact is gone, a
    column is missing, no label has arrived), `VersionComparison.obstacle` says why.

    Parameters
    ----------
    first, second : int
        Gains and changes are those of the second on the first.
    start, end : datetime, optional
        The rows to score both on, the end excluded, with the labels that have arrived by now. By default the recent
        window as of now; for a model without timestamps its recent rows.
    on_same_rows : bool, default True
        With False only what is on record is compared: no row is read, no artifact loaded.

    Raises
    ------
    ConfigurationError
        Bounds that are empty, or for a model without timestamps.
    NotOnRecord
        A version that is not on record.
    """
    spec, store = deployment.spec(model_name), deployment.store
    _check_bounds(spec, start, end)
    pair = _on_record(store, model_name, first, second)
    found = compare_records(
        *pair,
        (store.event(pair[0].event_id), store.event(pair[1].event_id)),
        store.history(model_name, until=to_come(), most=MOST_CHECKS),
    )
    if not on_same_rows:
        return replace(found, obstacle="not requested")
    try:
        return replace(found, on_same_rows=_on_same_rows(deployment, spec, pair, start, end))
    except (ArtifactError, DataError, SourceUnavailable, TrainingError) as error:
        return replace(found, obstacle=f"{type(error).__name__}: {error}")


def _on_record(store: Champions, model_name: str, first: int, second: int) -> tuple[Version, Version]:
    versions = {each.version: each for each in store.versions(model_name)}
    for number in (first, second):
        if number not in versions:
            known = ", ".join(each.label for each in versions.values()) or "none"
            raise NotOnRecord(f"model {model_name}: there is no version v{number}; on record: {known}")
    return versions[first], versions[second]


def _check_bounds(spec: ModelSpec, start: datetime | None, end: datetime | None) -> None:
    if (start or end) and spec.timestamp is None:
        raise ConfigurationError("from, to", f"model {spec.name} has no timestamps: its recent rows are compared on")
    if start is not None and start >= (end or now()):
        raise ConfigurationError("from, to", f"{start:%Y-%m-%d %H:%M} is not before the end")


def _on_same_rows(
    deployment: Deployment, spec: ModelSpec, pair: tuple[Version, Version], start: datetime | None, end: datetime | None
) -> list[SameRows]:
    at = now()
    tables = deployment.read(spec, deployment.data_dir, as_of=at, columns=features_on_record(pair))
    rows = tables.recent
    if spec.timestamp is not None and (start is not None or end is not None):
        times, until = tables.history[spec.timestamp], end or at
        since = start or until - spec.window
        rows = tables.history[(times >= pd.Timestamp(since)) & (times < pd.Timestamp(until))]
    executor = deployment.executor(spec)
    spans = quarantined_spans(deployment.store.quarantines(spec.name))
    return VersionPair(spec=spec, load=executor.load, first=pair[0], second=pair[1], quarantined=spans).compare(rows)
