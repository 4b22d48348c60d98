"""Reports beside the artifacts: a folder for each run, each file whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import logging
import re
from collections.abc import Callable, Mapping

from include.errors import SourceUnavailable
from include.interfaces.reports.markdown import to_markdown
from include.interfaces.reports.page import to_html
from include.records.entries import Run
from include.retraining.artifacts import Artifacts
from include.workflow.deployment import Deployment
from include.workflow.report import RetrainingReport, report_of

FOLDER = "reports"
PAGE = "report.html"
NAME_LENGTH = 80

log = logging.getLogger(__name__)


def to_json_text(report: RetrainingReport) -> str:
    """The report as JSON text; see ``docs/retraining_report.schema.json``."""
    return json.dumps(report.to_json(), indent=2, allow_nan=False) + "\n"


FORMATS: Mapping[str, Callable[[RetrainingReport], str]] = {
    "html": to_html,
    "json": to_json_text,
    "md": to_markdown,
}


def file_report(deployment: Deployment, model_name: str, run: Run) -> str | None:
    """Write the report of a run in which something happened and note its place on record; its page's address.

    None when there is no decision; when no retrain was called for and nothing failed: that report is made of the record
    when somebody asks for it; or when it cannot be written beside the artifacts: what was decided and done stands.
    """
    found = deployment.store.decision(model_name, run.run_id)
    if found is None or (found[1] is None and _was_quiet(deployment, model_name, run)):
        return None
    try:
        path = write_report(report_of(deployment, model_name, run.run_id), deployment.artifacts)
    except (OSError, SourceUnavailable) as error:
        log.warning("%s: no report of run %s could be written: %s", model_name, run.run_id, error)
        return None
    deployment.store.note_report(model_name, run.run_id, path)
    return deployment.artifacts.address(f"{path}/{PAGE}")


def _was_quiet(deployment: Deployment, model_name: str, run: Run) -> bool:
    """Whether a run that did not retrain brought back no former champion either, and no step of it failed."""
    store = deployment.store
    failed = store.failures.find(model_name=model_name, run_id=run.run_id, most=1)
    return not failed and all(change.run_id != run.run_id for change in store.champion_changes(model_name))


def write_report(report: RetrainingReport, artifacts: Artifacts) -> str:
    """Write the report in all formats below ``reports/<model>/<run>/``, in place of an earlier one of that run.

    Returns
    -------
    path : str
        Of the folder, relative to the root of the artifacts.
    """
    analysis = report.analysis
    folder = f"{FOLDER}/{analysis.model_name}/{folder_name(analysis.run.run_id)}"
    artifacts.write(folder, {f"report.{ending}": render(report) for ending, render in FORMATS.items()})
    return folder


def folder_name(run_id: str) -> str:
    """`run_id` as the name of a folder; where that takes changes, with a hash that tells it from others.

    >>> folder_name("scheduled__2026-05-03T12:00:00+00:00")
    'scheduled__2026-05-03T12-00-00-00-00-6736b502'
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", run_id).lstrip(".")[:NAME_LENGTH]
    if plain and plain == run_id:
        return plain
    return f"{plain}-{hashlib.sha256(run_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"
