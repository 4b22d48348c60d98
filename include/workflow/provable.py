"""Whether a requested retrain could be proven by the rows that there are, told when it is requested."""

from __future__ import annotations

from datetime import datetime

from include.data.rows.spans import within
from include.errors import RetrainingError
from include.retraining.contest.contest import labelled_among
from include.retraining.gate.holdout import shortfall
from include.workflow.analysis.quarantine import quarantined_spans
from include.workflow.deployment import Deployment


def why_not_provable(deployment: Deployment, model_name: str, *, at: datetime) -> str:
    """Why the gate could prove nothing about a challenger on the rows as of `at`; empty where it could.

    Empty, too, without a champion: a first version has nobody to beat. Reads the model's rows once; where that fails,
    the answer is that it is not known, and why.
    """
    champion = deployment.store.champion(model_name)
    if champion is None:
        return ""
    spec = deployment.spec(model_name)
    try:
        tables = deployment.read(
            spec, deployment.data_dir, as_of=at, seen_until=champion.data_until, seen_hash=champion.recent_hash
        )
    except RetrainingError as error:
        return f"whether a retrain could be proven now is not known, the rows cannot be read: {error}"
    recent = tables.recent
    if spec.timestamp is not None:
        recent = recent[~within(recent[spec.timestamp], quarantined_spans(deployment.store.quarantines(model_name)))]
    return shortfall(spec, labelled_among(spec, recent))
