"""Trainings made elsewhere: begun and ended here, proven by the same contest and gate, on the same record."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from include.decision.decide import decide as weigh
from include.decision.decision import Decision
from include.decision.policy.policy import standard_policy
from include.decision.request import Request, RequestKind
from include.decision.signals import SignalKind
from include.decision.triggers.new_data import NEW_DATA
from include.decision.triggers.requests import MANUAL, RED_TEAM
from include.decision.triggers.schedule import SCHEDULE
from include.errors import ClaimLost, ConfigurationError, DataError, did_you_mean
from include.records.entries import Analysis, Event, Run, TrainingDetails, Wish
from include.registry.spec import ModelSpec
from include.retraining.elsewhere import TrainedElsewhere, read_model
from include.retraining.trainers.trainer import Predictor
from include.workflow.deployment import Deployment, now
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import worth_of
from include.workflow.steps.evidence import gather
from include.workflow.steps.execute import execute

log = logging.getLogger(__name__)


class RetrainingTrigger(StrEnum):
    """Why somebody retrains; on record under the names of this system's triggers."""

    MANUAL = "manual"
    PERFORMANCE_DEGRADATION = "performance_degradation"
    DATA_DRIFT = "data_drift"
    SCHEDULED = "scheduled"
    RED_TEAM_FAILURE = "red_team_failure"
    NEW_DATA = "new_data"


#: The name that each has in the records.
RECORDED_AS: Mapping[RetrainingTrigger, str] = {
    RetrainingTrigger.MANUAL: MANUAL,
    RetrainingTrigger.PERFORMANCE_DEGRADATION: str(SignalKind.PERFORMANCE),
    RetrainingTrigger.DATA_DRIFT: str(SignalKind.DATA_DRIFT),
    RetrainingTrigger.SCHEDULED: SCHEDULE,
    RetrainingTrigger.RED_TEAM_FAILURE: RED_TEAM,
    RetrainingTrigger.NEW_DATA: NEW_DATA,
}


def start_retraining(
    deployment: Deployment, model_name: str, training_data_path: str = "", trigger: str = RetrainingTrigger.MANUAL,
    trigger_reason: str = "", *, hyperparameters: Mapping[str, Any] | None = None, retraining_notes: str = "",
    created_by: str = "unknown", as_of: datetime | None = None,
) -> str:  # fmt: skip
    """Write down that a version of a model is being trained elsewhere, and return the id that completes it.

    The rows are looked at as in any run, and what was found is on record with the event. Rows that arrive from now on
    prove the version, and those before if `complete_retraining` is told that it has not seen them.

    Parameters
    ----------
    training_data_path : str, optional
        Where it is trained on; for the record.
    trigger : RetrainingTrigger or str
    trigger_reason : str
        Needed, a sentence.
    hyperparameters, retraining_notes, created_by
        For the record.
    as_of : datetime, optional
        End of the rows to look at; by default now.

    Raises
    ------
    DataError
        Without a reason; where broken data, a version in shadow or a failed probation keeps every retrain back.
    ClaimLost
        While another version of the model is being trained elsewhere.
    """
    kind, spec = _trigger(trigger), deployment.spec(model_name)
    if not trigger_reason.strip():
        raise DataError(f"model {model_name}: a retraining needs a reason (trigger_reason), which is kept on record")
    retraining_id, at = str(uuid.uuid4()), as_of or now()
    run = Run(run_id=retraining_id, as_of=at, reason=trigger_reason, requested_by=created_by, elsewhere=True)
    analysis = analyze(deployment, model_name, run)
    _require_none_open(deployment, model_name)
    request = Request(
        id=0, model_name=model_name, kind=RequestKind.API, key=retraining_id, reason=trigger_reason,
        requested_by=created_by, requested_at=at,
    )  # fmt: skip
    decision = _decided(deployment, spec, analysis, request)
    decision = replace(decision, trigger_type=RECORDED_AS[kind], reason=f"{trigger_reason} ({created_by})")
    wanted = Wish(
        by=created_by, notes=retraining_notes, training_data_path=training_data_path,
        hyperparameters=dict(hyperparameters or {}),
    )  # fmt: skip
    deployment.store.save_decision(analysis, decision, at=now(), wish=wanted)
    log.info("%s: retraining %s begun elsewhere by %s", model_name, retraining_id, created_by)
    return retraining_id


