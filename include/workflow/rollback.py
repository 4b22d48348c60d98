"""The way back: a version that was champion before becomes champion again. Command line and DAG call `roll_back`."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import timedelta

import numpy as np
import pandas as pd

from include.data.profile import CategoricalColumn, Profile
from include.data.profile.columns import commonest
from include.decision.looks import ProbationLook
from include.decision.signals import Signal
from include.decision.waiting import is_past
from include.errors import ArtifactError, ConfigurationError, RollbackRefused
from include.records.entries import (
    ONCE_CHAMPION,
    ChampionChange,
    ChangeKind,
    FailedStep,
    Run,
    Version,
    VersionStatus,
)
from include.records.rows.champion import other_target
from include.retraining.answering import load_version
from include.retraining.prepare import feature_table
from include.workflow.analysis.former_champions import better_one
from include.workflow.analysis.probation import verdict_of
from include.workflow.deployment import Deployment, now
from include.workflow.failing import on_record
from include.workflow.identity import require_home
from include.workflow.publication import publish_files
from include.workflow.run_parameters import given_name, given_reason, version_number
from include.workflow.steps.evidence import checked_until

log = logging.getLogger(__name__)


def roll_back(
    deployment: Deployment, model_name: str, to_version: int | None = None, *, requested_by: str, reason: str,
    key: str = "", run_id: str = "", kind: ChangeKind = ChangeKind.ROLLBACK, wait: timedelta = timedelta(0),
) -> ChampionChange:  # fmt: skip
    """Make a former champion champion again, after its stored artifact has been loaded and has answered.

    The pointer, the status of both versions and the row of the deployment history change in one transaction; then
    ``champion/`` follows. Nothing is trained. A rollback by hand begins a cooldown, as a retrain does.

    Parameters
    ----------
    to_version : int, optional
        Default: the one before, that is the latest former champion that was not itself rolled back.
    key : str
        Rolled back once a key; default: champion, version and last change, so that two who ask at once get one answer.
    wait : timedelta
        How long to wait while the model is being retrained.

    Raises
    ------
    ConfigurationError
        By hand without a reason, or without somebody who asks.
    RollbackRefused
        There is nothing to roll back to, the champion has been replaced meanwhile, or the key was used for another
        version.
    ArtifactError
        The version's artifact is missing, damaged, or does not answer.
    ClaimLost
        The model is being retrained.
    """
    if kind is ChangeKind.ROLLBACK:
        act = f"a rollback of {model_name}"
        requested_by, reason = given_name(act, requested_by), given_reason(act, reason)
    store = deployment.store
    require_home(store, deployment.artifacts)
    changes = store.champion_changes(model_name)
    if key and (kept := _done_before(changes, model_name, key, to_version)) is not None:
        return _published(deployment, kept)
    if (champion := store.champion(model_name)) is None:
        raise RollbackRefused(f"model {model_name}: there is no champion to roll back")
    target = _target(store.versions(model_name), changes, champion, to_version)
    ask_artifact(deployment, target)
    change = store.roll_back(
        model_name, from_version=champion.version, to_version=target.version, kind=kind, requested_by=requested_by,
        reason=reason, at=now(), run_id=run_id, wait=wait,
        key=key or f"{champion.label} to {target.label} after change {changes[-1].id}",
    )  # fmt: skip
    log.warning("%s: %s", model_name, change.sentence)
    return _published(deployment, change)


def _done_before(
    changes: Sequence[ChampionChange], model_name: str, key: str, to_version: int | None = None
) -> ChampionChange | None:
    """The rollback that the key stands for already; refused where that was one to another version."""
    kept = next((change for change in changes if change.key == key), None)
    if kept is not None and to_version not in (None, kept.to_version):
        raise other_target(model_name, key, kept.to_version, to_version)
    return kept


@on_record(FailedStep.ROLL_BACK)
def roll_back_in_run(deployment: Deployment, model_name: str, run: Run, to: str = "") -> ChampionChange | None:
    """The step of a run that rolls back: to what the run names, or because probation found the champion worse.

    Parameters
    ----------
    to : str
        ``previous`` or a version such as ``v3``; empty for a run that names none.

    Returns
    -------
    ChampionChange or None
        None when there is nothing to roll back. A step that is repeated returns what it did first.
    """
    if run.dry_run:
        return None
    if to:
        return roll_back(
            deployment, model_name, version_number(to), requested_by=run.requested_by, run_id=run.run_id,
            reason=run.reason or "requested without a reason", key=f"run {run.run_id}",
        )  # fmt: skip
    key = f"check in run {run.run_id}"
    if (done := _done_before(deployment.store.champion_changes(model_name), model_name, key)) is not None:
        return _published(deployment, done)
    analysis = deployment.store.analysis(model_name, run.run_id)
    champion = deployment.store.champion(model_name)
    if analysis is None or champion is None or champion.version != analysis.champion_version:
        return None
    found = _way_back(analysis.signals)
    if found is None or _is_past(deployment, model_name, run):
        return None
    kind, number, reason = found
    return roll_back(
        deployment, model_name, number, requested_by=str(kind), run_id=run.run_id, reason=reason, key=key, kind=kind
    )


def is_called_for(deployment: Deployment, model_name: str, run: Run) -> bool:
    """Whether what the run saw calls for a former champion."""
    analysis = deployment.store.analysis(model_name, run.run_id)
    if run.dry_run or analysis is None or _way_back(analysis.signals) is None:
        return False
    return not _is_past(deployment, model_name, run)


def _is_past(deployment: Deployment, model_name: str, run: Run) -> bool:
    """Whether the model has been checked on later rows than this run's: those tell what it needs now."""
    return is_past(run.as_of, checked_until(deployment.store, model_name))


