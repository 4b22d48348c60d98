"""Reports on disk: a folder for each run, whole or not there at all."""

from __future__ import annotations

import hashlib
import json
import os
import re
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

from include.reports.markdown import to_markdown
from include.reports.page import to_html
from include.reports.report import RetrainingReport

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


def write_report(report: RetrainingReport, root: Path) -> str:
    """Write the report in all formats below ``<root>/reports/<model>/<run>/``, in place of an earlier one of that run.

    Each file is written under another name, synced, then renamed: a reader sees the earlier one or all of this one.

    Returns
    -------
    path : str
        Of the folder, relative to `root`.
    """
    analysis = report.analysis
    folder = root / FOLDER / analysis.model_name / folder_name(analysis.run.run_id)
    folder.mkdir(parents=True, exist_ok=True)
    for ending, render in FORMATS.items():
        _write(folder / f"report.{ending}", render(report))
    return str(folder.relative_to(root))


def folder_name(run_id: str) -> str:
    """`run_id` as the name of a folder; where that takes changes, with a hash that tells it from others.

    >>> folder_name("scheduled__2026-05-03T12:00:00+00:00")
    'scheduled__2026-05-03T12-00-00-00-00-6736b502'
    """
    plain = re.sub(r"[^A-Za-z0-9_.-]", "-", run_id).lstrip(".")[:NAME_LENGTH]
    if plain and plain == run_id:
        return plain
    return f"{plain}-{hashlib.sha256(run_id.encode('utf-8', 'surrogatepass')).hexdigest()[:8]}"


def _write(file: Path, text: str) -> None:
    handle, draft = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}-")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as stream:
            stream.write(text)
            stream.flush()
            os.fsync(stream.fileno())
        Path(draft).chmod(0o644)
        Path(draft).replace(file)
    except BaseException:
        Path(draft).unlink(missing_ok=True)
        raise
