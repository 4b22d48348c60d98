"""The view of versions: their lineage, and two of them side by side; and tables as CSV files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated

from fastapi import Query
from starlette.responses import HTMLResponse, StreamingResponse

from include import workflow
from include.errors import NotOnRecord
from include.interfaces.api.page.addresses import DAY, Model, Word, day_of
from include.interfaces.api.page.answers import page, page_router
from include.interfaces.api.records import Deployed, require_known
from include.workflow.run_parameters import numbered_version

router = page_router()

Version = Annotated[str, Query(max_length=10, pattern=r"^(v?[1-9][0-9]{0,8})?$")]


@router.get("/versions")
def versions(
    deployed: Deployed, model: Model, first: Version = "", second: Version = "", same_rows: bool = False
) -> HTMLResponse:
    """The family tree of the versions, and two of them side by side if they are named."""
    try:
        found = workflow.lineage(deployed, model)
    except NotOnRecord:  # a model that is known, without a version yet
        return page("no_versions.html", view="versions", model=model)
    compared = None
    if first and second:
        compared = workflow.compare_versions(
            deployed, model, numbered_version(first), numbered_version(second), on_same_rows=same_rows
        )
    by_number = {each.version: each for each in found.versions}
    roots = [each for each in found.versions if each.parent is None or each.parent not in by_number]
    return page(
        "versions.html", view="versions", model=model, found=found, by_number=by_number, roots=roots, first=first,
        second=second, compared=compared, same_rows=same_rows,
    )  # fmt: skip


@router.get("/export.csv", response_class=StreamingResponse)
def export(deployed: Deployed, table: Word, model: Word = "", start: Word = "", end: Word = "") -> StreamingResponse:
    """A table of the records, of one model or of all, row by row as it comes from the database."""
    if model:
        require_known(model, deployed)
    last = day_of("end", end)
    period = {"start": day_of("start", start), "end": None if last is None else last + DAY}
    lines = workflow.export_csv(deployed, table, model_name=model, **period)
    removed = workflow.removed_of(deployed, table, **period)
    headers: Mapping[str, str] = {
        "Content-Disposition": f'attachment; filename="{table}.csv"', **({"X-Removed": removed} if removed else {}),
    }  # fmt: skip
    return StreamingResponse(lines, media_type="text/csv; charset=utf-8", headers=headers)