def _way_back(signals: Sequence[Signal]) -> tuple[ChangeKind, int, str] | None:
    """Why and to which version the champion has to give way; None if it stays."""
    if (failed := verdict_of(signals)) is not None:
        return ChangeKind.PROBATION, ProbationLook.of(failed).predecessor, failed.reason
    if (better := better_one(signals)) is not None:
        return ChangeKind.RETURN, int(better.detail["version"]), better.reason
    return None


def change_in_run(deployment: Deployment, model_name: str, run: Run) -> ChampionChange | None:
    """The rollback that the run made; None for none."""
    changes = deployment.store.champion_changes(model_name)
    mine = (change for change in changes if change.run_id == run.run_id)
    return next((change for change in mine if change.kind is not ChangeKind.PROMOTION), None)


def ask_artifact(deployment: Deployment, version: Version) -> None:
    """Load a version and ask it about one typical row of its reference; an `ArtifactError` if it does not answer.

    A model file that is gone or has mistakes holds nobody up: what the version was stored with is enough.
    """
    try:
        spec = deployment.spec(version.model_name)
    except ConfigurationError as error:
        log.warning("%s: looked at without its model file: %s", version.model_name, error)
        spec = None
    stored = load_version(deployment.artifacts, version, spec, {})
    reference = deployment.store.reference(version.model_name, version.version)
    if reference is None:
        raise ArtifactError(f"model {version.model_name}: no reference profile of {version.label} on record")
    features = feature_table(_typical(reference.profile, stored.columns.features), stored.columns)
    try:
        answer = np.asarray(stored.predictor.predict(features))
    except Exception as error:  # whatever a model that does not fit its columns makes it raise
        raise ArtifactError(f"{version.artifact_path}: does not answer: {type(error).__name__}: {error}") from error
    if len(answer) != 1:
        raise ArtifactError(f"{version.artifact_path}: answers {answer!r} to one typical row")


def _published(deployment: Deployment, change: ChampionChange) -> ChampionChange:
    publish_files(deployment.store, deployment.artifacts, change.model_name)
    return change


def _target(
    versions: Sequence[Version], changes: Sequence[ChampionChange], champion: Version, number: int | None
) -> Version:
    name, by_number = champion.model_name, {version.version: version for version in versions}
    if number is None:
        former = (by_number[change.to_version] for change in reversed(changes))
        before = next((version for version in former if version.status is VersionStatus.RETIRED), None)
        if before is None:
            raise RollbackRefused(f"model {name}: there is no version before {champion.label} to go back to")
        return before
    possible = ", ".join(version.label for version in versions if version.status in ONCE_CHAMPION) or "none"
    if number not in by_number:
        raise RollbackRefused(f"model {name}: there is no version v{number}; former champions: {possible}")
    found = by_number[number]
    if found.status not in ONCE_CHAMPION:
        why = "is champion already" if number == champion.version else f"is {found.status}: it was never champion"
        raise RollbackRefused(f"model {name}: {found.label} {why}; former champions: {possible}")
    return found


def _typical(profile: Profile, names: Sequence[str]) -> pd.DataFrame:
    """One row: of each column its mean or its most frequent category; empty where the reference has no value."""
    row: dict[str, object] = {}
    for name in names:
        column = profile.columns[name]
        if isinstance(column, CategoricalColumn):
            row[name] = commonest(column.counts)
        else:
            row[name] = column.mean
    return pd.DataFrame([row], columns=list(names))
