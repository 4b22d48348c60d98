"""Reports beside the artifacts: a folder for each run, each file whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Callable, Mapping

from include.reports.markdown import to_markdown
from include.reports.page import to_html
from include.reports.report import RetrainingReport
from include.retraining.artifacts import Artifacts

FOLDER = "reports"
PAGE = "report.html"
NAME_LENGTH = 80


def to_json_text(report: RetrainingReport) -> str:
    """The report as JSON text; see ``docs/retraining_report.schema.json``."""
    return json.dumps(report.to_json(), indent=2, allow_nan=False) + "\n"


FORMATS: Mapping[str, Callable[[RetrainingReport], str]] = {
    "html": to_html,
    "json": to_json_text,
    "md": to_markdown,
}


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
