"""The rows that a run sees of a model."""

from __future__ import annotations

from dataclasses import replace

from include.data.class_columns import in_one_coding
from include.data.label_values import without_impossible_labels, without_impossible_predictions
from include.data.measures import with_measures
from include.data.named_columns import require_named_columns, with_unnamed_told
from include.data.tables import ModelTables, window_start
from include.errors import DataError
from include.records.entries import Run
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.workflow.analysis.quarantine import quarantined_spans
from include.workflow.analysis.watched import counting_beforehand
from include.workflow.columns import columns_of_versions
from include.workflow.deployment import Deployment


def tables_seen_by(deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion | None) -> ModelTables:
    """The rows that a run sees of a model with that champion."""
    if champion is None:
        if spec.reference is not None and spec.reference.end > run.as_of:
            raise DataError(
                f"model {spec.name}: field reference.end: {spec.reference.end:%Y-%m-%d %H:%M} is later than this run's "
                f"as_of {run.as_of:%Y-%m-%d %H:%M}: the first version's rows have not all been observed"
            )
        tables = in_one_coding(spec, deployment.read(spec, deployment.data_dir, as_of=run.as_of))
        return require_named_columns(spec, with_measures(spec, without_impossible_labels(spec, tables)))
    tables = deployment.read(
        spec, deployment.data_dir, as_of=run.as_of, seen_until=champion.version.data_until,
        seen_hash=champion.version.recent_hash, columns=columns_of_versions(deployment.store, spec, champion),
        kinds=champion.reference.kinds,
    )  # fmt: skip
    return _in_order(deployment, spec, tables, champion)


def tables_checked_by(
    deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion | None, *, hashed: bool = False
) -> ModelTables:
    """The rows that a check looks at: of very many an even part, with what is counted of them all.

    Parameters
    ----------
    hashed : bool
        Whether the hash of all rows is wanted.
    """
    until = None if champion is None else champion.version.data_until
    if champion is None or until is None or deployment.read_part is None:
        return tables_seen_by(deployment, spec, run, champion)
    counting = counting_beforehand(spec, champion.reference, window_start(spec, run.as_of, until), run.as_of)
    tables = deployment.read_part(
        spec, deployment.data_dir, as_of=run.as_of, seen_until=until, counting=counting, hashed=hashed,
        columns=columns_of_versions(deployment.store, spec, champion), kinds=champion.reference.kinds,
    )  # fmt: skip
    if tables is None:
        return tables_seen_by(deployment, spec, run, champion)
    return _in_order(deployment, spec, tables, champion)


def _in_order(deployment: Deployment, spec: ModelSpec, tables: ModelTables, champion: Champion) -> ModelTables:
    """The tables with labels and predictions as the champion knows them, measures, and what is in quarantine."""
    quarantined = quarantined_spans(deployment.store.quarantines(spec.name))
    tables = without_impossible_labels(spec, in_one_coding(spec, tables, champion.classes))
    tables = without_impossible_predictions(spec, tables)
    tables = with_unnamed_told(spec, with_measures(spec, tables), champion.reference.kinds)
    return replace(tables, quarantined=quarantined)
