"""Identity: whose artifacts these are, and whether this database is a copy that nobody has said what it is.

Records know their home: the server, database and table in which they last wrote outside. Artifacts know theirs:
``<artifacts>/records.json`` holds the id of the records, and the last mark that these wrote. A database somewhere else
has moved; a mark that it does not know was written by a twin of it since, or by itself before an older state was
restored. Either way it writes nothing outside until somebody says which it is: `adopt_records` or `renew_records`.
"""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass

from include.errors import ArtifactError, ConfigurationError, SourceUnavailable
from include.records.entries import Noted, Whereabouts
from include.records.store import Store
from include.retraining.artifacts import Artifacts
from include.retraining.artifacts.small_files import fields_of
from include.workflow.deployment import Deployment, now

OWNER_FILE = "records.json"
ADOPT, NEW = "python -m include.cli identity adopt", "python -m include.cli identity new"
CHOICE = (
    f"if it goes on in the place of the one that it was made from, which is gone or stopped: `{ADOPT}`; if it is a "
    f"copy beside that one: `{NEW}`"
)
SETTINGS = "RETRAINING_ARTIFACTS_DIR or RETRAINING_ARTIFACTS"
RECORDS = "the records database"

log = logging.getLogger(__name__)


@dataclass(frozen=True, kw_only=True)
class Owner:
    """What artifacts say of the records that they belong to; `mark` is empty where those never wrote one."""

    records: str
    mark: str = ""


def owner_of(artifacts: Artifacts) -> Owner | None:
    """Whose artifacts these are; None for those of no records; an `ArtifactError` for another file of that name."""
    place = artifacts.address(OWNER_FILE)
    try:
        if (text := artifacts.read(OWNER_FILE)) is None:
            return None
        told = fields_of(text, place)
        return Owner(records=str(told["records"]), mark=str(told.get("mark", "")))
    except (ArtifactError, KeyError) as error:
        raise ArtifactError(f"{place}: does not say whose artifacts these are: {error!r}; remove it") from error


def why_moved(store: Store) -> str:
    """Why these records are taken for a copy of others; empty where they live where they wrote."""
    found = store.home.find()
    if not found.moved:
        return ""
    return f"it was copied, restored or moved: it wrote last in {found.lived_told}, and is {found.here_told} now"


def why_behind(store: Store, artifacts: Artifacts) -> str:
    """Why a twin of these records, or a later state of them, must have written beside the artifacts; else empty."""
    owner = owner_of(artifacts)
    if owner is None or not owner.mark or owner.records != store.identity() or store.home.knows(owner.mark):
        return ""
    return (
        f"{artifacts.address(OWNER_FILE)} was written by records of the same identity ({owner.records}) that know "
        "more: this database is an older state of them, or a copy beside them"
    )


def why_unsaid(store: Store, artifacts: Artifacts) -> str:
    """Why somebody has to say what these records are; empty where nobody has to, or where nobody guards them."""
    return why_moved(store) or why_behind(store, artifacts) if store.home.guarded else ""


def why_silent(store: Store, artifacts: Artifacts) -> str:
    """As `why_unsaid`, for who tells people: artifacts that cannot be read keep nobody from being told."""
    try:
        return why_unsaid(store, artifacts)
    except (ArtifactError, SourceUnavailable) as error:
        log.warning("whether these records are an older state of others is not known: %s", error)
        return ""


def require_home(store: Store, artifacts: Artifacts) -> None:
    """Do nothing where nobody has to say what these records are.

    Raises
    ------
    ConfigurationError
        When they were copied, restored or moved, or are an older state, and nobody has said what they are.
    """
    if why := why_unsaid(store, artifacts):
        raise ConfigurationError(RECORDS, f"{why}; nothing is written outside until you say which it is: {CHOICE}")


