"""On record: what a person may look up without a run, and whether there is a model of that name."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.errors import NotOnRecord
from include.records.entries import Audit, Check, Lineage
from include.records.postgres.audit import read_audit
from include.records.postgres.lineage import read_lineage
from include.records.postgres.session import transaction
from include.records.store import Runs
from include.registry.model_files import list_model_files
from include.workflow.deployment import Deployment, now
from include.workflow.report import MOST_CHECKS


def lineage(deployment: Deployment, model_name: str) -> Lineage:
    """The versions of a model, why each was trained, and when it was champion."""
    return read_lineage(deployment.connected, model_name)


def audit(deployment: Deployment, start: datetime, end: datetime, model_name: str = "") -> Audit:
    """Who did what, when, why and on which data, from `start` until `end`."""
    return read_audit(deployment.connected, start, end, model_name)


def latest_checks(records: Runs, model_name: str) -> Sequence[Check]:
    """The latest checks of a model, oldest first, as many as reports and recommendations look at."""
    return records.history(model_name, until=now(), most=MOST_CHECKS)


def latest_run(records: Runs, model_name: str) -> str:
    """The run that decided about the model last; a `NotOnRecord` for none."""
    history = records.history(model_name, until=now(), most=1)
    if not history:
        raise NotOnRecord(f"model {model_name}: no run has decided about it yet")
    return history[-1].analysis.run.run_id


def check_known(deployment: Deployment, *model_names: str) -> None:
    """Do nothing for models that are on record or have a file, whether anything has happened to them or not.

    Raises
    ------
    NotOnRecord
        For the first that is neither, so that a name mistyped is not taken for a model without a history.
    """
    if not model_names:
        return
    folder = deployment.models_dir
    files = {file.stem for file in list_model_files(folder)} if folder.is_dir() else set()
    with transaction(deployment.connected) as session:
        for name in model_names:
            if not session.one("find_model", {"model_name": name})["known"] and name not in files:
                raise NotOnRecord(
                    f"model {name}: nothing is on record of it, and {folder} has no file of that name; correct the name"
                )