def _decided(deployment: Deployment, spec: ModelSpec, analysis: Analysis, request: Request) -> Decision:
    """The decision to retrain that a request leads to; a `DataError` for what keeps every retrain back."""
    evidence = replace(gather(deployment.store, spec, analysis), requests=(request,))
    decision = weigh(standard_policy(spec.settings()), evidence, worth_of(spec, analysis))
    if not decision.triggered or decision.trigger_type == SignalKind.SHADOW:
        why = "; ".join(decision.blocked_by) or decision.reason
        raise DataError(f"model {spec.name}: no retraining is begun now: {why}")
    return decision


def _require_none_open(deployment: Deployment, model_name: str) -> None:
    for other in deployment.store.events(model_name=model_name):
        if other.run.elsewhere and not other.status.closed:
            raise ClaimLost(
                f"model {model_name}: retraining {other.retraining_id} is open, a version is being trained elsewhere; "
                "complete it, or say that it failed"
            )


def complete_retraining(
    deployment: Deployment, retraining_id: str, new_model_version: str = "",
    performance_metrics: Mapping[str, float] | None = None, training_duration: float | None = None, *,
    model: Predictor | Path | str, trained_until: datetime | None = None, gpu_usage: Mapping[str, Any] | None = None,
    memory_usage: Mapping[str, Any] | None = None, as_of: datetime | None = None,
) -> Event:  # fmt: skip
    """Judge a version that was trained elsewhere, and publish it or leave the champion alone; the event as it ended.

    Repeating it for a retraining that is closed changes nothing and returns its event.

    Parameters
    ----------
    new_model_version, performance_metrics, training_duration, gpu_usage, memory_usage
        As its maker calls it, and what the maker measured (seconds): on record, and believed by nobody.
    model : Predictor, path or str
        The model itself, with ``predict``, or the skops file that holds it.
    trained_until : datetime, optional
        Rows from then on it was not trained on; the gate judges by these. By default the start of the retraining.
    as_of : datetime, optional
        End of the rows to judge it by; by default now.

    Raises
    ------
    DataError
        For an id that no retraining elsewhere has.
    ArtifactError, TrainingError
        For a model that cannot be read or stored, or does not answer; the retraining stays open for another try, until
        another version of the model is trained.
    """
    event = _event(deployment, retraining_id)
    if event.status.closed:
        return event
    told = TrainingDetails(
        reported_metrics=dict(performance_metrics or {}) or None, external_version=new_model_version or None,
        training_duration=training_duration, gpu_usage=gpu_usage, memory_usage=memory_usage,
    )  # fmt: skip
    version = TrainedElsewhere(
        spec=deployment.spec(event.model_name), predictor=read_model(model), wish=event.wish, told=told,
        seen_until=trained_until or event.run.as_of,
    )  # fmt: skip
    return execute(deployment, event.id, trained=version, as_of=as_of or now())


def fail_retraining(
    deployment: Deployment, retraining_id: str, error: str, error_type: str = "FailedElsewhere"
) -> Event:
    """Close a retraining elsewhere that came to nothing; one that is closed already is returned as it is."""
    event = _event(deployment, retraining_id)
    return deployment.store.close_failed(event.id, at=now(), error_type=error_type, error=error)


def _event(deployment: Deployment, retraining_id: str) -> Event:
    found = [event for event in deployment.store.events(run_id=str(retraining_id)) if event.run.elsewhere]
    if not found:
        raise DataError(f"no retraining elsewhere has the id {retraining_id!r}; start_retraining returns it")
    return found[0]


def _trigger(trigger: str) -> RetrainingTrigger:
    if trigger in tuple(RetrainingTrigger):
        return RetrainingTrigger(trigger)
    known = list(RetrainingTrigger)
    near = did_you_mean(str(trigger), [str(each) for each in known])
    raise ConfigurationError("trigger", f"found {trigger!r}{near}; known: {', '.join(known)}")
