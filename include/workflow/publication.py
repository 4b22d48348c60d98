"""What consumers that read files are led to follows the champion on record: Postgres is the truth.

Artifacts belong to one records database, which keeps its name in ``<artifacts>/records.json``: by another's record
these versions would be remains, to be removed.

On disk that is the symbolic link ``<artifacts>/<model>/champion``, in object storage the pointer
``<artifacts>/<model>/champion.json``; see `Artifacts.publish`.
"""

from __future__ import annotations

import logging
from pathlib import Path

from include.errors import NothingToDo
from include.records.entries import ChampionChange, FailedStep, Run, Version, VersionStatus
from include.records.store import Champions, Store
from include.retraining.artifacts import Artifacts
from include.retraining.artifacts.folder import label_of
from include.workflow.audit_chain import keep_anchor
from include.workflow.deployment import Deployment, now
from include.workflow.failing import on_record
from include.workflow.identity import leave_mark, own

log = logging.getLogger(__name__)


@on_record(FailedStep.PUBLISH)
def publish(deployment: Deployment, model_name: str, run: Run) -> ChampionChange | None:
    """The step of a run after all that may change a champion: bring the files up to date, and find out what to tell.

    Returns
    -------
    ChampionChange or None
        The last change of champion that no other run has told downstream of, also one from outside of runs or of a
        run that died. A step that is repeated returns the same.

    Raises
    ------
    NothingToDo
        In a dry run.
    """
    if run.dry_run:
        raise NothingToDo(f"model {model_name}: a dry run changes no champion and publishes nothing")
    store, artifacts = deployment.store, deployment.artifacts
    publish_files(store, artifacts, model_name)
    tidy(store, artifacts, model_name)
    return store.announce(model_name, run.run_id, at=now())


def publish_files(store: Store, artifacts: Artifacts, model_name: str) -> bool:
    """Make what is published agree with the champion on record; tell whether it did not.

    Repeating it is safe, also at once with others: after each change the record is read again, so that whoever is last
    leaves the champion that is on record then.

    Raises
    ------
    ArtifactError
        When the champion's files are not there, or the place is taken by something else.
    ConfigurationError
        When the artifacts belong to another records database, or this one is a copy: see `include.workflow.identity`.
    SourceUnavailable
        When object storage cannot be reached.
    """
    own(store, artifacts)
    changed = False
    while (target := _target(store, model_name)) is not None:
        if artifacts.published(model_name) == Path(target.artifact_path).name:
            break
        if not changed:
            leave_mark(store, artifacts)
        artifacts.publish(model_name, target.artifact_path, target.artifact_sha256)
        changed = True
    keep_anchor(store, artifacts, model_name)
    return changed


def publish_unchanged(deployment: Deployment, model_name: str) -> bool:
    """What `publish` does where the champion that is published is the one on record; False where it is not.

    Raises as `publish_files`.
    """
    store, artifacts = deployment.store, deployment.artifacts
    own(store, artifacts)
    target = _target(store, model_name)
    if target is not None and artifacts.published(model_name) != Path(target.artifact_path).name:
        return False
    keep_anchor(store, artifacts, model_name)
    tidy(store, artifacts, model_name)
    return True


def tidy(store: Store, artifacts: Artifacts, model_name: str) -> list[str]:
    """Remove what processes that died left among the model's versions, and return its names.

    Of a version that is no candidate any more the record says where its files are; any others of that number are the
    remains of a try that was cut short, or of a process that went on after it had lost the right to retrain. Versions
    that are not on record are left alone: somebody may have restored an older database. So are those that it has, as a
    dump that was made during a retrain: what it calls unfinished may be the champion that came of it.
    """
    versions, said_at = store.versions(model_name), store.home.find().said_at
    settled: dict[str, str] = {}
    for version in versions:
        if version.status is not VersionStatus.CANDIDATE:
            name, restored = Path(version.artifact_path).name, said_at is not None and version.created_at <= said_at
            settled[name if restored else version.label] = name  # a name is no label: it removes nothing
    removed = artifacts.tidy(model_name, settled) if settled else []
    for name in removed:
        log.warning("%s: removed what a process that died had left behind: %s", model_name, name)
    if unknown := unknown_versions(store, artifacts, model_name):
        log.warning("%s: kept, though not on record: %s. An older database was restored beside them: they are left "
                    "alone, and their numbers are not given again", model_name, ", ".join(unknown))  # fmt: skip
    return removed


def highest_number(artifacts: Artifacts, model_name: str) -> int:
    """The highest number of a version whose files are there, on record or not; 0 for none.

    Beside an older database, restored from a dump, there are versions that it does not know. Their numbers are taken.
    """
    return max((number_of(name) for name in artifacts.versions(model_name)), default=0)


def unknown_versions(store: Champions, artifacts: Artifacts, model_name: str) -> list[str]:
    """Names of the folders of versions whose number is not on record: they are later than a restored database."""
    known = {version.version for version in store.versions(model_name)}
    return [name for name in artifacts.versions(model_name) if (number := number_of(name)) and number not in known]


def number_of(name: str) -> int:
    """The number of a version by the name of its folder, such as ``v3-54320bb83cf0``; 0 where it is none."""
    return int(label_of(name).removeprefix("v") or 0)


def _target(store: Champions, model_name: str) -> Version | None:
    champion = store.champion(model_name)
    return champion if champion is not None and champion.artifact_path else None
