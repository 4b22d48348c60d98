"""On record: what a person may look up without a run."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from include.errors import NotOnRecord
from include.records.entries import Audit, Check, Lineage
from include.records.postgres.audit import read_audit
from include.records.postgres.lineage import read_lineage
from include.records.store import Runs
from include.workflow.deployment import Deployment, to_come
from include.workflow.report import MOST_CHECKS


def lineage(deployment: Deployment, model_name: str) -> Lineage:
    """The versions of a model, why each was trained, and when it was champion."""
    return read_lineage(deployment.connected, model_name)


def audit(deployment: Deployment, start: datetime, end: datetime, model_name: str = "") -> Audit:
    """Who did what, when, why and on which data, from `start` until `end`."""
    return read_audit(deployment.connected, start, end, model_name)


def latest_checks(records: Runs, model_name: str) -> Sequence[Check]:
    """The latest checks of a model, oldest first, as many as reports and recommendations look at."""
    return records.history(model_name, until=to_come(), most=MOST_CHECKS)


def latest_run(records: Runs, model_name: str) -> str:
    """The run that decided about the model last; a `NotOnRecord` for none."""
    history = records.history(model_name, until=to_come(), most=1)
    if not history:
        raise NotOnRecord(f"model {model_name}: no run has decided about it yet")
    return history[-1].analysis.run.run_id
