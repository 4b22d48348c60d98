"""Analyze: compare the recent rows with what the champion was accepted on; keep signals and measurements."""

from __future__ import annotations

import logging
from contextlib import nullcontext
from dataclasses import replace
from typing import Any

from include.data.tables import ModelTables
from include.detectors.broken_rows import Fault
from include.records.entries import Analysis, FailedStep, Run
from include.registry.effective import effective_settings
from include.registry.loader import config_hash
from include.registry.spec import ModelSpec
from include.retraining.accepted import Champion
from include.workflow.analysis.compare import compare
from include.workflow.analysis.quarantine import inspect_feed, inspect_reference, with_impossible_cells
from include.workflow.deployment import IDLE, Deployment, champion_of, now
from include.workflow.failing import bring_in, on_record
from include.workflow.people import check_not_paused
from include.workflow.run_ids import require_same_run
from include.workflow.seen_rows import tables_checked_by
from include.workflow.steps.evidence import compares_data, learn_facts
from include.workflow.threads import one_thread

log = logging.getLogger(__name__)


@on_record(FailedStep.ANALYZE)
def analyze(deployment: Deployment, model_name: str, run: Run) -> Analysis:
    """Compare the recent rows with what the champion was accepted on; keep signals and measurements.

    Raises
    ------
    ModelPaused
        Nothing is looked at.
    """
    bring_in(deployment.store, deployment.artifacts)
    check_not_paused(deployment, model_name)
    require_same_run(deployment.store, model_name, run)
    store, spec = deployment.store, deployment.spec(model_name)
    store.register_model(model_name, config_hash(spec), _config(spec), at=now())
    for event in store.close_unfinished(model_name, at=now(), idle=IDLE, keep_run=run.run_id):
        log.warning("%s: event %d of run %s was left unfinished: abandoned", model_name, event.id, event.run.run_id)
    champion = champion_of(store, model_name, force=run.force)
    with one_thread():
        tables = tables_checked_by(deployment, spec, run, champion, hashed=compares_data(spec, run))
    with nullcontext() if champion is None else one_thread(of_models=True):
        analysis = _looked_at(deployment, spec, run, champion, tables)
    return store.save_analysis(analysis, at=now())


def _looked_at(
    deployment: Deployment, spec: ModelSpec, run: Run, champion: Champion | None, tables: ModelTables
) -> Analysis:
    """What the rows say, and what the decision needs to know of them."""
    faults: tuple[Fault, ...] = ()
    if champion is None:
        analysis = Analysis(
            model_name=spec.name, run=run, window_start=tables.window_start, window_end=run.as_of,
            rows=len(tables.recent), labelled_rows=0, champion_version=None,
            signals=inspect_reference(spec, tables),
        )  # fmt: skip
    else:
        store = deployment.store
        champion = with_impossible_cells(spec, champion, tables)
        feed = inspect_feed(spec, run, champion, tables, store.quarantines(spec.name))
        tables, faults = feed.tables, feed.faults
        analysis = compare(store, deployment.executor(spec, champion), run, champion, feed)
    facts = learn_facts(spec, run, tables, None if champion is None else champion.version, deployment.artifacts)
    return replace(analysis, facts=replace(facts, faults=faults))


def _config(spec: ModelSpec) -> dict[str, Any]:
    """The model file as read, and what its policy comes to."""
    return {**spec.model_dump(mode="json"), "effective": effective_settings(spec)}
