"""Whether a retrain could be proven by the rows that there are, and what else a check tells whatever it decides."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from include.errors import RetrainingError
from include.records.entries import Analysis, Run
from include.registry.coverage import unchecked_note
from include.retraining.gate.holdout import shortfall
from include.workflow.deployment import Deployment, champion_of


def notes_of(deployment: Deployment, analysis: Analysis) -> Iterator[str]:
    """Rows that no check ever looks at, and a forced retrain that the gate could prove nothing about."""
    spec = deployment.spec(analysis.model_name)
    if note := unchecked_note(spec, spec.check_every):
        yield note
    if (
        analysis.run.force
        and analysis.champion_version is not None
        and (why := shortfall(spec, analysis.labelled_rows))
    ):
        yield why


def why_not_provable(deployment: Deployment, model_name: str, *, at: datetime) -> str:
    """Why the gate could prove nothing about a challenger on the rows as of `at`; empty where it could.

    Empty, too, without a champion: a first version has nobody to beat. Reads the model's rows once, as a check does;
    where that fails, the answer is that it is not known, and why.
    """
    champion = champion_of(deployment.store, model_name)
    if champion is None:
        return ""
    from include.data.rows.spans import within
    from include.retraining.contest.contest import labelled_among
    from include.workflow.seen_rows import tables_seen_by

    spec = deployment.spec(model_name)
    try:
        tables = tables_seen_by(deployment, spec, Run(run_id="request", as_of=at), champion)
    except RetrainingError as error:
        return f"whether a retrain could be proven now is not known, the rows cannot be read: {error}"
    recent = tables.recent
    if spec.timestamp is not None:
        recent = recent[~within(recent[spec.timestamp], tables.quarantined)]
    return shortfall(spec, labelled_among(spec, recent))
