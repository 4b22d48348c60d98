"""A promotion forced by hand: what probation and rollbacks are there for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np

from include.records.entries import EventStatus, Outcome, Run, Version
from include.retraining.executor import RetrainingExecutor
from include.retraining.prepare import Columns, prepare
from include.workflow.deployment import Deployment
from include.workflow.steps.analyze import analyze
from include.workflow.steps.decide import decide


def force_promotion(
    deployment: Deployment, model_name: str, at: datetime, *, shuffled: bool, promised: float | None = None
) -> Version:
    """Promote a version past the gate: a fair one, or one trained on shuffled labels that promises what v1 did.

    Parameters
    ----------
    promised : float, optional
        The value of the metric that it promises; default: that of the champion it replaces.
    """
    store, spec = deployment.store, deployment.spec(model_name)
    run = Run(run_id=f"forced__{at.isoformat()}", as_of=at, force=True, reason="I know better", requested_by="eve")
    analyze(deployment, model_name, run)
    event = decide(deployment, model_name, run)[1]
    champion = store.champion(model_name)
    assert event is not None
    assert champion is not None
    assert champion.baseline is not None
    reference = store.reference(model_name, champion.version)
    assert reference is not None
    columns = Columns.of(reference.profile, reference.inputs)
    rows = prepare(spec, [deployment.read(spec, deployment.data_dir, as_of=at).history], columns)
    target = rows.target.copy()
    if shuffled:
        np.random.default_rng(0).shuffle(target)
    executor = RetrainingExecutor(spec=spec, artifacts=deployment.artifacts)
    predictor = executor.trainer.fit(rows.features, target, columns)
    baseline = champion.baseline
    if promised is not None:
        baseline = replace(baseline, scores={**baseline.scores, spec.metric: promised})
    with store.claim(event.id, at=datetime.now(UTC)) as claim:
        number = claim.begin_version(at=datetime.now(UTC)).version
        path, sha256 = deployment.artifacts.save(model_name, number, predictor, columns)
        outcome = Outcome(
            status=EventStatus.PROMOTED, reason="forced by hand", artifact_path=path, artifact_sha256=sha256,
            baseline=baseline, data_until=at + timedelta(microseconds=1), reference=reference,
        )  # fmt: skip
        claim.finish(outcome, at=datetime.now(UTC))
    promoted = store.champion(model_name)
    assert promoted is not None
    assert promoted.version == number
    return promoted