def own(store: Store, artifacts: Artifacts) -> None:
    """Make sure that the artifacts are those of these records; artifacts that belong to no records yet become theirs.

    Raises
    ------
    ConfigurationError
        When they belong to another records database, or this one is a copy that nobody has said what it is.
    ArtifactError
        When the file that says so holds something else.
    """
    require_home(store, artifacts)
    identity = store.identity()
    if (owner := owner_of(artifacts)) is None:
        _write_owner(artifacts, Owner(records=identity))
        owner = owner_of(artifacts)  # others may have taken them at the same moment
    if owner is None or owner.records != identity:
        raise ConfigurationError(
            SETTINGS,
            f"{_belong(artifacts, owner)}, these records are {identity} (table records_identity); "
            "give each records database a folder of its own, or, if the other is gone for good, remove that file",
        )


def leave_mark(store: Store, artifacts: Artifacts, by: str = "workflow") -> None:
    """Write beside the artifacts that these records wrote here, so that no twin of them does so unnoticed."""
    if store.home.guarded:
        _write_owner(artifacts, Owner(records=store.identity(), mark=store.home.note(Noted.WRITTEN, by, at=now())))


def whereabouts(deployment: Deployment) -> tuple[Whereabouts, str]:
    """Who the records are and where they live, and why somebody has to say what they are; empty where nobody has to."""
    store = deployment.store
    return store.home.find(), why_moved(store) or why_behind(store, deployment.artifacts)


def adopt_records(deployment: Deployment, *, by: str) -> str:
    """Say that this database continues what it was copied or restored from; a sentence on what that changes.

    From then on the one that it was made from, if it is still there, writes nothing outside.

    Raises
    ------
    ConfigurationError
        When the artifacts belong to other records.
    """
    store, artifacts = deployment.store, deployment.artifacts
    identity = store.identity()
    _owner_unless_others(artifacts, identity, f", these are {identity}: name the folder that belongs to them first")
    _write_owner(artifacts, Owner(records=identity, mark=store.home.note(Noted.ADOPTED, by, at=now())))
    return (
        f"the records {identity} go on in {store.home.find().here_told}; no other copy of them writes outside any more"
    )


def renew_records(deployment: Deployment, *, by: str, copied: bool = False) -> str:
    """Say that this database is a copy beside the one that it was made from: it gets an identity of its own.

    Parameters
    ----------
    copied : bool
        Whether the artifacts here are a copy too, so that they become its own.

    Raises
    ------
    ConfigurationError
        When the artifacts belong to other records, or to those that this database was copied from.
    """
    store, artifacts = deployment.store, deployment.artifacts
    identity = store.identity()
    owner = _owner_unless_others(artifacts, identity, "; name a place of this copy's own")
    if owner is not None and not copied:
        raise ConfigurationError(
            SETTINGS, f"{artifacts.address('')} belongs to the records that this database was copied from. Copy it to "
            "a place of this copy's own, set the variable to that, and repeat the command with --artifacts-copied; "
            "where it is a copy already, only that flag is missing",
        )  # fmt: skip
    made = store.home.renew()
    _write_owner(artifacts, Owner(records=made, mark=store.home.note(Noted.NEW, by, at=now())))
    return (
        f"the records in {store.home.find().here_told} are {made} from now on, no longer {identity}; they have an "
        "MLflow experiment, an alias and artifacts of their own"
    )


def _owner_unless_others(artifacts: Artifacts, identity: str, way_out: str) -> Owner | None:
    """Whose the artifacts are; a `ConfigurationError` that ends with `way_out` where they are those of others."""
    owner = owner_of(artifacts)
    if owner is not None and owner.records != identity:
        raise ConfigurationError(SETTINGS, f"{_belong(artifacts, owner)}{way_out}")
    return owner


def _belong(artifacts: Artifacts, owner: Owner | None) -> str:
    whose = owner.records if owner else "of nobody"
    return f"{artifacts.address(OWNER_FILE)} says that these artifacts belong to the records {whose}"


def _write_owner(artifacts: Artifacts, owner: Owner) -> None:
    told = {"records": owner.records} | ({"mark": owner.mark} if owner.mark else {})
    artifacts.write("", {OWNER_FILE: json.dumps(told) + "\n"})
