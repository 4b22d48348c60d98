"""Decide: policy and recorded analysis to a decision; an event is opened if it fires."""

from __future__ import annotations

import logging
from dataclasses import replace

from include.decision.costs import Worth
from include.decision.decide import decide as weigh
from include.decision.decision import Cause, Decision
from include.decision.policy.policy import standard_policy
from include.decision.signals import SignalKind
from include.decision.waiting import of_the_past
from include.errors import DataError, RequestsTaken
from include.records.entries import Analysis, Event, FailedStep, Run
from include.registry.model_files import model_names
from include.registry.spec import ModelSpec
from include.workflow.deployment import Deployment, now
from include.workflow.failing import on_record
from include.workflow.renamed import former_names, told_of_name
from include.workflow.run_ids import require_same_run
from include.workflow.steps.evidence import gather

log = logging.getLogger(__name__)


@on_record(FailedStep.DECIDE)
def decide(deployment: Deployment, model_name: str, run: Run) -> tuple[Decision, Event | None]:
    """Decide from the recorded analysis; keep the decision, and open an event if it fired."""
    require_same_run(deployment.store, model_name, run)
    decided = None
    while decided is None:  # every time that requests were taken there are fewer of them
        decided = _decide(deployment, model_name, run)
    return decided


def _decide(deployment: Deployment, model_name: str, run: Run) -> tuple[Decision, Event | None] | None:
    """Decide and keep that; None where another run consumed a request meanwhile."""
    store, spec = deployment.store, deployment.spec(model_name)
    analysis = store.analysis(model_name, run.run_id)
    if analysis is None:
        raise DataError(f"model {model_name}: run {run.run_id} has no analysis to decide from; run that step first")
    evidence = gather(store, spec, analysis)
    decision = weigh(standard_policy(spec.settings(run.preset)), evidence, worth_of(spec, analysis))
    if decision.triggered and analysis.champion_version is None:
        decision = _with_former_name(deployment, spec, decision)
    if decision.cause is Cause.DATA_QUALITY:
        log.warning("%s: %s: %s", model_name, decision.root_cause, decision.recommendation)
    ends_shadow = decision.trigger_type == SignalKind.SHADOW  # trains nothing: requests go on waiting
    requests = () if ends_shadow or of_the_past(evidence) else evidence.requests
    try:
        return store.save_decision(analysis, decision, requests=requests, at=now())
    except RequestsTaken:
        return None


def _with_former_name(deployment: Deployment, spec: ModelSpec, decision: Decision) -> Decision:
    """A first version whose model looks like one that has a champion under another name says so."""
    told = [
        f"{told_of_name(spec.name, old)}; rename the file back to {old}.yaml, if that was not meant"
        for _, old in former_names(deployment.store, [spec], model_names(deployment.models_dir))
    ]
    if told:
        log.warning("%s: %s", spec.name, "; ".join(told))
    return replace(decision, reason="; ".join([decision.reason, *told]))


def worth_of(spec: ModelSpec, analysis: Analysis) -> Worth | None:
    """What the model's owner says that a worse model costs; None if nothing is said."""
    costs, horizon = spec.policy.costs, spec.policy.horizon
    if costs is None:
        return None
    length = spec.window if analysis.window_start is None else analysis.window_end - analysis.window_start
    rows = analysis.rows * (horizon / length) if length else 0.0
    return Worth(
        training_cost=costs.training, per_unit_of_loss=costs.per_unit_of_loss, rows=rows, horizon=horizon
    )  # fmt: skip
